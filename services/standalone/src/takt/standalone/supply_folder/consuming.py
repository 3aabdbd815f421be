"""Orders in place of the forecast, for items that say how far an order reaches (F14)."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from takt.standalone.supply_folder.catalogue import Catalogue
from takt.standalone.supply_folder.flows import FORECAST, ORDER, Demands
from takt.standalone.supply_folder.sheet import Sheet
from takt.supply_planning.domain.grid.consumption import unconsumed
from takt.supply_planning.domain.grid.model import Floats, Ints, spread, summed
from takt.supply_planning.domain.netting import Horizon
from takt.supply_planning.domain.quantity import ONE

DAYS = 7


@dataclass(frozen=True, slots=True)
class Windows:
    """How many weeks before and after its own an order reaches, each shape (rows,).

    Args: asked: where the file says so; elsewhere orders and forecast add up.
    """

    asked: npt.NDArray[np.bool_]
    early: Ints
    late: Ints


def read_windows(sheet: Sheet) -> Windows:
    """The columns consume_early_days and consume_late_days of items; of two one may be empty."""
    asked = np.zeros(sheet.rows, np.bool_)
    weeks = []
    for column in ("consume_early_days", "consume_late_days"):
        days = sheet.numbers(column, 0.0)
        if column in sheet:
            asked |= ~sheet.empty(column)
            bad = (days < 0) | (days != np.floor(days))
            sheet.refuse(bad, column, "write whole days, 0 for the own week alone, or more.")
        weeks.append((np.clip(days, 0, 1e6) // DAYS).astype(np.int64))
    return Windows(asked, *weeks)


def consumed(demands: Demands, windows: Windows, horizon: Horizon, catalogue: Catalogue) -> Demands:
    """Demands with what orders have left of the forecast; a note says how much they took."""
    mine = windows.asked[demands.row]
    expected, ordered = mine & (demands.kind == FORECAST), mine & (demands.kind == ORDER)
    rows = np.unique(demands.row[expected])
    rows = rows[np.isin(rows, demands.row[ordered])]
    if not len(rows):
        return demands
    place = np.full(catalogue.rows, -1)
    place[rows] = np.arange(len(rows))
    expected &= place[demands.row] >= 0
    ordered &= place[demands.row] >= 0

    def weekly(which: npt.NDArray[np.bool_]) -> Floats:
        found = demands.dated.take(which)
        return spread(replace(found, row=place[found.row]), horizon.weeks, len(rows))

    gross = weekly(expected)
    net = unconsumed(gross, weekly(ordered), windows.early[rows], windows.late[rows])
    catalogue.findings.note(
        f"Orders consume {(gross - net).sum() / ONE:,.6g} of {gross.sum() / ONE:,.6g} units of "
        f"forecast of {len(rows):,} items."
    )
    line = np.flatnonzero(expected)
    cell = demands.bucket[line] * len(rows) + place[demands.row[line]]
    quantity = demands.quantity.copy()
    quantity[line] = _in_parts(quantity[line], cell, gross.ravel(), net.ravel())
    return replace(demands, quantity=quantity)


def _in_parts(quantity: Floats, cell: Ints, gross: Floats, net: Floats) -> Floats:
    """What is left of each forecast of a cell, in whole millionths that sum to its net."""
    left = np.floor(quantity * (net / np.where(gross > 0, gross, 1.0))[cell])
    order = np.lexsort((quantity, cell))
    largest = order[np.append(np.diff(cell[order]) != 0, True)]
    left[largest] += (net - summed(cell, left, len(net)))[cell[largest]]
    return left
