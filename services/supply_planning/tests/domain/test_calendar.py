from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.calendar import (
    ROUND_THE_CLOCK,
    LeadTime,
    NoWorkingTimeError,
    WorkingCalendar,
    earliest_due,
    open_day,
    release_date,
)
from takt.supply_planning.domain.quantity import ONE

DUE = date(2026, 9, 30)
EIGHT_HOURS = WorkingCalendar("day shift", (480, 480, 480, 480, 480, 0, 0))
FORTY_NINE_HALF_HOURS = LeadTime(minutes_per_unit=30, buffer_days=1)


def test_work_round_the_clock_is_released_on_27_september() -> None:
    """Capability S4: 49 times 30 minutes and a day of buffer, due 30 September 2026."""
    released = release_date(DUE, FORTY_NINE_HALF_HOURS, 49 * ONE, ROUND_THE_CLOCK)
    assert released == date(2026, 9, 27)


def test_work_on_eight_hours_monday_to_friday_is_released_on_23_september() -> None:
    """Capability S4."""
    released = release_date(DUE, FORTY_NINE_HALF_HOURS, 49 * ONE, EIGHT_HOURS)
    assert released == date(2026, 9, 23)


def test_a_holiday_moves_the_release_one_day_further() -> None:
    calendar = WorkingCalendar("with a holiday", EIGHT_HOURS.minutes, {date(2026, 9, 28): 0})
    assert release_date(DUE, FORTY_NINE_HALF_HOURS, 49 * ONE, calendar) == date(2026, 9, 22)


def test_a_part_of_a_period_takes_a_whole_one() -> None:
    one_minute_more = release_date(DUE, LeadTime(minutes_per_unit=1), 481 * ONE, EIGHT_HOURS)
    assert one_minute_more == date(2026, 9, 28)


def test_lead_days_are_working_days() -> None:
    assert release_date(DUE, LeadTime(days=3), ONE, EIGHT_HOURS) == date(2026, 9, 25)


def test_nothing_to_do_is_released_when_it_is_due() -> None:
    assert release_date(DUE, LeadTime(), ONE, EIGHT_HOURS) == DUE


def test_a_closed_due_date_moves_to_the_open_day_before() -> None:
    assert open_day(date(2026, 9, 27), EIGHT_HOURS) == date(2026, 9, 25)


def test_a_lead_time_in_the_past_is_refused() -> None:
    with pytest.raises(ValueError, match="days -3 lies in the past"):
        LeadTime(days=-3)


def test_a_calendar_without_work_is_refused() -> None:
    with pytest.raises(NoWorkingTimeError, match="no working weekday"):
        WorkingCalendar("never", (0,) * 7)


def test_more_minutes_than_a_day_has_are_refused() -> None:
    with pytest.raises(ValueError, match="1441 minutes"):
        WorkingCalendar("long", (1441, 0, 0, 0, 0, 0, 0))


@given(
    st.dates(DUE, DUE + timedelta(weeks=9)),
    st.builds(LeadTime, st.integers(0, 40), st.integers(0, 90), st.integers(0, 3)),
    st.integers(0, 80 * ONE),
    st.lists(st.integers(0, 600), min_size=7, max_size=7).filter(any),
)
def test_the_earliest_due_date_is_the_first_whose_release_date_is_not_too_early(
    release: date, lead: LeadTime, quantity: int, minutes: list[int]
) -> None:
    calendar = WorkingCalendar("any", tuple(minutes))  # type: ignore[arg-type]
    due = earliest_due(release, lead, quantity, calendar)
    assert release_date(due, lead, quantity, calendar) >= release
    day_before = due - timedelta(days=1)
    assert release_date(day_before, lead, quantity, calendar) < release
