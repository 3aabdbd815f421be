"""Whom orders are for: what is spent on many orders at once, passed on to the demand they serve.

As `domain.pegging` does it: what comes and what is wanted lie on one line each, and what covers the
same stretch belongs together. What comes is stock, then orders in the week in which they count;
what is wanted is what is owed, safety stock, then each week. Those who want something in the same
week share it by their quantities, and what an order above takes is for what that order is for. So
one sweep from the lowest level up passes on everything, order by order only where there is some.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from takt.supply_planning.domain.grid.levels import ranges
from takt.supply_planning.domain.grid.model import Columns, Dated, Floats, Ints, spread, summed
from takt.supply_planning.domain.grid.netting import GridPlan

PLANNED = -1
"""No open order, but the planned one of a row and week."""
AFTER_HORIZON = -1
"""An open order that comes after the last week."""
BACKLOG, SAFETY, FIRST_WEEK = 0, 1, 2
"""Places on the line of what is wanted."""


@dataclass(frozen=True, slots=True)
class Spent(Columns):
    """What is spent on orders, each shape (entries,).

    Args:
        group: to what it is added up: 0 and more.
        row, bucket: the order's row in the grid, and the week in which a planned one is needed.
        receipt: place of an open order in the grid's receipts; `PLANNED` is none.
        amount: in any unit.
    """

    group: Ints
    row: Ints
    bucket: Ints
    receipt: Ints
    amount: Floats


@dataclass(frozen=True, slots=True)
class Served:
    """The same amounts by whom they are for; all that is of a group sums to what it has spent.

    Args:
        group, row, bucket, amount: independent demand of a week, each shape (entries,).
        stock: for nobody yet: safety stock, what lots bring too much; shape (groups,).
        owed: what was owed before the first week, stock below zero; shape (groups,).
    """

    group: Ints
    row: Ints
    bucket: Ints
    amount: Floats
    stock: Floats
    owed: Floats


def served(plan: GridPlan, spent: Spent, begun: Ints) -> Served:
    """Pass on what is spent on orders to the demand that they serve.

    Args: begun: for each entry of the grid's `started` its place in `receipts`, or `AFTER_HORIZON`.
    """
    lines = _Lines(plan, begun)
    groups = int(spent.group.max(initial=-1)) + 1
    stock, owed = np.zeros(groups), np.zeros(groups)
    planned = spent.receipt == PLANNED
    source = np.where(planned, lines.cell(spent.bucket, spent.row), lines.cells + spent.receipt)
    waiting = csr_array((spent.amount, (spent.group, source)), (groups, lines.sources)).tocoo()
    found = []
    for level in reversed(plan.grid.levels):
        row = lines.row_of(waiting.col)
        here = (row >= level.start) & (row < level.stop)
        source, place = np.unique(waiting.col[here], return_inverse=True)
        held = csr_array((waiting.data[here], (waiting.row[here], place)), (groups, len(source)))
        wants = lines.wants(source)
        stock += held @ wants.stock
        owed += held @ wants.owed
        users = lines.users(wants.cells)
        wanted = held @ wants.shares
        stock += wanted @ users.nobody
        direct = (wanted @ users.direct).tocoo()
        found.append((direct.row, wants.cells[direct.col], direct.data))
        above = (wanted @ users.shares).tocoo()
        rest = (
            np.concatenate([waiting.data[~here], above.data]),
            (
                np.concatenate([waiting.row[~here], above.row]),
                np.concatenate([waiting.col[~here], users.source[above.col]]),
            ),
        )
        waiting = csr_array(rest, (groups, lines.sources)).tocoo()
    stock += np.bincount(waiting.row, waiting.data, groups)
    columns = [np.concatenate(each) for each in zip(*found, strict=True)]
    group, cell, amount = columns or (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    bucket, row = np.divmod(cell, plan.gross.shape[1])
    return Served(group.astype(np.int64), row, bucket, amount, stock, owed)


class _Wants(NamedTuple):
    """For what orders are, in shares of them.

    Args: cells: weeks of rows. shares: shape (orders, cells). stock, owed: shape (orders,).
    """

    cells: Ints
    shares: Any
    stock: Floats
    owed: Floats


class _Users(NamedTuple):
    """Who wants what in weeks of rows, in shares of it.

    Args:
        source: orders above. shares: shape (cells, orders above).
        direct: independent demand, diagonal, shape (cells, cells).
        nobody: less than a millionth is lost by rounding: shape (cells,).
    """

    source: Ints
    shares: Any
    direct: Any
    nobody: Floats


@dataclass(frozen=True)
class _Lines:
    """What comes and what is wanted, row by row.

    A planned order is known by its cell, week x row, an open one by its place after all cells, and
    what comes after the horizon by the last place.
    """

    plan: GridPlan
    begun: Ints

    @property
    def cells(self) -> int:
        return int(self.plan.gross.size)

    @property
    def sources(self) -> int:
        return self.cells + len(self.plan.grid.receipts.row) + 1

    def cell(self, bucket: Ints, row: Ints) -> Ints:
        found: Ints = bucket * np.int64(self.plan.gross.shape[1]) + row
        return found

    def row_of(self, source: Ints) -> Ints:
        """The row of each source; no row has what comes after the horizon."""
        rows = self.plan.gross.shape[1]
        of_receipts = np.append(self.plan.grid.receipts.row, -1)
        receipt = np.maximum(source - self.cells, 0)
        return np.where(source < self.cells, source % rows, of_receipts[receipt])

    def wants(self, source: Ints) -> _Wants:
        """For what each source is."""
        quantity, begin, ends, column = self._stretches(source)
        end = begin + quantity
        first = (ends[:, column] <= begin).sum(axis=0)
        last = (ends[:, column] < end).sum(axis=0) + 1
        inside = np.minimum(last, len(ends))
        places = np.repeat(np.arange(len(source)), np.maximum(inside - first, 0))
        block = ranges(first, np.maximum(inside, first))
        start = np.where(block > 0, ends[block - 1, column[places]], 0.0)
        covered = np.minimum(ends[block, column[places]], end[places])
        covered = covered - np.maximum(start, begin[places])
        share = np.divide(covered, quantity[places], where=quantity[places] > 0, out=covered)
        some = (share > 0) & (block >= FIRST_WEEK)
        row = self.row_of(source)
        cell = self.cell(block[some] - FIRST_WEEK, row[places[some]])
        cells, of = np.unique(cell, return_inverse=True)
        shape = len(source), len(cells)
        week_shares = csr_array((share[some], (places[some], of)), shape)
        owed = summed(places, share * (block == BACKLOG), len(source))
        stock = np.maximum(1 - owed - week_shares.sum(axis=1), 0.0)
        return _Wants(cells, week_shares, stock, owed)

    def _stretches(self, source: Ints) -> tuple[Floats, Floats, Floats, Ints]:
        """Quantity and begin of sources; ends of what their rows want, and each source's row."""
        grid, plan = self.plan.grid, self.plan
        row, column = np.unique(self.row_of(source), return_inverse=True)
        on_hand = grid.rows.on_hand[row]
        wanted = np.vstack(
            [np.maximum(-on_hand, 0), grid.rows.safety_stock[row], plan.gross[:, row]]
        )
        mine = np.flatnonzero(np.isin(grid.receipts.row, row))
        mine = mine[np.lexsort((mine, grid.receipts.bucket[mine]))]
        coming = grid.receipts.take(mine)
        coming = replace(coming, row=np.searchsorted(row, coming.row))
        arrived = np.cumsum(spread(coming, grid.weeks, len(row)), axis=0)
        planned = plan.planned[:, row]
        before = np.cumsum(planned, axis=0) - planned
        if grid.moving:
            arrived[:] = arrived[-1]
        quantity, begin = np.empty(len(source)), np.maximum(on_hand, 0)[column]
        new = source < self.cells
        bucket = source[new] // plan.gross.shape[1]
        quantity[new] = planned[bucket, column[new]]
        begin[new] += (before + arrived)[bucket, column[new]]
        receipt = source[~new] - self.cells
        quantity[~new] = grid.receipts.quantity[receipt]
        begin[~new] += self._receipts_before(coming, mine)[receipt]
        if not grid.moving:
            begin[~new] += before[grid.receipts.bucket[receipt], column[~new]]
        return quantity, begin, np.cumsum(wanted, axis=0), column

    def _receipts_before(self, coming: Dated, mine: Ints) -> Floats:
        """What is received of the same row before each receipt, shape (receipts,)."""
        by_row = np.argsort(coming.row, kind="stable")
        total = np.cumsum(coming.quantity[by_row]) - coming.quantity[by_row]
        first = np.searchsorted(coming.row[by_row], coming.row[by_row])
        found = np.zeros(len(self.plan.grid.receipts.row))
        found[mine[by_row]] = total - total[first]
        return found

    def users(self, cells: Ints) -> _Users:
        """Who wants what in each cell, by quantities."""
        grid = self.plan.grid
        own = grid.demand.ravel()[cells]
        bucket, row = np.divmod(cells, grid.demand.shape[1])
        order, bounds = self._by_component
        first, stop = bounds[row], bounds[row + 1]
        line = order[ranges(first, stop)]
        place = np.repeat(np.arange(len(cells)), stop - first)
        found = [self._new(place, line, bucket), self._begun(place, line, bucket)]
        place, source, taken = (np.concatenate(each) for each in zip(*found, strict=True))
        total = own + np.bincount(place, taken, len(cells))
        known = np.where(total > 0, total, 1.0)
        sources, of = np.unique(source, return_inverse=True)
        shares = csr_array((taken / known[place], (place, of)), (len(cells), len(sources)))
        every = np.arange(len(cells))
        direct = csr_array((own / known, (every, every)), (len(cells), len(cells)))
        return _Users(sources, shares, direct, (total <= 0).astype(np.float64))

    def _new(self, place: Ints, line: Ints, bucket: Ints) -> tuple[Ints, Ints, Floats]:
        """What planned orders that start in a cell's week take by each line."""
        grid, planned = self.plan.grid, self.plan.planned
        lead = grid.rows.lead[grid.lines.parent[line]]
        first, stop = self._needed[lead, bucket[place]], self._needed[lead, bucket[place] + 1]
        needed, number = ranges(first, stop), stop - first
        place, line, lead = (np.repeat(each, number) for each in (place, line, lead))
        parent = grid.lines.parent[line]
        some = (planned[needed, parent] > 0) & self._holds(
            line, grid.leads.release_on[lead, needed]
        )
        place, line, parent, needed = place[some], line[some], parent[some], needed[some]
        started = planned[needed, parent] * grid.rows.of[parent] / grid.rows.good[parent]
        return place, self.cell(needed, parent), started * self._factor[line]

    def _begun(self, place: Ints, line: Ints, bucket: Ints) -> tuple[Ints, Ints, Floats]:
        """The same of open orders that are still to start."""
        grid = self.plan.grid
        key = grid.started.row * grid.weeks + grid.started.bucket
        order = np.argsort(key, kind="stable")
        mine = grid.lines.parent[line] * grid.weeks + bucket[place]
        first, stop = (np.searchsorted(key[order], mine, side) for side in ("left", "right"))
        entry = order[ranges(first, stop)]
        place, line = (np.repeat(each, stop - first) for each in (place, line))
        some = self._holds(line, grid.started_on[entry])
        place, line, entry = place[some], line[some], entry[some]
        receipt = self.begun[entry]
        source = np.where(receipt == AFTER_HORIZON, self.sources - 1, self.cells + receipt)
        return place, source, grid.started.quantity[entry] * self._factor[line]

    def _holds(self, line: Ints, day: Ints) -> Any:
        lines = self.plan.grid.lines
        return (lines.valid_from[line] <= day) & (day <= lines.valid_to[line])

    @cached_property
    def _factor(self) -> Floats:
        lines = self.plan.grid.lines
        factor: Floats = lines.numerator / lines.denominator
        return factor

    @cached_property
    def _by_component(self) -> tuple[Ints, Ints]:
        component = self.plan.grid.lines.component
        order = np.argsort(component, kind="stable")
        rows = np.arange(self.plan.gross.shape[1] + 1)
        return order, np.searchsorted(component[order], rows)

    @cached_property
    def _needed(self) -> Ints:
        """By class of lead time the first week of need of what starts in each week or later."""
        release: Sequence[Ints] = list(self.plan.grid.leads.release)
        weeks = np.arange(self.plan.grid.weeks + 1)
        return np.array([np.searchsorted(one, weeks) for one in release], np.int64)
