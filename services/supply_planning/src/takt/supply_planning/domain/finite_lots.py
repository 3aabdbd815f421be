"""Lots, put back into a plan that was made without them, from the top down.

A lot is begun when the plan begins what it covers, and takes the components of the whole lot. So
what components must be there by when follows from the lots above them, not from the plan; theirs
begin in time for it, or when the plan has them begin, if that is sooner.
"""

import numpy as np

from takt.supply_planning.domain.capacity import TOLERANCE, Floats
from takt.supply_planning.domain.finite_model import FiniteModel, FinitePlan


def lot_targets(plan: FinitePlan) -> Floats:
    """Starts in whole lots, in all by each week, without regard to capacity; (rows, weeks)."""
    model = plan.model
    weeks = np.arange(model.weeks)
    free = model.free
    need, target = np.zeros_like(free), np.zeros_like(free)
    np.add.at(need, model.demand_row, np.cumsum(plan.delivered, axis=1))
    planned = np.cumsum(plan.started - model.fixed, axis=1)
    for rows in model.levels:
        missing = np.maximum.accumulate(np.maximum(need[rows] - free[rows], 0.0), axis=1)
        begun = np.minimum(weeks + model.lead[rows, np.newaxis], model.weeks - 1)
        in_time = np.take_along_axis(missing, begun, axis=1)
        target[rows] = np.where(
            model.made[rows, np.newaxis], np.maximum(planned[rows], in_time), in_time
        )
        target[rows] = whole_lots(target[rows], model, rows)
        lines = np.flatnonzero(np.isin(model.parent, rows))
        drawn = target[model.parent[lines]] * model.factor[lines, np.newaxis]
        np.add.at(need, model.component[lines], drawn)
    return target + np.cumsum(model.fixed, axis=1)


def lots_for_what_stands(model: FiniteModel) -> Floats:
    """Starts in whole lots for orders that stand alone, in all by each week; (rows, weeks)."""
    return lot_targets(FinitePlan.of(model, model.fixed, np.zeros_like(model.demand)))


def whole_lots(curves: Floats, model: FiniteModel, rows: np.ndarray) -> Floats:
    """The least whole lots that are never behind curves of what is started in all."""
    least, multiple = model.lot_minimum[rows], model.lot_multiple[rows]
    in_lots, total = np.zeros_like(curves), np.zeros(len(curves))
    for week, wanted in enumerate(curves.T):
        missing = wanted - total
        total = total + lots_up(np.where(missing > TOLERANCE, missing, 0.0), least, multiple)
        in_lots[:, week] = total
    return in_lots


def lots_up(quantity: Floats, least: Floats, multiple: Floats) -> Floats:
    """Quantities raised to the minimum, then up to the multiple; 0 stays 0."""
    raised = np.where(quantity > 0, np.maximum(quantity, least), 0.0)
    return _multiples(raised, multiple, np.ceil)


def lots_down(quantity: Floats, least: Floats, multiple: Floats) -> Floats:
    """The largest lots within quantities; 0 where none fits."""
    sized = _multiples(quantity, multiple, np.floor)
    smallest = _multiples(least, multiple, np.ceil)
    return np.where(sized >= smallest * (1 - TOLERANCE), sized, 0.0)


def _multiples(quantity: Floats, multiple: Floats, whole: np.ufunc) -> Floats:
    steps = np.divide(quantity, multiple, out=np.zeros_like(quantity), where=multiple > 0)
    # A lot that fits but for rounding fits.
    near = -TOLERANCE if whole is np.ceil else TOLERANCE
    return np.where(multiple > 0, whole(steps + near) * multiple, quantity)
