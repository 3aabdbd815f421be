"""Why two plans of an item at a site differ: what each thing that changed does, in sums.

From the older plan to the newer one thing is exchanged at a time, in a fixed order, and netting is
asked again: what an exchange changes is its part. So the parts of every week's new orders, and of
what is needed of every open order, sum to the difference.

    calendar       the weeks that are planned begin later
    demand         of each deal, sale and baseline, also by way of the orders above; what those
                   order for lots and safety stock
    stock          what is on hand
    order          each open order: new, changed, or gone
    safety_stock   what is to be kept
    lot            rule, quantity, minimum, multiple, maximum
    fence          in which weeks nothing new may be planned
    other          what of the plans as they are stored none of it explains
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from takt.supply_planning.domain.netting import Horizon, Netting, PlanningPolicy, Supply, net
from takt.supply_planning.domain.pegging import RANK, Origin, Part

ReasonKind = Literal[
    "calendar", "demand", "stock", "order", "safety_stock", "lot", "fence", "other"
]


class Reason(NamedTuple):
    """One thing that changed.

    Args:
        origin: of a demand, without a week: which deal, sale, baseline, lot.
        order_id: of an open order.
    """

    kind: ReasonKind
    origin: Origin | None = None
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """What a plan was made of.

    Args:
        gross: demand by bucket of the horizon.
        policy: as it was; calendars do not matter, since they move dates inside weeks.
    """

    today: date
    on_hand: int
    gross: tuple[int, ...]
    supplies: tuple[Supply, ...]
    policy: PlanningPolicy

    @property
    def horizon(self) -> Horizon:
        """The weeks that were planned."""
        return Horizon(self.today, len(self.gross))

    def netting(self) -> Netting:
        """The plan that these make."""
        return net(self.gross, self.on_hand, self.supplies, self.policy, self.horizon)


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A plan that was kept.

    Args:
        wanted: its demand by reasons, by bucket; of each bucket they sum to the gross demand.
    """

    inputs: PlanInputs
    wanted: tuple[tuple[Part, ...], ...]


@dataclass(frozen=True, slots=True)
class OrderNeed:
    """What is needed of an open order: how much, and in which week; None: it is not needed."""

    week: date | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Change:
    """The part of one reason.

    Args:
        weeks: by how much it changes the new orders of each week.
        needs: by how much it changes what is needed of open orders, and to which week it moves the
            need.
    """

    reason: Reason
    weeks: Mapping[date, int] = field(default_factory=dict)
    needs: Mapping[UUID, OrderNeed] = field(default_factory=dict)


Exchange = tuple[Reason, PlanInputs]


def explain(before: KeptPlan, after: KeptPlan) -> list[Change]:
    """The parts of all that differs between two plans, in the order of exchange; none is empty."""
    changes: list[Change] = []
    seen = _Seen.of(before.inputs)
    for reason, inputs in _exchanges(before, after):
        now = _Seen.of(inputs)
        if change := seen.to(now, reason):
            changes.append(change)
        seen = now
    return changes


@dataclass(frozen=True, slots=True)
class _Seen:
    """What netting answered: new orders by week, and the need of each open order."""

    planned: Mapping[date, int]
    needs: Mapping[UUID, OrderNeed]

    @classmethod
    def of(cls, inputs: PlanInputs) -> "_Seen":
        netting, mondays = inputs.netting(), inputs.horizon.mondays
        needs = {
            need.order_id: OrderNeed(
                None if need.bucket is None else mondays[need.bucket], need.quantity
            )
            for need in netting.needs
        }
        planned = {
            monday: units for monday, units in zip(mondays, netting.planned, strict=True) if units
        }
        return cls(planned, needs)

    def to(self, now: "_Seen", reason: Reason) -> Change | None:
        weeks = {
            week: moved
            for week in sorted(self.planned.keys() | now.planned.keys())
            if (moved := now.planned.get(week, 0) - self.planned.get(week, 0))
        }
        nothing = OrderNeed(None, 0)
        needs = {}
        for order in sorted(self.needs.keys() | now.needs.keys(), key=str):
            was, is_ = self.needs.get(order, nothing), now.needs.get(order, nothing)
            if was != is_:
                needs[order] = OrderNeed(is_.week, is_.quantity - was.quantity)
        return Change(reason, weeks, needs) if weeks or needs else None


def _exchanges(before: KeptPlan, after: KeptPlan) -> Iterator[Exchange]:
    """The inputs after each exchange; the last are those of `after`."""
    old, new = before.inputs, after.inputs
    horizon = new.horizon
    demand, coming = _by_reason(before), _by_reason(after)
    inputs = replace(old, today=new.today, gross=_gross(demand, horizon))
    yield Reason("calendar"), inputs
    for origin in sorted(demand.keys() | coming.keys(), key=_place):
        demand[origin] = coming.get(origin, {})
        inputs = replace(inputs, gross=_gross(demand, horizon))
        yield Reason("demand", origin), inputs
    inputs = replace(inputs, on_hand=new.on_hand)
    yield Reason("stock"), inputs
    supplies = {one.order_id: one for one in old.supplies}
    arriving = {one.order_id: one for one in new.supplies}
    for order_id in sorted(supplies.keys() | arriving.keys(), key=str):
        supplies.pop(order_id, None)
        if order_id in arriving:
            supplies[order_id] = arriving[order_id]
        inputs = replace(inputs, supplies=tuple(supplies.values()))
        yield Reason("order", order_id=order_id), inputs
    policy = replace(inputs.policy, safety_stock=new.policy.safety_stock)
    yield Reason("safety_stock"), replace(inputs, policy=policy)
    policy = replace(policy, lot=new.policy.lot)
    yield Reason("lot"), replace(inputs, policy=policy)
    policy = replace(policy, fence_days=new.policy.fence_days)
    yield Reason("fence"), replace(inputs, policy=policy)
    yield Reason("other"), new


def _by_reason(plan: KeptPlan) -> dict[Origin, dict[date, int]]:
    found: dict[Origin, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for monday, parts in zip(plan.inputs.horizon.mondays, plan.wanted, strict=True):
        for part in parts:
            found[part.origin._replace(week=None)][monday] += part.quantity
    return dict(found)


def _gross(demand: Mapping[Origin, Mapping[date, int]], horizon: Horizon) -> tuple[int, ...]:
    return tuple(horizon.spread(one for weeks in demand.values() for one in weeks.items()))


def _place(origin: Origin) -> Sequence[object]:
    place = (origin.item, origin.place, str(origin.reference), str(origin.line))
    return (RANK[origin.kind], *place)
