"""Solving the finite plan's programme by HiGHS: lateness, then overtime, then stock.

Lexicographic, not by weights. Small programmes by simplex, exactly: once an objective is optimal,
each column and row whose dual is not zero is held where it is. What remains is the optimal face,
and the next objective begins at the last basis. Large ones by interior points, which take a third
of the time: an objective that is optimal becomes a row, to a millionth. Lots and setups are left
out, so the least lateness is a bound for any plan.

Source: Isermann, Linear lexicographic optimization, OR Spektrum 4 (1982).
"""

from dataclasses import dataclass

import highspy
import numpy as np

from takt.supply_planning.domain.capacity import TOLERANCE, Floats
from takt.supply_planning.domain.finite_control import PlanCancelledError, Watch
from takt.supply_planning.domain.finite_model import FiniteModel, FinitePlan
from takt.supply_planning.domain.finite_programme import Programme
from takt.supply_planning.domain.finite_shortage import require

BY_SIMPLEX = 60_000
"""Columns up to which simplex is the faster, where most of a company stays as it is."""
LEAST = 1e-6
"""How far above its least an objective may be for the next, as a share."""


@dataclass(frozen=True, slots=True)
class Optimum:
    """What HiGHS found.

    Args:
        plan: the best plan; None when time was up before there was one.
        bound: the least lateness that any plan can have; None when time was up before it was known.
        optimal: the objectives that are optimal, in their order.
    """

    plan: FinitePlan | None
    bound: float | None
    optimal: tuple[str, ...]


def optimum(model: FiniteModel, watch: Watch, by_simplex: int = BY_SIMPLEX) -> Optimum:
    """The optimal plan without lots and setups, or what of it time allowed.

    Args:
        model: what is planned.
        watch: cancels, limits, is told.
        by_simplex: columns up to which it is solved by simplex.

    Raises:
        InfeasiblePlanError: orders that stand need more of a resource or a component than there is.
        PlanCancelledError: see Watch.
    """
    model.require_capacity()
    programme = Programme(model)
    costs = programme.costs()
    solver = _Solver(programme.lp(), watch, programme.columns > by_simplex)
    optimal: list[str] = []
    plan, bound = None, None
    for place, (name, cost) in enumerate(costs.items()):
        watch.tell(name, place / len(costs))
        done = solver.minimise(cost)
        if solver.feasible and name in ("overtime", "stock"):
            plan = programme.plan(solver.values)
        if not done:
            break
        solver.hold(cost)
        if name == "orders that stand":
            require("component", programme.lack(solver.values))
            continue
        optimal.append(name)
        if name == "lateness":
            plan, bound = programme.plan(solver.values), max(float(cost @ solver.values), 0.0)
    return Optimum(plan, bound, tuple(optimal))


class _Silent(highspy.Highs):
    """HiGHS that writes nothing: some versions write their name as soon as callbacks are set."""

    def enableCallbacks(self) -> None:  # noqa: N802, the name is HiGHS's
        """Set callbacks, after output was switched off."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


class _Solver:
    """HiGHS on one programme, objective after objective."""

    def __init__(self, lp: highspy.HighsLp, watch: Watch, interior: bool) -> None:
        self._highs, self._watch = _Silent(), watch  # type: ignore[no-untyped-call]
        self._highs.setOptionValue("threads", 1)
        self._interior = interior
        self._highs.setOptionValue("solver", "ipm" if interior else "simplex")
        self._highs.setOptionValue("run_crossover", "off")
        self._highs.passModel(lp)
        self._columns, self._rows = lp.num_col_, lp.num_row_
        self._highs.cbSimplexInterrupt.subscribe(self._ask)
        self._highs.cbIpmInterrupt.subscribe(self._ask)
        self.values: Floats = np.zeros(lp.num_col_)
        self.feasible = False

    def _ask(self, event: highspy.HighsCallbackEvent) -> None:
        if self._watch.cancelled():
            event.interrupt()

    def minimise(self, cost: Floats) -> bool:
        """Whether the objective is optimal; else time was up, and `feasible` says what is left."""
        highs = self._highs
        highs.changeColsCost(self._columns, np.arange(self._columns, dtype=np.int32), cost)
        highs.setOptionValue("time_limit", highs.getRunTime() + max(self._watch.left(), 0.0))
        highs.run()
        if self._watch.cancelled():
            raise PlanCancelledError
        status = highs.getModelStatus()
        info = highs.getInfo()
        self.feasible = (
            info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        )
        if self.feasible:
            self.values = np.array(highs.getSolution().col_value)
        return bool(status == highspy.HighsModelStatus.kOptimal)

    def hold(self, cost: Floats) -> None:
        """Keep what was minimised last at its least."""
        if self._interior:
            least = float(cost @ self.values)
            most = least + LEAST * max(abs(least), 1.0)
            columns = np.flatnonzero(cost).astype(np.int32)
            self._highs.addRow(-highspy.kHighsInf, most, len(columns), columns, cost[columns])
            return
        solution = self._highs.getSolution()
        change_rows = self._highs.changeRowsBounds  # type: ignore[attr-defined]
        for duals, at, change in (
            (solution.col_dual, solution.col_value, self._highs.changeColsBounds),
            (solution.row_dual, solution.row_value, change_rows),
        ):
            dual, value = np.array(duals), np.array(at)
            held = np.flatnonzero(np.abs(dual) > TOLERANCE).astype(np.int32)
            change(len(held), held, value[held], value[held])
