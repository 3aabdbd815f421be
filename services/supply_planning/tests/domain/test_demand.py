from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.demand import ForecastWeek, still_forecast

MONDAY = date(2026, 11, 23)
NEXT = MONDAY + timedelta(weeks=1)
WEEKS = [ForecastWeek(MONDAY, 8, 5), ForecastWeek(NEXT, 10, 4)]


def test_a_shipment_of_a_deal_leaves_the_pipeline_part_of_the_earliest_weeks() -> None:
    assert still_forecast(WEEKS, 4, {}) == [(MONDAY, 5), (NEXT, 9)]
    assert still_forecast(WEEKS, 99, {}) == [(MONDAY, 5), (NEXT, 4)]


def test_a_direct_order_consumes_the_baseline_of_its_week() -> None:
    assert still_forecast(WEEKS, 0, {NEXT: 3}) == [(MONDAY, 8), (NEXT, 7)]
    assert still_forecast(WEEKS, 0, {NEXT: 99}) == [(MONDAY, 8), (NEXT, 6)]


def test_what_was_given_back_waits_for_a_newer_forecast() -> None:
    assert still_forecast(WEEKS, -5, {MONDAY: -5}) == [(MONDAY, 8), (NEXT, 10)]


units = st.integers(0, 50)


@given(st.lists(st.tuples(units, units), min_size=1, max_size=4), st.lists(units, max_size=4))
def test_consuming_before_the_forecast_does_gives_what_the_forecast_will_say(
    expected: list[tuple[int, int]], orders: list[int]
) -> None:
    """Baseline = max(expected - ordered, 0), as `takt.forecast` joins it."""
    mondays = [MONDAY + timedelta(weeks=number) for number in range(len(expected))]
    known = [ForecastWeek(day, b + p, b) for day, (b, p) in zip(mondays, expected, strict=True)]
    ordered = dict(zip(mondays, orders, strict=False))
    answered = [
        (day, max(baseline - ordered.get(day, 0), 0) + pipeline)
        for day, (baseline, pipeline) in zip(mondays, expected, strict=True)
    ]
    assert still_forecast(known, 0, ordered) == answered
