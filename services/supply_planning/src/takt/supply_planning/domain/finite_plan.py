"""The finite plan: within capacity, least lateness, then overtime, then stock.

Small models are one linear programme. Larger ones are loaded level by level and dispatched week by
week, which is feasible by construction; then the latest items are planned anew, a few at a time and
all others as they are, by linear programmes. A programme that runs out of time costs the time only.
"""

from dataclasses import dataclass

import numpy as np

from takt.supply_planning.domain.capacity import Floats
from takt.supply_planning.domain.finite_control import Watch
from takt.supply_planning.domain.finite_dispatch import dispatch
from takt.supply_planning.domain.finite_improving import improved
from takt.supply_planning.domain.finite_loading import Loading, Shape
from takt.supply_planning.domain.finite_lots import lot_targets, lots_for_what_stands
from takt.supply_planning.domain.finite_model import FiniteModel, FinitePlan
from takt.supply_planning.domain.finite_optimum import optimum
from takt.supply_planning.domain.finite_shortage import refuse

ONE_PROGRAMME = 40_000
"""Made rows x weeks up to which all is one programme."""
IMPROVING = 8.0
"""Seconds for which parts of a larger model are planned anew."""


@dataclass(frozen=True, slots=True)
class FiniteResult:
    """A finite plan and how good it is.

    Args:
        bound: the least lateness that any plan can have; None where it is not known.
        method: what the plan was made by.
        optimal: the objectives in which it is proven to be optimal, in their order.
        lots: whether it is in whole lots with setups: not where orders that stand would miss parts.
    """

    plan: FinitePlan
    bound: float | None
    method: str
    optimal: tuple[str, ...]
    lots: bool = False

    @property
    def gap(self) -> float | None:
        """Lateness above the bound, as a share of the bound; infinite above a bound of nothing."""
        if self.bound is None:
            return None
        above = max(self.plan.lateness - self.bound, 0.0)
        if above <= 1e-6 * max(self.bound, 1.0):
            return 0.0
        return above / self.bound if self.bound > 0 else float("inf")


def finite_plan(
    model: FiniteModel, watch: Watch, lots: bool = False, one_programme: int = ONE_PROGRAMME
) -> FiniteResult:
    """Plan within capacity.

    Args:
        model: what is planned.
        watch: cancels, limits, is told.
        lots: whether starts are to be whole lots with setups; the bound is without them.
        one_programme: made rows x weeks up to which all is one programme.

    Raises:
        InfeasiblePlanError: orders that stand need more of a resource or a component than there is.
        PlanCancelledError: see Watch.
    """
    model.require_capacity()
    shape = Shape(model)
    urgency = _urgency(model)
    loaded = _loaded(shape, urgency, watch)
    best = FiniteResult(loaded, None, "loading", ())
    if model.made.sum() * model.weeks <= one_programme:
        found = optimum(model, watch)
        best = FiniteResult(loaded, found.bound, "loading", ())
        if found.plan is not None:
            exact = _carried_out(shape, found.plan, urgency, watch)
            if exact.lateness <= loaded.lateness or loaded.shortages():
                best = FiniteResult(exact, found.bound, "linear programme", found.optimal)
    elif watch.left() and not loaded.shortages():
        exact = _carried_out(shape, improved(shape, loaded, watch, IMPROVING), urgency, watch)
        if exact.lateness < loaded.lateness and not exact.shortages():
            best = FiniteResult(exact, None, "loading and linear programmes of parts", ())
    if lots:
        targets = lot_targets(best.plan)
        plan = dispatch(shape, targets, urgency, watch, lots=True)
        if plan.shortages():
            # Whole lots for what stands did not fit just in time: they begin as soon as they can.
            sooner = np.maximum(targets, lots_for_what_stands(model)[:, -1:])
            plan = dispatch(shape, sooner, urgency, watch, lots=True)
        if best.plan.shortages() or not plan.shortages():
            best = FiniteResult(plan, best.bound, f"{best.method}, then lots", (), lots=True)
    refuse(best.plan.shortages())
    watch.tell("finite plan", 1.0)
    return best


def _carried_out(shape: Shape, plan: FinitePlan, urgency: Floats, watch: Watch) -> FinitePlan:
    """A plan that is feasible to a tolerance of HiGHS's, as it can be carried out."""
    if not plan.faults():
        return plan
    return dispatch(shape, np.cumsum(plan.started, axis=1), urgency, watch)


def _loaded(shape: Shape, urgency: Floats, watch: Watch) -> FinitePlan:
    watch.tell("loading", 0.0)
    return dispatch(shape, Loading(shape).started(), urgency, watch)


def _urgency(model: FiniteModel) -> Floats:
    """Weight for a minute of all work in a unit; parts are as urgent as the most urgent use.

    What orders that stand miss comes before all else: without it there is no plan.
    """
    minutes = np.zeros(model.rows)
    np.add.at(minutes, model.steps.row, model.steps.minutes)
    for rows in reversed(model.levels):
        here = np.isin(model.parent, rows)
        below = minutes[model.component[here]] * model.factor[here]
        np.add.at(minutes, model.parent[here], below)
    urgency = np.zeros(model.rows)
    each = model.weight / np.maximum(minutes[model.demand_row], 1e-9)
    np.maximum.at(urgency, model.demand_row, each)
    urgency[model.missing.any(axis=1)] = np.inf
    for rows in model.levels:
        here = np.isin(model.parent, rows)
        np.maximum.at(urgency, model.component[here], urgency[model.parent[here]])
    return urgency
