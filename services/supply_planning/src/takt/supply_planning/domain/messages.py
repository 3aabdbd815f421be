"""Action messages: what a planner should do about an open order, said when it differs enough.

A date is held back, too, when the last one would do as well if demand were by the tolerance of the
order higher or lower: that stock falls a few units short of its safety stock is noise.

The value last communicated is the one that stood when the planning day began. Within the day a
message is a function of that and of the state alone, so facts that come in another order, or again,
end in the same messages. An order that was changed has communicated its own new value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple
from uuid import UUID, uuid5

from takt.supply_planning.domain.lots import worth
from takt.supply_planning.domain.netting import (
    Horizon,
    Need,
    PlannedOrder,
    PlanningPolicy,
    Supply,
    due_dates,
    late_arrival,
)
from takt.supply_planning.domain.quantity import ONE

MessageKind = Literal["expedite", "defer", "increase", "decrease", "cancel", "release"]
Reason = Literal[
    "needed_earlier",
    "needed_later",
    "overdue",
    "lead_time_too_short",
    "demand_rose",
    "demand_fell",
    "not_needed",
    "release_date_reached",
]
Priority = Literal["high", "medium", "low"]
ALWAYS_URGENT: tuple[Reason, ...] = ("overdue", "lead_time_too_short", "release_date_reached")


class Value(NamedTuple):
    """When an order is wanted and how much of it; no date: not at all."""

    due: date | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Communicated:
    """What was communicated about an order.

    Args:
        own: the order's own date and quantity at that time.
        day: the planning day of `now`.
        before: the value that stood when that day began.
        now: the value that stands.
    """

    own: Value
    day: date
    before: Value
    now: Value


@dataclass(frozen=True, slots=True)
class Message:
    """What to do about an order. Dates and quantities (millionths) are those that change.

    Args:
        amount: money at stake: of the quantity that changes, or of the order whose date does; None
            where no price is known.
        urgent: it is needed sooner than a new order could be there.
    """

    order_id: UUID
    kind: MessageKind
    reason: Reason
    from_date: date | None = None
    to_date: date | None = None
    from_quantity: int | None = None
    to_quantity: int | None = None
    amount: Decimal | None = None
    urgent: bool = False

    @property
    def priority(self) -> Priority:
        """High: something will be short unless it is done. Low: it only comes too early."""
        if self.urgent or self.reason in ALWAYS_URGENT:
            return "high"
        return "low" if self.kind == "defer" else "medium"

    @property
    def days(self) -> int | None:
        """By how many days a date changes."""
        if self.from_date is None or self.to_date is None:
            return None
        return abs((self.to_date - self.from_date).days)

    @property
    def message_id(self) -> UUID:
        """The same for the same advice about the same order."""
        return uuid5(self.order_id, self.kind)


@dataclass(frozen=True, slots=True)
class Advice:
    """The messages about an item at a site, and what was communicated with them.

    Args:
        damped: something was held back by a tolerance.
        grown: firm orders that are to grow by planned orders of their own week, which need no order
            of their own.
    """

    messages: tuple[Message, ...]
    communicated: Mapping[UUID, Communicated]
    damped: bool
    grown: Mapping[int, UUID]


def advise(
    needs: Iterable[Need],
    orders: Iterable[PlannedOrder],
    supplies: Iterable[Supply],
    communicated: Mapping[UUID, Communicated],
    policy: PlanningPolicy,
    horizon: Horizon,
) -> Advice:
    """What should happen to the open orders of an item at a site.

    A planned order in the week of a firm one is asked for as an increase of it. Inside the fence
    nothing is moved.

    Args: communicated: what was communicated about the orders so far; orders that are gone are
        forgotten.
    """
    by_id = {supply.order_id: supply for supply in supplies}
    needs = sorted(needs, key=lambda need: str(need.order_id))
    grown = _grown(orders, needs, by_id, horizon)
    more = {grown[order.bucket]: order.quantity for order in orders if order.bucket in grown}
    kept: dict[UUID, Communicated] = {}
    messages: list[Message] = []
    damped = False
    for need in needs:
        supply = by_id[need.order_id]
        own = Value(supply.due, supply.quantity)
        wanted = _wanted(need, supply, more.get(need.order_id, 0), policy, horizon)
        last = communicated.get(need.order_id)
        before = _before(last, own, horizon.today)
        value, held = damp(wanted, before, policy, as_good=_as_good(need, before, horizon))
        damped |= held
        kept[need.order_id] = Communicated(own, horizon.today, before, value)
        said = _messages(supply, own, value, policy, horizon)
        arrival = _late_arrival(supply, value, policy, horizon)
        if arrival and value.due and arrival > supply.due:
            # The one word on its date: that it cannot be there, even if it is released today.
            said = [message for message in said if message.kind not in ("expedite", "defer")]
            amount = _worth(supply, value.quantity, policy)
            said.append(late_message(need.order_id, arrival, value.due, amount))
        elif supply.due < horizon.today and value.due == supply.due:
            amount = _worth(supply, supply.quantity, policy)
            said.append(
                Message(need.order_id, "expedite", "overdue", from_date=supply.due, amount=amount)
            )
        messages += said
        if supply.kind == "firm" and supply.release and supply.release <= horizon.today:
            amount = _worth(supply, supply.quantity, policy)
            messages.append(release_message(need.order_id, supply.release, amount))
    return Advice(tuple(messages), kept, damped, grown)


def damp(
    wanted: Value, last: Value, policy: PlanningPolicy, *, as_good: bool = False
) -> tuple[Value, bool]:
    """The value to communicate: of what is wanted, that which is beyond tolerance.

    Args:
        wanted: what is wanted now.
        last: what was communicated.
        policy: whose tolerances hold.
        as_good: within the tolerance it could as well be wanted when it last was.

    Returns: the value, and whether something was held back.
    """
    if wanted.due is None or last.due is None:
        return wanted, False
    due, quantity = wanted
    if as_good or abs((wanted.due - last.due).days) <= policy.tolerance_days:
        due = last.due
    if abs(wanted.quantity - last.quantity) * ONE <= policy.tolerance_share * last.quantity:
        quantity = last.quantity
    value = Value(due, quantity)
    return value, value != wanted


def _as_good(need: Need, last: Value, horizon: Horizon) -> bool:
    if need.within is None or last.due is None:
        return False
    bucket = horizon.bucket(last.due)
    return bucket is not None and need.within[0] <= bucket <= need.within[1]


def _before(last: Communicated | None, own: Value, today: date) -> Value:
    if last is None or last.own != own:
        return own
    return last.now if last.day < today else last.before


def _grown(
    orders: Iterable[PlannedOrder],
    needs: Iterable[Need],
    supplies: Mapping[UUID, Supply],
    horizon: Horizon,
) -> dict[int, UUID]:
    # Only a firm order that stays in its week can take more of that week's need.
    staying: dict[int, UUID] = {}
    for need in needs:
        supply = supplies[need.order_id]
        if (
            need.bucket is not None
            and supply.kind == "firm"
            and horizon.bucket(supply.due) == need.bucket
        ):
            staying.setdefault(need.bucket, need.order_id)
    return {order.bucket: staying[order.bucket] for order in orders if order.bucket in staying}


def _wanted(
    need: Need, supply: Supply, more: int, policy: PlanningPolicy, horizon: Horizon
) -> Value:
    fence = policy.fence(horizon)
    own_bucket = horizon.bucket(supply.due)
    if own_bucket is not None and own_bucket < fence:
        return Value(supply.due, supply.quantity)
    if need.bucket is None:
        return Value(None, 0)
    bucket = max(need.bucket, fence)
    due = supply.due if bucket == own_bucket else due_dates(policy.receiving, horizon)[bucket]
    return Value(due, need.quantity + more)


def release_message(order_id: UUID, release: date, amount: Decimal | None = None) -> Message:
    """For an order whose release date has come."""
    return Message(order_id, "release", "release_date_reached", release, amount=amount)


def late_message(
    order_id: UUID, arrival: date, needed: date, amount: Decimal | None = None
) -> Message:
    """For an order that, released today, is there on `arrival`: so many days too late."""
    return Message(order_id, "expedite", "lead_time_too_short", arrival, needed, amount=amount)


def _worth(supply: Supply, quantity: int, policy: PlanningPolicy) -> Decimal | None:
    """What so much of an order costs: at its own price, or else at the item's."""
    return policy.worth(quantity) if supply.price is None else worth(quantity, supply.price)


