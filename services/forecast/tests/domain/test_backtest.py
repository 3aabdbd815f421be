import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain import fast_path
from takt.forecast.domain.backtest import (
    Trials,
    intervals,
    measure,
    measure_labels,
    measure_lags,
    measure_level,
    measure_series,
    replay,
)


def mean_of_past(pasts, horizon):
    return np.stack([np.full(horizon, past.mean()) for past in pasts])


def by_fast_path(pasts, horizon):
    return np.stack([fast_path.forecast(fast_path.fit(past[None]), horizon)[0] for past in pasts])


def trials(forecast, actual, edges=None):
    actual = np.array(actual, dtype=float)
    return Trials(actual, np.array(forecast, dtype=float), np.ones(actual.shape[:2]), edges)


def test_an_origin_shows_what_lay_before_it_and_what_came():
    actual, forecast = replay([np.arange(10.0), np.arange(8.0, 10.0)], [4, 2], 3, mean_of_past)
    assert actual[0].tolist() == [[6, 7, 8], [8, 9, pytest.approx(np.nan, nan_ok=True)]]
    assert forecast[0, :, 0].tolist() == [2.5, 3.5]
    assert np.isnan(actual[1]).all()


@given(
    st.lists(st.lists(st.floats(0, 1e4), min_size=3, max_size=40), min_size=1, max_size=4),
    st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True),
    st.integers(1, 8),
    st.integers(1, 12),
    st.randoms(use_true_random=False),
)
def test_corrupting_the_future_changes_no_forecast_and_no_actual_before_it(
    values, origins, horizon, corrupted, random
):
    """`corrupted` weeks at the end of every series are overwritten."""
    histories = [np.array(row) for row in values]
    other = [history.copy() for history in histories]
    for history in other:
        history[-corrupted:] = [random.uniform(0, 1e9) for _ in history[-corrupted:]]
    actual, forecast = replay(histories, origins, horizon, by_fast_path)
    changed, again = replay(other, origins, horizon, by_fast_path)
    for place, back in enumerate(origins):
        if back >= corrupted:
            assert np.array_equal(forecast[:, place], again[:, place], equal_nan=True)
            before = back - corrupted
            assert np.array_equal(
                actual[:, place, :before], changed[:, place, :before], equal_nan=True
            )


def test_measures_by_series_lag_and_class_are_those_of_their_weeks():
    tried = trials([[[10, 10]], [[0, 5]]], [[[8, 14]], [[0, 4]]])
    assert measure(tried).wape == pytest.approx(7 / 26)
    assert measure(tried).bias == pytest.approx(-1 / 26)
    assert measure(tried).weeks == 4
    assert measure(tried).sum_error == pytest.approx((2 + 1) / 26)
    first, second = measure_series(tried)
    assert (first.wape, second.wape) == (pytest.approx(6 / 22), pytest.approx(1 / 4))
    assert first.mase == pytest.approx(3)
    near, far = measure_lags(tried)
    assert (near.wape, far.wape) == (pytest.approx(2 / 8), pytest.approx(5 / 18))
    assert near.mase == pytest.approx(1)
    by_class = measure_labels(tried, ["smooth", "lumpy"])
    assert by_class == {"smooth": first, "lumpy": second}


def test_errors_that_cancel_out_vanish_in_the_sum_of_their_series():
    tried = trials([[[10]], [[10]], [[5]]], [[[8]], [[12]], [[9]]])
    assert measure_level(tried, ["a", "a", "b"]).wape == pytest.approx(4 / 29)
    assert measure_level(tried, ["all", "all", None]).wape == 0
    assert measure_level(tried, ["a", "a", "b"]).coverage80 is None


def test_what_is_not_known_counts_nowhere_and_nothing_known_is_none():
    nan = np.nan
    tried = trials([[[1, nan], [2, 3]]], [[[1, 5], [nan, nan]]])
    assert (measure(tried).weeks, measure(tried).wape) == (1, 0)
    nothing = measure(trials([[[nan]]], [[[1]]]))
    assert (nothing.weeks, nothing.wape, nothing.mase, nothing.coverage80) == (0, None, None, None)
    zeros = measure(trials([[[1]]], [[[0]]]))
    assert (zeros.wape, zeros.smape) == (None, 200)


def test_intervals_by_the_other_origins_cover_what_they_say_and_cost_what_they_cost():
    random = np.random.default_rng(5)
    scale = random.uniform(1, 50, (300, 1))
    actual = 500 + scale[..., None] * random.gamma(2, 1, (300, 6, 8))
    forecast = np.broadcast_to(500 + 2 * scale[..., None], actual.shape)
    edges = intervals(actual, forecast, np.broadcast_to(scale, (300, 6)))
    found = measure(Trials(actual, forecast, np.ones((300, 6)), edges))
    assert found.coverage80 == pytest.approx(0.8, abs=0.02)
    assert found.coverage95 == pytest.approx(0.95, abs=0.01)
    assert 0 < found.pinball < found.wape


def test_an_interval_is_judged_by_no_score_of_its_own_origin():
    random = np.random.default_rng(6)
    actual = 500 + random.normal(0, 10, (60, 5, 4))
    forecast, scale = np.full(actual.shape, 500.0), np.full((60, 5), 10.0)
    corrupted = actual.copy()
    corrupted[:, 3] = 1e6
    edges = intervals(actual, forecast, scale)
    other = intervals(corrupted, forecast, scale)
    assert np.array_equal(edges[:, :, 3], other[:, :, 3])
    assert not np.array_equal(edges[:, :, 2], other[:, :, 2])
