"""The finite plan beside a plain greedy pass by due date, and beside the bound by HiGHS.

    python -m benchmarks.planning_capacity

`make bench-planning` calls `measure`.
"""

import time
from dataclasses import dataclass

from benchmarks.line import Line, table
from benchmarks.planning_capacity_model import generated
from benchmarks.planning_greedy import greedy
from takt.supply_planning.domain.finite_control import Watch
from takt.supply_planning.domain.finite_model import FiniteModel
from takt.supply_planning.domain.finite_plan import FiniteResult, finite_plan

LARGE, SMALL = 10_000, 1_000


@dataclass(frozen=True, slots=True)
class _Timed:
    found: FiniteResult
    seconds: float


def _timed(model: FiniteModel, one_programme: int | None = None, lots: bool = False) -> _Timed:
    began = time.perf_counter()
    watch = Watch(time.perf_counter)
    found = (
        finite_plan(model, watch, lots)
        if one_programme is None
        else finite_plan(model, watch, lots, one_programme)
    )
    if faults := found.plan.faults():
        raise RuntimeError(f"the plan is not feasible: {faults[:3]}")
    return _Timed(found, time.perf_counter() - began)


def measure() -> list[Line]:
    """The two sizes; a plan that is not feasible is an error."""
    large = generated(LARGE)
    plan, free = _timed(large, lots=True), _timed(large)
    began = time.perf_counter()
    plain = greedy(large)
    plain_seconds = time.perf_counter() - began
    small = generated(SMALL)
    whole, loaded = _timed(small), _timed(small, one_programme=0)
    lots = _timed(small, one_programme=0, lots=True)
    gap, bound = whole.found.gap, whole.found.bound
    if gap is None or bound is None:
        raise RuntimeError("there is no bound")
    of = f"{large.capacity.shape[0]} resources, {large.weeks} weeks"
    return [
        Line(
            f"finite plan, {LARGE:,} items, with lots",
            plan.seconds,
            "s",
            None,
            None,
            15,
            "less",
            ratio_aim=False,
            note=f"{of}; feasible; overtime {plan.found.plan.overtime_cost:,.0f} minutes",
        ),
        Line(
            "its lateness, units x weeks x weight",
            plan.found.plan.lateness,
            "",
            f"plain greedy pass by due date, {plain_seconds:.0f} s",
            plain.lateness,
            1,
            "less",
            note=f"lots left out, as the plain pass does: {free.found.plan.lateness:,.0f} in "
            f"{free.seconds:.1f} s",
        ),
        Line(
            f"finite plan, {SMALL:,} items, above the bound",
            100 * gap,
            "%",
            None,
            None,
            2,
            "less",
            ratio_aim=False,
            note=f"{whole.found.method}, {whole.seconds:.0f} s; bound {bound:,.0f}; as a large one "
            f"{loaded.found.plan.lateness:,.0f} in {loaded.seconds:.1f} s, with lots "
            f"{lots.found.plan.lateness:,.0f}; greedy {greedy(small).lateness:,.0f}",
        ),
    ]


if __name__ == "__main__":
    print(table(measure()))
