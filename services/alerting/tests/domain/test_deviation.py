from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.alerting.domain.deviation import (
    BUSINESS_WEEK,
    Bucket,
    Limits,
    Reason,
    Record,
    Spread,
    explaining_child,
    judge,
    share_due,
    tracking_signal,
    weekday_profile,
)

MONDAY = date(2026, 11, 23)
TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + timedelta(days=n) for n in (1, 2, 3))
LAST_WEEK = MONDAY - timedelta(days=7)


def bucket(forecast, actual, week=MONDAY, half=None):
    spread = None if half is None else Spread(Decimal(half) ** 2, Decimal(half) ** 2)
    return Bucket(week, Decimal(forecast), Decimal(actual), spread)


def closed(*pairs):
    first = MONDAY - timedelta(weeks=len(pairs))
    return Record(tuple(bucket(f, a, first + timedelta(weeks=n)) for n, (f, a) in enumerate(pairs)))


def under_way(forecast, actual, **interval):
    return Record((), bucket(forecast, actual, **interval))


def test_selling_too_little_is_not_judged_before_mid_week():
    assert judge(under_way(100, 0), TUESDAY).reason is Reason.TOO_EARLY


def test_zero_sales_fire_on_the_clock_alone_at_mid_week():
    verdict = judge(under_way(100, 0), WEDNESDAY)
    assert verdict.breached
    assert verdict.reason is Reason.NO_SALES
    assert verdict.direction == "under"
    assert verdict.expected == 40
    assert verdict.error == 40
    assert verdict.relative_error == 1


def test_zero_sales_fire_even_inside_a_wide_interval():
    verdict = judge(under_way(100, 0, half=200), WEDNESDAY)
    assert verdict.fired == (Reason.NO_SALES,)


def test_a_week_under_way_is_compared_with_what_was_due_by_now():
    on_pace, behind = judge(under_way(100, 40), WEDNESDAY), judge(under_way(100, 30), WEDNESDAY)
    assert on_pace.reason is Reason.WITHIN_LIMITS
    assert behind.reason is Reason.PERCENTAGE
    assert behind.relative_error == Decimal("0.25")


def test_selling_too_much_fires_at_once_by_the_end_of_the_day():
    assert judge(under_way(100, 20), MONDAY).reason is Reason.TOO_EARLY
    verdict = judge(under_way(100, 25), MONDAY)
    assert verdict.direction == "over"
    assert verdict.reason is Reason.PERCENTAGE
    assert verdict.error == -5


def test_an_order_booked_for_friday_is_not_missing_on_wednesday():
    booked = Record((), Bucket(MONDAY, Decimal(100), Decimal(100), None, booked=Decimal(100)))
    assert judge(booked, WEDNESDAY).reason is Reason.WITHIN_LIMITS


def test_orders_booked_for_later_are_too_much_once_they_pass_the_whole_week():
    booked = Record((), Bucket(MONDAY, Decimal(100), Decimal(130), None, booked=Decimal(125)))
    verdict = judge(booked, MONDAY)
    assert (verdict.direction, verdict.expected, verdict.actual) == ("over", 100, 130)


def test_sales_where_nothing_was_forecast_are_too_much():
    verdict = judge(under_way(0, 12), MONDAY)
    assert verdict.direction == "over"
    assert verdict.relative_error == -1


def test_a_small_series_is_left_alone():
    assert judge(under_way(9, 0), THURSDAY).reason is Reason.BELOW_MINIMUM_VOLUME


def test_a_percentage_inside_the_interval_is_announced_noise():
    # 40 were due; the half-width of 30 for the week is 19 for that part of it
    assert judge(under_way(100, 22, half=30), WEDNESDAY).breached is False
    outside = judge(under_way(100, 20, half=30), WEDNESDAY)
    assert outside.fired == (Reason.PERCENTAGE, Reason.INTERVAL)


