"""`takt plan`: what to order and when, and what to do about open orders, from a folder."""

import resource
import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from takt.standalone.commands.output import (
    USED_WRONGLY,
    CommandError,
    Format,
    Output,
    put,
    put_json,
    put_table,
    say,
)
from takt.standalone.commands.plan_capacity import show_capacity, within_capacity
from takt.standalone.commands.plan_overloads import units
from takt.standalone.commands.progress import Progress

if TYPE_CHECKING:
    from takt.standalone.supply_folder.folder import Folder
    from takt.supply_planning.domain.grid.netting import GridPlan, PlannedOrders

FEW = 40
"""Planned orders that are shown one by one."""


def plan(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Holds items, bom, stock, receipts, demand.")
    ],
    start: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The day of planning, as 2026-11-30. [today]"),
    ] = None,
    weeks: Annotated[int, typer.Option(min=1, max=520, help="Weeks to plan.")] = 52,
    orders: Annotated[
        Path | None,
        typer.Option("--orders", metavar="FILE", help="Write planned orders: .csv or .parquet."),
    ] = None,
    capacity: Annotated[
        bool,
        typer.Option("--capacity", help="Plan within capacity: needs resources and routings."),
    ] = False,
    attainable: Annotated[
        Path | None,
        typer.Option(
            "--attainable",
            metavar="FILE",
            help="Write what can be delivered within capacity, as a forecast: .csv or .parquet.",
        ),
    ] = None,
    time_limit: Annotated[
        float,
        typer.Option(min=1, max=86_400, help="Seconds after which the best plan is taken."),
    ] = 60,
    output: Output = Format.text,
) -> None:
    """Plan a folder of CSV or Parquet files: netting by low-level code, in weeks.

    An item is ordered when its projected stock falls below its safety stock: the need raised to the
    lot's minimum, then up to its multiple. An order is released its lead time, rounded up to whole
    weeks, before it is due, in the first week at the earliest; its components are needed then.

    With --capacity, that plan's overloads are named, and orders are moved until all resources can
    do them: with the least lateness, then overtime, then stock. Ctrl-C leaves everything as it was.
    """
    from takt.standalone.supply_folder.folder import read_folder
    from takt.standalone.supply_folder.orders import write_attainable, write_orders
    from takt.supply_planning.domain.grid.exact import QuantityTooLargeError
    from takt.supply_planning.domain.grid.messages import about_planned, advise_all, wanted
    from takt.supply_planning.domain.grid.netting import plan_grid
    from takt.supply_planning.domain.netting import Horizon

    horizon = Horizon(_day(start), weeks)
    _check_targets(orders, attainable, capacity=capacity)
    progress = Progress()
    seconds: dict[str, float] = {}
    try:
        began = time.perf_counter()
        read = read_folder(folder, horizon, progress, capacity=capacity)
        seconds["read"] = time.perf_counter() - began
        progress("planning", 0, read.catalogue.rows)
        began = time.perf_counter()
        try:
            planned = plan_grid(read.grid)
        except QuantityTooLargeError as error:
            names = ", ".join(read.catalogue.name(row) for row in error.rows[:FEW])
            raise CommandError(f"{error}: {names}.", "Choose larger units for them.") from error
        new = planned.orders()
        if read.phantom.any():
            new = new.take(~read.phantom[new.row])
        asked = wanted(planned, read.open_orders)
        messages = advise_all(planned, read.open_orders, asked, horizon.today)
        about = about_planned(planned, new, asked, horizon.today)
        seconds["plan"] = time.perf_counter() - began
        progress("planning", read.catalogue.rows, read.catalogue.rows)
        limited = None
        if capacity:
            limited = within_capacity(read, planned, new, horizon, time_limit, progress)
            seconds["capacity"] = limited.told["seconds"]
        began = time.perf_counter()
        if orders is not None:
            progress("writing orders", 0, len(new.row))
            write_orders(orders, read.catalogue, limited.orders if limited else new, horizon)
        if attainable is not None and limited:
            write_attainable(attainable, read.catalogue, limited.attainable, horizon)
        seconds["write"] = time.perf_counter() - began
    finally:
        progress.end()
    kinds, reasons = messages.by_kind(), messages.by_reason()
    found: dict[str, Any] = {
        "start": horizon.first_week.isoformat(),
        "weeks": weeks,
        "items": read.catalogue.rows,
        "orders": len(new.row),
        "quantity": units(new.quantity.sum()),
        "messages": {kind: number + about.by_kind()[kind] for kind, number in kinds.items()},
        "reasons": {why: number + about.by_reason()[why] for why, number in reasons.items()},
        "seconds": {name: round(value, 4) for name, value in seconds.items()},
        "peak_mb": round(peak_mb(), 1),
        "notes": read.notes + (limited.notes if limited else []),
    }
    if limited:
        found["capacity"] = {
            "orders": len(limited.orders.row),
            "quantity": units(limited.orders.quantity.sum()),
            **limited.told,
        }
    if output is Format.json:
        put_json(found)
        return
    _show(found, read, planned, new)
    if limited:
        show_capacity(limited.told)
        put(f"\n{len(limited.orders.row):,} planned orders within capacity")
        _show_orders(read, limited.orders)


def peak_mb() -> float:
    """The most memory that this process has had, in megabytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20) if sys.platform == "darwin" else most / 1024


def _check_targets(orders: Path | None, attainable: Path | None, *, capacity: bool) -> None:
    """Raise CommandError before any work: what is to be written cannot be."""
    from takt.standalone.supply_folder.orders import check_target

    if orders is not None:
        check_target("--orders", orders)
    if attainable is not None:
        check_target("--attainable", attainable)
        if not capacity:
            raise CommandError(
                f"--attainable {attainable}: all is delivered where capacity is no limit.",
                "Give --capacity too.",
                USED_WRONGLY,
            )


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now().astimezone().date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"--start {text} is no date.", "Write it as 2026-11-30.", USED_WRONGLY
        ) from None


def _show(found: dict[str, Any], read: "Folder", planned: "GridPlan", new: "PlannedOrders") -> None:
    put(
        f"{found['items']:,} items at their sites, {found['weeks']} weeks from {found['start']}: "
        f"{found['orders']:,} planned orders of {found['quantity']:,} units"
    )
    _show_orders(read, new)
    put("")
    put_table(
        [{"message": kind, "orders": f"{number:,}"} for kind, number in found["messages"].items()],
        ["message", "orders"],
    )
    taken = ", ".join(f"{name} {value:.2f} s" for name, value in found["seconds"].items())
    say(f"takt: {taken}, {found['peak_mb']:,.0f} MB")
    for note in found["notes"]:
        say(f"takt: {note}")


def _show_orders(read: "Folder", new: "PlannedOrders") -> None:
    if len(new.row) > FEW:
        return
    catalogue = read.catalogue
    put_table(
        [
            {
                "item": catalogue.items[int(catalogue.item[row])],
                "site": catalogue.sites[int(catalogue.site[row])],
                "quantity": units(quantity),
                "due": date.fromordinal(int(due)),
                "release": date.fromordinal(int(release)),
            }
            for row, quantity, due, release in sorted(
                zip(new.row.tolist(), new.quantity, new.due_on, new.release_on, strict=True),
                key=lambda order: (order[0], order[2]),
            )
        ],
        ["item", "site", "quantity", "due", "release"],
    )
