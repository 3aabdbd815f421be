"""Bills of material as lines between rows, at every site that plans the parent; transfers."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from takt.standalone.supply_folder.catalogue import Catalogue
from takt.standalone.supply_folder.findings import Findings
from takt.standalone.supply_folder.reading import read_sheet
from takt.standalone.supply_folder.sheet import Sheet
from takt.supply_planning.domain.grid.levels import ranges
from takt.supply_planning.domain.grid.lines import ALWAYS
from takt.supply_planning.domain.grid.model import Lines
from takt.supply_planning.domain.quantity import ONE

Ints = npt.NDArray[np.int64]

NO_ITEM = "items has no such item; add it there, or correct it."
EVERY_SITE, SITE_UNKNOWN = -1, -2
NO_LINES = Lines(*(np.empty(0, np.int64) for _ in range(6)))


def read_bill(path: Path | None, catalogue: Catalogue, moved: Ints, findings: Findings) -> Lines:
    """Lines between rows; the same line once for each site that makes its parent.

    Args: moved: rows that come from another site, and are not made where they stand.
    """
    sheet = path and read_sheet(
        path,
        findings,
        texts=("parent", "component", "site", "unit", "valid_from", "valid_to"),
        numbers=("quantity", "scrap"),
        optional=("site", "unit", "scrap", "valid_from", "valid_to"),
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
    only_at = _sites(sheet, catalogue)
    pair = np.where(known, parent * len(catalogue.items) + component, -1)
    _refuse_overlap(sheet, pair, only_at, valid_from, valid_to)
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
    parent_row = order[ranges(first, last)]
    here = np.isin(only_at[line], (EVERY_SITE, SITE_UNKNOWN)) | (
        only_at[line] == catalogue.site[parent_row]
    )
    here &= ~np.isin(parent_row, moved)
    line, parent_row = line[here], parent_row[here]
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


def read_transfers(path: Path | None, catalogue: Catalogue, findings: Findings) -> Lines:
    """Lines from an item at its site to the same item at the site that it comes from."""
    sheet = path and read_sheet(path, findings, texts=("item", "site", "origin"))
    if not sheet:
        return NO_LINES
    row = catalogue.rows_of(sheet)
    item = sheet.ids("item", catalogue.items, NO_ITEM)
    origin = sheet.ids("origin", catalogue.sites, "items has nothing at this site.")
    source = catalogue.row_of(item, origin)
    named = (row >= 0) & (origin >= 0)
    sheet.refuse(
        named & (source < 0), "origin", "items does not plan the item there; add that row."
    )
    sheet.refuse(named & (row == source), "origin", "an item comes from another site than its own.")
    sheet.once(row, "item")
    known = np.flatnonzero(named & (source >= 0) & (row != source))
    one = np.ones(len(known), np.int64)
    return Lines(row[known], source[known], one, one, one * ALWAYS[0], one * ALWAYS[1])


def joined(one: Lines, other: Lines) -> Lines:
    """The lines of both."""
    return Lines(
        *(
            np.concatenate([getattr(one, part.name), getattr(other, part.name)])
            for part in fields(Lines)
        )
    )


def _sites(sheet: Sheet, catalogue: Catalogue) -> Ints:
    """The one site at which each line holds, as its place in `sites`."""
    if "site" not in sheet:
        return np.full(sheet.rows, EVERY_SITE, np.int64)
    texts = sheet.texts("site", empty=True)
    places = pc.index_in(texts, value_set=catalogue.sites).fill_null(SITE_UNKNOWN)
    empty = pc.equal(texts, "").to_numpy(zero_copy_only=False).astype(bool)
    found = np.where(empty, EVERY_SITE, places.to_numpy(zero_copy_only=False).astype(np.int64))
    sheet.refuse(found == SITE_UNKNOWN, "site", "items has nothing at this site; correct it.")
    return found


def _days(sheet: Sheet, column: str, default: int) -> Ints:
    """Days as ordinals; an empty one is the default."""
    if column not in sheet:
        return np.full(sheet.rows, default, np.int64)
    return sheet.days(column, default)


def _refuse_overlap(
    sheet: Sheet, pair: Ints, only_at: Ints, valid_from: Ints, valid_to: Ints
) -> None:
    """No two lines of a parent and component may hold on one day: which is taken is not guessed."""
    # A line for every site stands beside no line for one.
    everywhere = np.isin(pair, pair[only_at == EVERY_SITE])
    only_at = np.where(everywhere, EVERY_SITE, only_at)
    order = np.lexsort((valid_from, only_at, pair))
    same = (pair[order][1:] == pair[order][:-1]) & (pair[order][1:] >= 0)
    same &= only_at[order][1:] == only_at[order][:-1]
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
