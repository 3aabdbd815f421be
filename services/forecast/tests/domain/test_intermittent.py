import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takt.forecast.domain import accuracy, intermittent, rare_smoothing, stock_cost
from takt.forecast.domain.rare_smoothing import Common

quantities = st.one_of(st.just(0.0), st.integers(0, 1000).map(float))
histories = st.lists(st.lists(quantities, min_size=1, max_size=40), min_size=1, max_size=6)


def rare(series: int, periods: int, seed: int) -> np.ndarray:
    dice = np.random.default_rng(seed)
    chance = dice.beta(1.5, 6, (series, 1))
    return (dice.random((series, periods)) < chance) * dice.poisson(2, (series, periods)).clip(1)


def test_demand_of_one_size_at_one_interval_is_forecast_by_its_rate():
    y = np.tile([0.0, 0.0, 6.0], 20)
    found = intermittent.rates([y])
    assert found["sba"][0] == pytest.approx(2.0, rel=0.03)
    assert found["tsb"][0] == pytest.approx(2.0, rel=0.25)
    assert found["imapa"][0] == pytest.approx(2.0, rel=0.25)


def test_tsb_lets_a_part_die_that_is_no_longer_asked_for():
    y = np.concatenate([np.tile([0.0, 4.0], 20), np.zeros(60)])
    found = intermittent.rates([y])
    assert found["tsb"][0] < 0.3
    assert found["sba"][0] > 1


def test_the_mean_is_of_the_three():
    found = intermittent.rates(list(rare(20, 30, 1)))
    three = [found[name] for name in ("sba", "tsb", "imapa")]
    assert np.allclose(found["mean"], np.mean(three, axis=0))


def test_a_part_never_asked_for_alone_stays_at_zero_and_among_others_does_not():
    silent = np.zeros(30)
    assert intermittent.rates([silent])["combination"][0] == 0
    found = intermittent.rates([*rare(200, 30, 2), silent])
    assert found["mean"][-1] == 0
    assert 0 < found["combination"][-1] < found["combination"].mean()


def test_a_start_that_is_not_known_changes_nothing():
    y = rare(1, 25, 3)[0]
    found = intermittent.rates([y])
    later = intermittent.rates([np.concatenate([np.full(7, np.nan), y])])
    for name in intermittent.NAMES:
        assert np.allclose(found[name], later[name])


def test_series_smoothed_in_several_chunks_are_what_they_are_in_one(monkeypatch):
    y = list(rare(30, 20, 4))
    at_once = intermittent.rates(y)
    monkeypatch.setattr(rare_smoothing, "CHUNK", 7)
    for name, found in intermittent.rates(y).items():
        assert np.allclose(found, at_once[name])


def test_a_rate_by_what_is_common_is_the_combination_whatever_stands_beside_the_series():
    y = list(rare(40, 30, 5))
    known = Common.from_row(intermittent.common(y).row())
    together = intermittent.rates(y)["combination"]
    assert np.allclose(intermittent.published(y, known), together)
    assert np.allclose(intermittent.published(y[7:9], known), together[7:9])
    alone = intermittent.published(y[7:8], Common.nothing())
    assert np.allclose(alone, intermittent.rates(y[7:8])["mean"])


@pytest.mark.parametrize("history", [[1.0, -1.0], [np.inf], [np.nan], []])
def test_what_is_no_demand_is_refused(history):
    with pytest.raises(ValueError, match="a history has"):
        intermittent.rates([np.array(history)])


@given(histories)
@settings(max_examples=50)
def test_rates_are_finite_and_between_nothing_and_the_largest_demand(lists):
    found = intermittent.rates([np.array(values) for values in lists])
    largest = max(max(values) for values in lists)
    for name in intermittent.NAMES:
        assert np.isfinite(found[name]).all()
        assert (found[name] >= 0).all()
        assert (found[name] <= largest + 1e-9).all()


@given(st.integers(0, 1000), st.sampled_from([0.125, 4.0, 1024.0]))
@settings(max_examples=20)
def test_rates_grow_with_the_unit_of_measure(seed, factor):
    y = rare(12, 24, seed)
    one, other = intermittent.rates(list(y)), intermittent.rates(list(y * factor))
    for name in intermittent.NAMES:
        assert np.allclose(one[name] * factor, other[name])


@pytest.mark.skipif("TAKT_DATA" not in os.environ, reason="TAKT_DATA names no data folder")
def test_the_published_choice_is_best_on_the_car_parts_last_year():
    with gzip.open(Path(os.environ["TAKT_DATA"]) / "carparts" / "carparts.csv.gz", "rt") as file:
        rows = [row[1:] for row in csv.reader(file)][1:]
    y = np.array([[float(cell) for cell in row] for row in rows if row[-1]])
    found, actual = intermittent.rates(list(y[:, :-12])), y[:, -12:]
    policy, dispersion = stock_cost.Policy(), stock_cost.dispersions(y[:, :-12])
    errors, costs = {}, {}
    for name, rate in found.items():
        errors[name] = accuracy.wape(actual.sum(axis=1), rate * 12)
        level = stock_cost.base_stocks(rate, dispersion, policy)
        costs[name] = stock_cost.cost(actual, level, policy).mean()
    for measured in (errors, costs):
        assert min(measured, key=measured.get) == intermittent.PUBLISHED