def _late_arrival(
    supply: Supply, value: Value, policy: PlanningPolicy, horizon: Horizon
) -> date | None:
    """When a firm order is there at the earliest, if that is too late; a sent one has its own."""
    if supply.kind != "firm" or value.due is None:
        return None
    return late_arrival(value.due, policy.to_start(value.quantity), policy, horizon)


def _messages(
    supply: Supply, own: Value, value: Value, policy: PlanningPolicy, horizon: Horizon
) -> list[Message]:
    order_id = supply.order_id
    if value == own:
        return []
    whole = _worth(supply, own.quantity, policy)
    if value.due is None:
        return [Message(order_id, "cancel", "not_needed", own.due, None, own.quantity, 0, whole)]
    messages = []
    if own.due is not None and value.due != own.due:
        earlier = value.due < own.due
        messages.append(
            Message(
                order_id,
                "expedite" if earlier else "defer",
                "needed_earlier" if earlier else "needed_later",
                from_date=own.due,
                to_date=value.due,
                amount=whole,
                urgent=earlier and _urgent(value.due, value.quantity, policy, horizon),
            )
        )
    if value.quantity != own.quantity:
        rose = value.quantity > own.quantity
        messages.append(
            Message(
                order_id,
                "increase" if rose else "decrease",
                "demand_rose" if rose else "demand_fell",
                from_quantity=own.quantity,
                to_quantity=value.quantity,
                amount=_worth(supply, abs(value.quantity - own.quantity), policy),
                urgent=rose and _urgent(value.due, value.quantity, policy, horizon),
            )
        )
    return messages


def _urgent(due: date, quantity: int, policy: PlanningPolicy, horizon: Horizon) -> bool:
    return late_arrival(due, policy.to_start(quantity), policy, horizon) is not None
