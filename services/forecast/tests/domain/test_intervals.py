import numpy as np
import pytest

from takt.forecast.domain import fast_path
from takt.forecast.domain.intervals import (
    Bands,
    adapt,
    adapted_width,
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


def test_after_errors_have_tripled_coverage_comes_back_to_its_aim():
    random = np.random.default_rng(13)
    errors = np.abs(np.r_[random.normal(0, 1, 300), random.normal(0, 3, 900)])
    allowed, fixed, missed, missed_fixed = np.array([0.2]), adapted_width(errors[:100], 0.2), [], []
    for now in range(100, len(errors)):
        width = adapted_width(errors[now - 100 : now], float(allowed[0]))
        missed.append(float(errors[now] > width))
        missed_fixed.append(float(errors[now] > fixed))
        allowed = adapt(allowed, np.array(missed[-1:]), 0.2)
    assert np.mean(missed_fixed[-600:]) > 0.5
    assert np.mean(missed[-600:]) == pytest.approx(0.2, abs=0.03)


def test_the_adaptive_share_stays_within_its_bounds():
    allowed = np.array([0.2, 0.2])
    for _ in range(200):
        allowed = adapt(allowed, np.array([1.0, 0.0]), 0.2)
    assert allowed[0] == pytest.approx(0.001)
    assert allowed[1] == pytest.approx(0.6)
