"""A folder as a grid to plan: which files there are, and in which order they are read."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from takt.standalone.commands.output import USED_WRONGLY, CommandError
from takt.standalone.supply_folder.calendars import read_calendars
from takt.standalone.supply_folder.catalogue import Catalogue, catalogue_of
from takt.standalone.supply_folder.consuming import consumed, read_windows
from takt.standalone.supply_folder.findings import Findings
from takt.standalone.supply_folder.flows import (
    Demands,
    Receipts,
    buckets,
    read_demand,
    read_receipts,
    read_stock,
)
from takt.standalone.supply_folder.materials import joined, read_bill, read_transfers
from takt.standalone.supply_folder.policies import (
    ITEM_NUMBERS,
    ITEM_TEXTS,
    OPTIONAL,
    read_fences,
    read_leads,
    read_lots,
    read_suppliers,
    read_yields,
)
from takt.standalone.supply_folder.reading import SUFFIXES, find, read_sheet
from takt.standalone.supply_folder.service import keep_service, read_service
from takt.standalone.supply_folder.shop import read_shop
from takt.supply_planning.domain.finite_grid import Shop
from takt.supply_planning.domain.grid.exact import rounded_up
from takt.supply_planning.domain.grid.levels import CycleError
from takt.supply_planning.domain.grid.messages import NO_DAY, OpenOrders
from takt.supply_planning.domain.grid.model import Dated, Grid, Leads, Lines, Rows, lay_out
from takt.supply_planning.domain.netting import Horizon

Ints = npt.NDArray[np.int64]

NEEDED = ("items", "demand")
USUAL = ("bom", "stock", "receipts")
OTHERS = ("suppliers", "calendars", "transfers")
CAPACITY = ("resources", "routings")

Told = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder says.

    Args:
        phantom: which rows are never ordered, shape (rows,).
        names: of the open orders, in the order of `open_orders`.
        notes: what was accepted and should be known.
        shop, demands: resources with routings and what is wanted by name, where they were asked
            for.
    """

    catalogue: Catalogue
    grid: Grid
    phantom: npt.NDArray[np.bool_]
    open_orders: OpenOrders
    names: list[str]
    notes: list[str]
    shop: Shop | None = None
    demands: Demands | None = None


def read_folder(
    path: Path,
    horizon: Horizon,
    told: Told = lambda *_: None,
    *,
    capacity: bool | None = False,
    done: str = "planned",
    shown: str = "",
) -> Folder:
    """Read and check every file; all that is wrong is told together.

    Args:
        path: the folder.
        horizon: the weeks that are planned.
        told: told of each file.
        capacity: whether resources and routings are read, too; None: those that there are.
        done: what is not done when something is wrong.
        shown: as what its files are told where the folder is not the caller's; with the dividing
            sign, such as `model.json as `.

    Raises: CommandError: a file cannot be read, or something in it is wrong.
    """
    findings = Findings(done=done, shown=(path, shown) if shown else None)
    files = _files(path, findings, capacity)
    findings.end()

    def start(name: str) -> Path | None:
        if (file := files.get(name)) is not None:
            told(f"reading {file.name}", 0, file.stat().st_size)
        return file

    items = start("items")
    sheet = items and read_sheet(
        items, findings, texts=ITEM_TEXTS, numbers=ITEM_NUMBERS, optional=OPTIONAL
    )
    if not sheet:
        findings.end()
        raise CommandError(f"{path} has no items.", "Give it a file items.", USED_WRONGLY)
    if not sheet.rows:
        raise CommandError(f"{items} has a header and no rows.", "Give it items.")
    catalogue = catalogue_of(sheet, findings)
    # Repeated item-sites have made rows ambiguous: nothing else can be checked against them.
    findings.end()
    moves = read_transfers(start("transfers"), catalogue, findings)
    lines = joined(read_bill(start("bom"), catalogue, moves.parent, findings), moves)
    made = np.zeros(catalogue.rows, np.bool_)
    made[lines.parent] = True
    calendars = read_calendars(start("calendars"), findings)
    sourcing = read_suppliers(start("suppliers"), catalogue, made, calendars, horizon, findings)
    phantom = sheet.flags("phantom")
    sheet.refuse(phantom & ~made, "phantom", "a phantom has components; give it some in bom.")
    leads, lead = read_leads(sheet, sourcing, phantom, calendars, horizon, findings)
    good, of = read_yields(sheet)
    none = np.zeros(catalogue.rows, np.int64)
    rows = Rows(
        made=made,
        good=np.where(phantom, 1, good),
        of=np.where(phantom, 1, of),
        on_hand=read_stock(start("stock"), catalogue, findings),
        safety_stock=np.where(phantom, 0.0, sheet.quantities("safety_stock", default=0.0)),
        lots=read_lots(sheet, phantom),
        fence=np.where(phantom, 0, read_fences(sheet, horizon)),
        lead=lead,
        tolerance_days=none,
        tolerance_share=none.astype(np.float64),
    )
    service, windows = read_service(sheet, phantom), read_windows(sheet)
    receipts = read_receipts(start("receipts"), catalogue, findings)
    demands = read_demand(start("demand"), catalogue, horizon, findings)
    wanted = consumed(demands, windows, horizon, catalogue)
    shop = None
    if capacity is not False:
        resources, routings = start("resources"), start("routings")
        shop = read_shop(resources, routings, sheet, phantom, catalogue, calendars, findings)
    try:
        found = _laid_out(rows, lines, leads, wanted.dated, receipts, horizon)
    except CycleError as error:
        for cycle in error.cycles:
            findings.fault(
                str(files.get("bom", files.get("transfers"))),
                f"{' > '.join(catalogue.name(row) for row in cycle)} is a cycle; take a line out.",
            )
        findings.end()
        raise
    findings.end()
    grid, open_orders, names = found
    grid = keep_service(grid, service, demands, horizon, catalogue)
    named = wanted if capacity else None  # names take memory
    return Folder(catalogue, grid, phantom, open_orders, names, findings.notes, shop, named)


