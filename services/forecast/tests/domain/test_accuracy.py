import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from takt.forecast.domain import accuracy

NAN = np.nan
# Millionths, as quantities are kept: nothing so small that a factor makes it nothing.
quantities = st.integers(-(10**12), 10**12).map(lambda millionths: millionths / 1e6)
tables = hnp.arrays(np.float64, (3, 4), elements=st.one_of(quantities, st.just(0.0), st.just(NAN)))
forecasts = hnp.arrays(np.float64, (3, 4), elements=quantities)


def test_smape_is_in_percent_and_zero_where_both_are_zero():
    actual = np.array([[100.0, 0.0], [0.0, NAN]])
    forecast = np.array([[50.0, 0.0], [5.0, 9.0]])
    assert np.allclose(accuracy.smape(actual, forecast), [200 * 50 / 150 / 2, 200.0])


def test_mase_is_scaled_by_the_seasonal_naive_error_of_the_history():
    histories = [np.array([1.0, 5.0, 2.0, 7.0]), np.array([3.0, 3.0, 3.0, 3.0])]
    unit = accuracy.seasonal_error(histories, 2)
    assert unit[0] == 1.5
    found = accuracy.mase(np.array([[3.0], [3.0]]), np.array([[6.0], [4.0]]), unit)
    assert found[0] == 2
    assert np.isnan(found[1])


def test_a_history_no_longer_than_a_season_is_compared_with_the_period_before():
    unit = accuracy.seasonal_error([np.array([1.0, 3.0, 4.0]), np.array([8.0])], 12)
    assert unit[0] == 1.5
    assert np.isnan(unit[1])


def test_owa_averages_before_it_divides_and_leaves_out_series_without_a_mase():
    smapes, mases = np.array([5.0, 15.0]), np.array([0.5, NAN])
    assert accuracy.owa(smapes, mases, np.array([10.0, 30.0]), np.array([2.0, NAN])) == 0.375


def test_owa_where_naive2_never_errs_is_left_out_or_unknown():
    none, some = np.zeros(2), np.ones(2)
    assert accuracy.owa(none, some, none, 2 * some) == 0.5
    assert np.isnan(accuracy.owa(some, some, none, some))
    assert np.isnan(accuracy.owa(none, none, none, none))


def test_an_interval_is_scored_by_its_width_and_by_what_it_misses():
    actual, low, high = np.array([[5.0, 12.0]]), np.array([[0.0, 0.0]]), np.array([[10.0, 10.0]])
    assert np.allclose(
        accuracy.msis(actual, low, high, np.array([2.0])), (10 + 10 + 2 / 0.05 * 2) / 2 / 2
    )


def test_coverage_counts_ends_as_inside_and_unknown_actuals_nowhere():
    actual = np.array([[1.0, 2.0, 3.0, NAN]])
    assert accuracy.coverage(actual, np.full((1, 4), 1.0), np.full((1, 4), 2.0)) == pytest.approx(
        2 / 3
    )
    assert np.isnan(accuracy.coverage(actual * NAN, actual, actual))


def test_wape_and_bias_pool_or_go_along_an_axis_and_do_not_divide_by_zero():
    actual = np.array([[10.0, 30.0], [0.0, 0.0]])
    forecast = np.array([[20.0, 25.0], [1.0, 0.0]])
    assert accuracy.wape(actual, forecast) == 16 / 40
    assert accuracy.bias(actual, forecast) == 6 / 40
    by_series = accuracy.wape(actual, forecast, axis=1)
    assert by_series[0] == 15 / 40
    assert np.isnan(by_series[1])
    assert np.allclose(accuracy.bias(actual, forecast, axis=0), [11 / 10, -5 / 30])


def test_a_missed_demand_costs_a_high_quantile_more_than_one_that_did_not_come():
    actual, quantile = np.array([[10.0], [0.0]]), np.array([[5.0], [5.0]])
    assert np.allclose(accuracy.pinball(actual, quantile, 0.9), [4.5, 0.5])


@given(tables, forecasts)
def test_errors_are_within_their_limits_whatever_comes(actual, forecast):
    smape = accuracy.smape(actual, forecast)
    known = ~np.isnan(actual).all(axis=1)
    assert (np.isnan(smape) == ~known).all()
    assert ((smape[known] >= 0) & (smape[known] <= 200 + 1e-9)).all()
    half = accuracy.pinball(actual, forecast, 0.5)
    assert np.allclose(half, accuracy.mase(actual, forecast, np.full(3, 2.0)), equal_nan=True)
    share = accuracy.coverage(actual, forecast - 1, forecast + 1)
    assert np.isnan(share) == (not known.any())
    assert np.isnan(share) or 0 <= share <= 1


@given(tables, forecasts, st.floats(0.01, 100))
def test_relative_errors_do_not_depend_on_the_unit_of_measure(actual, forecast, factor):
    for measure in (accuracy.smape, accuracy.wape, accuracy.bias):
        one, other = measure(actual, forecast), measure(actual * factor, forecast * factor)
        assert np.allclose(one, other, equal_nan=True)


@given(tables, forecasts)
def test_no_interval_scores_better_than_its_width(actual, middle):
    score = accuracy.msis(actual, middle - 2, middle + 2, np.ones(3))
    known = ~np.isnan(actual).all(axis=1)
    assert (score[known] >= 4 - 1e-6).all()
