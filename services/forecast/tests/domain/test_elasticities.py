import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS

from takt.forecast.domain.elasticities import estimate


def panel(seed=1, series=12, periods=60, elasticity=-2.0, lift=0.5):
    """Log demand by a price of each series and a promotion in three periods of ten, with shocks."""
    random = np.random.default_rng(seed)
    owner, period = (a.ravel() for a in np.meshgrid(range(series), range(periods), indexing="ij"))
    price = random.normal(0, 0.2, (series, periods)) + random.normal(0, 0.1, periods)
    promoted = np.tile(random.permutation(periods) < 0.3 * periods, (series, 1)).astype(float)
    shock = random.normal(0, 0.2, periods) + random.normal(0, 0.3, (series, periods))
    y = random.normal(5, 1, (series, 1)) + elasticity * price + lift * promoted + shock
    return y.ravel(), np.stack([price.ravel(), promoted.ravel()], axis=1), owner, period


def fitted(y, x, owner, period, names=("price", "promotion")):
    return estimate(y, x, names, owner, period)


def test_coefficients_and_two_way_clustered_errors_are_those_of_statsmodels():
    y, x, owner, period = panel()
    found = fitted(y, x, owner, period)

    def within(v):
        return v - np.stack([np.bincount(owner, v) / np.bincount(owner)])[0][owner]

    model = OLS(within(y), np.stack([within(x[:, 0]), within(x[:, 1])], axis=1))
    peer = model.fit(cov_type="cluster", cov_kwds={"groups": np.stack([owner, period], axis=1)})
    assert found.coefficients == pytest.approx(peer.params)
    assert found.errors == pytest.approx(peer.bse)


def test_an_interval_holds_the_true_elasticity_about_as_often_as_it_says():
    held = 0
    for seed in range(100):
        found = fitted(*panel(seed))
        low, high = found.interval()
        held += low[0] <= -2.0 <= high[0]
    assert 88 <= held <= 100


@pytest.mark.parametrize("series", [1, 3])
def test_a_few_series_are_judged_by_their_periods(series):
    held = 0
    for seed in range(60):
        found = fitted(*panel(seed, series=series, periods=120))
        low, high = found.interval()
        held += low[0] <= -2.0 <= high[0]
    assert 50 <= held <= 60


def test_a_driver_that_never_moves_or_moves_with_another_is_left_out():
    y, x, owner, period = panel()
    columns = np.column_stack([x, np.full(len(y), 3.0), 2 * x[:, 0], owner.astype(float)])
    found = fitted(y, columns, owner, period, ("price", "promotion", "same", "twice", "place"))
    assert found.names == ("price", "promotion")
    assert found.left_out == ("same", "twice", "place")


def test_too_few_periods_say_nothing():
    assert fitted(*panel(periods=8)) is None


def test_a_promotion_is_a_factor_with_an_interval_around_it():
    found = fitted(*panel(series=30, periods=100))
    effect = found.of_change({"price": np.log(0.8), "promotion": 1.0, "weather": 9.0})
    assert effect.low < effect.factor < effect.high
    assert effect.low < 0.8**-2 * np.exp(0.5) < effect.high
    assert found.of_change({}).factor == 1.0


def test_a_missing_value_is_refused():
    y, x, owner, period = panel()
    x[7, 0] = np.nan
    with pytest.raises(ValueError, match="missing or infinite"):
        fitted(y, x, owner, period)


@settings(max_examples=25, deadline=None)
@example(seed=1200, level=0.0, unit=3.0)  # a direction of negative variance
@given(seed=st.integers(0, 2**32 - 1), level=st.floats(-50, 50), unit=st.floats(0.1, 10))
def test_levels_of_series_and_units_of_drivers_change_no_effect(seed, level, unit):
    y, x, owner, period = panel(seed, series=9, periods=20)
    found = fitted(y, x, owner, period)
    moved = fitted(y + level * owner, x * [1.0, unit] + [level, 0.0], owner, period)
    assert moved.coefficients * [1.0, unit] == pytest.approx(found.coefficients, abs=1e-6)
    assert moved.errors * [1.0, unit] == pytest.approx(found.errors, rel=1e-4, abs=1e-8)
