"""Loading all demand at once: each as late as it can be on time, else as soon as it can.

Work is curves: what has been done in all by the end of each week. A resource that is asked for more
than it has works ahead along the same sequence, or falls behind along it: its curve is the old one
read at another time. So many items are loaded by a few operations on arrays, level by
level: down the bills what is needed when, up again what can be had when.

Queues and curves: Le Boudec and Thiran, Network Calculus (2001), ch. 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from takt.supply_planning.domain.capacity import Floats, Integers
from takt.supply_planning.domain.finite_model import FiniteModel, Grouped, grouped

ROUNDS = 2
"""How often all is loaded down and up: the second time needs only what can be delivered."""
SETTLING = 3
"""How often rows with several operations are moved until all their resources agree."""


def ahead(room: Floats, wanted: Floats) -> Floats:
    """The latest curve of work within `room` that is not behind `wanted`, where it can be.

    Args: room, wanted: minutes in all by each week, shape (resources, weeks).
    """
    done = np.minimum(wanted, room)
    latest = np.maximum.accumulate((done - room)[:, ::-1], axis=1)[:, ::-1] + room
    return np.maximum(latest, 0.0)


def behind(room: Floats, wanted: Floats) -> Floats:
    """The soonest curve of work that is not before `wanted`: a queue that is served by `room`."""
    waiting: Floats = np.minimum.accumulate(np.minimum(wanted - room, 0.0), axis=1)
    served: Floats = np.minimum(waiting + room, wanted)
    return served


def shifted(curves: Floats, by: Floats) -> Floats:
    """Curves read `by` weeks later in each week, linear between the ends of weeks."""
    padded = np.concatenate([np.zeros((len(curves), 1)), curves], axis=1)
    week = np.clip(np.arange(1, curves.shape[1] + 1) + by, 0.0, curves.shape[1])
    before = np.minimum(week.astype(np.int64), curves.shape[1] - 1)
    low = np.take_along_axis(padded, before, axis=1)
    high = np.take_along_axis(padded, before + 1, axis=1)
    read: Floats = low + (high - low) * (week - before)
    return read


def times_of(curves: Floats, values: Floats) -> Floats:
    """When curves reach values: in weeks, between their ends; where they never do, the last."""
    rows, weeks = curves.shape
    # One search for all rows: each is lifted above the one before it.
    lift = np.arange(rows)[:, np.newaxis] * 2.0
    scale = np.maximum(curves[:, -1:], 1e-12)
    flat = (np.minimum(curves / scale, 1.0) + lift).ravel()
    level = np.clip(values / scale, 0.0, 1.0)
    found = np.searchsorted(flat, (level + lift).ravel() - 1e-12).reshape(rows, weeks)
    place = np.clip(found - np.arange(rows)[:, np.newaxis] * weeks, 0, weeks - 1)
    high = np.take_along_axis(curves, place, axis=1)
    low = np.where(place > 0, np.take_along_axis(curves, np.maximum(place - 1, 0), axis=1), 0.0)
    part = np.clip((values - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
    when: Floats = place - 1.0 + part
    return when


class Shape:
    """A model's bills and routings as they are walked: lines by parent, operations by row."""

    def __init__(self, model: FiniteModel) -> None:
        self.model = model
        self.depth = len(model.levels)
        self.level = np.zeros(model.rows, dtype=np.int64)
        for code, rows in enumerate(model.levels):
            self.level[rows] = code
        self._of_parent = _Runs(model.parent, model.rows)
        self._of_row = _Runs(model.steps.row, model.rows)

    def lines(self, rows: Integers) -> Integers:
        """Bill lines of which these rows are parents, by row."""
        return self._of_parent.of(rows)

    def steps(self, rows: Integers) -> Integers:
        """Operations of these rows, by row."""
        return self._of_row.of(rows)

    def below(self, rows: Integers) -> "Tree":
        """Rows and all below them, by level, numbered among themselves."""
        found, frontier = [rows], rows
        while len(frontier):
            frontier = np.unique(self.model.component[self.lines(frontier)])
            found.append(frontier)
        every = np.unique(np.concatenate(found))
        every = every[np.argsort(self.level[every], kind="stable")]
        local = np.full(self.model.rows, -1)
        local[every] = np.arange(len(every))
        ends = np.searchsorted(self.level[every], np.arange(self.depth + 1))
        levels = []
        for first, last in pairwise(ends.tolist()):
            lines, steps = self.lines(every[first:last]), self.steps(every[first:last])
            levels.append(
                Level(
                    slice(first, last),
                    self.model.factor[lines, np.newaxis],
                    _group(local[self.model.parent[lines]]),
                    _group(local[self.model.component[lines]]),
                    steps,
                    _group(local[self.model.steps.row[steps]]),
                    _group(self.model.steps.resource[steps]),
                )
            )
        return Tree(every, local, tuple(levels))


class _Runs:
    """Which entries belong to a row, for many rows at once."""

    def __init__(self, row: Integers, rows: int) -> None:
        self._order = np.argsort(row, kind="stable")
        self._first = np.searchsorted(row[self._order], np.arange(rows + 1))

    def of(self, rows: Integers) -> Integers:
        count = self._first[rows + 1] - self._first[rows]
        start = np.repeat(self._first[rows] - np.cumsum(count) + count, count)
        return self._order[start + np.arange(len(start))]


def _group(places: Integers) -> tuple[Integers, Grouped | None]:
    return places, next(iter(grouped(np.arange(len(places)), places)), None)


@dataclass(frozen=True, slots=True)
class Level:
    """Rows of one low-level code, their lines and operations; places are those of the tree."""

    rows: slice
    factor: Floats
    parent: tuple[Integers, Grouped | None]
    component: tuple[Integers, Grouped | None]
    steps: Integers
    row: tuple[Integers, Grouped | None]
    resource: tuple[Integers, Grouped | None]


