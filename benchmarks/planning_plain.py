"""The plain numpy pass beside which the grid is measured: items x weeks, level by level."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.planning_model import Manufacturer

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plain:
    """The model as a program would hold it that thinks in items; everything in whole units."""

    model: Manufacturer
    gross: Floats
    receipts: Floats


def plain_of(model: Manufacturer) -> Plain:
    """Lay the model out as items x weeks."""
    shape = (model.items, model.weeks)
    gross, receipts = np.zeros(shape), np.zeros(shape)
    gross[: model.finished] = model.demand
    np.add.at(receipts, (model.receipt_item, model.receipt_week), model.receipt_quantity)
    return Plain(model, gross, receipts)


def plan_plain(plain: Plain) -> Floats:
    """Planned orders by item and week of need, shape (items, weeks)."""
    model = plain.model
    items, weeks = plain.gross.shape
    gross, planned = plain.gross.copy(), np.zeros((items, weeks))
    lead = -(-model.lead_days // 7)
    bounds = (0, model.finished, model.made, items)
    line_level = np.searchsorted(bounds[1:], model.parent, side="right")
    for level in range(3):
        rows = np.arange(bounds[level], bounds[level + 1])
        available = model.stock[rows].astype(np.float64)
        minimum, multiple = model.lot_minimum[rows], model.lot_multiple[rows]
        safety_stock = model.safety_stock[rows]
        for week in range(weeks):
            available += plain.receipts[rows, week] - gross[rows, week]
            missing = safety_stock - available
            lot = np.ceil(np.maximum(missing, minimum) / multiple) * multiple
            order = np.where(missing > 0, lot, 0.0)
            planned[rows, week] = order
            available += order
        if level == 2:
            break
        started = np.zeros((len(rows), weeks))
        places = np.arange(len(rows))
        for week in range(weeks):
            np.add.at(started, (places, np.maximum(week - lead[rows], 0)), planned[rows, week])
        lines = line_level == level
        parents = model.parent[lines] - bounds[level]
        needed = started[parents] * model.per[lines][:, None]
        np.add.at(gross, model.component[lines], needed)
    return planned
