"""The pass: every level of a grid in turn, all weeks of a stretch of rows while it is in cache."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from takt.supply_planning.domain.grid.exact import (
    EXACT,
    QuantityTooLargeError,
    rounded_down,
    rounded_up,
)
from takt.supply_planning.domain.grid.lines import Parts
from takt.supply_planning.domain.grid.lots import sized
from takt.supply_planning.domain.grid.model import (
    Columns,
    Dated,
    Floats,
    Grid,
    Level,
    spread,
    summed,
)

STRETCH = 8192
"""Rows netted together: their vectors stay in the second-level cache (measured, record 0501)."""
SHORTEST_RUN = 64
"""Rows of one lead time, on average, from which on whole runs are moved, not single cells."""


@dataclass(frozen=True, slots=True)
class PlannedOrders(Columns):
    """Planned orders as columns, each shape (orders,), by week and row.

    Args:
        row: the caller's. bucket: the week of need. release: the week of its start.
        due_on, release_on: days, as proleptic ordinals.
    """

    row: npt.NDArray[np.int32]
    bucket: npt.NDArray[np.int32]
    quantity: Floats
    release: npt.NDArray[np.int32]
    due_on: npt.NDArray[np.int32]
    release_on: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class GridPlan:
    """The plan of a grid, each shape (weeks, rows).

    Args:
        gross: independent and dependent demand.
        planned: what of new orders comes out good, in the week in which it is needed.
        started: what draws on components, firm orders too, in the week of its release.
    """

    grid: Grid
    gross: Floats
    planned: Floats
    started: Floats

    def projected(self) -> Floats:
        """Stock at the end of each week: before + scheduled + planned - gross."""
        flow = self.planned - self.gross
        flow += spread(self.grid.receipts, *flow.shape)
        flow[0] += self.grid.rows.on_hand
        return np.cumsum(flow, axis=0, out=flow)

    def orders(self) -> PlannedOrders:
        """What is planned anew, as columns."""
        grid, leads = self.grid, self.grid.leads
        found = [np.flatnonzero(week).astype(np.int32) for week in self.planned]
        row = np.concatenate(found)
        bucket = np.repeat(np.arange(grid.weeks, dtype=np.int32), [len(rows) for rows in found])
        quantity = np.concatenate(
            [week[rows] for week, rows in zip(self.planned, found, strict=True)]
        )
        lead = grid.rows.lead.astype(np.int32)[row]
        cell = lead * np.int32(grid.weeks) + bucket
        return PlannedOrders(
            row=grid.order.astype(np.int32)[row],
            bucket=bucket,
            quantity=quantity,
            release=leads.release.astype(np.int32).ravel()[cell],
            due_on=leads.due_on.astype(np.int32).ravel()[cell],
            release_on=leads.release_on.astype(np.int32).ravel()[cell],
        )


def plan_grid(grid: Grid) -> GridPlan:
    """Net every row after all rows that draw on it; equal to `domain.plan.replan` of everything.

    Open orders that move are stock from the first week on: they are taken before anything new is
    planned, so only their sum counts. Those that stay are negative demand of their week.

    Raises: QuantityTooLargeError: a row's quantities are not exact in float64.
    """
    gross = grid.demand.copy()
    planned = np.empty_like(gross)
    started = np.zeros(gross.shape)
    _add(started, grid.started, 1)
    open_orders = summed(grid.receipts.row, grid.receipts.quantity, gross.shape[1])
    start = grid.rows.safety_stock - grid.rows.on_hand
    if grid.moving:
        start -= open_orders
    else:
        _add(gross, grid.receipts, -1)
    reserve = EXACT * grid.rows.good / grid.rows.of - _largest(grid) - 2 * open_orders
    for level in grid.levels:
        level.lines.add(started, gross)
        if level.lines.dated is not None:
            _add_dated(planned, gross[:, level.start : level.stop], level.lines.dated, grid)
        for first in range(level.start, level.rare, STRETCH):
            rows = slice(first, min(first + STRETCH, level.rare))
            _net(gross[:, rows], planned[:, rows], start[rows], grid, rows)
            _check(gross, reserve, rows, grid)
        for first in range(level.rare, level.stop, STRETCH):
            rows = slice(first, min(first + STRETCH, level.stop))
            _net_rare(gross[:, rows], planned[:, rows], start[rows], grid, rows)
            _check(gross, reserve, rows, grid)
        _release(planned, started, level, grid)
    if not grid.moving:
        _add(gross, grid.receipts, 1)
    _come_good(planned, grid)
    return GridPlan(grid, gross, planned, started)


def _net(gross: Floats, planned: Floats, missing: Floats, grid: Grid, rows: slice) -> None:
    """All weeks of rows whose lots have a minimum and a multiple.

    `missing` is the safety stock less what is available. In whole millionths, the smaller of it
    and 1 is 1 exactly where something is missing.
    """
    lots = grid.rows.lots.take(rows)
    least, multiple = lots.least, lots.multiple
    fence = grid.rows.fence[rows]
    last_fence = int(fence.max(initial=0))
    any_quantity = bool((multiple == 1).all())
    short = np.empty_like(missing)
    for week, (needed, order) in enumerate(zip(gross, planned, strict=True)):
        missing += needed
        np.maximum(missing, 0.0, out=short)
        np.minimum(short, 1.0, out=short)
        if week < last_fence:
            short *= fence <= week
        np.maximum(missing, least, out=order)
        if not any_quantity:
            order /= multiple
            np.ceil(order, out=order)
            order *= multiple
        order *= short
        missing -= order


def _net_rare(gross: Floats, planned: Floats, missing: Floats, grid: Grid, rows: slice) -> None:
    """All weeks of rows with a yield, a maximum, a fixed quantity, or lots for several weeks.

    Where there is a yield, `planned` holds what is started until the end of the pass.
    """
    good, of = grid.rows.good[rows], grid.rows.of[rows]
    lossy = bool((good != of).any())
    lots, fence = grid.rows.lots.take(rows), grid.rows.fence[rows]
    covered = lots.covered
    furthest = int(covered.max(initial=1))
    for week, (needed, order) in enumerate(zip(gross, planned, strict=True)):
        missing += needed
        need = missing.copy()
        ahead = np.zeros_like(missing)
        most = np.zeros_like(missing)
        for later in range(1, min(furthest, len(gross) - week)):
            ahead += np.where(covered > later, gross[week + later], 0.0)
            np.maximum(most, ahead, out=most)
        need += most
        need[(missing <= 0) | (fence > week)] = 0.0
        order[:] = sized(rounded_up(need, of, good) if lossy else need, lots)
        missing -= rounded_down(order, good, of) if lossy else order


def _come_good(planned: Floats, grid: Grid) -> None:
    lossy = np.flatnonzero(grid.rows.good != grid.rows.of)
    if len(lossy):
        good, of = grid.rows.good[lossy], grid.rows.of[lossy]
        planned[:, lossy] = rounded_down(planned[:, lossy], good, of)


def _add_dated(planned: Floats, gross: Floats, lines: Parts, grid: Grid) -> None:
    """What is taken by lines that hold for a time, for what is released while they do.

    Args: planned: what is started, by week of need. gross: of the level, shape (weeks, components).
    """
    leads, lead = grid.leads, grid.rows.lead[lines.parent]
    begun = np.zeros((grid.weeks, len(lines.parent)))
    places = np.arange(len(lines.parent))
    for week, orders in enumerate(planned):
        day = leads.release_on[lead, week]
        holds = (lines.valid_from <= day) & (day <= lines.valid_to)
        begun[leads.release[lead, week], places] += np.where(holds, orders[lines.parent], 0.0)
    firm = grid.started
    for entry in np.flatnonzero(np.isin(firm.row, lines.parent)).tolist():
        day = grid.started_on[entry]
        mine = lines.parent == firm.row[entry]
        mine &= (lines.valid_from <= day) & (day <= lines.valid_to)
        begun[firm.bucket[entry], mine] += firm.quantity[entry]
    for parents, needed in zip(begun, gross, strict=True):
        needed += lines.required(parents)


def _release(planned: Floats, started: Floats, level: Level, grid: Grid) -> None:
    """Move what is planned to the week in which it starts."""
    release = grid.leads.release
    if sum(last - first for first, last, _ in level.runs) >= SHORTEST_RUN * len(level.runs):
        for first, last, lead in level.runs:
            for week, starts in enumerate(release[lead].tolist()):
                started[starts, first:last] += planned[week, first:last]
        return
    made = level.start + np.flatnonzero(grid.rows.made[level.start : level.stop])
    classes = grid.rows.lead[made]
    for week, orders in enumerate(planned):
        started[release[classes, week], made] += orders[made]


def _add(cells: Floats, dated: Dated, sign: int) -> None:
    np.add.at(cells, (dated.bucket, dated.row), sign * dated.quantity)


def _largest(grid: Grid) -> Floats:
    """How much beyond its gross requirements a row's numbers can reach."""
    rows = grid.rows
    lots = rows.lots
    return (
        np.abs(rows.on_hand)
        + rows.safety_stock
        + lots.minimum
        + lots.multiple
        + lots.quantity
        + np.where(np.isfinite(lots.maximum), lots.maximum, 0.0)
    )


def _check(gross: Floats, reserve: Floats, rows: slice, grid: Grid) -> None:
    total = gross[:, rows].sum(axis=0)
    if (beyond := np.flatnonzero(total > reserve[rows])).size:
        raise QuantityTooLargeError(grid.order[rows][beyond].tolist())
