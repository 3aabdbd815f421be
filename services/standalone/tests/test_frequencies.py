from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.standalone import frequencies
from takt.standalone.frequencies import changes, inferred, moment_of, named


def days(*texts: str) -> list[frequencies.Moment]:
    return [datetime.fromisoformat(text) for text in texts]


def every(step: timedelta, number: int, start: str = "2024-01-01") -> list[frequencies.Moment]:
    return [datetime.fromisoformat(start) + step * place for place in range(number)]


MONTHS = days(*(f"2024-{month:02}-01" for month in range(1, 13)))
ENDS = days("2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31")


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("17", 17),
        ("-3", -3),
        ("4.0", 4),
        (5.0, 5),
        ("2026-01-31", datetime(2026, 1, 31)),  # noqa: DTZ001
        ("20260131", datetime(2026, 1, 31)),  # noqa: DTZ001
        ("20261331", 20261331),
        ("2026-02", datetime(2026, 2, 1)),  # noqa: DTZ001
        ("2026-01-31 23:00:00", datetime(2026, 1, 31, 23)),  # noqa: DTZ001
        (date(2026, 1, 31), datetime(2026, 1, 31)),  # noqa: DTZ001
        (
            datetime(2026, 1, 31, 1, tzinfo=timezone(timedelta(hours=2))),
            datetime(2026, 1, 30, 23, tzinfo=UTC).replace(tzinfo=None),
        ),
    ],
)
def test_a_cell_is_a_step_or_a_date(cell: object, moment: frequencies.Moment) -> None:
    assert moment_of(cell) == moment


@pytest.mark.parametrize("cell", ["", "soon", "2026-13-01", 1.5, "1e3", None])
def test_a_cell_that_is_neither_is_refused(cell: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        moment_of(cell)


@pytest.mark.parametrize(
    ("moments", "period"),
    [
        (MONTHS, "month"),
        (ENDS, "month"),
        (days("2020-01-01", "2021-01-01", "2022-01-01"), "year"),
        (days("2020-03-31", "2020-06-30", "2020-09-30", "2020-12-31"), "quarter"),
        (every(timedelta(7), 60), "week"),
        (every(timedelta(1), 60), "day"),
        ([m for m in every(timedelta(1), 60) if m.weekday() < 5], "working day"),
        (every(timedelta(hours=1), 60), "hour"),
        # Only months with a demand have rows.
        (days("2020-01-01", "2020-04-01", "2020-06-01", "2020-10-01", "2020-12-01"), "month"),
        (days("2020-01-02", "2020-02-03", "2020-03-02", "2020-04-01", "2020-05-04"), "month"),
        ([1, 2, 3, 9], "step"),
        ([0, 6, 12], "step of 6"),
        ([7], "step"),
    ],
)
def test_the_frequency_is_read_off_the_steps(
    moments: list[frequencies.Moment], period: str
) -> None:
    assert inferred([moments]).period == period


@pytest.mark.parametrize(
    ("name", "period"),
    [("MS", "month"), ("qe-dec", "quarter"), ("W-SUN", "week"), ("A", "year"), ("h", "hour")],
)
def test_pandas_names_are_understood(name: str, period: str) -> None:
    found = named(name)
    assert found is not None
    assert found.period == period


@pytest.mark.parametrize("name", ["fortnight", "", "0", "-1", "MM", "T"])
def test_a_name_that_is_none_is_not(name: str) -> None:
    assert named(name) is None


def test_months_and_then_weeks_are_a_change_and_a_gap_is_none() -> None:
    weeks = every(timedelta(7), 20, "2025-01-08")
    mixed = MONTHS + weeks
    assert changes(mixed, frequencies.WEEKLY) is not None
    assert changes(MONTHS[:4] + MONTHS[9:], frequencies.MONTHLY) is None
    assert changes(MONTHS, frequencies.MONTHLY) is None
    assert changes([1, 2, 3, 4, 8, 12, 16], frequencies.steps(1)) == 4


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(1, 400))
def test_places_never_go_back(start: date, later: int) -> None:
    one = datetime.combine(start, datetime.min.time())
    other = one + timedelta(later)
    for frequency, _ in frequencies.TELLING:
        assert frequency.place(one) <= frequency.place(other)
    assert frequencies.WEEKLY.place(one + timedelta(7)) == frequencies.WEEKLY.place(one) + 1
    if one.weekday() < 5:
        assert frequencies.WORKDAYS.place(one + timedelta(7)) == frequencies.WORKDAYS.place(one) + 5


def test_friday_and_monday_are_neighbours_among_working_days() -> None:
    friday = datetime(2026, 1, 30)  # noqa: DTZ001
    monday = friday + timedelta(3)
    assert frequencies.WORKDAYS.place(monday) == frequencies.WORKDAYS.place(friday) + 1
    with pytest.raises(ValueError, match="not a working day"):
        frequencies.WORKDAYS.place(friday + timedelta(1))
