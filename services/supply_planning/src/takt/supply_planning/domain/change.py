"""Why two plans of an item at a site differ: what each thing that changed does, in sums.

From the older plan to the newer one thing is exchanged at a time, in a fixed order, at the item and
at all above it, and planning is asked again: what an exchange changes is its part. So the parts of
every week's new orders, and of what is needed of every open order, sum to the difference.

    calendar       the weeks that are planned begin later
    then at each item-site, the top first:
    demand         of each sale, deal and baseline
    stock          what is on hand
    order          each open order: new, changed, or gone
    safety_stock   what is to be kept
    lot            rule, quantity, minimum, multiple, maximum
    yield          the share of what is started that comes out good
    fence          in which weeks nothing new may be planned
    lead_time      days, minutes a unit, buffer
    and at last:
    other          what none of these explains, such as a changed bill of material
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from takt.supply_planning.domain.bom import BillOfMaterial
from takt.supply_planning.domain.netting import Horizon, Netting, PlanningPolicy, Supply
from takt.supply_planning.domain.origins import Origin, Part, fitted, rank
from takt.supply_planning.domain.plan import ItemSite, Position, replan

ReasonKind = Literal[
    "calendar", "demand", "stock", "order", "safety_stock", "lot", "yield", "fence", "lead_time",
    "other",
]  # fmt: skip
PARAMETERS: Mapping[ReasonKind, str] = {
    "safety_stock": "safety_stock", "lot": "lot", "yield": "yield_share", "fence": "fence_days",
    "lead_time": "lead",
}  # fmt: skip
"""The part of the policy that each reason is about, in the order of exchange."""


class Reason(NamedTuple):
    """One thing that changed.

    Args:
        at: of which item-site; None for calendar and other.
        origin: of a demand, without a week: which sale, deal, baseline.
        order_id: of an open order.
    """

    kind: ReasonKind
    at: ItemSite | None = None
    origin: Origin | None = None
    order_id: UUID | None = None


class OrderNeed(NamedTuple):
    """What is needed of an open order: how much, and in which week; None: it is not needed."""

    week: date | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Planned:
    """New orders by week, and the need of each open order."""

    weeks: Mapping[date, int]
    needs: Mapping[UUID, OrderNeed]

    @classmethod
    def of(cls, netting: Netting, horizon: Horizon) -> "Planned":
        """What a netting came to."""
        mondays = horizon.mondays
        return cls(
            {week: units for week, units in zip(mondays, netting.planned, strict=True) if units},
            {
                need.order_id: OrderNeed(
                    None if need.bucket is None else mondays[need.bucket], need.quantity
                )
                for need in netting.needs
            },
        )


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """What a plan was made of, and what it came to.

    Args:
        demand: from outside, by bucket of the horizon; what is made above is not in it.
        policy: as it was.
    """

    today: date
    on_hand: int
    demand: tuple[int, ...]
    supplies: tuple[Supply, ...]
    policy: PlanningPolicy
    planned: Planned

    @property
    def horizon(self) -> Horizon:
        """The weeks that were planned."""
        return Horizon(self.today, len(self.demand))


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A plan that was kept, with why its demand from outside was wanted, by day."""

    inputs: PlanInputs
    wanted: tuple[tuple[date, Part], ...] = ()


KeptPlans = Mapping[ItemSite, KeptPlan]
"""An item-site and all above it."""


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


def explain(
    key: ItemSite, before: KeptPlans, after: KeptPlans, bill: BillOfMaterial
) -> list[Change]:
    """The parts of all that differs between two plans, in the order of exchange; none is empty.

    Args:
        key: the item-site whose plans differ; it is in both.
        before: with it all above it, as they stood.
        after: the same, later.
        bill: who takes what, now.
    """
    changes: list[Change] = []
    first = _Company.of(before)
    seen = start = first.planned(key, bill)
    for reason, company in _exchanges(first, _Company.of(after), bill):
        now = company.planned(key, bill)
        if change := _moved(seen, now, reason):
            changes.append(change)
        seen = now
    # What is stored differs from what is asked again by what is not kept: it is one part, too.
    stored = before[key].inputs.planned, after[key].inputs.planned
    rest = _sum(_moved(stored[0], start, OTHER), _moved(seen, stored[1], OTHER))
    return [*changes, *rest]


OTHER = Reason("other")
NO_NEED = OrderNeed(None, 0)


