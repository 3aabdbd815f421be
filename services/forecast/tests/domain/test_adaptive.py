from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain.adaptive import LEAST, MOST, Outcome, allowed_shares, coverage
from takt.forecast.domain.intervals import AIMS, calibrate

FIRST = date(2026, 1, 5)


def outcome(week, missed, compared=100, lag=1):
    return Outcome(FIRST + timedelta(weeks=week), lag, compared, missed)


def published_and_compared(errors, adapting, nodes=40, memory=52):
    """Misses of 80 % intervals by week, calibrated anew each week on the latest scores."""
    outcomes, missed = [], []
    for week in range(memory, len(errors)):
        allowed = allowed_shares(outcomes if adapting else [], 1)
        bands = calibrate([errors[week - memory : week].reshape(-1, 1)], 1, allowed)
        low95, low80, high80, high95 = bands.quantiles[:, 0]
        now = errors[week]
        beyond = now < low95, now < low80, now > high80, now > high95
        counts = tuple(int(side.sum()) for side in beyond)
        outcomes.append(outcome(week, counts, nodes))
        missed.append((counts[1] + counts[2]) / nodes)
    return np.array(missed)


def test_while_errors_grow_from_week_to_week_adapted_intervals_keep_their_aim():
    random = np.random.default_rng(3)
    growing = np.exp(0.02 * np.arange(200))[:, None] * random.normal(0, 1, (200, 40))
    fixed = published_and_compared(growing, adapting=False)
    adapted = published_and_compared(growing, adapting=True)
    assert fixed[-100:].mean() > 0.3
    assert adapted[-100:].mean() == pytest.approx(0.2, abs=0.035)


def test_a_shift_to_one_side_moves_the_share_of_that_side_alone():
    allowed = allowed_shares([outcome(week, (0, 10, 60, 30)) for week in range(12)], 2)
    low95, low80, high80, high95 = allowed[:, 0]
    assert low80 == pytest.approx(0.1)
    assert low95 <= low80
    assert high95 <= high80 < 0.01
    assert (allowed[:, 1] == AIMS).all()


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(1, 4), *[st.integers(0, 50)] * 4), max_size=80
    )
)
def test_shares_stay_within_bounds_and_edges_never_cross(history):
    came = [outcome(week, missed, lag=lag) for week, lag, *missed in history]
    allowed = allowed_shares(came, 3)
    assert (allowed <= MOST * np.array(AIMS)[:, None] + 1e-12).all()
    assert (allowed[1:3] >= LEAST * 0.1 - 1e-12).all()
    assert (allowed[0] <= allowed[1]).all()
    assert (allowed[3] <= allowed[2]).all()
    scores = np.random.default_rng(5).normal(size=(60, 3))
    edges = calibrate([scores], 3, allowed).quantiles
    assert (np.diff(edges[[0, 1]], axis=0) >= 0).all()
    assert (np.diff(edges[[2, 3]], axis=0) >= 0).all()


def test_coverage_is_said_of_the_latest_weeks_and_not_before_any():
    assert coverage([]) is None
    assert coverage([outcome(0, (0, 0, 0, 0), compared=0)]) is None
    old = [outcome(week, (50, 50, 50, 50)) for week in range(10)]
    new = [outcome(week, (2, 10, 12, 3)) for week in range(10, 36)]
    found = coverage(old + new)
    assert (found.weeks, found.compared) == (26, 2600)
    assert (found.inside80, found.inside95) == pytest.approx((0.78, 0.95))
