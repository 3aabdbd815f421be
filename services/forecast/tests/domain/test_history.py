from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain.calendar import months_of_weeks, spread_over_days, week_of
from takt.forecast.domain.history import SeriesKey, weekly_history

SERIES = SeriesKey("pump", "north")
MONDAY = date(2026, 11, 23)

quantities = st.decimals(0, 10**9, places=6)


def test_a_week_begins_on_its_iso_monday():
    assert week_of(date(2027, 1, 3)) == date(2026, 12, 28)


@given(quantities)
def test_the_days_of_a_week_sum_to_it_exactly(quantity):
    days = spread_over_days(MONDAY, quantity)
    assert len(days) == 7
    assert sum(days.values()) == quantity


@given(st.lists(quantities, min_size=1, max_size=30))
def test_months_sum_to_their_weeks_exactly(weekly):
    weeks = {MONDAY + timedelta(weeks=i): quantity for i, quantity in enumerate(weekly)}
    assert sum(months_of_weeks(weeks).values()) == sum(weekly)


def test_a_week_across_two_months_is_divided_by_its_days():
    months = months_of_weeks({date(2026, 11, 30): Decimal(70)})
    assert months == {date(2026, 11, 1): Decimal(10), date(2026, 12, 1): Decimal(60)}


def test_weeks_without_a_sale_are_zero_and_the_week_in_progress_is_not_history():
    demand = [
        (date(2026, 11, 3), Decimal(5)),
        (date(2026, 11, 20), Decimal(2)),
        (date(2026, 11, 18), Decimal(1)),
        (date(2026, 11, 23), Decimal(100)),
    ]
    history = weekly_history(SERIES, demand, MONDAY)
    assert history.first_week == date(2026, 11, 2)
    assert history.quantities.tolist() == [5, 0, 3]


def test_nothing_wanted_before_this_week_is_no_history():
    assert weekly_history(SERIES, [(MONDAY, Decimal(1))], MONDAY) is None
    assert weekly_history(SERIES, [(date(2026, 1, 1), Decimal(0))], MONDAY) is None
