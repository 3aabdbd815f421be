"""Carrying out a plan week by week: what of it material and minutes allow, in whole lots.

Whatever the plan says, what comes out is feasible: nothing is started without its components, its
minutes in every week of its lead time, and, where lots are asked for, less than a lot. What could
not be started when it was planned is started as soon as it can be, the dearest first.
"""

import numpy as np
import numpy.typing as npt

from takt.supply_planning.domain.capacity import Floats, Integers
from takt.supply_planning.domain.finite_control import Watch
from takt.supply_planning.domain.finite_loading import Shape
from takt.supply_planning.domain.finite_lots import lots_down, lots_up
from takt.supply_planning.domain.finite_model import FiniteModel, FinitePlan

ROUNDS = 2
"""How often a week's room is shared out: what one cannot use for want of a part goes to others."""
ROUNDS_OF_LOTS = 5
NOTHING = 1e-9

Bools = npt.NDArray[np.bool_]


def dispatch(
    shape: Shape, target: Floats, urgency: Floats, watch: Watch, lots: bool = False
) -> FinitePlan:
    """Carry out starts that are planned in all by each week, shape (rows, weeks).

    Args:
        shape: the model.
        target: starts that stand included.
        urgency: who comes first where not all can be started, shape (rows,).
        watch: told of each week.
        lots: whether starts are whole lots, each with its setup.
    """
    state = _Shop(shape, urgency, lots)
    for week in range(shape.model.weeks):
        watch.tell("dispatching", week / shape.model.weeks)
        state.work(week, target[:, week])
    return FinitePlan.of(shape.model, state.started, state.delivered, state.setups)


class _Claims:
    """Who claims what, the most urgent first: rows on components, on resources, streams on rows.

    Args:
        claimant: place among those who claim. place: of what is claimed; shape (claims,) each.
        urgency: of each claimant.
    """

    def __init__(self, claimant: Integers, place: Integers, urgency: Floats) -> None:
        self.entry = np.lexsort((-urgency[claimant], place))
        self.claimant, self.place = claimant[self.entry], place[self.entry]
        _, first, inverse = np.unique(self.place, return_index=True, return_inverse=True)
        self._first = first[inverse]

    def granted(self, asked: Floats, there: Floats) -> Floats:
        """The share of each claim that is there after those before it, in [0, 1]."""
        before = np.cumsum(asked) - asked
        left = there - (before - before[self._first])
        return np.clip(np.divide(left, asked, out=np.ones_like(left), where=asked > 0), 0.0, 1.0)


class _Level:
    """Made rows of one low-level code, with what they claim."""

    def __init__(self, model: FiniteModel, rows: Integers, urgency: Floats) -> None:
        self.rows = rows
        local = np.full(model.rows, -1)
        local[rows] = np.arange(len(rows))
        lines = np.flatnonzero(local[model.parent] >= 0)
        steps = np.flatnonzero(local[model.steps.row] >= 0)
        self.parts = _Claims(local[model.parent[lines]], model.component[lines], urgency[rows])
        self.factor = model.factor[lines][self.parts.entry]
        week_of = model.after[steps] + model.steps.resource[steps] * (
            model.after.max(initial=0) + 1
        )
        self.work = _Claims(local[model.steps.row[steps]], week_of, urgency[rows])
        step = steps[self.work.entry]
        self.resource, self.after = model.steps.resource[step], model.after[step]
        self.minutes, self.setup = model.steps.minutes[step], model.steps.setup[step]


