"""Action messages about open orders, for all of them at once; `domain.messages` defines them.

Nothing was communicated before: an order's own date and quantity are what it is compared with.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from takt.supply_planning.domain.grid.exact import rounded_down, rounded_up
from takt.supply_planning.domain.grid.lots import sized
from takt.supply_planning.domain.grid.model import Bools, Columns, Floats, Ints
from takt.supply_planning.domain.grid.netting import GridPlan, PlannedOrders
from takt.supply_planning.domain.messages import MessageKind, Reason
from takt.supply_planning.domain.quantity import ONE

KINDS: tuple[MessageKind, ...] = get_args(MessageKind)
REASONS: tuple[Reason, ...] = get_args(Reason)
NO_DAY = 0


@dataclass(frozen=True, slots=True)
class OpenOrders(Columns):
    """Open orders inside the horizon, in the order of their names, each shape (orders,).

    Args:
        row: of the grid. due: as proleptic ordinal. bucket: of `due`.
        release: day on which a firm order is to start; `NO_DAY` where none is set.
    """

    row: Ints
    due: Ints
    bucket: Ints
    quantity: Floats
    firm: Bools
    release: Ints


@dataclass(frozen=True, slots=True)
class Messages(Columns):
    """What to do about orders, each shape (messages,).

    Args:
        order: place in the open (or planned) orders. kind, reason: in `KINDS` and `REASONS`.
        from_day, to_day: `NO_DAY` where dates stay. from_quantity, to_quantity: NaN where they do.
    """

    order: Ints
    kind: Ints
    reason: Ints
    from_day: Ints
    to_day: Ints
    from_quantity: Floats
    to_quantity: Floats

    def by_kind(self) -> dict[MessageKind, int]:
        """How many there are of each kind."""
        counts = np.bincount(self.kind, minlength=len(KINDS)).tolist()
        return dict(zip(KINDS, counts, strict=True))

    def by_reason(self) -> dict[Reason, int]:
        """How many there are for each reason."""
        counts = np.bincount(self.reason, minlength=len(REASONS)).tolist()
        return dict(zip(REASONS, counts, strict=True))


@dataclass(frozen=True, slots=True)
class Wanted:
    """When open orders are wanted and how much of them, each shape (orders,); `NO_DAY`: not at all.

    Args:
        as_good: within the tolerance it could as well be wanted when it is due.
        grown: cells (bucket, row) whose planned order is asked for as more of a firm one.
    """

    due: Ints
    quantity: Floats
    as_good: Bools
    grown: Bools


def wanted(plan: GridPlan, orders: OpenOrders) -> Wanted:
    """What the needs ask of open orders, if all of them can be moved, before tolerances.

    They are taken in the order of their dates, as soon as what is available falls below the safety
    stock; see `netting.net`, and `messages.advise` for the fence and for firm orders that grow.
    """
    grid, rows = plan.grid, plan.grid.rows
    sequence = np.lexsort((orders.due, orders.row))
    row, quantity = orders.row[sequence], orders.quantity[sequence]
    here, place = np.unique(row, return_inverse=True)
    before = np.cumsum(quantity) - quantity
    before -= before[np.searchsorted(row, here)][place]
    missing = rows.safety_stock[here] - rows.on_hand[here]
    slack = np.floor(rows.tolerance_share[row] * quantity / ONE)
    first, bucket, final = np.zeros((3, len(row)), np.int64)
    for week in plan.gross:
        missing += week[here]
        first += missing[place] <= before - slack
        bucket += missing[place] <= before
        final += missing[place] <= before + slack
    needed = bucket < grid.weeks
    last = needed.copy()
    last[:-1] &= ~(needed[1:] & (row[1:] == row[:-1]))
    excess = before + quantity - missing[place]
    lowered = np.flatnonzero(last & (excess > 0))
    amount = quantity.copy()
    lot = rows.take(row[lowered])
    begun = rounded_up(quantity[lowered] - excess[lowered], lot.of, lot.good)
    coming = rounded_down(sized(begun, lot.lots), lot.good, lot.of)
    amount[lowered] = np.minimum(coming, quantity[lowered])
    back = np.empty_like(sequence)
    back[sequence] = np.arange(len(sequence))
    own = orders.bucket[sequence]
    as_good = (rows.tolerance_share[row] > 0) & (first <= own) & (own <= final)
    amount = np.where(needed, amount, 0.0)
    return _moved(plan, orders, bucket[back], amount[back], as_good[back])


def _moved(
    plan: GridPlan, orders: OpenOrders, bucket: Ints, amount: Floats, as_good: Bools
) -> Wanted:
    grid = plan.grid
    fence = grid.rows.fence[orders.row]
    needed = bucket < grid.weeks
    grown = np.zeros(plan.planned.shape, np.bool_)
    staying = np.flatnonzero(orders.firm & needed & (orders.bucket == bucket))
    cells = bucket[staying] * len(grid.order) + orders.row[staying]
    _, firsts = np.unique(cells, return_index=True)
    asked = staying[firsts]
    more = plan.planned[bucket[asked], orders.row[asked]]
    grown[bucket[asked], orders.row[asked]] = more > 0
    amount[asked] += more
    to = np.minimum(np.maximum(bucket, fence), grid.weeks - 1)
    moved = grid.leads.due_on[grid.rows.lead[orders.row], to]
    due = np.where(needed, np.where(to == orders.bucket, orders.due, moved), NO_DAY)
    frozen = orders.bucket < fence
    return Wanted(
        np.where(frozen, orders.due, due),
        np.where(frozen, orders.quantity, amount),
        as_good,
        grown,
    )


def advise_all(plan: GridPlan, orders: OpenOrders, asked: Wanted, today: date) -> Messages:
    """What to do about each open order, as `messages.advise` says it."""
    rows, day = plan.grid.rows, today.toordinal()
    own_due, own = orders.due, orders.quantity
    cancel = asked.due == NO_DAY
    near = np.abs(asked.due - own_due) <= rows.tolerance_days[orders.row]
    near |= asked.as_good
    due = np.where(near & ~cancel, own_due, asked.due)
    alike = np.abs(asked.quantity - own) * ONE <= rows.tolerance_share[orders.row] * own
    amount = np.where(alike & ~cancel, own, asked.quantity)
    lead = rows.lead[orders.row]
    arrival = plan.grid.leads.arrival[lead]
    late = orders.firm & ~cancel & (due < plan.grid.leads.earliest[lead]) & (arrival > own_due)
    moved = ~cancel & ~late
    said = [
        _said(cancel, "cancel", "not_needed", own_due, None, own, np.zeros_like(own)),
        _said(moved & (due < own_due), "expedite", "needed_earlier", own_due, due),
        _said(moved & (due > own_due), "defer", "needed_later", own_due, due),
        _said(~cancel & (amount > own), "increase", "demand_rose", None, None, own, amount),
        _said(~cancel & (amount < own), "decrease", "demand_fell", None, None, own, amount),
        _said(late, "expedite", "lead_time_too_short", arrival, due),
        _said(moved & (own_due < day) & (due == own_due), "expedite", "overdue", own_due),
        _said(
            orders.firm & (orders.release != NO_DAY) & (orders.release <= day),
            "release",
            "release_date_reached",
            orders.release,
        ),
    ]
    return _together(said)


def about_planned(plan: GridPlan, planned: PlannedOrders, asked: Wanted, today: date) -> Messages:
    """Which planned orders are to be released, and which cannot be there in time."""
    leads = plan.grid.leads
    soon = (leads.release_on <= today.toordinal()) | (leads.due_on < leads.earliest[:, None])
    weeks = np.flatnonzero(soon.any(axis=0)).max(initial=-1) + 1
    planned = planned.take(slice(0, int(np.searchsorted(planned.bucket, weeks))))
    place = plan.grid.place[planned.row]
    new = ~asked.grown[planned.bucket, place]
    lead = plan.grid.rows.lead[place]
    release_on, due_on = planned.release_on.astype(np.int64), planned.due_on.astype(np.int64)
    late = new & (due_on < leads.earliest[lead])
    return _together(
        [
            _said(
                new & (release_on <= today.toordinal()),
                "release",
                "release_date_reached",
                release_on,
            ),
            _said(late, "expedite", "lead_time_too_short", leads.arrival[lead], due_on),
        ]
    )


def _said(
    mask: Bools,
    kind: MessageKind,
    reason: Reason,
    from_day: npt.NDArray[np.int64] | None = None,
    to_day: npt.NDArray[np.int64] | None = None,
    from_quantity: Floats | None = None,
    to_quantity: Floats | None = None,
) -> Messages:
    order = np.flatnonzero(mask)
    number = len(order)

    def days(values: Ints | None) -> Ints:
        return np.full(number, NO_DAY, np.int64) if values is None else values[order]

    def amounts(values: Floats | None) -> Floats:
        return np.full(number, np.nan) if values is None else values[order]

    return Messages(
        order,
        np.full(number, KINDS.index(kind), np.int64),
        np.full(number, REASONS.index(reason), np.int64),
        days(from_day),
        days(to_day),
        amounts(from_quantity),
        amounts(to_quantity),
    )


def _together(parts: list[Messages]) -> Messages:
    def column(
        name: Literal["order", "kind", "reason", "from_day", "to_day"],
    ) -> Ints:
        return np.concatenate([getattr(part, name) for part in parts])

    def amounts(name: Literal["from_quantity", "to_quantity"]) -> Floats:
        return np.concatenate([getattr(part, name) for part in parts])

    return Messages(
        column("order"),
        column("kind"),
        column("reason"),
        column("from_day"),
        column("to_day"),
        amounts("from_quantity"),
        amounts("to_quantity"),
    )
