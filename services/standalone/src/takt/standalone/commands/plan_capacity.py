"""`takt plan --capacity`: overloads of the plan without limits, and the plan within capacity."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

from takt.standalone.commands.output import CommandError, put, put_table
from takt.standalone.commands.plan_overloads import figure, overloads_of, show_overloads
from takt.standalone.commands.progress import Progress

if TYPE_CHECKING:
    from takt.standalone.supply_folder.folder import Folder
    from takt.supply_planning.domain.finite_grid import Deliveries
    from takt.supply_planning.domain.finite_shortage import InfeasiblePlanError
    from takt.supply_planning.domain.grid.netting import GridPlan, PlannedOrders
    from takt.supply_planning.domain.netting import Horizon

FEW = 20
"""Shortages that are named."""
CANCELLED = 130


@dataclass(frozen=True, slots=True)
class Limited:
    """What capacity makes of a plan.

    Args:
        attainable: what can be delivered of demand.
        told: figures.
        notes: what it does not keep.
    """

    orders: "PlannedOrders"
    attainable: "Deliveries"
    told: dict[str, Any]
    notes: list[str]


def within_capacity(
    read: "Folder",
    planned: "GridPlan",
    new: "PlannedOrders",
    horizon: "Horizon",
    limit: float,
    progress: Progress,
) -> Limited:
    """Plan within capacity.

    Args:
        read: with its shop.
        planned: the plan without limits.
        new: its planned orders.
        horizon: the weeks.
        limit: seconds after which the best plan so far is taken.
        progress: told.
    Raises: CommandError: orders that stand cannot be kept, or it was cancelled.
    """
    from takt.supply_planning.domain.finite_control import PlanCancelledError, Watch
    from takt.supply_planning.domain.finite_grid import deliveries, finite_model, finite_orders
    from takt.supply_planning.domain.finite_plan import finite_plan
    from takt.supply_planning.domain.finite_shortage import InfeasiblePlanError

    shop = read.shop
    if shop is None:
        raise ValueError("the folder was read without its resources")
    _refuse_what_has_no_rate(read)
    began = time.monotonic()
    model = finite_model(read.grid, shop, read.open_orders, horizon)
    lots = bool(model.lot_minimum.any() or model.lot_multiple.any() or model.steps.setup.any())

    def told(phase: str, done: float) -> None:
        progress(f"capacity: {phase}, percent", round(100 * done), 100)

    with _interrupted() as cancelled:
        watch = Watch(time.monotonic, began + limit, cancelled, told)
        try:
            found = finite_plan(model, watch, lots)
        except PlanCancelledError:
            raise CommandError(
                "Cancelled: nothing was written, what was planned before stands.",
                "Give it less time with --time-limit to have the best plan so far.",
                CANCELLED,
            ) from None
        except InfeasiblePlanError as error:
            raise _infeasible(error, read, horizon) from error
    progress("capacity: overloads", 0, len(shop.resources))
    plan, overloaded = found.plan, overloads_of(read, shop, planned, new, horizon)
    orders = finite_orders(read.grid, plan, horizon)
    if read.phantom.any():
        orders = orders.take(~read.phantom[orders.row])
    return Limited(
        orders,
        deliveries(read.grid, plan),
        {
            "method": found.method,
            "lateness": plan.lateness,
            "late_at_end": float(plan.backlog[:, -1].sum()),
            "overtime_minutes": float(plan.overtime.sum()),
            "overtime_cost": plan.overtime_cost,
            "bound": found.bound,
            "gap": found.gap,
            "lots": found.lots,
            **overloaded,
            "seconds": round(time.monotonic() - began, 4),
        },
        _not_kept(read, without_lots=lots and not found.lots),
    )


def _not_kept(read: "Folder", *, without_lots: bool) -> list[str]:
    """Which lot rules the plan within capacity knows no more of than minimum and multiple."""
    from takt.supply_planning.domain.finite_grid import rules_left_out

    if without_lots:
        return [
            "Within capacity lots and setups are left out: "
            "with them firm orders would miss components."
        ]
    return [
        f"Within capacity {rule} of {int(rows.sum()):,} items is not kept; their lots have "
        "lot_minimum and lot_multiple only."
        for rule, rows in rules_left_out(read.grid.rows.lots).items()
        if rows.any()
    ]


def _refuse_what_has_no_rate(read: "Folder") -> None:
    """A programme knows one rate for each line, and one for each item."""
    from takt.supply_planning.domain.grid.lines import held_for_a_time

    rows, lines = read.grid.rows, read.grid.lines
    for what, found in (
        ("lines of bom that hold for a time", held_for_a_time(lines.valid_from, lines.valid_to)),
        ("items with a yield below 1", rows.good != rows.of),
    ):
        if found.any():
            raise CommandError(
                f"--capacity does not plan {what}; there are {int(found.sum())}.",
                "Plan without --capacity, or give these a scrap or a bill that always holds.",
            )


def show_capacity(told: dict[str, Any]) -> None:
    """Tables of the finite plan and of the overloads that made it necessary."""
    put("")
    rows = [
        {"within capacity": name.replace("_", " "), "value": figure(told[name])}
        for name in ("lateness", "late_at_end", "overtime_minutes", "overtime_cost", "bound", "gap")
    ]
    put_table(rows, ["within capacity", "value"])
    count = told["overloads"]
    put(f"by {told['method']}, {count:,} overload{'' if count == 1 else 's'} without limits")
    show_overloads(told["overloaded"])


def _infeasible(error: "InfeasiblePlanError", read: "Folder", horizon: "Horizon") -> CommandError:
    names = []
    for short in error.shortages[:FEW]:
        week = horizon.mondays[short.week].isoformat()
        if short.kind == "resource" and read.shop:
            what = f"{short.missing:,.6g} minutes of {read.shop.resources[short.place].code}"
        else:
            row = int(read.grid.order[short.place])
            what = f"{short.missing:,.6g} of {read.catalogue.name(row)}"
        names.append(f"{what} in the week of {week}")
    more = len(error.shortages) - len(names)
    return CommandError(
        f"Firm orders need more than there is: {'; '.join(names)}"
        f"{f'; and {more:,} more' if more else ''}.",
        "Move or reduce firm orders, or give the resource more minutes.",
    )


@contextmanager
def _interrupted() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed, instead of an exception in the middle of something."""
    pressed = Event()
    before = signal.signal(signal.SIGINT, lambda *_: pressed.set())
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