@dataclass
class _Company:
    """What planning is asked with: exchanged part by part."""

    horizon: Horizon
    demand: dict[ItemSite, dict[Origin, dict[date, int]]]
    stock: dict[ItemSite, int]
    supplies: dict[ItemSite, dict[UUID, Supply]]
    policies: dict[ItemSite, PlanningPolicy]

    @classmethod
    def of(cls, plans: KeptPlans) -> "_Company":
        """All that is kept of some plans; they are planned on the latest day of them."""
        inputs = {key: plan.inputs for key, plan in plans.items()}
        latest = max(inputs.values(), key=lambda one: one.today)
        return cls(
            latest.horizon,
            {key: _by_reason(key, plan) for key, plan in plans.items()},
            {key: one.on_hand for key, one in inputs.items()},
            {key: {of.order_id: of for of in one.supplies} for key, one in inputs.items()},
            {key: one.policy for key, one in inputs.items()},
        )

    def planned(self, key: ItemSite, bill: BillOfMaterial) -> Planned:
        """What planning answers for an item-site."""
        positions = {
            one: Position(
                self.stock.get(one, 0),
                tuple(self.supplies.get(one, {}).values()),
                tuple(
                    sorted(
                        dated
                        for weeks in self.demand.get(one, {}).values()
                        for dated in weeks.items()
                    )
                ),
            )
            for one in self.policies
        }
        plans = replan(self.policies, bill, self.policies, positions, {}, self.horizon)
        if key not in plans:
            return Planned({}, {})
        return Planned.of(plans[key].netting, self.horizon)


def _exchanges(
    company: _Company, new: _Company, bill: BillOfMaterial
) -> Iterator[tuple[Reason, _Company]]:
    """The company after each exchange of something that differs."""
    if company.horizon != new.horizon:
        company.horizon = new.horizon
        yield Reason("calendar"), company
    every = company.policies.keys() | new.policies.keys()
    for at in sorted(every, key=lambda one: (bill.level(one.item), one)):
        for exchange in (_demand, _stock, _orders, _parameters):
            for reason in exchange(at, company, new):
                yield reason, company


def _demand(at: ItemSite, company: _Company, new: _Company) -> Iterator[Reason]:
    demand, coming = company.demand.setdefault(at, {}), new.demand.get(at, {})
    for origin in sorted(demand.keys() | coming.keys(), key=rank):
        if demand.get(origin) != coming.get(origin):
            demand[origin] = coming.get(origin, {})
            yield Reason("demand", at, origin)


def _stock(at: ItemSite, company: _Company, new: _Company) -> Iterator[Reason]:
    if company.stock.get(at, 0) != new.stock.get(at, 0):
        company.stock[at] = new.stock.get(at, 0)
        yield Reason("stock", at)


def _orders(at: ItemSite, company: _Company, new: _Company) -> Iterator[Reason]:
    supplies, arriving = company.supplies.setdefault(at, {}), new.supplies.get(at, {})
    for order_id in sorted(supplies.keys() | arriving.keys(), key=str):
        if supplies.get(order_id) != arriving.get(order_id):
            supplies.pop(order_id, None)
            if order_id in arriving:
                supplies[order_id] = arriving[order_id]
            yield Reason("order", at, order_id=order_id)


def _parameters(at: ItemSite, company: _Company, new: _Company) -> Iterator[Reason]:
    if at not in company.policies or at not in new.policies:
        return  # planned in one of them only: that is for `other`
    for kind, name in PARAMETERS.items():
        value = getattr(new.policies[at], name)
        if getattr(company.policies[at], name) != value:
            company.policies[at] = replace(company.policies[at], **{name: value})
            yield Reason(kind, at)


def _by_reason(key: ItemSite, plan: KeptPlan) -> dict[Origin, dict[date, int]]:
    horizon = plan.inputs.horizon
    by_bucket: list[list[Part]] = [[] for _ in plan.inputs.demand]
    for day, part in plan.wanted:
        if (bucket := horizon.bucket(day)) is not None:
            by_bucket[bucket].append(part)
    found: dict[Origin, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for monday, parts, units in zip(horizon.mondays, by_bucket, plan.inputs.demand, strict=True):
        for part in fitted(parts, units, Origin("other", *key)):
            found[part.origin._replace(week=None)][monday] += part.quantity
    return {origin: dict(weeks) for origin, weeks in found.items()}


def _moved(was: Planned, now: Planned, reason: Reason) -> Change | None:
    weeks = {
        week: moved
        for week in sorted(was.weeks.keys() | now.weeks.keys())
        if (moved := now.weeks.get(week, 0) - was.weeks.get(week, 0))
    }
    needs = {}
    for order in sorted(was.needs.keys() | now.needs.keys(), key=str):
        before, after = was.needs.get(order, NO_NEED), now.needs.get(order, NO_NEED)
        if before != after:
            needs[order] = OrderNeed(after.week, after.quantity - before.quantity)
    return Change(reason, weeks, needs) if weeks or needs else None


def _sum(first: Change | None, last: Change | None) -> list[Change]:
    """One change of both; none where they cancel out."""
    both = [one for one in (first, last) if one]
    weeks: dict[date, int] = defaultdict(int)
    needs: dict[UUID, OrderNeed] = {}
    for one in both:
        for week, units in one.weeks.items():
            weeks[week] += units
        for order, need in one.needs.items():
            so_far = needs.get(order, NO_NEED).quantity
            needs[order] = OrderNeed(need.week, so_far + need.quantity)
    left = {week: units for week, units in sorted(weeks.items()) if units}
    kept = {order: need for order, need in needs.items() if need.quantity}
    return [Change(OTHER, left, kept)] if left or kept else []
