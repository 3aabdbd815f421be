from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.calendar import LeadTime
from takt.supply_planning.domain.lots import PriceBreak
from takt.supply_planning.domain.messages import (
    Advice,
    Communicated,
    Message,
    Value,
    advise,
    damp,
)
from takt.supply_planning.domain.netting import Horizon, PlanningPolicy, Supply, net
from takt.supply_planning.domain.quantity import ONE

MONDAY = date(2026, 11, 23)
HORIZON = Horizon(MONDAY, weeks=8)
ORDER = UUID(int=1)
EXACT = PlanningPolicy("buy")
TEN_PERCENT = PlanningPolicy("buy", tolerance_share=100_000)


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


def order(number: int, quantity: int, firm: bool = False, due: date | None = None) -> Supply:
    return Supply(ORDER, "firm" if firm else "scheduled", due or week(number), quantity)


def advice(
    demand: dict[int, int],
    *supplies: Supply,
    policy: PlanningPolicy = EXACT,
    communicated: dict[UUID, Communicated] | None = None,
    horizon: Horizon = HORIZON,
) -> Advice:
    gross = [demand.get(number, 0) for number in range(horizon.weeks)]
    plan = net(gross, 0, supplies, policy, horizon)
    return advise(plan.needs, plan.orders, supplies, communicated or {}, policy, horizon)


def test_an_order_needed_earlier_is_expedited() -> None:
    assert advice({2: 10}, order(4, 10)).messages == (
        Message(ORDER, "expedite", "needed_earlier", from_date=week(4), to_date=week(2)),
    )


def test_an_order_needed_later_is_deferred() -> None:
    assert advice({5: 10}, order(4, 10)).messages == (
        Message(ORDER, "defer", "needed_later", from_date=week(4), to_date=week(5)),
    )


def test_a_fall_in_demand_decreases_an_open_order_and_then_cancels_it() -> None:
    """Capability S5."""
    assert advice({4: 6}, order(4, 10)).messages == (
        Message(ORDER, "decrease", "demand_fell", from_quantity=10, to_quantity=6),
    )
    assert advice({}, order(4, 10)).messages == (
        Message(ORDER, "cancel", "not_needed", week(4), None, 10, 0),
    )


def test_more_demand_in_the_week_of_a_firm_order_increases_it() -> None:
    grown = advice({4: 15}, order(4, 10, firm=True))
    assert grown.messages == (
        Message(ORDER, "increase", "demand_rose", from_quantity=10, to_quantity=15),
    )
    assert grown.grown == {4: ORDER}


def test_more_demand_beside_an_order_that_is_with_its_supplier_is_a_new_order() -> None:
    more = advice({4: 15}, order(4, 10))
    assert more.messages == ()
    assert more.grown == {}


def test_an_order_is_wanted_on_another_date_and_in_another_quantity() -> None:
    kinds = {message.kind for message in advice({6: 4}, order(4, 10)).messages}
    assert kinds == {"defer", "decrease"}


def test_an_order_whose_date_has_passed_is_overdue() -> None:
    late = order(0, 10, due=MONDAY - timedelta(days=3))
    assert advice({0: 10}, late).messages == (
        Message(ORDER, "expedite", "overdue", from_date=late.due),
    )


def test_an_approved_order_is_to_be_released_from_its_release_date_on() -> None:
    ready = replace(order(4, 10, firm=True), release=MONDAY)
    assert [m.kind for m in advice({4: 10}, ready).messages] == ["release"]
    waiting = replace(ready, release=MONDAY + timedelta(days=1))
    assert advice({4: 10}, waiting).messages == ()


def test_an_approved_order_that_cannot_be_there_in_time_says_when_it_can() -> None:
    slow = PlanningPolicy("buy", lead=LeadTime(days=20))
    approved = order(1, 10, firm=True)
    assert advice({1: 10}, approved, policy=slow).messages == (
        Message(ORDER, "expedite", "lead_time_too_short", MONDAY + timedelta(days=20), week(1)),
    )
    assert advice({1: 10}, order(1, 10), policy=slow).messages == ()
    assert advice({3: 10}, order(3, 10, firm=True), policy=slow).messages == ()
    (earlier,) = advice({1: 10}, order(5, 10, firm=True), policy=slow).messages
    assert earlier.reason == "needed_earlier"


def test_inside_the_fence_nothing_is_moved() -> None:
    fenced = PlanningPolicy("buy", fence_days=21)
    assert advice({}, order(1, 10), policy=fenced).messages == ()
    assert advice({0: 10}, order(5, 10), policy=fenced).messages == (
        Message(ORDER, "expedite", "needed_earlier", from_date=week(5), to_date=week(3)),
    )


def test_unchanged_input_says_nothing_new() -> None:
    """Capability S5."""
    first = advice({2: 10}, order(4, 10))
    again = advice({2: 10}, order(4, 10), communicated=dict(first.communicated))
    assert again == first