def _files(path: Path, findings: Findings, capacity: bool | None) -> dict[str, Path]:
    if not path.is_dir():
        raise CommandError(
            f"{path} is no folder.",
            f"Name a folder with the files {', '.join(NEEDED + USUAL)}.",
            USED_WRONGLY,
        )
    found = {}
    needed = NEEDED + (CAPACITY if capacity else ())
    for name in needed + USUAL + OTHERS + (CAPACITY if capacity is None else ()):
        if file := find(path, name, findings):
            found[name] = file
        elif name in needed:
            findings.fault(
                str(path), f"there is no file {name}; give it {name}.csv or {name}.parquet."
            )
        elif name in USUAL:
            findings.note(f"There is no file {name}: planned as if it were empty.")
    others = sorted(
        file.name
        for file in path.iterdir()
        if file.name.endswith(SUFFIXES) and file not in found.values()
    )
    if others:
        findings.note(f"Not read: {', '.join(others)}.")
    return found


def _laid_out(
    rows: Rows, lines: Lines, leads: Leads, demand: Dated, receipts: Receipts, horizon: Horizon
) -> tuple[Grid, OpenOrders, list[str]]:
    bucket = buckets(receipts.due, horizon)
    names = np.array(receipts.name.to_pylist(), dtype=np.str_)
    inside = np.flatnonzero(bucket < horizon.weeks)
    order = inside[np.argsort(names[inside], kind="stable")]
    row, bucket, firm = receipts.row[order], bucket[order], receipts.firm[order]
    open_orders = OpenOrders(
        row=row,
        due=receipts.due[order],
        bucket=bucket,
        quantity=receipts.quantity[order],
        firm=firm,
        release=np.where(firm, leads.release_on[rows.lead[row], bucket], NO_DAY),
    )
    starts = np.flatnonzero(firm & rows.made[row])
    begun = row[starts]
    grid = lay_out(
        rows,
        lines,
        leads,
        demand,
        Dated(row, bucket, open_orders.quantity),
        Dated(
            begun,
            leads.release[rows.lead[begun], bucket[starts]],
            rounded_up(open_orders.quantity[starts], rows.of[begun], rows.good[begun]),
        ),
        open_orders.release[starts],
        weeks=horizon.weeks,
        moving=False,
    )
    return grid, replace(open_orders, row=grid.place[row]), names[order].tolist()
