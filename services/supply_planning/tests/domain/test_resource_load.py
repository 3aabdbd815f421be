"""S6 in the running Takt: loads of stored orders, exact, and whom their minutes are for."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.calendar import LeadTime, WorkingCalendar
from takt.supply_planning.domain.capacity import (
    Operation,
    PlannedOrders,
    Resource,
    load,
    routings,
)
from takt.supply_planning.domain.netting import Horizon, PlannedOrder, PlanningPolicy, Supply
from takt.supply_planning.domain.origins import Origin, Part, Via
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import ONE
from takt.supply_planning.domain.resource_load import (
    MakeOrder,
    Work,
    minutes_by_origin,
    open_order,
    planned_order,
    resource_weeks,
)

TODAY = date(2026, 12, 2)
HORIZON = Horizon(TODAY, weeks=4)
DAY_SHIFT = WorkingCalendar("day shift", (480, 480, 480, 480, 480, 0, 0))
SAW = Resource("saw", DAY_SHIFT, overtime=300)
LATHE = Resource("lathe", DAY_SHIFT, units=2, efficiency=0.9)
FRAME, WHEEL = ItemSite("frame", "east"), ItemSite("wheel", "east")
STEPS = {
    FRAME: [Operation("saw", 10, setup=60), Operation("lathe", 5)],
    WHEEL: [Operation("saw", 2), Operation("saw", 1), Operation("lathe", 0.333333)],
}


def order(
    key: ItemSite, release: int, due: int, millionths: int, lots: int = 1, number: int = 0
) -> MakeOrder:
    """An order from the Monday of one week to that of another."""
    begin, end = (HORIZON.first_week + timedelta(weeks=week) for week in (release, due))
    return MakeOrder(key, UUID(int=number), "planned", begin, end, millionths, lots)


def test_load_capacity_and_what_is_missing_name_the_orders_the_largest_first() -> None:
    small, large = order(WHEEL, 1, 1, 100 * ONE), order(FRAME, 1, 2, 300 * ONE, lots=2, number=1)
    saw = resource_weeks([small, large], STEPS, [SAW], HORIZON)
    assert [one.capacity // ONE for one in saw] == [3 * 480, 2400, 2400, 2400]
    assert [one.load // ONE for one in saw] == [0, 300 + 3000 + 120, 0, 0]
    assert [one.missing // ONE for one in saw] == [0, 1020, 0, 0]
    assert saw[1].work == (Work(large, 3120 * ONE), Work(small, 300 * ONE))
    assert saw[1].overtime == 300 * ONE


ORDERS = st.lists(
    st.builds(
        lambda key, release, span, units, lots, number: order(
            key, release, release + span, units, lots, number
        ),
        st.sampled_from([FRAME, WHEEL]),
        st.integers(0, 5),
        st.integers(0, 4),
        st.integers(1, 10**10),
        st.integers(1, 3),
        st.integers(0, 2**64),
    ),
    max_size=8,
    unique_by=lambda one: one.order_id,
)


@given(ORDERS)
def test_loads_fall_into_the_weeks_of_the_rough_cut_of_a_folder(orders: list[MakeOrder]) -> None:
    resources = [SAW, LATHE]
    weeks = [[(day - HORIZON.first_week).days // 7 for day in one[3:5]] for one in orders]
    columns = PlannedOrders(
        np.array([(FRAME, WHEEL).index(one.key) for one in orders], np.int64),
        np.array([release for release, _ in weeks], np.int64),
        np.array([due for _, due in weeks], np.int64),
        np.array([one.started / ONE for one in orders]),
        np.array([one.lots for one in orders], np.int64),
    )
    expected = load(columns, routings({FRAME: 0, WHEEL: 1}, resources, STEPS), (2, 4))
    found = [one.load / ONE for one in resource_weeks(orders, STEPS, resources, HORIZON)]
    assert np.allclose(found, expected.ravel(), rtol=1e-9, atol=1e-4)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 10**9))), st.integers(0, 10**12))
def test_minutes_by_origin_sum_to_the_order(each: list[tuple[int, int]], minutes: int) -> None:
    parts = [
        Part(Origin("deal", "bike", "north", reference=UUID(int=deal)), (), units)
        for deal, units in each
    ]
    found = minutes_by_origin(Work(order(FRAME, 0, 1, ONE), minutes), parts)
    assert sum(found.values()) == minutes
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_minutes_of_a_demand_by_two_ways_are_one_part() -> None:
    demand = Origin("deal", "bike", "north", reference=UUID(int=7))
    ways = [Part(demand, (Via("bike", "east", UUID(int=n)),), ONE) for n in (1, 2)]
    lot = Part(Origin("lot", *FRAME), (), ONE)
    found = minutes_by_origin(Work(order(FRAME, 0, 1, ONE), 100), [*ways, lot])
    assert found == {demand: 67, lot.origin: 33}


def test_what_is_not_started_starts_today_at_the_earliest_and_takes_its_time() -> None:
    policy = PlanningPolicy("make", lead=LeadTime(7))
    before = TODAY - timedelta(days=10)
    firm = Supply(UUID(int=1), "firm", TODAY + timedelta(days=4), ONE, before)
    late = open_order(FRAME, firm, policy, TODAY)
    assert (late.kind, late.release, late.due) == ("firm", TODAY, TODAY + timedelta(days=14))
    old = planned_order(FRAME, before, PlannedOrder(0, TODAY, before, (ONE, ONE)), TODAY)
    assert (old.release, old.due - old.release, old.lots) == (TODAY, timedelta(days=10), 2)
    dated = open_order(FRAME, Supply(UUID(int=1), "firm", date(2026, 12, 14), ONE), policy, TODAY)
    assert dated.release == date(2026, 12, 7)


def test_what_the_shop_should_have_begun_before_this_week_counts_as_done() -> None:
    begun = HORIZON.first_week - timedelta(weeks=1)
    due = HORIZON.first_week + timedelta(weeks=1)
    supply = Supply(UUID(int=1), "scheduled", due, 100 * ONE, begun)
    there = open_order(FRAME, supply, PlanningPolicy("make"), TODAY)
    found = resource_weeks([there], STEPS, [SAW, LATHE], HORIZON)
    assert [one.load // ONE for one in found] == [0] * 4 + [500, 0, 0, 0]


def test_a_yield_has_minutes_for_what_is_started() -> None:
    policy = PlanningPolicy("make", yield_share=Decimal("0.5"))
    firm = open_order(FRAME, Supply(UUID(int=1), "firm", TODAY, 10 * ONE), policy, TODAY)
    assert firm.started == 20 * ONE
