"""The rough cut of stored plans: what orders load resources with, exactly, and for whom.

Minutes are whole millionths, so that parts sum to orders and orders to loads. Weeks are those of
`domain/capacity.py`: operation k of n begins k/n of the way from the release of its order to its
due week, and all of it counts in that week. What should have begun before this week counts as done.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from takt.supply_planning.domain.calendar import release_date
from takt.supply_planning.domain.capacity import Operation, Resource
from takt.supply_planning.domain.netting import Horizon, PlannedOrder, PlanningPolicy, Supply
from takt.supply_planning.domain.orders import planned_id
from takt.supply_planning.domain.origins import Origin, Part
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import ONE, share_out

MakeKind = Literal["planned", "firm", "open"]
"""An order that is new; agreed and not started; with the shop already."""


class MakeOrder(NamedTuple):
    """An order of something that is made.

    Args:
        name: what names it; of a new one the Monday of its week.
        release, due: the days between which it is made.
        started: all its lots, in millionths.
    """

    key: ItemSite
    name: UUID | date
    kind: MakeKind
    release: date
    due: date
    started: int
    lots: int

    @property
    def order_id(self) -> UUID:
        """As plans and pegging name it."""
        return self.name if isinstance(self.name, UUID) else planned_id(self.key, self.name)


class Work(NamedTuple):
    """An order's minutes on a resource in a week, in millionths."""

    order: MakeOrder
    minutes: int


@dataclass(frozen=True, slots=True)
class ResourceWeek:
    """What a resource is asked for in a week, beside what it can do: millionths of minutes.

    Args:
        overtime: what it can work beyond its capacity.
        work: what makes an overload, the largest part first; nothing where there is none.
    """

    resource: str
    monday: date
    load: int
    capacity: int
    overtime: int
    work: tuple[Work, ...]

    @property
    def missing(self) -> int:
        """Minutes beyond the capacity."""
        return max(self.load - self.capacity, 0)


def planned_order(key: ItemSite, monday: date, order: PlannedOrder, today: date) -> MakeOrder:
    """A new order, of the week that begins on a Monday."""
    late = max(today - order.release, timedelta())
    begin, end = order.release + late, order.due + late
    return MakeOrder(key, monday, "planned", begin, end, order.started, len(order.lots))


def open_order(key: ItemSite, supply: Supply, policy: PlanningPolicy, today: date) -> MakeOrder:
    """An open order; without a release it begins its lead time before it is due.

    What is not started is so today at the earliest, and takes the time that it would have taken.
    """
    started = policy.to_start(supply.quantity)
    release = supply.release or release_date(supply.due, policy.lead, started, policy.work)
    if supply.kind == "scheduled":
        return MakeOrder(key, supply.order_id, "open", release, supply.due, started, 1)
    late = max(today - release, timedelta())
    return MakeOrder(key, supply.order_id, "firm", release + late, supply.due + late, started, 1)


def resource_weeks(
    orders: Iterable[MakeOrder],
    steps: Mapping[ItemSite, Sequence[Operation]],
    resources: Sequence[Resource],
    horizon: Horizon,
) -> list[ResourceWeek]:
    """Each of these resources in each week; operations on others are passed over.

    Args: orders: of equal minutes the earlier one comes first.
    """
    loaded: dict[tuple[str, int], dict[int, int]] = {
        (resource.code, week): defaultdict(int)
        for resource in resources
        for week in range(horizon.weeks)
    }
    rates = {
        key: [(one.resource, round(one.minutes * ONE), round(one.setup * ONE)) for one in each]
        for key, each in steps.items()
    }
    all_orders = list(orders)
    for number, order in enumerate(all_orders):
        operations = rates.get(order.key, ())
        release = _week(order.release, horizon)
        span = max(_week(order.due, horizon) - release, 1)
        for place, (code, each, setup) in enumerate(operations):
            on = loaded.get((code, release + place * span // len(operations)))
            if on is not None:
                on[number] += (order.started * each + ONE // 2) // ONE + order.lots * setup
    found = []
    for resource in resources:
        overtime = round(resource.overtime * ONE)
        capacity = [round(minutes * ONE) for minutes in resource.minutes(horizon).tolist()]
        for week, monday in enumerate(horizon.mondays):
            minutes = loaded[resource.code, week]
            total = sum(minutes.values())
            work = []
            if total > capacity[week]:
                work = [Work(all_orders[one], part) for one, part in minutes.items() if part]
                work.sort(key=lambda one: -one.minutes)
            found.append(
                ResourceWeek(resource.code, monday, total, capacity[week], overtime, tuple(work))
            )
    return found


def _week(day: date, horizon: Horizon) -> int:
    return (day - horizon.first_week).days // 7


def minutes_by_origin(work: Work, parts: Iterable[Part]) -> dict[Origin, int]:
    """An order's minutes by what it is for, in proportion to its parts; they sum to them.

    Rounded to millionths by the largest remainder. An order that brings nothing is for nobody.
    """
    units: dict[Origin, int] = defaultdict(int)
    for part in parts:
        units[part.origin] += part.quantity
    if not units:
        units[Origin("other", *work.order.key)] = 1
    shares = zip(units, share_out(work.minutes, list(units.values())), strict=True)
    return largest_first({origin: minutes for origin, minutes in shares if minutes})


def largest_first(minutes: Mapping[Origin, int]) -> dict[Origin, int]:
    """Minutes by origin, the most first; of equal ones as they came."""
    return dict(sorted(minutes.items(), key=lambda one: -one[1]))
