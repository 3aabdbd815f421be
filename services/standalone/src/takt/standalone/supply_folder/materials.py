"""Bills of material as lines between rows, at every site that plans the parent."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from takt.standalone.supply_folder.catalogue import Catalogue
from takt.standalone.supply_folder.findings import Findings
from takt.standalone.supply_folder.reading import read_sheet
from takt.standalone.supply_folder.sheet import Sheet
from takt.supply_planning.domain.grid.lines import ALWAYS
from takt.supply_planning.domain.grid.model import Lines
from takt.supply_planning.domain.quantity import ONE

Ints = npt.NDArray[np.int64]

NO_ITEM = "items has no such item; add it there, or correct it."
NO_LINES = Lines(*(np.empty(0, np.int64) for _ in range(6)))


def read_bill(path: Path | None, catalogue: Catalogue, findings: Findings) -> Lines:
    """Lines between rows; the same line once for each site that plans its parent."""
    sheet = path and read_sheet(
        path,
        findings,
        texts=("parent", "component", "unit", "valid_from", "valid_to"),
        numbers=("quantity", "scrap"),
        optional=("unit", "scrap", "valid_from", "valid_to"),
    )
    if not sheet:
        return NO_LINES
    parent = sheet.ids("parent", catalogue.items, NO_ITEM)
    component = sheet.ids("component", catalogue.items, NO_ITEM)
    catalogue.check_units(sheet, component)
    known = (parent >= 0) & (component >= 0)
    valid_from, valid_to = (
        _days(sheet, "valid_from", ALWAYS[0]),
        _days(sheet, "valid_to", ALWAYS[1]),
    )
    sheet.refuse(valid_to < valid_from, "valid_to", "the line ends before it begins.")
    pair = np.where(known, parent * len(catalogue.items) + component, -1)
    _refuse_overlap(sheet, pair, valid_from, valid_to)
    per = sheet.quantities("quantity", negative=True)
    sheet.refuse(per <= 0, "quantity", "a parent takes more than 0 of a component.")
    scrap = np.rint(sheet.numbers("scrap", 0.0) * ONE)
    sheet.refuse(
        (scrap < 0) | (scrap >= ONE), "scrap", "scrap is a share of 1: 0 or more, and below 1."
    )
    numerator = np.maximum(per, 1).astype(np.int64)
    denominator = ONE - np.clip(scrap, 0, ONE - 1).astype(np.int64)
    shared = np.gcd(numerator, denominator)
    order = np.argsort(catalogue.item, kind="stable")
    bounds = np.searchsorted(catalogue.item[order], np.arange(len(catalogue.items) + 1))
    places = np.flatnonzero(known)
    first, last = bounds[parent[places]], bounds[parent[places] + 1]
    line = np.repeat(places, last - first)
    offset = np.cumsum(last - first) - (last - first)
    parent_row = order[np.arange(len(line)) + np.repeat(first - offset, last - first)]
    component_row = catalogue.row_of(component[line], catalogue.site[parent_row])
    absent = component_row < 0
    sheet.refuse(
        np.unique(line[absent]),
        "component",
        "items does not plan it at a site where its parent is planned; add it there.",
    )
    found = line[~absent]
    return Lines(
        parent_row[~absent],
        component_row[~absent],
        (numerator // shared)[found],
        (denominator // shared)[found],
        valid_from[found],
        valid_to[found],
    )


def _days(sheet: Sheet, column: str, default: int) -> Ints:
    """Days as ordinals; an empty one is the default."""
    if column not in sheet:
        return np.full(sheet.rows, default, np.int64)
    return sheet.days(column, default)


def _refuse_overlap(sheet: Sheet, pair: Ints, valid_from: Ints, valid_to: Ints) -> None:
    """No two lines of a parent and component may hold on one day: which is taken is not guessed."""
    order = np.lexsort((valid_from, pair))
    same = (pair[order][1:] == pair[order][:-1]) & (pair[order][1:] >= 0)
    after = np.flatnonzero(same & (valid_from[order][1:] <= valid_to[order][:-1])) + 1
    first = dict(zip(order[after].tolist(), order[after - 1].tolist(), strict=True))
    sheet.findings.rows(
        sheet.path,
        first,
        lambda row: (
            sheet.line(row),
            "component",
            sheet.shown("component", row),
            f"line {sheet.line(first[row])} has it in the same parent at the same time; "
            "keep one of them, or give them valid_from and valid_to.",
        ),
    )