def test_outside_a_tight_interval_a_smaller_error_counts():
    assert judge(under_way(100, 35, half=5), WEDNESDAY).reason is Reason.INTERVAL
    assert judge(under_way(100, 38, half="0.2"), WEDNESDAY).breached is False


def test_last_week_stands_until_this_one_can_be_judged():
    record = Record((bucket(100, 50, LAST_WEEK),), bucket(100, 0))
    monday = judge(record, MONDAY)
    assert (monday.reason, monday.week) == (Reason.PERCENTAGE, LAST_WEEK)
    caught_up = Record(record.history, bucket(100, 40))
    assert judge(caught_up, WEDNESDAY).reason is Reason.WITHIN_LIMITS


def test_the_tracking_signal_starts_at_the_sixth_period_and_is_positive_when_too_high():
    five, six = closed(*[(110, 100)] * 5), closed(*[(110, 100)] * 6)
    assert tracking_signal(five.history, Limits()) is None
    assert tracking_signal(six.history, Limits()) == 6
    verdict = judge(six, MONDAY)
    assert verdict.reason is Reason.TRACKING_SIGNAL
    assert verdict.direction == "under"
    assert verdict.tracking_signal == 6


def test_a_persistent_but_tiny_bias_does_not_fire():
    assert judge(closed(*[(102, 100)] * 8), MONDAY).breached is False


def test_errors_that_cancel_give_no_signal():
    record = closed(*[(115, 100), (85, 100)] * 4)
    assert tracking_signal(record.history, Limits()) == 0
    assert judge(record, MONDAY).breached is False


def test_three_weeks_on_one_side_fire_as_consecutive_periods():
    verdict = judge(closed((100, 110), (100, 88), (100, 88), (100, 88)), MONDAY)
    assert verdict.reason is Reason.CONSECUTIVE
    assert verdict.expected == 300
    assert verdict.direction == "under"
    assert not judge(closed((100, 88), (100, 115), (100, 88)), MONDAY).breached


def test_a_parent_that_one_child_explains_is_the_childs():
    child = under_way(100, 0)
    parent = under_way(300, 80)
    assert judge(parent, WEDNESDAY).breached
    assert explaining_child(parent, {"a": child}, WEDNESDAY) == "a"


def test_a_parent_that_stays_low_without_its_child_is_its_own():
    parent = under_way(1000, 100)
    assert explaining_child(parent, {"a": under_way(100, 0)}, WEDNESDAY) is None


def test_the_larger_of_two_children_explains_when_either_would():
    children = {"small": under_way(100, 5), "large": under_way(150, 10)}
    parent = under_way(500, 155)
    assert explaining_child(parent, children, WEDNESDAY) == "large"


def test_a_profile_is_learned_slowly_from_the_business_week():
    sold = [Decimal(n) for n in (0, 0, 0, 0, 0, 50, 50)]
    profile = weekday_profile(sold, weeks=4)
    assert profile[5] == Decimal("0.25")
    assert profile[0] == Decimal("0.1")
    assert weekday_profile([Decimal(0)] * 7, weeks=9) == BUSINESS_WEEK


@given(st.lists(st.integers(0, 10**9), min_size=7, max_size=7), st.integers(0, 500))
def test_a_profile_always_sums_to_the_whole_week(sold, weeks):
    profile = weekday_profile([Decimal(n) for n in sold], weeks)
    assert sum(profile) == pytest.approx(Decimal(1), abs=Decimal("1e-20"))
    assert share_due(profile, MONDAY, MONDAY) == 0
    assert share_due(profile, MONDAY, MONDAY + timedelta(days=7)) == 1


amounts = st.decimals(0, 10**6, places=3)


@given(amounts, amounts, st.integers(0, 6))
def test_a_verdict_names_a_rule_exactly_when_it_takes_a_side(forecast, actual, day):
    verdict = judge(under_way(forecast, actual), MONDAY + timedelta(days=day))
    assert verdict.breached == bool(verdict.fired)
    if verdict.breached:
        assert verdict.reason in verdict.fired
        assert (verdict.error > 0) == (verdict.direction == "under")
