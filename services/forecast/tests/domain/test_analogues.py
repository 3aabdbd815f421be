import csv
import gzip
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain import fast_path
from takt.forecast.domain.analogues import Profile, Relative, baseline, credibility
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.intervals import scale

HORIZON = 26
REGIONS = ("DE", "FR", "IT", "ES")


def like(profile, forecast, spread, known=0.0):
    """A series with a history."""
    key = SeriesKey(f"{profile.family}-{profile.price}", profile.region)
    return Relative(profile, forecast, spread, key, np.full(len(forecast), known))


def market(seed, families=4, products=12):
    """Products whose level follows price and region, and the demand that came of it."""
    random = np.random.default_rng(seed)
    relatives, actual = [], []
    for family in range(families):
        usual, elasticity = random.lognormal(4, 0.5), random.uniform(1.0, 2.0)
        sizes = random.lognormal(0, 0.7, len(REGIONS))
        season = 1 + 0.3 * np.sin(2 * np.pi * (np.arange(HORIZON) / 52 + family / families))
        for _ in range(products):
            price = random.lognormal(3, 0.5)
            liked = random.lognormal(0, 0.25)
            for region, size in zip(REGIONS, sizes, strict=True):
                level = usual * size * liked * (price / 20) ** -elasticity
                profile = Profile(f"F{family}", price, region)
                demand = random.poisson(level * season).astype(np.float64)
                relatives.append(like(profile, level * season, np.sqrt(level) + 0.3 * level))
                actual.append(demand)
    return relatives, np.array(actual)


@pytest.mark.parametrize("seed", range(5))
def test_an_analogue_errs_less_than_the_mean_of_its_category(seed):
    relatives, actual = market(seed)
    errors = np.zeros(3)
    for relative, demand in zip(relatives, actual, strict=True):
        others = [r for r in relatives if r.profile.price != relative.profile.price]
        family = [r for r in others if r.profile.family == relative.profile.family]
        here = [r for r in family if r.profile.region == relative.profile.region]
        guess = baseline(relative.profile, others, None, 0, HORIZON)
        assert (guess.method, len(guess.likest)) == ("analogue", len(family))
        errors += [
            np.abs(demand - guess.forecast).sum(),
            np.abs(demand - np.mean([r.forecast for r in here], axis=0)).sum(),
            np.abs(demand - np.mean([r.forecast for r in family], axis=0)).sum(),
        ]
    analogue, in_region, in_family = errors / actual.sum()
    assert analogue < 0.85 * in_region < in_family


@pytest.mark.skipif("TAKT_DATA" not in os.environ, reason="TAKT_DATA names no data folder")
def test_a_brand_of_orange_juice_held_out_is_told_by_the_others_better_than_by_their_mean():
    """Each brand as if new in each of twenty stores, from the last half year on."""
    with gzip.open(Path(os.environ["TAKT_DATA"], "orange_juice", "orange_juice.csv.gz"), "rt") as f:
        rows = [row for row in csv.DictReader(f) if int(row["store"]) < 40]
    keys = sorted({(row["brand"], row["store"]) for row in rows})
    units, prices = np.full((len(keys), 161), np.nan), np.full((len(keys), 161), np.nan)
    for row in rows:
        place = keys.index((row["brand"], row["store"])), int(row["week"])
        units[place] = np.exp(float(row["logmove"]))
        prices[place] = float(row[f"price{row['brand']}"])
    units, prices = units[:, 40:], np.nanmean(prices, axis=1)
    before, after = units[:, :-HORIZON], units[:, -HORIZON:]
    filled = np.where(np.isnan(before), np.nanmedian(before, axis=1)[:, None], before)
    states = fast_path.fit(filled)
    relatives = [
        like(Profile("juice", price, store), ahead, spread)
        for (_, store), price, ahead, spread in zip(
            keys, prices, fast_path.forecast(states, HORIZON), scale(states), strict=True
        )
    ]
    errors = np.zeros(2)
    for (brand, store), relative, came in zip(keys, relatives, after, strict=True):
        others = [r for (b, _), r in zip(keys, relatives, strict=True) if b != brand]
        mean = np.mean([r.forecast for r in others if r.profile.region == store], axis=0)
        guess = baseline(relative.profile, others, None, 0, HORIZON).forecast
        errors += [np.nansum(np.abs(came - guess)), np.nansum(np.abs(came - mean))]
    analogue, category = errors / np.nansum(after)
    assert analogue < 0.9 * category


