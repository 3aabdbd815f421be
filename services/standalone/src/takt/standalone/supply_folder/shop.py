"""The files of resources and routings: what work is done on, and what work each item takes."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from takt.standalone.supply_folder.calendars import calendar_column
from takt.standalone.supply_folder.catalogue import Catalogue
from takt.standalone.supply_folder.findings import Findings
from takt.standalone.supply_folder.reading import read_sheet
from takt.standalone.supply_folder.sheet import Sheet
from takt.supply_planning.domain.calendar import WorkingCalendar
from takt.supply_planning.domain.capacity import HIGHEST_EFFICIENCY, Operation, Resource
from takt.supply_planning.domain.finite_grid import Shop
from takt.supply_planning.domain.plan import ItemSite

Bools = npt.NDArray[np.bool_]

RESOURCE_NUMBERS = ("units", "efficiency", "overtime_minutes", "overtime_cost")


def read_shop(
    resources: Path | None,
    routings: Path | None,
    items: Sheet,
    phantom: Bools,
    catalogue: Catalogue,
    calendars: Mapping[str, WorkingCalendar],
    findings: Findings,
) -> Shop:
    """Resources, the operations of rows in their order, and rows' weights and costs.

    `phantom`: which rows are never made, and so have no operations, shape (rows,).
    """
    found = _resources(resources, calendars, findings)
    names = [resource.code for resource in found]
    steps = _steps(routings, names, phantom, catalogue, findings)
    keys = _keys(catalogue)
    priority, cost = items.numbers("priority", 1.0), items.numbers("cost", 0.0)
    items.refuse(priority <= 0, "priority", "what a unit late for a week weighs is above 0.")
    items.refuse(cost < 0, "cost", "write 0 or more.")
    return Shop(
        found,
        {keys[row]: tuple(each) for row, each in steps.items()},
        {key: row for row, key in enumerate(keys)},
        np.where(priority > 0, priority, 1.0),
        cost,
    )


def _keys(catalogue: Catalogue) -> list[ItemSite]:
    items, sites = catalogue.items.to_pylist(), catalogue.sites.to_pylist()
    return [
        ItemSite(items[item], sites[site])
        for item, site in zip(catalogue.item.tolist(), catalogue.site.tolist(), strict=True)
    ]


def _resources(
    path: Path | None, calendars: Mapping[str, WorkingCalendar], findings: Findings
) -> list[Resource]:
    sheet = path and read_sheet(
        path,
        findings,
        texts=("resource", "calendar"),
        numbers=RESOURCE_NUMBERS,
        optional=("calendar", *RESOURCE_NUMBERS),
    )
    if not sheet:
        return []
    codes = sheet.texts("resource").to_pylist()
    places = {code: place for place, code in reversed(list(enumerate(codes)))}
    sheet.once(np.array([places[code] for code in codes], np.int64), "resource")
    working = calendar_column(sheet, calendars, sheet.rows)
    numbers = {
        name: sheet.numbers(name, default)
        for name, default in zip(RESOURCE_NUMBERS, (1.0, 1.0, 0.0, 1.0), strict=True)
    }
    for name in ("units", "efficiency"):
        sheet.refuse(numbers[name] <= 0, name, "write a number above 0.")
        numbers[name] = np.where(numbers[name] > 0, numbers[name], 1.0)
    percent = numbers["efficiency"] > HIGHEST_EFFICIENCY
    sheet.refuse(
        percent, "efficiency", "this is a share, not a percentage: write .9 for 90 percent."
    )
    for name in ("overtime_minutes", "overtime_cost"):
        sheet.refuse(numbers[name] < 0, name, "write 0 or more.")
        numbers[name] = np.maximum(numbers[name], 0.0)
    columns = zip(*(numbers[name].tolist() for name in RESOURCE_NUMBERS), strict=True)
    return [
        Resource(code, calendar, *values)
        for code, calendar, values in zip(codes, working, columns, strict=True)
    ]


def _steps(
    path: Path | None,
    resources: list[str],
    phantom: Bools,
    catalogue: Catalogue,
    findings: Findings,
) -> dict[int, list[Operation]]:
    sheet = path and read_sheet(
        path,
        findings,
        texts=("item", "site", "resource"),
        numbers=("step", "minutes", "setup_minutes"),
        optional=("setup_minutes",),
    )
    if not sheet:
        return {}
    row, step = catalogue.rows_of(sheet), sheet.numbers("step")
    never_made = np.append(phantom, False)[row]  # an unknown row, -1, takes the last
    sheet.refuse(never_made, "item", "a phantom is never made; take its steps out.")
    _, number = np.unique(step, return_inverse=True)
    sheet.once(np.where(row >= 0, row * (number.max(initial=0) + 1) + number, -1), "step")
    minutes, setup = sheet.numbers("minutes"), sheet.numbers("setup_minutes", 0.0)
    for name, values in (("minutes", minutes), ("setup_minutes", setup)):
        if name in sheet:
            sheet.refuse(values < 0, name, "write 0 or more.")
    used = sheet.texts("resource").to_pylist()
    known = set(resources)
    unknown = np.array([bool(code) and code not in known for code in used], np.bool_)
    sheet.refuse(unknown, "resource", "resources has no such resource; add it there.")
    found: dict[int, list[Operation]] = defaultdict(list)
    for line in np.lexsort((step, row)).tolist():
        if row[line] >= 0 and used[line] in known and min(minutes[line], setup[line]) >= 0:
            operation = Operation(used[line], float(minutes[line]), float(setup[line]))
            found[int(row[line])].append(operation)
    return found
