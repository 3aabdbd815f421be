"""S6, the finite plan: least lateness, then overtime, then stock, within capacity."""

import time
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.planning_greedy import greedy
from takt.supply_planning.domain.bom import BillLine, BillOfMaterial
from takt.supply_planning.domain.calendar import LeadTime
from takt.supply_planning.domain.finite_control import PlanCancelledError, Watch
from takt.supply_planning.domain.finite_model import FiniteModel, FinitePlan
from takt.supply_planning.domain.finite_optimum import optimum
from takt.supply_planning.domain.finite_plan import FiniteResult, finite_plan
from takt.supply_planning.domain.finite_shortage import InfeasiblePlanError, Shortage
from takt.supply_planning.domain.netting import Horizon, PlanningPolicy
from takt.supply_planning.domain.plan import ItemSite, Position, replan
from takt.supply_planning.domain.quantity import ONE

from .finite_models import model, models

quick = settings(max_examples=25, deadline=None)


def planned(given_: FiniteModel, lots: bool = False, one_programme: int = 10**9) -> FiniteResult:
    return finite_plan(given_, Watch(time.monotonic), lots, one_programme)


def test_the_demand_that_weighs_less_is_late() -> None:
    two = model(
        [(0, 1, [10, 0, 0]), (1, 3, [10, 0, 0])], [[10, 10, 10]], [(0, 0, 1), (1, 0, 1)], [0, 0]
    )
    found = planned(two)
    assert found.plan.backlog.tolist() == [[10, 0, 0], [0, 0, 0]]
    assert (found.plan.lateness, found.bound, found.gap) == (10, 10, 0)
    assert found.optimal == ("lateness", "overtime", "stock")
    assert greedy(two).lateness == 30


def test_overtime_is_worked_before_anything_is_late() -> None:
    found = planned(model({0: [15, 0]}, [[10, 10]], [(0, 0, 1)], [0], overtime=[[5, 5]]))
    assert (found.plan.lateness, found.plan.overtime_cost) == (0, 5)


def test_stock_is_built_before_overtime_is_worked() -> None:
    found = planned(model({0: [0, 15]}, [[10, 10]], [(0, 0, 1)], [0], overtime=[[5, 5]]))
    assert (found.plan.lateness, found.plan.overtime_cost, found.plan.stock_value) == (0, 0, 5)
    assert found.plan.started.tolist() == [[5, 10]]


@pytest.mark.parametrize(("minutes", "late"), [(10, 0), (8, 1)])
def test_a_component_is_made_before_what_takes_it(minutes: float, late: float) -> None:
    bikes = model(
        {0: [0, 0, 5]}, [[minutes] * 3], [(0, 0, 2), (1, 0, 1)], [1, 1], lines=[(0, 1, 2)]
    )
    plan = planned(bikes).plan
    assert plan.lateness == pytest.approx(late)
    assert plan.started[:, :2].tolist() == [[0, 5 - late], [10 - 2 * late, 0]]


def test_what_is_bought_is_ordered_just_in_time_and_never_sooner_than_it_can_come() -> None:
    frames = model(
        {0: [0, 4, 0, 6]}, [[100] * 4], [(0, 0, 1)], [0, 2], lines=[(0, 1, 1)], stock=[0, 1]
    )
    plan = planned(frames).plan
    assert plan.started.tolist() == [[0, 1, 3, 6], [3, 6, 0, 0]]
    assert plan.backlog.tolist() == [[0, 3, 0, 0]]


def test_safety_stock_is_used_before_anything_is_late_and_filled_again() -> None:
    found = planned(model({0: [0, 12, 0, 0]}, [[4] * 4], [(0, 0, 1)], [0], safety=[5], stock=[5]))
    assert found.plan.lateness == 0
    assert found.plan.stock.tolist() == [[9, 1, 5, 5]]


def test_orders_that_stand_on_a_closed_resource_name_it_the_week_and_the_minutes() -> None:
    closed = model(
        {0: [0, 5]},
        [[10, 10], [10, 0]],
        [(0, 1, 2)],
        [0],
        fixed=[[0, 5]],
        overtime=[[0, 0], [0, 3]],
    )
    with pytest.raises(InfeasiblePlanError) as refused:
        planned(closed)
    assert refused.value.shortages == (Shortage("resource", 1, 1, 7),)