@dataclass(frozen=True, slots=True)
class Tree:
    """Rows and all below them: their places in the model, and back; their levels from the top."""

    rows: Integers
    local: Integers
    levels: tuple[Level, ...]


class Loading:
    """All demand at once, beside orders that stand and what those still miss of components."""

    def __init__(self, shape: Shape) -> None:
        self.shape, model = shape, shape.model
        self._weeks: Integers = np.arange(model.weeks)
        self._tree = shape.below(np.arange(model.rows))
        room = np.maximum(model.capacity + model.overtime - model.load(model.fixed), 0.0)
        self._room = np.cumsum(room, axis=1)
        self._missing = model.missing[self._tree.rows]
        left = model.free[self._tree.rows] + self._missing
        # What is taken in a week is missing in every later one.
        self._free = np.minimum.accumulate(left[:, ::-1], axis=1)[:, ::-1]

    def started(self) -> Floats:
        """Starts in all by each week, those that stand included, shape (rows, weeks)."""
        model, tree = self.shape.model, self._tree
        place = tree.local[model.demand_row]
        wanted = np.cumsum(model.demand, axis=1)
        for _ in range(ROUNDS):
            need, make, started = self._down(place, wanted)
            late, started = self._up(need, make, started)
            wanted = shifted(wanted, late[place])
        found = np.cumsum(model.fixed, axis=1)
        found[tree.rows] += started
        return found

    def _down(self, place: Integers, wanted: Floats) -> tuple[Floats, Floats, Floats]:
        """What is needed, made and started of each row, in all by each week, from the top down."""
        model, tree = self.shape.model, self._tree
        need = self._missing.copy()
        np.add.at(need, place, wanted)
        make, started = np.zeros_like(need), np.zeros_like(need)
        lead = model.lead[tree.rows, np.newaxis]
        allowed = self._weeks + lead >= model.soonest[tree.rows, np.newaxis]
        for level in tree.levels:
            rows = level.rows
            short = np.maximum(need[rows] - self._free[rows], 0.0)
            make[rows] = np.maximum.accumulate(short, axis=1)
            last = np.minimum(self._weeks + lead[rows], len(self._weeks) - 1)
            started[rows] = np.take_along_axis(make[rows], last, axis=1)
            started[rows] *= lead[rows] < len(self._weeks)
            self._settle(level, started, ahead)
            started[rows] *= allowed[rows]
            parent, component = level.parent[0], level.component[1]
            if component is not None:
                drawn = started[parent] * level.factor
                component.add(drawn[component.members], need)
        return need, make, started

    def _up(self, need: Floats, make: Floats, started: Floats) -> tuple[Floats, Floats]:
        """How late each row is, in weeks and below zero, by week; and what can be started when."""
        tree = self._tree
        lead = self.shape.model.lead[tree.rows, np.newaxis]
        late = np.zeros_like(need)
        for level in reversed(tree.levels):
            rows, parent = level.rows, level.parent[1]
            if parent is not None:
                waits = late[level.component[0]][parent.members]
                by_parent = np.minimum.reduceat(waits, parent.starts, axis=0)
                started[parent.places] = shifted(started[parent.places], by_parent)
            self._settle(level, started, behind)
            arrived = _delayed(started[rows], lead[rows])
            supply = need[rows] - make[rows] + arrived
            short = supply < need[rows] - 1e-9
            if short.any():
                when = times_of(need[rows], np.minimum(supply, need[rows]))
                late[rows] = np.where(short, np.minimum(when - self._weeks, 0.0), 0.0)
        return late, started

    def _settle(
        self, level: Level, started: Floats, curve: Callable[[Floats, Floats], Floats]
    ) -> None:
        """Move the starts of a level until its resources have room for them."""
        model, resource = self.shape.model, level.resource[1]
        by_row = level.row[1]
        if resource is None or by_row is None:
            return
        row, after = level.row[0], model.after[level.steps, np.newaxis]
        minutes = model.steps.minutes[level.steps, np.newaxis]
        within = self._room[resource.places]
        use = np.zeros((len(model.capacity), len(self._weeks)))
        for _ in range(SETTLING):
            asked = _delayed(started[row], after) * minutes
            wanted = np.add.reduceat(asked[resource.members], resource.starts, axis=0)
            done = curve(within, wanted)
            other = np.abs(done - wanted) > 1e-7 * (1.0 + wanted[:, -1:])
            if not other.any():
                return
            shift = np.where(other, times_of(wanted, done) - self._weeks, 0.0)
            use[resource.places] = shift
            of_steps = _sooner(use[level.resource[0]], after)[by_row.members]
            least = np.minimum.reduceat(of_steps, by_row.starts, axis=0)
            most = np.maximum.reduceat(of_steps, by_row.starts, axis=0)
            shift = np.where(least < 0, least, most)
            read = shifted(started[by_row.places], shift)
            started[by_row.places] = np.maximum.accumulate(read, axis=1)


def _delayed(curves: Floats, weeks: Integers) -> Floats:
    """Curves as they are `weeks` later, shape of weeks (rows, 1)."""
    place = np.arange(curves.shape[1]) - weeks
    return np.where(place >= 0, np.take_along_axis(curves, np.maximum(place, 0), axis=1), 0.0)


def _sooner(values: Floats, weeks: Integers) -> Floats:
    """Values of `weeks` later, and none after the last."""
    place = np.arange(values.shape[1]) + weeks
    last = values.shape[1] - 1
    return np.where(place <= last, np.take_along_axis(values, np.minimum(place, last), axis=1), 0.0)
