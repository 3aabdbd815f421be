from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.consumption import Windows, consume
from takt.supply_planning.domain.grid.consumption import unconsumed

MONDAYS = [date(2026, 11, 30) + timedelta(weeks=week) for week in range(5)]
WEEKLY = st.lists(st.integers(0, 9), min_size=5, max_size=5)


def test_row_f14_in_weeks() -> None:
    net = unconsumed(
        np.full((4, 1), 350.0),
        np.array([[300.0], [500.0], [280.0], [0.0]]),
        np.array([1]),
        np.array([1]),
    )
    assert net[:, 0].tolist() == [0, 0, 0, 320]


@given(
    st.lists(
        st.tuples(WEEKLY, WEEKLY, st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=3
    )
)
def test_all_rows_at_once_are_consumed_as_each_by_itself(
    rows: list[tuple[list[int], list[int], int, int]],
) -> None:
    forecast, ordered, early, late = zip(*rows, strict=True)
    net = unconsumed(
        np.array(forecast, np.float64).T,
        np.array(ordered, np.float64).T,
        np.array(early) // 7,
        np.array(late) // 7,
    )
    for row, (gross, orders, before, after) in enumerate(rows):
        expected = consume(MONDAYS, gross, orders, Windows(before, after))
        assert tuple(net[:, row]) == expected.net
