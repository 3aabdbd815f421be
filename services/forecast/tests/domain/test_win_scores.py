import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from takt.forecast.domain.win_scores import (
    auc,
    brier_difference,
    calibrated_error,
    calibration_error,
    calibration_slope,
    numbered,
    reliability,
    scores,
)

RANDOM = np.random.default_rng(9)
FORECAST = RANDOM.beta(1, 2, 3000)
WON = (RANDOM.random(3000) < FORECAST).astype(float)
DEAL = np.arange(3000)


def test_the_scores_are_those_of_scikit_learn():
    found = scores(FORECAST, WON)
    assert found.brier == pytest.approx(brier_score_loss(WON, FORECAST))
    assert found.auc == pytest.approx(roc_auc_score(WON, FORECAST))
    assert found.log_loss == pytest.approx(
        log_loss(WON, np.clip(FORECAST, 1e-4, 1 - 1e-4)), abs=1e-9
    )


def test_bins_count_every_milestone_and_make_up_the_calibration_error():
    bins = reliability(FORECAST, WON)
    assert sum(each.milestones for each in bins) == 3000
    off = sum(each.milestones * abs(each.forecast - each.won) for each in bins) / 3000
    assert calibration_error(FORECAST, WON) == pytest.approx(off)
    assert calibration_error(np.array([1.0, 0.0]), np.array([1.0, 0.0])) == 0.0


def test_a_right_forecast_has_slope_one_and_its_error_inside_the_band():
    slope = calibration_slope(FORECAST, WON, DEAL)
    assert slope.low < 1 < slope.high
    band = calibrated_error(FORECAST, DEAL, seed=1)
    assert band.low <= calibration_error(FORECAST, WON) <= band.high
    assert calibrated_error(FORECAST, DEAL, seed=1) == band


def test_a_forecast_that_is_too_sure_shows_in_slope_and_band():
    odds = 2 * np.log(FORECAST / (1 - FORECAST))
    sure = 1 / (1 + np.exp(-odds))
    assert calibration_slope(sure, WON, DEAL).high < 0.7
    assert calibration_error(sure, WON) > calibrated_error(sure, DEAL, seed=1).high


def test_one_draw_a_deal_makes_the_band_wider():
    several = np.arange(3000) // 10
    wide, narrow = (calibrated_error(np.full(3000, 0.3), d, seed=2) for d in (several, DEAL))
    assert wide.high > 2 * narrow.high


def test_the_bootstrap_is_paired_and_over_deals():
    worse = np.clip(FORECAST + RANDOM.normal(0, 0.2, 3000), 0, 1)
    found = brier_difference(FORECAST, worse, WON, DEAL, seed=3)
    assert found.low < found.value < found.high < 0
    repeated = brier_difference(
        np.repeat(FORECAST, 5), np.repeat(worse, 5), np.repeat(WON, 5), np.repeat(DEAL, 5), seed=3
    )
    assert repeated.high == pytest.approx(found.high)
    same = brier_difference(FORECAST, FORECAST, WON, DEAL, seed=3)
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)


def test_where_all_is_alike_there_is_no_slope_and_no_auc():
    assert calibration_slope(np.full(9, 0.3), np.r_[np.ones(3), np.zeros(6)], np.arange(9)) is None
    assert auc(FORECAST, np.ones(3000)) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50))
def test_errors_stay_within_zero_and_one(cases):
    forecast = np.array([case[0] for case in cases])
    won = np.array([float(case[1]) for case in cases])
    found = scores(forecast, won)
    assert 0 <= found.brier <= 1
    assert 0 <= found.ece <= 1 + 1e-12
    band = calibrated_error(forecast, numbered([str(n // 2) for n in range(len(cases))]), seed=4)
    assert 0 <= band.low <= band.high <= 1
