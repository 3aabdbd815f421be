"""Plans as they lie in their rows: JSON of whole millionths and ISO dates."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from takt.supply_planning.domain.calendar import LeadTime
from takt.supply_planning.domain.change import OrderNeed, PlanInputs, Planned
from takt.supply_planning.domain.demand import ForecastWeek
from takt.supply_planning.domain.lots import LotPolicy
from takt.supply_planning.domain.messages import Communicated, Message, Value
from takt.supply_planning.domain.netting import (
    Horizon,
    Need,
    Netting,
    PlannedOrder,
    PlanningPolicy,
    StandIn,
    Supply,
)
from takt.supply_planning.domain.plan import Dated, MadeOf


def dated_from(rows: Iterable[Sequence[Any]]) -> Dated:
    """Dated quantities."""
    return tuple((date.fromisoformat(day), quantity) for day, quantity in rows)


def dated_rows(dated: Dated) -> list[tuple[str, int]]:
    """Dated quantities, to be stored."""
    return [(day.isoformat(), quantity) for day, quantity in dated]


def weeks_from(rows: Iterable[Sequence[Any]]) -> list[ForecastWeek]:
    """A forecast's weeks."""
    return [ForecastWeek(date.fromisoformat(week), *units) for week, *units in rows]


def weeks_rows(weeks: Iterable[ForecastWeek]) -> list[tuple[str | int, ...]]:
    """A forecast's weeks, to be stored; most know no orders, and are kept without."""
    return [
        (week.isoformat(), quantity, baseline, *(orders if any(orders) else ()))
        for week, quantity, baseline, *orders in weeks
    ]


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _date(day: str | None) -> date | None:
    return date.fromisoformat(day) if day else None


def netting_row(netting: Netting) -> dict[str, Any]:
    """A netting, to be stored."""
    return {
        "first_week": netting.first_week.isoformat(),
        "on_hand": netting.on_hand,
        "gross": netting.gross,
        "scheduled": netting.scheduled,
        "net": netting.net,
        "planned": netting.planned,
        "projected": netting.projected,
        "short": netting.short,
        "by_lot": netting.by_lot,
        "orders": [
            (one.bucket, one.due.isoformat(), one.release.isoformat(), one.lots, one.loss)
            for one in netting.orders
        ],
        "stand_ins": [
            (*one[:-1], one.valid_from and one.valid_from.isoformat()) for one in netting.stand_ins
        ],
        "needs": _needs(netting),
    }


def _needs(netting: Netting) -> list[tuple[str, int | None, int]]:
    return [(str(one.order_id), one.bucket, one.quantity) for one in netting.needs]


def _stand_in(
    bucket: int,
    parent: str,
    component: str,
    alternate: str,
    parents: int,
    spared: int,
    taken: int,
    valid_from: str | None = None,
) -> StandIn:
    since = date.fromisoformat(valid_from) if valid_from else None
    return StandIn(bucket, parent, component, alternate, parents, spared, taken, since)


def netting_from(row: Mapping[str, Any]) -> Netting:
    """A netting as it is stored."""
    return Netting(
        first_week=date.fromisoformat(row["first_week"]),
        on_hand=row["on_hand"],
        by_lot=row["by_lot"],
        orders=tuple(
            PlannedOrder(
                bucket, date.fromisoformat(due), date.fromisoformat(release), tuple(lots), *loss
            )
            for bucket, due, release, lots, *loss in row["orders"]
        ),
        stand_ins=tuple(_stand_in(*one) for one in row.get("stand_ins", ())),
        needs=tuple(Need(UUID(order), bucket, units) for order, bucket, units in row["needs"]),
        **{
            name: tuple(row[name])
            for name in ("gross", "scheduled", "net", "planned", "projected", "short")
        },
    )


def message_row(message: Message) -> list[Any]:
    """A message, to be stored."""
    return [
        str(message.order_id),
        message.kind,
        message.reason,
        _day(message.from_date),
        _day(message.to_date),
        message.from_quantity,
        message.to_quantity,
        None if message.amount is None else str(message.amount),
        message.urgent,
    ]


def message_from(row: Sequence[Any]) -> Message:
    """A message as it is stored."""
    order, kind, reason, from_date, to_date, from_quantity, to_quantity, *stake = row
    amount, urgent = stake or (None, False)
    return Message(
        UUID(order),
        kind,
        reason,
        _date(from_date),
        _date(to_date),
        from_quantity,
        to_quantity,
        None if amount is None else Decimal(amount),
        urgent,
    )


def communicated_row(one: Communicated) -> list[Any]:
    """What was communicated, to be stored."""
    values = [(_day(value.due), value.quantity) for value in (one.own, one.before, one.now)]
    return [one.day.isoformat(), *values]


def communicated_from(row: Sequence[Any]) -> Communicated:
    """What was communicated, as it is stored."""
    day, own, before, now = row
    return Communicated(
        Value(_date(own[0]), own[1]),
        date.fromisoformat(day),
        Value(_date(before[0]), before[1]),
        Value(_date(now[0]), now[1]),
    )


def inputs_row(made_of: MadeOf, netting: Netting) -> dict[str, Any]:
    """What a plan was made of and what it came to, to be stored: weeks by their bucket."""
    position, policy, horizon = made_of.position, made_of.policy, made_of.horizon
    lot, lead = policy.lot, policy.lead
    return {
        "today": horizon.today.isoformat(),
        "on_hand": position.on_hand,
        "demand": horizon.spread(position.demand),
        "supplies": [
            (str(one.order_id), one.kind, one.due.isoformat(), one.quantity, _day(one.release))
            for one in position.supplies
        ],
        "source": policy.source,
        "safety_stock": policy.safety_stock,
        "lot": (lot.rule, lot.quantity, lot.periods, lot.minimum, lot.multiple, lot.maximum),
        "lead": (lead.days, lead.minutes_per_unit, lead.buffer_days),
        "yield": str(policy.yield_share),
        "fence_days": policy.fence_days,
        "planned": netting.planned,
        "needs": _needs(netting),
    }


def inputs_from(row: Mapping[str, Any]) -> PlanInputs:
    """What a plan was made of, as it is stored; calendars are not."""
    today = date.fromisoformat(row["today"])
    mondays = Horizon(today, len(row["demand"])).mondays
    return PlanInputs(
        today,
        row["on_hand"],
        tuple(row["demand"]),
        tuple(
            Supply(UUID(order), kind, date.fromisoformat(due), units, _date(release))
            for order, kind, due, units, release in row["supplies"]
        ),
        PlanningPolicy(
            row["source"],
            safety_stock=row["safety_stock"],
            lot=LotPolicy(*row["lot"]),
            lead=LeadTime(*row["lead"]),
            yield_share=Decimal(row["yield"]),
            fence_days=row["fence_days"],
        ),
        Planned(
            {week: units for week, units in zip(mondays, row["planned"], strict=True) if units},
            {
                UUID(order): OrderNeed(None if bucket is None else mondays[bucket], units)
                for order, bucket, units in row["needs"]
            },
        ),
    )