def test_a_changed_order_has_communicated_its_own_value() -> None:
    asked = advice({4: 15}, order(4, 20), policy=TEN_PERCENT)
    assert [m.to_quantity for m in asked.messages] == [15]
    done = advice({4: 15}, order(4, 16), policy=TEN_PERCENT, communicated=dict(asked.communicated))
    assert done.messages == ()
    assert done.damped


def test_the_message_depends_on_the_state_and_not_on_what_was_seen_during_the_day() -> None:
    seen: dict[UUID, Communicated] = {}
    for demand in (80, 40, 0, 95):
        last = advice({4: demand}, order(4, 100), policy=TEN_PERCENT, communicated=seen)
        seen = dict(last.communicated)
    assert last == advice({4: 95}, order(4, 100), policy=TEN_PERCENT)


def day_by_day(demands: list[int], policy: PlanningPolicy) -> list[tuple[Message, ...]]:
    """Messages of consecutive days; only those that differ from the day before."""
    seen: dict[UUID, Communicated] = {}
    said: list[tuple[Message, ...]] = [()]
    for day, demand in enumerate(demands):
        horizon = Horizon(MONDAY + timedelta(days=day % 7), HORIZON.weeks)
        now = advice(
            {4: demand},
            order(4, 1000),
            policy=policy,
            communicated=seen,
            horizon=horizon,
        )
        seen = dict(now.communicated)
        if now.messages != said[-1]:
            said.append(now.messages)
    return said[1:]


def test_slow_drift_still_fires() -> None:
    """Capability S5."""
    drift = [1000 - 30 * day for day in range(7)]
    said = day_by_day(drift, TEN_PERCENT)
    assert [[m.to_quantity for m in messages] for messages in said] == [[880]]


@given(st.lists(st.integers(905, 1000), min_size=1, max_size=7))
def test_small_noise_yields_no_message(noise: list[int]) -> None:
    assert day_by_day(noise, TEN_PERCENT) == []


@given(st.integers(300, 800), st.lists(st.integers(-10, 10), min_size=1, max_size=6))
def test_noise_around_a_communicated_value_does_not_repeat_the_message(
    level: int, noise: list[int]
) -> None:
    assert len(day_by_day([level, *(level + n for n in noise)], TEN_PERCENT)) == 1


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=40))
def test_what_was_communicated_is_never_further_from_the_truth_than_the_tolerance(
    wanted: list[int],
) -> None:
    last = Value(MONDAY, 1000)
    for quantity in wanted:
        said, held = damp(Value(MONDAY, quantity), last, TEN_PERCENT)
        assert abs(said.quantity - quantity) * 10 <= last.quantity
        assert held == (said.quantity != quantity)
        last = said


def test_a_few_units_short_in_an_earlier_week_are_noise_and_a_tenth_is_not() -> None:
    """Capability S5: an order of week 4 is needed in week 3 for no more than is missing there."""
    first = order(1, 300)
    second = replace(order(4, 100), order_id=UUID(int=2))
    calm = {1: 100, 2: 100, 3: 100, 4: 100}
    for more, kinds in ((10, []), (11, ["expedite"])):
        demand = calm | {3: 100 + more}
        said = advice(demand, first, second, policy=TEN_PERCENT)
        assert [m.kind for m in said.messages if m.order_id == second.order_id] == kinds
        assert said.damped == (not kinds)
    assert advice(calm | {3: 101}, first, second).messages != ()


def test_an_order_of_which_nothing_is_needed_is_cancelled_however_little_would_need_it() -> None:
    first = order(1, 300)
    last = replace(order(5, 100), order_id=UUID(int=2))
    said = advice({1: 150, 5: 150}, first, last, policy=TEN_PERCENT)
    assert [m.kind for m in said.messages] == ["cancel"]


PRICED = PlanningPolicy(
    "buy", prices=(PriceBreak(0, Decimal(4)), PriceBreak(8 * ONE, Decimal(3))), lead=LeadTime(21)
)


def stakes(messages: tuple[Message, ...]) -> list[tuple[str, Decimal | None, int | None, str]]:
    return [(m.kind, m.amount, m.days, m.priority) for m in messages]


def test_a_message_says_the_money_at_stake_the_days_and_how_urgent_it_is() -> None:
    ten = 10 * ONE
    assert stakes(advice({4: 4 * ONE}, order(4, ten), policy=PRICED).messages) == [
        ("decrease", Decimal(24), None, "medium")
    ]
    assert stakes(advice({5: ten}, order(4, ten), policy=PRICED).messages) == [
        ("defer", Decimal(30), 7, "low")
    ]
    assert stakes(advice({1: ten}, order(4, ten), policy=PRICED).messages) == [
        ("expedite", Decimal(30), 21, "high")
    ]
    assert stakes(advice({4: ten}, order(6, ten), policy=PRICED).messages) == [
        ("expedite", Decimal(30), 14, "medium")
    ]
    own = replace(order(4, ten), price=Decimal("2.5"))
    assert stakes(advice({}, own, policy=PRICED).messages) == [
        ("cancel", Decimal(25), None, "medium")
    ]
    assert stakes(advice({}, order(4, ten)).messages) == [("cancel", None, None, "medium")]