def test_orders_that_stand_without_components_name_the_component_the_week_and_the_units() -> None:
    without = model(
        {0: [0, 5]},
        [[50, 50]],
        [(0, 0, 1)],
        [0, 2],
        [(0, 1, 2)],
        fixed=[[0, 5], [0, 0]],
        stock=[0, 4],
    )
    with pytest.raises(InfeasiblePlanError) as refused:
        planned(without)
    assert refused.value.shortages == (Shortage("component", 1, 1, pytest.approx(6)),)


def test_an_order_that_stands_is_kept_and_its_load_counts() -> None:
    kept = model({0: [0, 0, 9]}, [[4, 4, 4]], [(0, 0, 1)], [0], fixed=[[4, 0, 0]])
    assert planned(kept).plan.started.tolist() == [[4, 1, 4]]


def test_a_cancelled_run_gives_no_plan() -> None:
    asked = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 3

    any_model = model({0: [5, 5, 5, 5]}, [[5] * 4], [(0, 0, 1)], [0])
    with pytest.raises(PlanCancelledError):
        finite_plan(any_model, Watch(time.monotonic, cancelled=cancelled))


def test_a_run_that_is_cancelled_while_highs_works_gives_no_plan() -> None:
    told: list[str] = []

    def cancelled() -> bool:
        # The first question after the phase was told is the one that HiGHS's work is followed by.
        return told[-1:] == ["lateness"]

    any_model = model({0: [5, 9, 5, 5]}, [[6] * 4], [(0, 0, 1)], [0])
    with pytest.raises(PlanCancelledError):
        finite_plan(
            any_model,
            Watch(
                time.monotonic, cancelled=cancelled, progress=lambda phase, _: told.append(phase)
            ),
        )
    assert told[-1] == "lateness"


def test_without_time_for_the_programme_there_is_a_plan_and_no_bound() -> None:
    any_model = model({0: [5, 9, 5, 5]}, [[6] * 4], [(0, 0, 1)], [0])
    found = finite_plan(any_model, Watch(time.monotonic, limit=time.monotonic()))
    assert found.plan.faults() == []
    assert (found.method, found.bound, found.gap) == ("loading", None, None)


def test_progress_names_phases_and_ends_at_the_whole() -> None:
    told: list[tuple[str, float]] = []
    any_model = model({0: [5, 9]}, [[9, 9]], [(0, 0, 1)], [0])
    finite_plan(any_model, Watch(time.monotonic, progress=lambda *said: told.append(said)))
    assert {"lateness", "overtime", "stock"} <= {phase for phase, _ in told}
    assert told[-1] == ("finite plan", 1.0)
    assert all(0 <= done <= 1 for _, done in told)


def test_lots_are_whole_and_each_is_set_up_for() -> None:
    cans = model({0: [0, 3, 3, 3]}, [[20] * 4], [(0, 0, 1)], [0], lot_minimum=[6], lot_multiple=[4])
    cans = replace(cans, steps=replace(cans.steps, setup=np.array([5.0])))
    found = planned(cans, lots=True)
    assert found.plan.started.tolist() == [[0, 8, 0, 8]]
    assert found.plan.load.tolist() == [[0, 13, 0, 13]]
    assert found.plan.faults() == []


def conserved(plan: FinitePlan) -> None:
    """What was there, came and was made is what was drawn, delivered, and is left."""
    assert plan.faults() == []
    made = plan.model.arrivals(plan.started).sum(axis=1)
    gone = plan.model.draws(plan.started).sum(axis=1)
    np.add.at(gone, plan.model.demand_row, plan.delivered.sum(axis=1))
    there = plan.model.stock + plan.model.receipts.sum(axis=1)
    assert there + made == pytest.approx(gone + plan.stock[:, -1], abs=1e-6)


@quick
@given(models())
def test_every_plan_is_feasible_and_conserves_and_none_is_later_than_the_plain_pass(
    drawn: FiniteModel,
) -> None:
    best, loaded = planned(drawn), planned(drawn, one_programme=0)
    plain = greedy(drawn)
    for plan in (best.plan, loaded.plan, plain, planned(drawn, lots=True).plan):
        conserved(plan)
        assert best.plan.lateness <= plan.lateness + 1e-5
    assert best.gap == 0


