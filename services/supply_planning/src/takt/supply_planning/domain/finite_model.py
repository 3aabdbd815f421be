"""What a finite plan is made of: items, bills, demand and capacity as arrays over weeks.

Rows are items at sites. What is started in a week arrives its lead time later; components are
drawn at the start, and each operation takes its minutes in its own week of the lead time. A stream
is the demand for a row at one weight: streams of one row compete for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from takt.supply_planning.domain.capacity import TOLERANCE, Floats, Integers, Routings
from takt.supply_planning.domain.finite_shortage import Shortage, lacking, require, shortages


@dataclass(frozen=True)
class FiniteModel:
    """The input of a finite plan.

    Args:
        lead: whole weeks from start to arrival, shape (rows,).
        fence: the first week in which something new may arrive, shape (rows,).
        stock, safety: on hand, and what should be; shape (rows,).
        value: money that a unit ties up, shape (rows,).
        receipts: what is on its way, shape (rows, weeks).
        fixed: starts that stand: firm planned orders, shape (rows, weeks).
        parent, component, factor: bill lines as rows, and units for each unit started; (lines,).
        steps: the operations of rows. A row with neither operations nor components is bought: its
            supply is not limited, from its lead time and fence on.
        demand_row, weight: of each stream, shape (streams,); the cost of a unit late for a week.
        demand: shape (streams, weeks).
        capacity, overtime: minutes, shape (resources, weeks).
        overtime_cost: money a minute, shape (resources,).
        lot_minimum, lot_multiple: of what is started, shape (rows,); 0 is any.
    Raises: ValueError: a bill closes a loop, or a weight is not above zero.
    """

    lead: Integers
    fence: Integers
    stock: Floats
    safety: Floats
    value: Floats
    receipts: Floats
    fixed: Floats
    parent: Integers
    component: Integers
    factor: Floats
    steps: Routings
    demand_row: Integers
    weight: Floats
    demand: Floats
    capacity: Floats
    overtime: Floats
    overtime_cost: Floats
    lot_minimum: Floats
    lot_multiple: Floats

    def __post_init__(self) -> None:
        if len(self.weight) and not (self.weight > 0).all():
            raise ValueError("the weight of a demand must be above 0")

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.lead)

    @property
    def weeks(self) -> int:
        """How many weeks."""
        return int(self.receipts.shape[1])

    @cached_property
    def made(self) -> npt.NDArray[np.bool_]:
        """Which rows are made here: they have operations or components; shape (rows,)."""
        made = np.zeros(self.rows, dtype=np.bool_)
        made[self.steps.row] = True
        made[self.parent] = True
        return made

    @cached_property
    def after(self) -> Integers:
        """Weeks from start to each operation, shape (operations,)."""
        return self.steps.after(self.lead[self.steps.row])

    @cached_property
    def soonest(self) -> Integers:
        """The first week in which something new can and may arrive, shape (rows,)."""
        return np.maximum(self.lead, self.fence)

    @cached_property
    def flow(self) -> Floats:
        """What comes of itself, less what orders that stand take, shape (rows, weeks)."""
        flow: Floats = self.receipts + self.arrivals(self.fixed) - self.draws(self.fixed)
        return flow

    @cached_property
    def free(self) -> Floats:
        """What orders that stand leave, in all by each week; below zero they miss something."""
        left: Floats = self.stock[:, np.newaxis] + np.cumsum(self.flow, axis=1)
        return left

    @cached_property
    def missing(self) -> Floats:
        """What must be made or bought for orders that stand, in all by each week."""
        return lacking(self.free)

    @cached_property
    def levels(self) -> tuple[Integers, ...]:
        """The rows of each low-level code. Raises ValueError: a bill closes a loop."""
        code = np.zeros(self.rows, dtype=np.int64)
        for _ in range(self.rows + 1):
            below = code.copy()
            np.maximum.at(below, self.component, code[self.parent] + 1)
            if (below == code).all():
                return tuple(np.flatnonzero(code == level) for level in range(code.max() + 1))
            code = below
        raise ValueError("a bill of material closes a loop")

    def arrivals(self, started: Floats) -> Floats:
        """What starts bring and when; what arrives after the horizon is left out."""
        arrived = np.zeros_like(started)
        for weeks, rows in by_value(self.lead):
            if weeks < self.weeks:
                arrived[rows, weeks:] = started[rows, : self.weeks - weeks]
        return arrived

    def purchases(self, missing: Floats) -> Floats:
        """Starts that cover what is missing in all by each week, as late as they can.

        What is missing sooner than it can arrive comes as soon as it can; shape (rows, weeks).
        """
        wanted = np.maximum.accumulate(np.maximum(missing, 0.0), axis=1)
        wanted[np.arange(self.weeks) < self.soonest[:, np.newaxis]] = 0.0
        arriving = np.diff(wanted, axis=1, prepend=0.0)
        started = np.zeros_like(missing)
        for weeks, rows in by_value(self.lead):
            if weeks < self.weeks:
                started[rows, : self.weeks - weeks] = arriving[rows, weeks:]
        return started

    def draws(self, started: Floats) -> Floats:
        """What starts take of components, shape (rows, weeks)."""
        drawn = np.zeros_like(started)
        for group in self._lines:
            taken = started[self.parent[group.members]] * self.factor[group.members, np.newaxis]
            group.add(taken, drawn)
        return drawn

    def load(self, started: Floats) -> Floats:
        """Minutes that starts ask of each resource, without setups, shape (resources, weeks)."""
        asked = np.zeros_like(self.capacity)
        for weeks, group in self._operations:
            step = group.members
            minutes = started[self.steps.row[step]] * self.steps.minutes[step, np.newaxis]
            if weeks < self.weeks:
                group.add(minutes[:, : self.weeks - weeks], asked[:, weeks:])
        return asked

    @cached_property
    def _lines(self) -> tuple["Grouped", ...]:
        return grouped(np.arange(len(self.component)), self.component)

    @cached_property
    def _operations(self) -> tuple[tuple[int, "Grouped"], ...]:
        return tuple(
            (weeks, group)
            for weeks, steps in by_value(self.after)
            for group in grouped(steps, self.steps.resource[steps])
        )

    def require_capacity(self) -> None:
        """Raises InfeasiblePlanError: orders that stand ask a resource for more than it has."""
        require("resource", self.load(self.fixed) - self.capacity - self.overtime)


@dataclass(frozen=True, slots=True)
class FinitePlan:
    """A plan within capacity.

    Args:
        started: units by row and week, those that stand included, shape (rows, weeks).
        delivered: units by stream and week, shape (streams, weeks).
        setups: minutes of setups, shape (resources, weeks).
    """

    model: FiniteModel
    started: Floats
    delivered: Floats
    setups: Floats

    @classmethod
    def of(
        cls, model: FiniteModel, started: Floats, delivered: Floats, setups: Floats | None = None
    ) -> "FinitePlan":
        """A plan from what is made: what is bought is ordered just in time for it."""
        flow = model.receipts + model.arrivals(model.fixed) - model.draws(started)
        np.add.at(flow, model.demand_row, -delivered)
        level = np.cumsum(flow, axis=1) + (model.stock - model.safety)[:, np.newaxis]
        bought = model.purchases(-level)
        started = np.where(model.made[:, np.newaxis], started, model.fixed + bought)
        none = np.zeros_like(model.capacity) if setups is None else setups
        return cls(model, started, delivered, none)

    @property
    def backlog(self) -> Floats:
        """Units that are late at the end of each week, shape (streams, weeks)."""
        late: Floats = np.cumsum(self.model.demand - self.delivered, axis=1)
        return late

    @property
    def stock(self) -> Floats:
        """Units at the end of each week, shape (rows, weeks)."""
        model = self.model
        flow = model.receipts + model.arrivals(self.started) - model.draws(self.started)
        np.add.at(flow, model.demand_row, -self.delivered)
        level: Floats = model.stock[:, np.newaxis] + np.cumsum(flow, axis=1)
        return level

    @property
    def load(self) -> Floats:
        """Minutes by resource and week, shape (resources, weeks)."""
        return self.model.load(self.started) + self.setups

    @property
    def overtime(self) -> Floats:
        """Minutes beyond the calendar, shape (resources, weeks)."""
        return np.maximum(self.load - self.model.capacity, 0.0)

    @property
    def lateness(self) -> float:
        """Units late x weeks x weight; what is late at the end counts to the end."""
        return float(self.model.weight @ np.maximum(self.backlog, 0.0).sum(axis=1))

    @property
    def overtime_cost(self) -> float:
        """Money for overtime."""
        return float(self.model.overtime_cost @ self.overtime.sum(axis=1))

    @property
    def stock_value(self) -> float:
        """Money in stock, summed over weeks."""
        return float(self.model.value @ np.maximum(self.stock, 0.0).sum(axis=1))

    def shortages(self) -> tuple[Shortage, ...]:
        """Components that orders that stand take and the plan does not have."""
        model = self.model
        missing = np.diff(lacking(self.stock), axis=1, prepend=0.0)
        taken = model.draws(model.fixed).sum(axis=1, keepdims=True)
        much = missing > TOLERANCE * np.maximum(taken, 1.0)
        return shortages("component", np.where(much, missing, 0.0))

    def faults(self) -> list[str]:
        """Where the plan breaks a limit by more than rounding; none when it is feasible."""
        model = self.model
        checks = {
            "capacity": (self.load - model.capacity - model.overtime, model.capacity),
            "material": (-self.stock, np.abs(model.receipts).sum(axis=1, keepdims=True)),
            "delivered early": (-self.backlog, model.demand.sum(axis=1, keepdims=True)),
            "below nothing": (-self.started, np.ones((1, 1))),
        }
        found = []
        for name, (over, scale) in checks.items():
            for place, week in np.argwhere(over > TOLERANCE * np.maximum(scale, 1.0)):
                found.append(f"{name}: place {place}, week {week}, {over[place, week]:g}")
        return found


@dataclass(frozen=True, slots=True)
class Grouped:
    """Members sorted by the place that they add up in.

    Args: members: shape (members,). starts: where each place begins. places: shape (places,).
    """

    members: Integers
    starts: Integers
    places: Integers

    def add(self, values: Floats, total: Floats) -> None:
        """Add the values of the members, shape (members, weeks), to their places in `total`."""
        total[self.places] += np.add.reduceat(values, self.starts, axis=0)


def grouped(members: Integers, places: Integers) -> tuple[Grouped, ...]:
    """Members by place: one group, or none when there are no members."""
    if not len(members):
        return ()
    order = np.argsort(places, kind="stable")
    found, starts = np.unique(places[order], return_index=True)
    return (Grouped(members[order], starts, found),)


def by_value(values: Integers) -> Iterator[tuple[int, Integers]]:
    """Each value with where it stands."""
    for value in np.unique(values):
        yield int(value), np.flatnonzero(values == value)
