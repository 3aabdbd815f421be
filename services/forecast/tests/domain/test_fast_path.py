import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain import fast_path, seasonality


def test_a_constant_series_is_forecast_by_its_constant():
    states = fast_path.fit(np.full((3, 40), 12.0))
    assert np.allclose(fast_path.forecast(states, 26), 12.0)


def test_a_straight_line_goes_on_rising_but_less_steeply():
    ahead = fast_path.forecast(fast_path.fit(np.arange(1.0, 61.0)[None]), 10)[0]
    assert (np.diff(ahead) > 0).all()
    assert 60 < ahead[0] < 62
    assert ahead[-1] < 70


def test_a_series_of_zeros_stays_at_zero():
    assert (fast_path.forecast(fast_path.fit(np.zeros((1, 30))), 26) == 0).all()


def test_one_observation_is_enough():
    assert np.allclose(fast_path.forecast(fast_path.fit(np.array([[7.0]])), 4), 7.0)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=80), st.integers(1, 30))
def test_a_forecast_is_finite_and_never_negative(values, horizon):
    ahead = fast_path.forecast(fast_path.fit(np.array([values])), horizon)
    assert np.isfinite(ahead).all()
    assert (ahead >= 0).all()


def test_a_negative_quantity_is_refused():
    with pytest.raises(ValueError, match="negative"):
        fast_path.fit(np.array([[1.0, -2.0]]))


def test_a_weekly_season_is_found_after_three_years_and_carried_on():
    weeks = np.arange(156 + 26)
    season = 100 * (1 + 0.4 * np.sin(2 * np.pi * weeks / 52))
    noise = np.random.default_rng(3).normal(0, 3, (20, len(weeks)))
    y = np.maximum(season + noise, 0)
    ahead = fast_path.forecast(fast_path.fit(y[:, :156]), 26)
    assert np.abs(ahead / y[:, 156:] - 1).mean() < 0.08


def test_noise_is_rarely_called_seasonal():
    y = np.random.default_rng(4).poisson(30, (400, 156)).astype(float)
    assert seasonality.is_seasonal(y, 52).mean() < 0.15


def test_appending_a_week_is_what_fitting_with_the_same_parameters_gives():
    y = np.random.default_rng(5).poisson(40, (5, 61)).astype(float)
    fitted = fast_path.fit(y[:, :60])
    appended = fast_path.append(fitted, y[:, 60])
    slopes = [np.polyfit(np.arange(61), row, 1)[0] for row in y]
    assert np.allclose(appended.slope, slopes)
    level = fitted.theta_level + fitted.theta_alpha * (y[:, 60] - fitted.theta_level)
    assert np.allclose(appended.theta_level, level)
    assert (appended.observed == 61).all()


def test_stored_states_give_the_same_forecast():
    y = np.random.default_rng(6).poisson(40, (4, 160)).astype(float)
    states = fast_path.fit(y)
    again = fast_path.States.from_rows(states.rows())
    assert (fast_path.forecast(states, 26) == fast_path.forecast(again, 26)).all()


def test_a_series_is_fitted_alike_whatever_stands_beside_it():
    y = np.random.default_rng(7).poisson(40, (70, 60)).astype(float)
    together = fast_path.forecast(fast_path.fit(y), 8)
    alone = fast_path.forecast(fast_path.fit(y[66:67]), 8)
    assert np.allclose(together[66], alone[0])


def test_fitting_and_forecasting_takes_at_most_half_a_millisecond_a_series():
    y = np.random.default_rng(8).poisson(40, (320, 156)).astype(float)
    spent = []
    for _ in range(3):
        start = time.process_time()
        fast_path.forecast(fast_path.fit(y), 26)
        spent.append((time.process_time() - start) / len(y))
    assert min(spent) <= 0.0005
