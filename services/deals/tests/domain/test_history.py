from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.deals.domain.history import (
    TAKE_BACK,
    Entry,
    cycle_intervals,
    intervals,
    taken_back,
)

START = datetime(2026, 1, 5, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    gaps = draw(st.lists(st.timedeltas(timedelta(0), timedelta(days=90)), max_size=12))
    entries = [Entry(1, "a", START)]
    for number, gap in enumerate(gaps, start=2):
        others = [stage for stage in "abc" if stage != entries[-1].stage]
        entries.append(Entry(number, draw(st.sampled_from(others)), entries[-1].entered_at + gap))
    return entries


@given(histories(), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_durations_sum_exactly_to_the_age(entries: list[Entry], since: timedelta) -> None:
    until = entries[-1].entered_at + since
    total = sum((stay.duration for stay in intervals(entries, until)), timedelta(0))
    assert total == until - START


@given(histories(), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_cycle_metrics_keep_the_age_and_never_count_a_move_taken_back(
    entries: list[Entry], since: timedelta
) -> None:
    until = entries[-1].entered_at + since
    stays = cycle_intervals(entries, until)
    assert sum((stay.duration for stay in stays), timedelta(0)) == until - START
    assert stays[-1].stage == entries[-1].stage
    assert len(entries) - len(stays) == len(taken_back(entries))
    assert all(one.stage != two.stage for one, two in pairwise(stays))


def test_a_move_taken_back_within_ten_minutes_stays_in_history_only() -> None:
    entries = [Entry(1, "a", at(0)), Entry(2, "b", at(60)), Entry(3, "a", at(70))]
    assert [stay.stage for stay in intervals(entries, at(100))] == ["a", "b", "a"]
    assert [(stay.stage, stay.left_at) for stay in cycle_intervals(entries, at(100))] == [
        ("a", at(100))
    ]


def test_a_move_taken_back_later_counts() -> None:
    late = at(60) + TAKE_BACK + timedelta(microseconds=1)
    entries = [Entry(1, "a", at(0)), Entry(2, "b", at(60)), Entry(3, "a", late)]
    assert taken_back(entries) == frozenset()


def test_nested_slips_unwind_from_the_inside() -> None:
    entries = [
        Entry(1, "a", at(0)),
        Entry(2, "b", at(60)),
        Entry(3, "c", at(61)),
        Entry(4, "b", at(62)),
        Entry(5, "a", at(63)),
    ]
    assert taken_back(entries) == frozenset({2, 3, 4, 5})


def test_an_end_before_the_last_entry_is_refused() -> None:
    with pytest.raises(ValueError, match="lies before the last entry"):
        intervals([Entry(1, "a", at(0))], at(-1))
