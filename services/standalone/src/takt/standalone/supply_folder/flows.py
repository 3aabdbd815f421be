"""Stock, open orders and demand: quantities of rows, with the days on which they fall."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow
import pyarrow.compute as pc

from takt.standalone.supply_folder.catalogue import Catalogue
from takt.standalone.supply_folder.findings import Findings
from takt.standalone.supply_folder.reading import read_sheet
from takt.standalone.supply_folder.sheet import Sheet
from takt.supply_planning.domain.grid.model import Dated
from takt.supply_planning.domain.netting import Horizon

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TIMES_OTHERS = 1_000
"""A quantity that is so many times what is usual for its row is pointed out."""
TIMES_FILE = 100_000
"""The same against what is usual in the file, for rows with too few others."""
OTHERS = 2
KINDS = ("", "order", "forecast", "history")
ORDER, FORECAST, HISTORY = 1, 2, 3
HISTORY_WEEKS = 104
"""Of demand that has passed: what is older says little of how it varies now."""


@dataclass(frozen=True, slots=True)
class Receipts:
    """Open orders, each shape (orders,): `due` as ordinals, `name` a pyarrow array."""

    name: Any
    row: Ints
    due: Ints
    quantity: Floats
    firm: Bools


@dataclass(frozen=True, slots=True)
class Demands:
    """What is wanted inside the horizon, each shape (demands,).

    Args:
        name: a pyarrow array.
        due: ordinals.
        bucket: of it, 0 for what is overdue.
        kind: its place in `KINDS`.
        history: what was wanted before: rows, whole weeks before the first one, from 1 on.
    """

    name: Any
    row: Ints
    due: Ints
    bucket: Ints
    quantity: Floats
    kind: Ints
    history: Dated

    @property
    def dated(self) -> Dated:
        """Quantities by row and week."""
        return Dated(self.row, self.bucket, self.quantity)


def read_stock(path: Path | None, catalogue: Catalogue, findings: Findings) -> Floats:
    """Stock of each row, 0 where there is none; it may be negative."""
    found = np.zeros(catalogue.rows)
    sheet = path and read_sheet(
        path, findings, texts=("item", "site", "unit"), numbers=("quantity",), optional=("unit",)
    )
    if not sheet:
        return found
    row = catalogue.rows_of(sheet)
    sheet.once(row, "item")
    quantity = sheet.quantities("quantity", negative=True)
    point_out(sheet, row, quantity, catalogue)
    known = row >= 0
    found[row[known]] = quantity[known]
    return found


def read_receipts(path: Path | None, catalogue: Catalogue, findings: Findings) -> Receipts:
    """What is on order."""
    sheet = path and read_sheet(
        path,
        findings,
        texts=("order", "item", "site", "due", "firm", "unit"),
        numbers=("quantity",),
        optional=("firm", "unit"),
    )
    if not sheet:
        none = np.empty(0, np.int64)
        return Receipts(pyarrow.array([], pyarrow.string()), none, none, np.empty(0), none > 0)
    row, due, quantity = _dated(sheet, "order", catalogue)
    known = np.flatnonzero(row >= 0)
    return Receipts(
        sheet.texts("order").take(pyarrow.array(known)),
        row[known],
        due[known],
        quantity[known],
        sheet.flags("firm")[known],
    )


def read_demand(
    path: Path | None, catalogue: Catalogue, horizon: Horizon, findings: Findings
) -> Demands:
    """Independent demand; what is due after the horizon is left out, and told."""
    sheet = path and read_sheet(
        path,
        findings,
        texts=("demand", "item", "site", "due", "kind", "unit"),
        numbers=("quantity",),
        optional=("kind", "unit"),
    )
    if not sheet:
        none = np.empty(0, np.int64)
        nobody = pyarrow.array([], pyarrow.string())
        return Demands(nobody, none, none, none, np.empty(0), none, Dated.none())
    row, due, quantity = _dated(sheet, "demand", catalogue)
    kind = np.zeros(sheet.rows, np.int64)
    if "kind" in sheet:
        found = pc.index_in(sheet.texts("kind", empty=True), value_set=pyarrow.array(KINDS))
        kind = found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        sheet.refuse(kind < 0, "kind", "write order, forecast or history.")
    bucket = buckets(due, horizon)
    past = kind == HISTORY
    inside = (row >= 0) & (bucket < horizon.weeks) & ~past
    if late := int(((bucket >= horizon.weeks) & (row >= 0) & ~past).sum()):
        findings.note(
            f"{sheet.path.name}: {late:,} demands are due after the horizon and left out."
        )
    history = _history(sheet, past & (row >= 0), row, due, quantity, horizon)
    name = sheet.texts("demand")
    if inside.all():
        return Demands(name, row, due, bucket, quantity, kind, history)
    return Demands(
        name.filter(pyarrow.array(inside)),
        row[inside],
        due[inside],
        bucket[inside],
        quantity[inside],
        kind[inside],
        history,
    )


def _history(
    sheet: Sheet, past: Bools, row: Ints, due: Ints, quantity: Floats, horizon: Horizon
) -> Dated:
    """What was wanted in the weeks before the first; what is not of the past is left out."""
    weeks = -((due - horizon.first_week.toordinal()) // 7)
    if late := int((past & (weeks < 1)).sum()):
        sheet.findings.note(
            f"{sheet.path.name}: {late:,} demands of kind history are of the first week or later "
            "and left out."
        )
    known = past & (weeks >= 1) & (weeks <= HISTORY_WEEKS)
    return Dated(row[known], weeks[known], quantity[known])


def buckets(days: Ints, horizon: Horizon) -> Ints:
    """The bucket of each day; the past belongs to the first."""
    return np.maximum((days - horizon.first_week.toordinal()) // 7, 0)


def _dated(sheet: Sheet, name: str, catalogue: Catalogue) -> tuple[Ints, Ints, Floats]:
    """Row (-1 where it is refused), day and quantity; the same name, row and day once only."""
    names = sheet.texts(name)
    row = catalogue.rows_of(sheet)
    due = sheet.days("due")
    quantity = sheet.quantities("quantity")
    known = row >= 0
    day = due - due.min(initial=0)
    sheet.once(np.where(known, row * (day.max(initial=0) + 1) + day, -1), name, names)
    point_out(sheet, row, quantity, catalogue)
    return row, due, quantity


def point_out(sheet: Sheet, row: Ints, quantity: Floats, catalogue: Catalogue) -> None:
    """Note quantities that are far above what is usual: a unit or a point may be wrong."""
    some = np.flatnonzero((quantity > 0) & (row >= 0))
    if len(some) < OTHERS + 1:
        return
    size = np.log(quantity[some])
    total = np.bincount(row[some], size, catalogue.rows)
    count = np.bincount(row[some], minlength=catalogue.rows)
    others = count[row[some]] - 1
    usual = (total[row[some]] - size) / np.maximum(others, 1)
    usual_here = np.median(size)
    far = (others >= OTHERS) & (size > usual + np.log(TIMES_OTHERS))
    far |= (others < OTHERS) & (size > usual_here + np.log(TIMES_FILE))
    places = some[far].tolist()
    for place in places[:5]:
        usually = np.exp(
            usual[far][places.index(place)]
            if others[far][places.index(place)] >= OTHERS
            else usual_here
        )
        sheet.findings.note(
            f"{sheet.path}:{sheet.line(place)} quantity = {sheet.shown('quantity', place)}: "
            f"{catalogue.name(int(row[place]))} has about {usually / 1e6:,.6g} otherwise; "
            "planned as it stands."
        )
    if len(places) > 5:
        sheet.findings.note(f"{sheet.path}: ... and {len(places) - 5:,} more such quantities.")