@pytest.mark.parametrize("weeks", [2, 4, 8])
def test_the_blend_errs_no_more_than_a_short_history_alone(weeks):
    relatives, actual = market(7)
    random = np.random.default_rng(weeks)
    errors = np.zeros(2)
    for relative, demand in zip(relatives, actual, strict=True):
        others = [r for r in relatives if r.profile.price != relative.profile.price]
        seen = np.maximum(random.normal(relative.level, relative.spread, weeks), 0).mean()
        own = np.full(HORIZON, seen)
        guess = baseline(relative.profile, others, own, weeks, HORIZON)
        errors += [np.abs(demand - guess.forecast).sum(), np.abs(demand - own).sum()]
    assert errors[0] < errors[1]


LIKE = like(Profile("F", 10.0, "DE"), np.full(HORIZON, 8.0), 2.0)


def test_a_product_like_no_other_is_expected_by_its_pipeline_alone():
    strange = Profile("G", 10.0, "DE")
    nothing = baseline(strange, [LIKE], None, 0, HORIZON)
    assert (nothing.method, nothing.forecast.tolist()) == ("pipeline", [0.0] * HORIZON)
    own = np.full(HORIZON, 3.0)
    alone = baseline(strange, [LIKE], own, 1, HORIZON)
    assert (alone.method, alone.credibility) == ("own", 1.0)
    assert (alone.forecast == own).all()
    assert baseline(replace(strange, family=None), [LIKE], None, 0, HORIZON).method == "pipeline"


def test_the_one_product_of_its_family_is_the_analogue_scaled_to_the_region():
    there = replace(LIKE, profile=Profile("F", 20.0, "FR"), forecast=np.full(HORIZON, 2.0))
    pricier = Profile("F", 20.0, "DE")
    assert baseline(pricier, [LIKE], None, 0, HORIZON).forecast == pytest.approx(LIKE.forecast)
    both = baseline(pricier, [LIKE, there], None, 0, HORIZON)
    assert both.forecast == pytest.approx(np.full(HORIZON, 8.0))


def test_own_history_weighs_more_where_products_are_less_alike():
    alike = credibility(4, [0.5] * 4, np.array([9.0, 10.0, 11.0, 10.0]))
    unlike = credibility(4, [0.5] * 4, np.array([1.0, 10.0, 30.0, 3.0]))
    assert alike < 0.2 < 0.7 < unlike


@given(
    st.integers(0, 200),
    st.lists(st.floats(0, 1e6), min_size=1, max_size=8),
    st.lists(st.floats(0, 1e5), min_size=1, max_size=8),
    st.floats(0, 1e6),
)
def test_the_blend_lies_between_own_and_analogue_and_is_never_negative(weeks, levels, prices, mine):
    relatives = [
        like(Profile("F", price, REGIONS[n % 4]), np.full(HORIZON, level), level / 3)
        for n, (level, price) in enumerate(zip(levels, prices, strict=False))
    ]
    profile, own = Profile("F", prices[0], "DE"), np.full(HORIZON, mine)
    analogue = baseline(profile, relatives, None, 0, HORIZON).forecast
    blend = baseline(profile, relatives, own, weeks, HORIZON)
    assert 0.0 <= blend.credibility <= 1.0
    low, high = np.minimum(own, analogue), np.maximum(own, analogue)
    if blend.method != "own":
        assert (blend.forecast >= low * (1 - 1e-9)).all()
        assert (blend.forecast <= high * (1 + 1e-9)).all()
    assert np.isfinite(blend.forecast).all()
