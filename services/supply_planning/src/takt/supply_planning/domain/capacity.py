"""Rough-cut capacity: what planned orders load resources with, against what resources can work.

Minutes throughout; a bucket is a week. The load of an order falls into the weeks of its lead time:
its operations follow each other, so operation k of n begins k/n of the way from its release to its
due week, and all of it counts in that week.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from takt.supply_planning.domain.calendar import ROUND_THE_CLOCK, WorkingCalendar
from takt.supply_planning.domain.netting import Horizon
from takt.supply_planning.domain.plan import ItemSite

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
TOLERANCE = 1e-6
"""Minutes and units that count as none."""

HIGHEST_EFFICIENCY = 5
"""Standard minutes in a minute: a larger number is a percentage."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What work is done on: a machine, a line, a group of people.

    Args:
        calendar: when one unit of it works: its shifts, as minutes a day.
        units: how many of it there are, side by side.
        efficiency: the standard minutes that it does in a minute; 0.9 takes a tenth longer.
        overtime: standard minutes a week that all its units can work beyond the calendar, at most.
        overtime_cost: money for a minute of that.
    Raises: ValueError: a value is negative, or units or efficiency not above zero.
    """

    code: str
    calendar: WorkingCalendar = ROUND_THE_CLOCK
    units: float = 1.0
    efficiency: float = 1.0
    overtime: float = 0.0
    overtime_cost: float = 1.0

    def __post_init__(self) -> None:
        for name in ("units", "efficiency"):
            if not (value := getattr(self, name)) > 0:
                raise ValueError(f"{name} {value} of {self.code} is not above 0")
        for name in ("overtime", "overtime_cost"):
            if not (value := getattr(self, name)) >= 0:
                raise ValueError(f"{name} {value} of {self.code} is below 0; give 0 or more")

    def minutes(self, horizon: Horizon) -> Floats:
        """Standard minutes of each week without overtime, from today on, shape (weeks,)."""
        days = ([monday + timedelta(days=day) for day in range(7)] for monday in horizon.mondays)
        worked = [
            sum(self.calendar.minutes_on(day) for day in week if day >= horizon.today)
            for week in days
        ]
        return np.array(worked, dtype=np.float64) * (self.units * self.efficiency)


@dataclass(frozen=True, slots=True)
class Operation:
    """A step of making an item, in the order of its routing.

    Args:
        setup: minutes for each order, whatever its quantity.
        minutes: for each base unit.
    Raises: ValueError: a value is negative.
    """

    resource: str
    minutes: float
    setup: float = 0.0

    def __post_init__(self) -> None:
        for name in ("minutes", "setup"):
            if not (value := getattr(self, name)) >= 0:
                raise ValueError(f"{name} {value} on {self.resource} is below 0; give 0 or more")


class UnknownResourceError(ValueError):
    """A routing names a resource that there is not."""

    def __init__(self, key: ItemSite, resource: str) -> None:
        super().__init__(f"the routing of {key.item} at {key.site} names no resource {resource}")
        self.key, self.resource = key, resource


@dataclass(frozen=True, slots=True)
class Routings:
    """The operations of all rows, each a column of shape (operations,).

    Args:
        row, resource: their places.
        place, of: it is operation `place` (from 0) of `of`.
        minutes, setup: see Operation.
    """

    row: Integers
    resource: Integers
    place: Integers
    of: Integers
    minutes: Floats
    setup: Floats

    def after(self, weeks: Integers) -> Integers:
        """Whole weeks from release to each operation, for a lead time in weeks of each."""
        weeks_after: Integers = self.place * np.maximum(weeks, 1) // self.of
        return weeks_after


def routings(
    rows: Mapping[ItemSite, int],
    resources: Sequence[Resource],
    steps: Mapping[ItemSite, Sequence[Operation]],
) -> Routings:
    """Operations as columns. Raises UnknownResourceError; passes over rows that are not planned."""
    codes = {resource.code: place for place, resource in enumerate(resources)}
    table: list[tuple[int, int, int, int, float, float]] = []
    for key, operations in steps.items():
        for place, step in enumerate(operations):
            if step.resource not in codes:
                raise UnknownResourceError(key, step.resource)
            if key in rows:
                made = (rows[key], codes[step.resource], place, len(operations))
                table.append((*made, step.minutes, step.setup))
    columns = list(zip(*table, strict=True)) or [()] * 6
    row, resource, place_of, of = (np.array(each, dtype=np.int64) for each in columns[:4])
    minutes, setup = (np.array(each, dtype=np.float64) for each in columns[4:])
    return Routings(row, resource, place_of, of, minutes, setup)


@dataclass(frozen=True, slots=True)
class PlannedOrders:
    """Orders as columns of shape (orders,); `release` and `due` are weeks, `quantity` base units.

    Args: lots: into how many lots each is divided: each is set up for.
    """

    row: Integers
    release: Integers
    due: Integers
    quantity: Floats
    lots: Integers


@dataclass(frozen=True, slots=True)
class _Work:
    """Minutes of each operation of each order: columns of shape (work,)."""

    order: Integers
    resource: Integers
    week: Integers
    minutes: Floats


def _work(orders: PlannedOrders, steps: Routings, weeks: int) -> _Work:
    # Operations sorted by row make those of an order one run.
    by_row = np.argsort(steps.row, kind="stable")
    first = np.searchsorted(steps.row[by_row], orders.row, "left")
    count = np.searchsorted(steps.row[by_row], orders.row, "right") - first
    order = np.repeat(np.arange(len(orders.row)), count)
    within = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
    step = by_row[np.repeat(first, count) + within]
    span = np.maximum(orders.due - orders.release, 1)[order]
    week = orders.release[order] + steps.place[step] * span // steps.of[step]
    minutes = orders.quantity[order] * steps.minutes[step] + orders.lots[order] * steps.setup[step]
    inside = week < weeks
    return _Work(order[inside], steps.resource[step][inside], week[inside], minutes[inside])


def load(orders: PlannedOrders, steps: Routings, shape: tuple[int, int]) -> Floats:
    """Minutes that orders ask of each resource in each week, shape (resources, weeks)."""
    return _summed(_work(orders, steps, shape[1]), shape)


def _summed(work: _Work, shape: tuple[int, int]) -> Floats:
    place = work.resource * shape[1] + work.week
    total = np.bincount(place, weights=work.minutes, minlength=shape[0] * shape[1])
    return np.asarray(total.reshape(shape), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Contribution:
    """An order's part of an overload: its place in the columns, and its minutes there."""

    order: int
    minutes: float


