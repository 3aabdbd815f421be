"""The rows of a folder that was checked: texts, and numbers as decimals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from takt.standalone.supply_folder.findings import Findings
from takt.standalone.supply_folder.reading import find, read_sheet
from takt.standalone.supply_folder.sheet import Sheet

Body = dict[str, Any]

TEXTS: dict[str, tuple[str, ...]] = {
    "items": ("item", "site", "lot_rule", "fences", "calendar", "unit", "phantom"),
    "bom": ("parent", "component", "site", "valid_from", "valid_to"),
    "stock": ("item", "site"),
    "receipts": ("order", "item", "site", "due", "firm"),
    "demand": ("demand", "item", "site", "due", "kind"),
    "transfers": ("item", "site", "origin"),
    "suppliers": ("item", "supplier", "site", "calendar"),
    "calendars": ("calendar", "day"),
    "resources": ("resource", "calendar"),
    "routings": ("item", "site", "resource"),
}
NUMBERS: dict[str, tuple[str, ...]] = {
    "items": (
        *("lead_time_days", "safety_stock", "lot_minimum", "lot_multiple", "lot_maximum"),
        *("lot_quantity", "lot_periods", "yield", "cost", "service_level"),
    ),
    "bom": ("quantity", "scrap"),
    "stock": ("quantity",),
    "receipts": ("quantity",),
    "demand": ("quantity",),
    "transfers": (),
    "suppliers": ("lead_time_days",),
    "calendars": ("minutes",),
    "resources": ("units", "efficiency", "overtime_minutes", "overtime_cost"),
    "routings": ("step", "minutes", "setup_minutes"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a file: its texts, and its numbers as decimals; what is empty is not there."""

    path: Path
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def problem(self, column: str, remedy: str) -> Body:
        """Why a row is not loaded, or not as it stands."""
        return {
            "file": self.path.name,
            "line": self.line,
            "field": column,
            "value": self[column],
            "remedy": remedy,
        }


def read_rows(folder: Path) -> dict[str, list[Row]]:
    """The rows of a folder that was checked before."""
    found: dict[str, list[Row]] = {}
    for name, texts in TEXTS.items():
        findings = Findings()
        path = find(folder, name, findings)
        every = (*texts, *NUMBERS[name])
        sheet = path and read_sheet(
            path, findings, texts=texts, numbers=NUMBERS[name], optional=every
        )
        found[name] = _rows(sheet, texts, NUMBERS[name]) if sheet else []
    return found


def _rows(sheet: Sheet, texts: Iterable[str], numbers: Iterable[str]) -> list[Row]:
    columns: dict[str, list[str]] = {}
    for name in texts:
        if name in sheet:
            columns[name] = sheet.texts(name, empty=True).to_pylist()
    for name in numbers:
        if name in sheet:
            columns[name] = [
                "" if np.isnan(value) else amount(value) for value in _numbers(sheet, name)
            ]
    return [
        Row(sheet.path, sheet.line(row), {n: values[row] for n, values in columns.items()})
        for row in range(sheet.rows)
    ]


def _numbers(sheet: Sheet, name: str) -> list[float]:
    empty = sheet.empty(name)
    return np.where(empty, np.nan, sheet.numbers(name, 0.0)).tolist()  # type: ignore[no-any-return]


def amount(value: float) -> str:
    """A number as a decimal with six places at most."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
