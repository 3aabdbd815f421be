import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takt.forecast.domain.combination import STATISTICAL, forecast, points

numbers = st.floats(-1e6, 1e6) | st.integers(0, 3).map(float)
series = st.lists(numbers, min_size=1, max_size=70).map(np.array)


def panel(count, periods, season, seed=1):
    """Positive series with trend, season and noise, of different lengths."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        length = periods - int(random.integers(0, 8))
        times = np.arange(length)
        swing = 1 + 0.2 * np.sin(2 * np.pi * (times + random.integers(0, season)) / season)
        walk = np.exp(random.normal(0.002, 0.02, length).cumsum())
        noise = np.exp(random.normal(0, 0.05, length))
        found.append(random.lognormal(5, 1) * swing * walk * noise)
    return found


def assert_sound(combined, histories, horizon):
    low95, low80 = combined.lows[95], combined.lows[80]
    high80, high95 = combined.highs[80], combined.highs[95]
    for part in (combined.points, low95, low80, high80, high95):
        assert part.shape == (len(histories), horizon)
        assert np.isfinite(part).all()
    assert (low95 <= low80).all()
    assert (low80 <= combined.points).all()
    assert (combined.points <= high80).all()
    assert (high80 <= high95).all()
    never_negative = np.array([history.min() >= 0 for history in histories])
    assert (low95[never_negative] >= 0).all()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(series, min_size=1, max_size=4), st.sampled_from((1, 4, 7, 12, 52)), st.integers(1, 20)
)
def test_whatever_the_series_the_forecast_is_finite_ordered_and_keeps_its_sign(
    histories, season, horizon
):
    assert_sound(forecast(histories, season, horizon), histories, horizon)


def test_a_mixed_lot_with_global_learners_is_sound_too():
    histories = [
        *panel(20, 48, 12),
        np.array([5.0]),
        np.array([1.0, 2.0, 3.0]),
        np.zeros(40),
        np.full(50, 7.0),
        np.full(30, -4.0),
        np.random.default_rng(2).normal(0, 10, 60),
        np.r_[np.zeros(50), 1e6],
        np.random.default_rng(3).poisson(0.2, 400).astype(float),
    ]
    combined = forecast(histories, 12, 18)
    assert_sound(combined, histories, 18)
    assert combined.methods == (*STATISTICAL, "networks", "boosting")
    assert np.allclose(combined.points[20], 5.0)
    assert (combined.points[22] == 0).all()
    assert (combined.highs[95][22] == 0).all()
    assert np.allclose(combined.points[23], 7.0, rtol=0.01)
    assert np.allclose(combined.points[24], -4.0, rtol=0.01)


def test_few_series_are_left_to_the_statistical_methods():
    combined = forecast(panel(10, 60, 12), 12, 6)
    assert combined.methods == STATISTICAL
    assert (combined.global_share == 0).all()


def test_the_same_histories_give_the_same_forecast():
    histories = panel(20, 30, 4)
    first, second = forecast(histories, 4, 6), forecast(histories, 4, 6)
    assert np.array_equal(first.points, second.points)
    assert np.array_equal(first.highs[95], second.highs[95])


@pytest.mark.parametrize(("count", "season"), [(3, 12), (18, 4), (5, 1)])
def test_points_alone_are_those_that_come_with_intervals(count, season):
    histories = [*panel(count, 40, max(season, 4)), np.arange(-5.0, 20)]
    alone, together = points(histories, season, 5), forecast(histories, season, 5)
    assert np.array_equal(alone.points, together.points)
    assert alone.methods == together.methods
    assert np.array_equal(alone.global_share, together.global_share)


def test_without_a_season_there_is_no_airline_model():
    assert points(panel(2, 30, 4), 1, 4).methods == STATISTICAL[:-1]


def test_units_do_not_matter():
    histories = panel(12, 60, 12)
    one, other = forecast(histories, 12, 6), forecast([h * 1000 for h in histories], 12, 6)
    assert np.allclose(one.points * 1000, other.points, rtol=1e-6)
    assert np.allclose(one.lows[80] * 1000, other.lows[80], rtol=1e-6)


def test_a_season_is_carried_on():
    times = np.arange(96)
    y = 100 * (1 + 0.4 * np.sin(2 * np.pi * times / 12))
    ahead = forecast([y[:72]], 12, 24).points[0]
    assert np.abs(ahead / y[72:] - 1).max() < 0.12


def test_a_smooth_season_in_three_or_four_years_of_months_is_found():
    histories = panel(14, 66, 12, seed=6)
    past, future = [h[:-18] for h in histories], np.stack([h[-18:] for h in histories])
    naive = np.stack([np.resize(h[-12:], 18) for h in past])
    size = np.array([h.mean() for h in past])[:, None]
    off = np.abs((points(past, 12, 18).points - future) / size).mean()
    assert off < 0.8 * np.abs((naive - future) / size).mean()


def test_the_combination_beats_the_seasonal_naive_and_covers_what_it_says():
    histories = panel(100, 84, 12)
    horizon = 12
    past, future = [h[:-horizon] for h in histories], np.stack([h[-horizon:] for h in histories])
    combined = forecast(past, 12, horizon)
    naive = np.stack([h[-12:] for h in past])
    size = np.array([h.mean() for h in past])[:, None]
    assert (
        np.abs((combined.points - future) / size).mean()
        < 0.85 * np.abs((naive - future) / size).mean()
    )
    inside = [
        ((combined.lows[k] <= future) & (future <= combined.highs[k])).mean() for k in (80, 95)
    ]
    assert inside == pytest.approx([0.8, 0.95], abs=0.06)


@pytest.mark.parametrize(
    ("histories", "season", "horizon"),
    [
        ([np.array([])], 12, 3),
        ([np.array([1.0, np.nan])], 12, 3),
        ([np.array([1.0, np.inf])], 12, 3),
        ([np.array([1.0])], 0, 3),
        ([np.array([1.0])], 12, 0),
    ],
)
def test_what_cannot_be_forecast_is_refused(histories, season, horizon):
    for asked in (forecast, points):
        with pytest.raises(ValueError, match=r"history|horizon"):
            asked(histories, season, horizon)


def test_no_series_is_no_forecast():
    assert forecast([], 12, 3).points.shape == (0, 3)
    assert points([], 12, 3).points.shape == (0, 3)
