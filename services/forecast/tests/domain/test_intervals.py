import numpy as np
import pytest

from takt.forecast.domain import fast_path
from takt.forecast.domain.intervals import (
    Bands,
    around,
    calibrate,
    replay,
    scale,
)


def coverage(y, horizon=13):
    """Share of held-out values inside the 80 % and 95 % intervals."""
    past, future = y[:, :-horizon], y[:, -horizon:]
    bands = calibrate([replay(past, horizon)], horizon)
    states = fast_path.fit(past)
    ahead = fast_path.forecast(states, horizon)
    unit = np.broadcast_to(scale(states)[:, None], ahead.shape)
    low95, low80, high80, high95 = around(ahead, unit, np.zeros_like(ahead), bands)
    inside80 = ((future >= low80) & (future <= high80)).mean()
    inside95 = ((future >= low95) & (future <= high95)).mean()
    return inside80, inside95


def test_intervals_cover_what_they_say_on_skewed_demand():
    random = np.random.default_rng(11)
    mean = random.uniform(20, 200, (300, 1)) * np.exp(random.normal(0, 0.02, (300, 117)).cumsum(1))
    inside80, inside95 = coverage(random.gamma(8, mean / 8))
    assert inside80 == pytest.approx(0.80, abs=0.04)
    assert inside95 == pytest.approx(0.95, abs=0.025)


def test_the_future_changes_no_score_of_the_past():
    y = np.random.default_rng(12).poisson(30, (3, 80)).astype(float)
    corrupted = y.copy()
    corrupted[:, 70:] = 9999
    past, other = replay(y, 1), replay(corrupted, 1)
    until = past.shape[1] - 10
    assert np.array_equal(past[:, :until], other[:, :until])


def test_without_any_replay_errors_are_taken_as_normal():
    bands = calibrate([], 26)
    assert np.allclose(bands.quantiles, Bands.normal(26).quantiles)
    assert bands.scores == (0,) * 26


def test_uncertain_deals_widen_the_interval():
    bands = Bands.normal(1)
    quantity, unit = np.array([[100.0]]), np.array([[5.0]])
    narrow = around(quantity, unit, np.array([[0.0]]), bands)
    wide = around(quantity, unit, np.array([[400.0]]), bands)
    assert wide[0] < narrow[0] < narrow[3] < wide[3]
    assert (wide >= 0).all()
