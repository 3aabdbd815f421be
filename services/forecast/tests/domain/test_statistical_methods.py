import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain import airline, autoregression, naive, seasonality, smoothing

histories = st.integers(1, 60).flatmap(
    lambda n: st.lists(st.floats(0.1, 1e4), min_size=n, max_size=n)
)


def monthly(periods, noise=0.0, seed=0):
    times = np.arange(periods)
    random = np.random.default_rng(seed)
    return (
        np.log(200 + times)
        + 0.2 * np.sin(2 * np.pi * times / 12)
        + random.normal(0, noise, periods)
    )


def test_the_seasonal_naive_repeats_the_last_season():
    y = np.arange(1.0, 9.0)[None]
    assert naive.seasonal_naive(y, 4, 6).tolist() == [[5, 6, 7, 8, 5, 6]]
    assert naive.seasonal_naive(y[:, :3], 4, 2).tolist() == [[3, 3]]


def test_naive2_of_a_series_without_season_is_its_last_value():
    y = np.random.default_rng(1).normal(50, 1, (1, 40))
    assert np.allclose(naive.naive2(y, 1, 3), y[0, -1])
    assert np.allclose(naive.naive2(-y, 4, 3), -y[0, -1])


@pytest.mark.parametrize("season", [1, 4, 12])
@given(values=histories)
def test_every_method_is_finite_on_any_positive_history(season, values):
    y = np.log(np.array([values]))
    assert np.isfinite(airline.airline(y, season, 15)).all()
    assert np.isfinite(smoothing.holt_winters(y, np.zeros((1, season)), 15)).all()
    for method in (smoothing.trend, smoothing.theta, autoregression.autoregression):
        assert np.isfinite(method(y, 15)).all()
    indices = seasonality.reliable(np.array([values]), season)
    assert (indices > 0).all()
    assert np.allclose(indices.mean(axis=1), 1)


def test_a_constant_stays_what_it_is():
    y = np.full((2, 40), 3.0)
    assert np.allclose(airline.airline(y, 12, 8), 3.0)
    assert np.allclose(smoothing.holt_winters(y, np.zeros((2, 12)), 8), 3.0)
    for method in (smoothing.trend, smoothing.theta, autoregression.autoregression):
        assert np.allclose(method(y, 8), 3.0)
    assert np.allclose(seasonality.reliable(y, 12), 1.0)


def test_the_airline_model_continues_trend_and_season_exactly_where_nothing_is_random():
    times = np.arange(84)
    y = 0.01 * times + 0.3 * np.sin(2 * np.pi * times / 12)
    ahead = airline.airline(y[None, :72], 12, 12)
    assert np.allclose(ahead[0], y[72:], atol=1e-6)


def test_a_straight_line_is_continued_by_a_trend_and_half_way_by_theta():
    y = 5 + 0.1 * np.arange(41.0)[None]
    assert smoothing.trend(y[:, :40], 8)[0, -1] == pytest.approx(5 + 0.1 * 47, abs=0.2)
    assert 0.04 * 8 < smoothing.theta(y[:, :40], 8)[0, -1] - y[0, 39] < 0.07 * 8


def test_an_autoregression_finds_that_changes_take_each_other_back():
    random = np.random.default_rng(4)
    shocks = random.normal(0, 0.1, (30, 121))
    changes = shocks[:, 1:] - 0.7 * shocks[:, :-1]
    y = 3 + changes.cumsum(axis=1)
    ahead = autoregression.autoregression(y[:, :-1], 1)[:, 0]
    assert np.abs(ahead - y[:, -1]).mean() < 0.9 * np.abs(y[:, -2] - y[:, -1]).mean()


def test_the_likelier_a_candidate_the_more_it_counts_and_an_explosion_counts_nothing():
    weights = smoothing.likelihood_weights(np.array([[1.0, 1.0, 4.0, np.inf, np.nan]]), 2)
    assert np.allclose(weights, [[4 / 9, 4 / 9, 1 / 9, 0, 0]])
    assert np.allclose(smoothing.likelihood_weights(np.zeros((1, 4)), 9), 0.25)


@pytest.mark.parametrize(("season", "periods"), [(4, 14), (12, 42), (52, 200)])
def test_a_smooth_season_in_few_years_is_found_and_noise_is_none(season, periods):
    random = np.random.default_rng(5)
    noise = np.exp(random.normal(0, 0.05, (60, periods)))
    wave = 0.2 * np.sin(2 * np.pi * np.arange(season) / season)
    swung = noise * (1 + np.resize(wave, periods))
    assert np.abs(seasonality.reliable(100 * swung, season) - 1 - wave).mean() < 0.04
    assert np.abs(seasonality.reliable(100 * noise, season) - 1).mean() < 0.02


def test_below_three_seasons_nothing_is_said_of_a_season():
    y = np.resize([1.0, 2, 3, 4], 11)[None]
    assert (seasonality.reliable(y, 4) == 1).all()


def test_holt_winters_takes_up_a_season_that_it_was_not_told():
    y = monthly(132)
    ahead = smoothing.holt_winters(y[None, :120], np.zeros((1, 12)), 12)[0]
    assert np.abs(ahead - y[120:]).mean() < 0.06


def test_a_series_is_forecast_alike_alone_and_among_others():
    y = np.stack([monthly(60, 0.05, seed) for seed in range(70)])
    assert np.allclose(airline.airline(y, 12, 6)[69], airline.airline(y[69:], 12, 6)[0])
    seasonal = np.zeros((70, 12))
    among = smoothing.holt_winters(y, seasonal, 6)[69]
    assert np.allclose(among, smoothing.holt_winters(y[69:], seasonal[:1], 6)[0])


def test_the_batched_airline_model_is_near_the_one_by_maximum_likelihood():
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    y = monthly(100, 0.05, 3)
    w = np.diff(y)
    w = w[12:] - w[:-12]
    fitted = SARIMAX(w, order=(0, 0, 1), seasonal_order=(0, 0, 1, 12)).fit(disp=False)
    course = list(y)
    for step in np.asarray(fitted.forecast(12)):
        course.append(course[-1] + course[-12] - course[-13] + step)
    assert np.abs(airline.airline(y[None], 12, 12)[0] - course[100:]).max() < 0.08


def test_the_wider_search_finds_an_order_and_continues_the_series():
    y = np.exp(monthly(96, 0.01))
    found = airline.wider_search(y[:84], 12, 12)
    assert found.order.endswith("12")
    assert np.abs(found.points / y[84:] - 1).mean() < 0.05


@pytest.mark.parametrize(
    "y", [[3.0], [2.0] * 20, [0.0] * 9, [-1.0, 4, -2, 5, 3, -9, 1, 2, 0, 5, 1]]
)
def test_the_wider_search_forecasts_poor_series_too(y):
    assert np.isfinite(airline.wider_search(np.array(y), 4, 5).points).all()