def just_in_time(unlimited: FiniteModel) -> np.ndarray:
    """Starts as netting without capacity plans them, shape (rows, weeks)."""
    keys = [ItemSite(f"item {row}", "east") for row in range(unlimited.rows)]
    bill = BillOfMaterial(
        BillLine(keys[parent].item, keys[component].item, round(factor * ONE))
        for parent, component, factor in zip(
            unlimited.parent, unlimited.component, unlimited.factor, strict=True
        )
    )
    horizon = Horizon(date(2026, 11, 30), unlimited.weeks)
    wanted = np.zeros((unlimited.rows, unlimited.weeks))
    np.add.at(wanted, unlimited.demand_row, unlimited.demand)
    plans = replan(
        keys,
        bill,
        {
            key: PlanningPolicy("make" if made else "buy", lead=LeadTime(days=int(7 * lead)))
            for key, made, lead in zip(keys, unlimited.made, unlimited.lead, strict=True)
        },
        {
            key: Position(
                on_hand=round(stock * ONE),
                demand=tuple(
                    (day, round(each * ONE)) for day, each in zip(horizon.mondays, row, strict=True)
                ),
            )
            for key, stock, row in zip(keys, unlimited.stock, wanted, strict=True)
        },
        {},
        horizon,
    )
    started = np.zeros_like(wanted)
    for row, key in enumerate(keys):
        for order in plans[key].netting.orders:
            started[row, order.bucket - unlimited.lead[row]] += order.quantity / ONE
    return started


@quick
@given(models())
def test_interior_points_find_what_simplex_finds(drawn: FiniteModel) -> None:
    watch = Watch(time.monotonic)
    exact, near = optimum(drawn, watch), optimum(drawn, watch, by_simplex=0)
    assert exact.plan
    assert near.plan
    assert near.bound == pytest.approx(exact.bound, rel=1e-5, abs=1e-4)
    assert near.plan.lateness == pytest.approx(exact.plan.lateness, rel=1e-4, abs=1e-3)
    assert near.plan.overtime_cost == pytest.approx(exact.plan.overtime_cost, rel=1e-3, abs=1e-2)


@quick
@given(models(limited=False), st.integers(1, 9))
def test_without_limits_it_is_the_just_in_time_plan(drawn: FiniteModel, wanted: int) -> None:
    demand = np.zeros((4, 12))
    demand[:, 8:] = drawn.demand[:, 2:] + wanted
    roomy = replace(
        drawn,
        demand=demand,
        receipts=np.zeros((6, 12)),
        fixed=np.zeros((6, 12)),
        capacity=np.full((2, 12), 1e6),
        overtime=np.zeros((2, 12)),
    )
    netted = just_in_time(roomy)
    for one_programme in (0, 10**9):
        found = planned(roomy, one_programme=one_programme).plan
        assert found.lateness == pytest.approx(0, abs=1e-6)
        assert found.started == pytest.approx(netted, abs=1e-6)


@pytest.mark.parametrize("one_programme", [0, 10**9])
@pytest.mark.parametrize("lots", [False, True])
def test_components_are_made_for_orders_that_stand_before_anything_else(
    one_programme: int, lots: bool
) -> None:
    """Of the 19 parts that there is time for 10 are for the 5 that stand, whatever sales weigh."""
    both = model(
        [(0, 1.0, [0, 0, 0, 5]), (1, 99.0, [0, 0, 10, 0])],
        [[9, 5, 5, 9]],
        [(0, 0, 1), (1, 0, 1)],
        [0, 1],
        [(0, 1, 2)],
        fixed=[[0, 0, 0, 5], [0] * 4],
    )
    plan = planned(both, lots, one_programme).plan
    assert plan.faults() == []
    assert plan.started[0].tolist() == [0, 0, 0, 5]
    assert plan.started[1, :3] == pytest.approx([9, 5, 5])


