"""What a folder plans: its items at their sites, which every other file names."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow
import pyarrow.compute as pc

from takt.standalone.supply_folder.findings import Findings
from takt.standalone.supply_folder.sheet import Sheet

Ints = npt.NDArray[np.int64]

DENSE = 1 << 25
"""Pairs of item and site up to which a row is looked up in a table of all pairs."""


@dataclass(slots=True)
class Catalogue:
    """Item-sites as rows, in the order of the file.

    Args:
        items, sites: pyarrow arrays of the names that there are.
        item, site: of each row its places in them, shape (rows,).
    """

    sheet: Sheet
    items: pyarrow.Array
    sites: pyarrow.Array
    item: Ints
    site: Ints
    findings: Findings
    _pairs: Ints = field(init=False)
    _order: Ints = field(init=False)
    _units: dict[int, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = self.item * len(self.sites) + self.site
        size = len(self.items) * len(self.sites)
        if size <= DENSE:
            self._order = np.full(size, -1, np.int64)
            self._order[keys] = np.arange(len(keys))
            self._pairs = np.empty(0, np.int64)
        else:
            self._order = np.argsort(keys, kind="stable")
            self._pairs = keys[self._order]

    @property
    def rows(self) -> int:
        """How many item-sites there are."""
        return len(self.item)

    def name(self, row: int) -> str:
        """An item-site as a person calls it."""
        return f"{self.items[int(self.item[row])]} at {self.sites[int(self.site[row])]}"

    def row_of(self, item: Ints, site: Ints) -> Ints:
        """The rows of items at sites; -1 where the pair, or one of both, is not known."""
        known = (item >= 0) & (site >= 0)
        keys = np.where(known, item * len(self.sites) + site, 0)
        if len(self._pairs):
            place = np.minimum(np.searchsorted(self._pairs, keys), self.rows - 1)
            found = np.where(self._pairs[place] == keys, self._order[place], -1)
        else:
            found = self._order[keys]
        return np.where(known, found, -1)

    def rows_of(self, sheet: Sheet) -> Ints:
        """The rows that the columns item and site name; -1, and refused, where there is none."""
        item = sheet.ids("item", self.items, "items has no such item; add it there, or correct it.")
        site = sheet.ids(
            "site", self.sites, "items has nothing at this site; add it there, or correct it."
        )
        row = self.row_of(item, site)
        sheet.refuse(
            (row < 0) & (item >= 0) & (site >= 0),
            "item",
            "items does not plan it at the site of this row; add that row there.",
        )
        self.check_units(sheet, item)
        return row

    def check_units(self, sheet: Sheet, item: Ints) -> None:
        """Refuse a row whose unit differs from what an earlier file or row says of its item."""
        if "unit" not in sheet:
            return
        units = sheet.texts("unit", empty=True)
        coded = units.dictionary_encode()
        code = coded.indices.to_numpy()
        pair = item * (len(coded.dictionary) + 1) + code
        _, firsts = np.unique(pair, return_index=True)
        for row in np.sort(firsts).tolist():
            unit = units[row].as_py()
            if item[row] < 0 or not unit:
                continue
            place = f"{sheet.path.name}:{sheet.line(row)}"
            known, where = self._units.setdefault(int(item[row]), (unit, place))
            if unit != known:
                sheet.refuse(
                    [row], "unit", f"its item is counted in {known} at {where}; use one unit."
                )


def catalogue_of(sheet: Sheet, findings: Findings) -> Catalogue:
    """The item-sites of the file of items."""
    items, sites = sheet.texts("item"), sheet.texts("site")
    known_items, known_sites = pc.unique(items), pc.unique(sites)
    item = pc.index_in(items, value_set=known_items).to_numpy(zero_copy_only=False)
    site = pc.index_in(sites, value_set=known_sites).to_numpy(zero_copy_only=False)
    found = Catalogue(
        sheet, known_items, known_sites, item.astype(np.int64), site.astype(np.int64), findings
    )
    sheet.once(found.item * len(known_sites) + found.site, "item")
    found.check_units(sheet, found.item)
    return found
