from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.calendar import LeadTime, WorkingCalendar
from takt.supply_planning.domain.lots import LotPolicy
from takt.supply_planning.domain.netting import (
    Horizon,
    Need,
    Netting,
    PlanningPolicy,
    Supply,
    late_arrival,
    net,
)

MONDAY = date(2026, 11, 23)
HORIZON = Horizon(MONDAY, weeks=6)


def weeks(*quantities: int) -> list[int]:
    return [*quantities, *[0] * (HORIZON.weeks - len(quantities))]


def supply(number: int, week: int, quantity: int, firm: bool = False) -> Supply:
    due = MONDAY + timedelta(weeks=week)
    return Supply(UUID(int=number), "firm" if firm else "scheduled", due, quantity)


def ordered(
    gross: list[int],
    on_hand: int = 0,
    supplies: tuple[Supply, ...] = (),
    policy: PlanningPolicy | None = None,
) -> Netting:
    return net(gross, on_hand, supplies, policy or PlanningPolicy("buy"), HORIZON)


def test_safety_stock_is_added_once() -> None:
    """Capability S1: demands 250 and 1,000, safety stock 100."""
    plan = ordered(weeks(250, 1000), policy=PlanningPolicy("buy", safety_stock=100))
    assert sum(order.quantity for order in plan.orders) == 1350
    assert plan.projected == (100,) * 6


def test_what_is_available_cascades() -> None:
    """Capability S1: 12 available, demands 12 and 1."""
    plan = ordered(weeks(12, 1), on_hand=12)
    assert [(order.bucket, order.quantity) for order in plan.orders] == [(1, 1)]


def test_a_firm_planned_order_is_not_ordered_again() -> None:
    """Capability S2: on hand 12, safety stock 10, demand 5, firm planned 3."""
    plan = ordered(
        weeks(5), 12, (supply(1, 0, 3, firm=True),), PlanningPolicy("buy", safety_stock=10)
    )
    assert plan.orders == ()


def test_a_receipt_of_today_covers_the_safety_stock() -> None:
    """Capability S2: on hand 0, safety stock 5, receipt 10 today."""
    plan = ordered(weeks(), 0, (supply(1, 0, 10),), PlanningPolicy("buy", safety_stock=5))
    assert sum(order.quantity for order in plan.orders) == 0


def test_nothing_new_is_planned_inside_the_fence_and_it_is_made_up_after_it() -> None:
    """Capability S2."""
    plan = ordered(weeks(4, 3, 2), policy=PlanningPolicy("buy", fence_days=8))
    assert [(order.bucket, order.quantity) for order in plan.orders] == [(2, 9)]
    assert plan.short == (4, 7, 0, 0, 0, 0)


def test_an_order_that_lies_too_late_is_needed_earlier_instead_of_a_new_one() -> None:
    plan = ordered(weeks(0, 10), supplies=(supply(1, 3, 10),))
    assert plan.orders == ()
    assert plan.needs == (Need(UUID(int=1), 1, 10),)
    assert plan.projected == (0, -10, -10, 0, 0, 0)


def test_an_order_that_lies_too_early_is_needed_later() -> None:
    assert ordered(weeks(0, 0, 0, 10), supplies=(supply(1, 1, 10),)).needs == (
        Need(UUID(int=1), 3, 10),
    )


def test_an_order_without_demand_is_not_needed() -> None:
    assert ordered(weeks(), supplies=(supply(1, 1, 10),)).needs == (Need(UUID(int=1), None, 0),)


def test_an_order_is_wanted_smaller_down_to_a_lot() -> None:
    policy = PlanningPolicy("buy", lot=LotPolicy(multiple=25))
    plan = ordered(weeks(0, 30), supplies=(supply(1, 1, 100),), policy=policy)
    assert plan.needs == (Need(UUID(int=1), 1, 50),)
    assert plan.by_lot


def test_a_period_lot_orders_several_weeks_at_once() -> None:
    policy = PlanningPolicy("buy", lot=LotPolicy("period", periods=3))
    plan = ordered(weeks(0, 5, 6, 7, 8), policy=policy)
    assert [(order.bucket, order.quantity) for order in plan.orders] == [(1, 18), (4, 8)]


def test_an_order_is_due_on_the_first_open_day_and_released_a_lead_time_before() -> None:
    tuesdays = WorkingCalendar("tuesdays", (0, 480, 0, 0, 0, 0, 0))
    plan = ordered(
        weeks(0, 0, 1), policy=PlanningPolicy("buy", lead=LeadTime(days=10), receiving=tuesdays)
    )
    assert [(order.due, order.release) for order in plan.orders] == [
        (date(2026, 12, 8), date(2026, 11, 28))
    ]