@dataclass(frozen=True, slots=True)
class Overload:
    """A resource that is asked for more than it can do in a week.

    Args:
        monday: the week.
        missing: minutes beyond its calendar; `overtime` of them can be worked as such.
        orders: what makes the load, the largest part first.
    """

    resource: str
    monday: date
    load: float
    capacity: float
    missing: float
    overtime: float
    orders: tuple[Contribution, ...]


def overloads(
    orders: PlannedOrders,
    steps: Routings,
    resources: Sequence[Resource],
    horizon: Horizon,
) -> Iterator[Overload]:
    """Every overloaded resource-week, the most missing first, with what it is loaded with.

    Whom its orders are for says `grid.pegging.served`.
    """
    shape = len(resources), horizon.weeks
    work = _work(orders, steps, horizon.weeks)
    loaded = _summed(work, shape)
    capacity = np.array([resource.minutes(horizon) for resource in resources]).reshape(shape)
    missing = loaded - capacity
    over = np.flatnonzero(missing.ravel() > TOLERANCE)
    by_place = np.argsort(work.resource * shape[1] + work.week, kind="stable")
    places = (work.resource * shape[1] + work.week)[by_place]
    for place in over[np.argsort(-missing.ravel()[over], kind="stable")]:
        resource = resources[int(place) // shape[1]]
        run = by_place[slice(*np.searchsorted(places, [place, place + 1]))]
        loading, part = np.unique(work.order[run], return_inverse=True)
        minutes = np.bincount(part, weights=work.minutes[run])
        largest = np.argsort(-minutes, kind="stable")
        short = float(missing.ravel()[place])
        yield Overload(
            resource.code,
            horizon.mondays[int(place) % shape[1]],
            float(loaded.ravel()[place]),
            float(capacity.ravel()[place]),
            short,
            min(short, resource.overtime),
            tuple(
                Contribution(int(loading[i]), float(minutes[i]))
                for i in largest
                if minutes[i] > TOLERANCE
            ),
        )
