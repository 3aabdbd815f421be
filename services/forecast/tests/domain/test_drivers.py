import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from takt.forecast.domain.driver_models import evaluate, fit, forecast, naive
from takt.forecast.domain.drivers import Panel, features, linear_effects, smoothed, to_logs

SERIES, PERIODS, UNTIL = 16, 70, 54


def panel(seed=3, **changes):
    """Demand that a price moves by an elasticity of -2 and a promotion doubles; noise moves none.

    Not every promotion comes with a price cut.
    """
    random = np.random.default_rng(seed)
    shape = (SERIES, PERIODS)
    promoted = (random.random(shape) < 0.2).astype(float)
    price = np.log(10) + np.log(0.8) * (random.random(shape) < 0.3)
    logs = random.normal(4, 1, (SERIES, 1)) - 2 * price + 0.7 * promoted
    logs = logs + random.normal(0, 0.1, shape)
    drivers = {"price": price, "promotion": promoted, "noise": random.normal(size=shape)}
    places = np.arange(SERIES)
    made = {
        "log_demand": logs,
        "offset": np.zeros((SERIES, 1)),
        "drivers": drivers,
        "groups": places % 2,
        "markets": places // 2,
        "prices": frozenset({"price"}),
    }
    return Panel(**(made | changes))


def test_drivers_that_move_demand_halve_the_error_and_are_told_from_noise():
    found = evaluate(panel(), UNTIL)
    with_drivers, without = found.methods["with_drivers"], found.methods["without_drivers"]
    assert with_drivers.wape < without.wape / 2
    assert with_drivers.wape < found.methods["seasonal_naive"].wape / 2
    rise = {importance.driver: importance.rise for importance in found.importances}
    assert min(rise["price"], rise["promotion"]) > 0.1 > 0.02 > rise["noise"]
    assert found.gain[1] < found.gain[0] < found.gain[2] < 0


def test_elasticities_are_found_by_group():
    for effects in linear_effects(panel(), PERIODS).values():
        assert effects.names[0] == "price"
        assert effects.coefficients[0] == pytest.approx(-2, abs=0.2)


def test_demand_after_the_origin_changes_no_forecast():
    seen = panel()
    model = fit(seen, UNTIL, horizon=2)
    period = UNTIL + 6
    wanted = np.zeros(seen.log_demand.shape, dtype=bool)
    wanted[:, period] = True
    for ahead in (1, 2):
        later = seen.log_demand.copy()
        later[:, period - ahead + 1 :] = 99.0
        corrupted = panel(log_demand=later)
        plain = forecast(seen, model, ahead, wanted)[:, period]
        assert np.isfinite(plain).all()
        assert forecast(corrupted, model, ahead, wanted)[:, period] == pytest.approx(plain)


def test_the_test_part_changes_no_model():
    seen = panel()
    later = seen.log_demand.copy()
    later[:, UNTIL:] = 0.0
    wanted = np.ones(seen.log_demand.shape, dtype=bool)
    wanted[:, UNTIL:] = False
    mine = forecast(seen, fit(seen, UNTIL), 1, wanted)
    other = forecast(seen, fit(panel(log_demand=later), UNTIL), 1, wanted)
    assert np.nan_to_num(mine) == pytest.approx(np.nan_to_num(other))


def test_a_promotion_that_is_planned_moves_the_forecast():
    seen = panel()
    model = fit(seen, UNTIL)
    promoted = seen.drivers["promotion"].copy()
    promoted[:, -1] = 1.0
    none = promoted.copy()
    none[:, -1] = 0.0
    wanted = np.zeros(promoted.shape, dtype=bool)
    wanted[:, -1] = True
    lifted, plain = (
        forecast(panel(drivers={**seen.drivers, "promotion": p}), model, 1, wanted)[:, -1]
        for p in (promoted, none)
    )
    assert np.median(lifted - plain) == pytest.approx(0.7, abs=0.15)


def test_several_periods_ahead_are_scored_apart():
    found = evaluate(panel(season=4), UNTIL, horizon=3)
    assert [len(of) for of in found.by_ahead.values()] == [3] * len(found.by_ahead)


def test_where_nothing_was_known_so_long_before_no_error_is_claimed():
    young = panel(drivers={})
    young.log_demand[:, : UNTIL - 8] = np.nan
    young.log_demand[:, UNTIL + 2 :] = np.nan
    found = evaluate(young, UNTIL, horizon=10)
    for errors in found.by_ahead.values():
        assert all(error > 0 for error in errors[:9])
        assert errors[9] is None


def test_a_file_without_drivers_is_measured_all_the_same():
    found = evaluate(panel(drivers={}), UNTIL)
    assert set(found.methods) == {"seasonal_naive", "without_drivers"}
    assert not found.importances


def test_too_little_to_learn_from_is_said():
    with pytest.raises(ValueError, match="at least 50 are needed"):
        fit(panel(), 3)


def test_the_naive_forecast_is_a_season_old_and_never_younger_than_the_horizon():
    rising = panel(log_demand=np.tile(np.log(np.arange(1.0, PERIODS + 1)), (SERIES, 1)), season=4)
    assert naive(rising, 1)[0, 10] == pytest.approx(7.0)
    assert naive(rising, 5)[0, 10] == pytest.approx(3.0)
    assert naive(rising, 1)[0, 2] == pytest.approx(2.0)


@given(
    arrays.arrays(
        np.float64, (3, 12), elements=st.one_of(st.floats(0, 1e9), st.just(0.0), st.just(np.nan))
    )
)
def test_any_demand_has_finite_logs_and_comes_back(demand):
    logs, offset = to_logs(demand, 8)
    here = ~np.isnan(demand)
    assert np.isfinite(logs[here]).all()
    back = panel(log_demand=logs, offset=offset).units(logs)
    assert back[here] == pytest.approx(demand[here], rel=1e-6, abs=1e-6 * float(offset.max() + 1))


@settings(max_examples=30, deadline=None)
@given(arrays.arrays(np.float64, (2, 15), elements=st.one_of(st.floats(-9, 9), st.just(np.nan))))
def test_a_level_lies_among_the_values_before_it(values):
    level = smoothed(values, 0.3)
    assert np.isnan(level[:, 0]).all()
    for row, before in zip(values, level, strict=True):
        for period in range(1, len(row)):
            known = row[:period][~np.isnan(row[:period])]
            if len(known):
                assert known.min() - 1e-9 <= before[period] <= known.max() + 1e-9


def test_gaps_in_drivers_take_the_last_value_and_features_stay_of_one_shape():
    seen = panel()
    price = seen.drivers["price"].copy()
    price[:, 10:14] = np.nan
    gappy = panel(drivers={**seen.drivers, "price": price})
    made = features(gappy, linear_effects(gappy, UNTIL), 2)
    assert {column.shape for column in made.columns.values()} == {(SERIES, PERIODS)}
    assert np.isfinite(made.reference[:, 20:]).all()