class _Shop:
    """What is in stock, in work and owed, week after week."""

    def __init__(self, shape: Shape, urgency: Floats, lots: bool) -> None:
        self.model, self.lots = shape.model, lots
        model = self.model
        self.levels = [
            _Level(model, rows[model.made[rows]], urgency) for rows in reversed(model.levels)
        ]
        self.room = model.capacity + model.overtime - model.load(model.fixed)
        self.flow = model.flow.copy()
        self.kept = _kept(self.flow)
        self.stock = model.stock.copy()
        self.started, self.setups = model.fixed.copy(), np.zeros_like(model.capacity)
        self.total = np.zeros(model.rows)
        self.delivered, self.owed = np.zeros_like(model.demand), np.zeros(len(model.weight))
        everyone = np.arange(len(model.weight))
        self.orders = _Claims(everyone, model.demand_row, model.weight)

    def work(self, week: int, target: Floats) -> None:
        """One week: what comes, what is started from the bottom up, what is delivered."""
        model = self.model
        self.stock += self.flow[:, week]
        self.total += model.fixed[:, week]
        bought = ~model.made & (week >= model.soonest)
        for level in self.levels:
            for _ in range(ROUNDS_OF_LOTS if self.lots else ROUNDS):
                there = np.where(bought, np.inf, self.stock - self.kept[:, week])
                if not self._start(level, week, target, there):
                    break
        self.owed += model.demand[:, week]
        there = np.where(bought, np.inf, self.stock - self.kept[:, week])[self.orders.place]
        asked = self.owed[self.orders.claimant]
        handed = asked * self.orders.granted(asked, there)
        self.delivered[self.orders.claimant, week] = handed
        self.owed[self.orders.claimant] -= handed
        np.subtract.at(self.stock, self.orders.place, handed)

    def _start(self, level: _Level, week: int, target: Floats, there: Floats) -> bool:
        """Start what can be; whether anything was."""
        model, rows = self.model, level.rows
        later = week + model.lead[rows]
        useful = (model.soonest[rows] <= later) & (later < model.weeks)
        wanted = np.where(useful, np.maximum(target[rows] - self.total[rows], 0.0), 0.0)
        wanted[wanted < NOTHING * np.maximum(target[rows], 1.0)] = 0.0
        least, multiple = model.lot_minimum[rows], model.lot_multiple[rows]
        if self.lots:
            # What would not fit if it came first must not keep others from what there is.
            wanted = lots_up(wanted, least, multiple)
            alone = self._share(level, wanted, there, week, alone=True)
            wanted = lots_down(wanted * alone, least, multiple)
        if not wanted.any():
            return False
        made = wanted * self._share(level, wanted, there, week, alone=False)
        if self.lots:
            made = lots_down(made, least, multiple)
        parts, work = level.parts, level.work
        inside, place = self._weeks(level, week)
        minutes = np.where(inside, made[work.claimant] * level.minutes, 0.0)
        setup = self._setup(level, made, inside)
        self.started[rows, week] += made
        self.total[rows] += made
        np.subtract.at(self.room, place, minutes + setup)
        np.add.at(self.setups, place, setup)
        np.subtract.at(self.stock, parts.place, made[parts.claimant] * level.factor)
        now = later == week
        self.stock[rows[now]] += made[now]
        comes = useful & ~now
        self.flow[rows[comes], later[comes]] += made[comes]
        return bool(made.any())

    def _share(
        self, level: _Level, wanted: Floats, there: Floats, week: int, *, alone: bool
    ) -> Floats:
        """The share of what rows want that can be started: each alone, or after the more urgent."""
        share, parts, work = np.ones(len(level.rows)), level.parts, level.work
        inside, place = self._weeks(level, week)
        needs = wanted[parts.claimant] * level.factor
        running = np.where(inside, wanted[work.claimant] * level.minutes, 0.0)
        setup = self._setup(level, wanted, inside)
        asked, stock, room = running + setup, there[parts.place], self.room[place]
        had = alone_share(needs, stock) if alone else parts.granted(needs, stock)
        worked = alone_share(asked, room) if alone else work.granted(asked, room)
        # Setups are whole: what is granted beyond them is for running.
        left = worked * asked - setup
        runs = np.divide(left, running, out=np.ones_like(running), where=running > 0)
        runs[(running <= 0) & (left < -NOTHING)] = 0.0
        np.minimum.at(share, parts.claimant, had)
        np.minimum.at(share, work.claimant, np.clip(runs, 0.0, 1.0))
        return share

    def _weeks(self, level: _Level, week: int) -> tuple[Bools, tuple[Integers, Integers]]:
        """Which operations fall into the horizon, and the resource and week of each."""
        when = week + level.after
        return when < self.model.weeks, (level.resource, np.minimum(when, self.model.weeks - 1))

    def _setup(self, level: _Level, made: Floats, inside: Bools) -> Floats:
        starts = inside & (made[level.work.claimant] > 0)
        return np.where(starts, level.setup, 0.0) if self.lots else np.zeros(len(starts))


def alone_share(asked: Floats, there: Floats) -> Floats:
    """The share of each claim that is there if it is the only one, in [0, 1]."""
    found = np.divide(there, asked, out=np.ones_like(asked), where=asked > 0)
    return np.clip(found, 0.0, 1.0)


def _kept(flow: Floats) -> Floats:
    """What of stock must be kept at the end of each week for orders that stand; (rows, weeks)."""
    kept = np.zeros_like(flow)
    for week in range(flow.shape[1] - 2, -1, -1):
        kept[:, week] = np.maximum(kept[:, week + 1] - flow[:, week + 1], 0.0)
    return kept