def test_whole_lots_for_what_stands_begin_sooner_where_they_do_not_fit_just_in_time() -> None:
    """10 are missing in week 3; the least lot is 30, of parts of which 12 are made a week."""
    moved = model(
        {0: [0, 0, 0, 0, 0, 0]},
        [[12] * 6],
        [(2, 0, 1)],
        [1, 0, 0],
        [(0, 1, 1), (1, 2, 1)],
        fixed=[[0, 0, 0, 10, 0, 0], [0] * 6, [0] * 6],
        lot_minimum=[0, 30, 0],
        lot_multiple=[0, 10, 1],
    )
    plan = planned(moved, lots=True).plan
    assert plan.faults() == []
    assert plan.started[1:].tolist() == [[0, 0, 30, 0, 0, 0], [12, 12, 6, 0, 0, 0]]


def test_lots_are_left_out_where_they_would_keep_what_stands_from_its_components() -> None:
    """10 are missing in week 3, and 15 can be made by then: not the least lot, 30."""
    tight = model(
        {0: [0, 0, 0, 0]},
        [[5] * 4],
        [(1, 0, 1)],
        [0, 0],
        [(0, 1, 1)],
        fixed=[[0, 0, 10, 0], [0] * 4],
        lot_minimum=[0, 30],
    )
    found = planned(tight, lots=True)
    assert (found.lots, found.plan.faults()) == (False, [])
    assert found.plan.started[1].sum() == pytest.approx(10)


def test_what_stands_without_components_is_refused_whatever_the_method() -> None:
    late = model(
        {0: [0, 0, 5]},
        [[9] * 3],
        [(0, 0, 1), (1, 0, 1)],
        [0, 1],
        [(0, 1, 2)],
        fixed=[[0, 0, 5], [0] * 3],
    )
    late = replace(late, capacity=np.array([[4.0, 3.0, 9.0]]))
    for one_programme in (0, 10**9):
        with pytest.raises(InfeasiblePlanError) as refused:
            planned(late, one_programme=one_programme)
        assert refused.value.shortages == (Shortage("component", 1, 2, pytest.approx(3)),)


@quick
@given(models(), st.lists(st.integers(0, 3), min_size=12, max_size=12))
def test_what_stands_is_kept_or_refused(drawn: FiniteModel, wanted: list[int]) -> None:
    fixed = np.zeros_like(drawn.receipts)
    fixed[0], fixed[2] = wanted[:6], wanted[6:]
    standing = replace(drawn, fixed=fixed)
    try:
        exact = planned(standing).plan
    except InfeasiblePlanError:
        for lots in (False, True):
            with pytest.raises(InfeasiblePlanError):
                planned(standing, lots, one_programme=0)
        return
    conserved(exact)
    try:
        loaded = planned(standing, one_programme=0).plan
    except InfeasiblePlanError:
        return
    conserved(loaded)
    assert exact.lateness <= loaded.lateness + 1e-5


@pytest.mark.parametrize("one_programme", [0, 10**9])
@pytest.mark.parametrize("lots", [False, True])
def test_nothing_new_arrives_before_its_fence(one_programme: int, lots: bool) -> None:
    fenced = model({0: [0, 4, 0, 6, 0]}, [[9] * 5], [(0, 0, 1)], [1, 1], [(0, 1, 1)], stock=[0, 2])
    fenced = replace(fenced, fence=np.array([3, 2]))
    plan = planned(fenced, lots, one_programme).plan
    assert plan.faults() == []
    assert plan.started == pytest.approx(np.array([[0, 0, 9, 1, 0], [0, 7, 1, 0, 0]]))


@quick
@given(models(), st.lists(st.integers(0, 6), min_size=6, max_size=6))
def test_fences_hold_and_bound_what_both_methods_reach(
    drawn: FiniteModel, fence: list[int]
) -> None:
    fenced = replace(drawn, fence=np.array(fence))
    best, loaded = planned(fenced).plan, planned(fenced, one_programme=0).plan
    for plan in (best, loaded, planned(fenced, lots=True).plan):
        conserved(plan)
        early = np.arange(fenced.weeks) + fenced.lead[:, np.newaxis] < fenced.fence[:, np.newaxis]
        assert not plan.started[early].any()
        assert best.lateness <= plan.lateness + 1e-5
