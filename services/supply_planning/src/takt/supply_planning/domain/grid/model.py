"""What a full plan is made of, as arrays: rows, lines between rows, and dated quantities.

A row is an item at a site; a line says that a row draws on another when it starts something, so a
transfer from another site is a line with the factor 1. Quantities are whole millionths held in
float64, which is exact below `EXACT` and faster than int64 where lots are rounded up. A bucket is
a week, counted from the first.
"""

from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from takt.supply_planning.domain.grid.levels import levels_of
from takt.supply_planning.domain.grid.lines import LevelLines, level_lines
from takt.supply_planning.domain.grid.lots import Lots

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Columns:
    """A frozen dataclass of arrays of one length, or of such columns."""

    __slots__ = ()

    def take(self, places: npt.NDArray[Any] | slice) -> Self:
        """The same columns at other places."""
        found = {
            field.name: value.take(places) if isinstance(value, Columns | Lots) else value[places]
            for field in fields(self)  # type: ignore[arg-type]
            if (value := getattr(self, field.name)) is not None
        }
        return replace(self, **found)  # type: ignore[type-var]


@dataclass(frozen=True, slots=True)
class Rows(Columns):
    """What is planned, each shape (rows,).

    Args:
        made: its orders draw on its components; what is bought draws on nothing here.
        good, of: of so much that is started (`of`) so much comes out good. Lots are of what is
            started, all else is of what is good.
        on_hand: may be negative.
        fence: the first bucket in which something new may be planned.
        lead: its row of the tables in `Leads`.
        tolerance_days, tolerance_share: as in `PlanningPolicy`.
    """

    made: Bools
    good: Ints
    of: Ints
    on_hand: Floats
    safety_stock: Floats
    lots: Lots
    fence: Ints
    lead: Ints
    tolerance_days: Ints
    tolerance_share: Floats

    @property
    def rare(self) -> Bools:
        """Which need more than a minimum and a multiple to be ordered."""
        found: Bools = self.lots.rare | (self.good != self.of)
        return found


@dataclass(frozen=True, slots=True)
class Lines(Columns):
    """Who draws on what, each shape (lines,): numerator / denominator of a component a parent.

    Args: valid_from, valid_to: it holds for releases of these days and between, as ordinals.
    """

    parent: Ints
    component: Ints
    numerator: Ints
    denominator: Ints
    valid_from: Ints
    valid_to: Ints


@dataclass(frozen=True, slots=True)
class Dated(Columns):
    """Quantities of rows in buckets, each shape (entries,). A cell may have several."""

    row: Ints
    bucket: Ints
    quantity: Floats

    @classmethod
    def none(cls) -> Self:
        """No entries."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


@dataclass(frozen=True, slots=True)
class Leads:
    """When an order of a bucket is due and started, by class of lead time and calendars.

    Args:
        release: bucket of the release for each bucket of need, shape (classes, weeks).
        due_on, release_on: the same as days (proleptic ordinals).
        earliest: the first day on which what is started today is done, shape (classes,).
        arrival: the first day from then on that takes goods in, shape (classes,).
    """

    release: Ints
    due_on: Ints
    release_on: Ints
    earliest: Ints
    arrival: Ints


@dataclass(frozen=True, slots=True)
class Level:
    """Rows of one low-level code: `start` to `stop`, those with rare lot rules from `rare` on.

    Args:
        runs: stretches of made rows whose orders start in the same weeks: start, stop, and one of
            their classes of lead time.
        lines: what they draw from rows above.
    """

    start: int
    rare: int
    stop: int
    runs: tuple[tuple[int, int, int], ...]
    lines: LevelLines


@dataclass(frozen=True, slots=True)
class Grid:
    """A model in the order in which it is planned.

    Args:
        order: the caller's row for each row here. place: the row here for each of the caller's.
        demand: independent demand, shape (weeks, rows).
        receipts: open orders inside the horizon, in the week in which they are due.
        started: what firm orders start, in the week of their release. started_on: on which day, at
            the earliest that of planning.
        moving: open orders are taken as soon as they are needed, as `netting.net` does; otherwise
            in the week in which they are due.
    """

    rows: Rows
    lines: Lines
    leads: Leads
    levels: tuple[Level, ...]
    order: Ints
    place: Ints
    demand: Floats
    receipts: Dated
    started: Dated
    started_on: Ints
    moving: bool

    @property
    def weeks(self) -> int:
        """How many buckets there are."""
        return int(self.demand.shape[0])


def lay_out(
    rows: Rows,
    lines: Lines,
    leads: Leads,
    demand: Dated,
    receipts: Dated,
    started: Dated,
    started_on: Ints,
    *,
    weeks: int,
    moving: bool,
) -> Grid:
    """Sort a model by low-level code, rare lots, and the weeks in which orders start.

    What is equal lies together, so that the pass works on contiguous stretches. Lines whose parent
    is bought are left out: they are never drawn on.

    Raises: CycleError: rows draw on themselves.
    """
    lines = lines.take(np.flatnonzero(rows.made[lines.parent]))
    number = len(rows.made)
    level = levels_of(number, lines.parent, lines.component)
    _, alike = np.unique(leads.release, axis=0, return_inverse=True)
    offset = alike[rows.lead]
    order = np.lexsort((offset, ~rows.made, rows.rare, level)).astype(np.int64)
    place = np.empty(number, np.int64)
    place[order] = np.arange(number)
    rows, level, offset = rows.take(order), level[order], offset[order]
    lines = replace(lines, parent=place[lines.parent], component=place[lines.component])
    return Grid(
        rows=rows,
        lines=lines,
        leads=leads,
        levels=_levels(rows, lines, level, offset),
        order=order,
        place=place,
        demand=spread(replace(demand, row=place[demand.row]), weeks, number),
        receipts=replace(receipts, row=place[receipts.row]),
        started=replace(started, row=place[started.row]),
        started_on=started_on,
        moving=moving,
    )


def spread(dated: Dated, weeks: int, rows: int) -> Floats:
    """Dated quantities summed by cell, shape (weeks, rows)."""
    cells = dated.bucket * rows + dated.row
    return summed(cells, dated.quantity, weeks * rows).reshape(weeks, rows)


def summed(places: Ints, quantities: Floats, length: int) -> Floats:
    """Quantities summed by place, shape (length,)."""
    # Of nothing, bincount makes integers.
    return np.bincount(places, quantities, length).astype(np.float64, copy=False)


def _levels(rows: Rows, lines: Lines, level: Ints, offset: Ints) -> tuple[Level, ...]:
    bounds = np.searchsorted(level, np.arange(level.max(initial=-1) + 2))
    found = []
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        rare = start + int(np.searchsorted(rows.rare[start:stop], True))
        found.append(
            Level(
                start,
                rare,
                stop,
                _runs(start, rows.made[start:stop], offset[start:stop], rows.lead[start:stop]),
                level_lines(
                    start,
                    stop,
                    lines.parent,
                    lines.component,
                    lines.numerator,
                    lines.denominator,
                    lines.valid_from,
                    lines.valid_to,
                ),
            )
        )
    return tuple(found)


def _runs(start: int, made: Bools, offset: Ints, lead: Ints) -> tuple[tuple[int, int, int], ...]:
    kind: Ints = np.where(made, offset, -1)
    cuts: list[int] = [0, *(np.flatnonzero(np.diff(kind)) + 1).tolist(), len(kind)]
    return tuple(
        (start + first, start + last, int(lead[first]))
        for first, last in pairwise(cuts)
        if kind[first] >= 0
    )