def test_what_is_needed_sooner_than_its_lead_time_is_released_today_and_due_when_needed() -> None:
    policy = PlanningPolicy("buy", lead=LeadTime(days=10))
    plan = ordered(weeks(0, 1, 1), policy=policy)
    assert [(order.due, order.release) for order in plan.orders] == [
        (MONDAY + timedelta(days=7), MONDAY),
        (MONDAY + timedelta(days=14), MONDAY + timedelta(days=4)),
    ]


def test_a_late_arrival_is_the_first_day_open_to_receive_after_the_lead_time() -> None:
    tuesdays = WorkingCalendar("tuesdays", (0, 480, 0, 0, 0, 0, 0))
    policy = PlanningPolicy("buy", lead=LeadTime(days=10), receiving=tuesdays)
    assert late_arrival(MONDAY + timedelta(days=1), 1, policy, HORIZON) == date(2026, 12, 8)
    assert late_arrival(MONDAY + timedelta(days=15), 1, policy, HORIZON) is None


def test_what_is_due_in_the_past_belongs_to_the_first_week() -> None:
    plan = ordered(weeks(10), supplies=(supply(1, -2, 10),))
    assert plan.scheduled[0] == 10
    assert plan.orders == ()


def test_orders_after_the_horizon_are_left_alone() -> None:
    plan = ordered(weeks(10), supplies=(supply(1, 99, 10),))
    assert plan.needs == ()
    assert sum(plan.scheduled) == 0


@pytest.mark.parametrize("day", range(7))
def test_a_week_is_planned_from_any_of_its_days(day: int) -> None:
    horizon = Horizon(MONDAY + timedelta(days=day), 6)
    assert horizon.first_week == MONDAY
    assert horizon.bucket(MONDAY + timedelta(days=13)) == 1


quantities = st.integers(0, 500)
lot_policies = st.one_of(
    st.just(LotPolicy()),
    st.builds(LotPolicy, st.just("fixed"), quantity=st.integers(1, 90)),
    st.builds(LotPolicy, st.just("period"), periods=st.integers(1, 4)),
    st.builds(LotPolicy, minimum=st.integers(0, 90), multiple=st.integers(0, 30)),
    st.builds(LotPolicy, minimum=st.integers(0, 40), maximum=st.integers(40, 90)),
)
policies = st.builds(
    PlanningPolicy,
    st.just("buy"),
    safety_stock=quantities,
    lot=lot_policies,
    fence_days=st.integers(0, 30),
    lead=st.builds(LeadTime, days=st.integers(0, 40)),
)
open_orders = st.lists(
    st.builds(supply, st.integers(1, 999), st.integers(-2, 8), quantities, st.booleans()),
    max_size=5,
    unique_by=lambda order: order.order_id,
)


@given(st.lists(quantities, min_size=6, max_size=6), st.integers(-200, 900), open_orders, policies)
def test_stock_and_receipts_and_planned_less_gross_is_the_end_of_every_week(
    gross: list[int], on_hand: int, supplies: list[Supply], policy: PlanningPolicy
) -> None:
    plan = net(gross, on_hand, supplies, policy, HORIZON)
    inside = [order for order in supplies if HORIZON.bucket(order.due) is not None]
    for week in range(HORIZON.weeks):
        received = sum(o.quantity for o in inside if (HORIZON.bucket(o.due) or 0) <= week)
        planned = sum(order.quantity for order in plan.orders if order.bucket <= week)
        assert plan.projected[week] == on_hand + received + planned - sum(gross[: week + 1])


@given(st.lists(quantities, min_size=6, max_size=6), st.integers(-200, 900), open_orders, policies)
def test_demand_and_safety_stock_are_covered_by_the_end_and_nothing_is_planned_in_the_fence(
    gross: list[int], on_hand: int, supplies: list[Supply], policy: PlanningPolicy
) -> None:
    plan = net(gross, on_hand, supplies, policy, HORIZON)
    assert all(order.bucket >= policy.fence(HORIZON) for order in plan.orders)
    if policy.fence(HORIZON) < HORIZON.weeks:
        assert plan.projected[-1] >= policy.safety_stock
    assert {need.order_id for need in plan.needs} == {
        order.order_id for order in supplies if HORIZON.bucket(order.due) is not None
    }
    assert all(
        need.quantity <= order.quantity
        for need in plan.needs
        for order in supplies
        if order.order_id == need.order_id
    )
