from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.series import Series, Share

WEEK = date(2026, 11, 23)


def empty() -> Series:
    none = np.zeros(26, dtype=np.int64)
    return Series(
        SeriesKey("P", "R"),
        1,
        Decimal(1),
        "each",
        WEEK,
        np.arange(26.0),
        np.zeros(26),
        1.0,
        none,
        none,
        np.zeros(26),
    )


shares = st.builds(
    lambda values, weeks, won: Share(
        WEEK + timedelta(weeks=weeks),
        np.array(values, dtype=np.int64),
        np.array(values, dtype=np.float64),
        won,
    ),
    st.lists(st.integers(0, 10**12), min_size=26, max_size=26),
    st.integers(-5, 0),
    st.booleans(),
)


@given(st.lists(shares, max_size=6), st.integers(0, 30))
def test_taking_lines_away_leaves_exactly_what_was_there_whenever_a_week_passes(lines, weeks):
    later = empty().with_lines((), lines).rolled_to(WEEK + timedelta(weeks=weeks))
    left = later.with_lines(lines, ())
    assert (left.pipeline == 0).all()
    assert (left.won == 0).all()
    won = [line for line in lines if line.won]
    assert (later.won == empty().with_lines((), won).rolled_to(later.first_week).pipeline).all()


def test_a_later_week_forgets_past_orders_and_keeps_what_the_pipeline_still_owes():
    series = empty().with_lines((), [Share(WEEK, np.arange(26), np.zeros(26))])
    later = series.rolled_to(WEEK + timedelta(weeks=2))
    assert later.statistical[:2].tolist() == [2, 3]
    assert later.statistical[-3:].tolist() == [25, 25, 25]
    assert later.pipeline[:2].tolist() == [0 + 1 + 2, 3]
    assert later.pipeline.sum() == series.pipeline.sum()
    assert later.model_changed
