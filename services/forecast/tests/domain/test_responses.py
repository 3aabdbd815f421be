from dataclasses import replace
from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain.elasticities import Effects
from takt.forecast.domain.explanation_words import LANGUAGES
from takt.forecast.domain.response_words import reason
from takt.forecast.domain.responses import Elasticity, Situation, elasticity_of, propose

OWN = Elasticity(-2.0, -2.4, -1.6, "P1", False, 120)
HERE = Situation(
    units=75.0,
    log_factor=log(0.75),
    error=0.1,
    price=50.0,
    lowest=20.0,
    highest=50.0,
    cost=20.0,
    elasticity=OWN,
)


def options(here):
    return {option.kind: option for option in propose(here)}


def best(here):
    return [option.kind for option in propose(here) if option.best]


def test_a_cut_that_wins_back_what_was_lost_is_worth_its_margin():
    """Of 100 units 75 are left, cost 20, price 50, elasticity -2.

    50 x .75^(1/2) = 43.30 brings all 100 back: 100 x 23.30 = 2,330 instead of 75 x 30 = 2,250. With
    elasticities of -1.6 and -2.4 it would be 2,200 and 2,468. A price of 40 would have the most
    margin, but goes beyond what the competitor took.
    """
    found = options(HERE)
    none, price = found["none"], found["price"]
    assert (none.units.expected, none.revenue.expected, none.margin.expected) == (75, 3750, 2250)
    assert none.units.low == pytest.approx(75 * exp(-0.1959964))
    assert (price.why, price.price) == ("price_pays", pytest.approx(43.30127))
    assert price.units.expected == pytest.approx(100)
    assert price.revenue.expected == pytest.approx(4330.127)
    assert price.margin.expected == pytest.approx(2330.127)
    assert price.gain.expected == pytest.approx(80.127)
    assert (price.gain.low, price.gain.high) == (
        pytest.approx(75 * 0.75 ** (-0.8) * 23.30127 - 2250, abs=0.01),
        pytest.approx(75 * 0.75 ** (-1.2) * 23.30127 - 2250, abs=0.01),
    )
    assert price.gain.low < 0 < price.gain.high
    assert best(HERE) == ["price"]
    assert none.margin.low < price.margin.low < none.margin.high < price.margin.high


def test_the_price_of_most_margin_is_kept_where_it_lies_in_between():
    """With cost 23, 23 x 2 / 1 = 46 lies between 43.30 and 50."""
    assert options(replace(HERE, cost=23.0, lowest=23.0))["price"].price == pytest.approx(46)


def test_where_no_cut_earns_more_it_is_told_what_winning_back_would_cost():
    """With cost 30: 100 x 13.30 = 1,330 instead of 75 x 20 = 1,500."""
    here = replace(HERE, cost=30.0, lowest=30.0)
    price = options(here)["price"]
    assert (price.why, price.price) == ("price_costs", pytest.approx(43.30127))
    assert price.gain.expected == pytest.approx(1330.127 - 1500)
    assert best(here) == ["stock"]
    floored = options(replace(HERE, cost=45.0, lowest=45.0))["price"]
    assert (floored.why, floored.price) == ("price_costs", 45.0)


def test_stock_is_less_by_what_is_lost_for_certain():
    """At the mild end of .75, give or take 10 %, .9124 is left of 100: 8.76 fewer, 175.2 freed."""
    stock = options(HERE)["stock"]
    assert stock.stock_units == pytest.approx(-100 * (1 - 0.75 * exp(0.1959964)))
    assert stock.cash_freed == pytest.approx(-20 * stock.stock_units)
    assert stock.margin == options(HERE)["none"].margin
    unsure = replace(HERE, error=0.2, elasticity=None)
    assert options(unsure)["stock"].why == "no_fewer"
    assert best(unsure) == ["none"]


def test_what_is_not_known_is_said_and_no_number_is_made_up():
    assert options(replace(HERE, elasticity=None))["price"].why == "no_elasticity"
    costless = options(replace(HERE, cost=None, lowest=None))
    assert (costless["price"].why, costless["price"].possible) == ("no_cost", False)
    assert costless["none"].revenue.expected == 3750
    assert (costless["none"].margin, costless["stock"].cash_freed) == (None, None)
    assert best(replace(HERE, cost=None, lowest=None)) == []
    assert options(replace(HERE, lowest=50.0))["price"].why == "no_room"
    helped = options(replace(HERE, log_factor=0.1))
    assert (helped["price"].why, helped["stock"].why) == ("nothing_lost", "nothing_lost")


def test_an_elasticity_that_may_be_none_is_not_known():
    def effects(error, names=("price",)):
        return Effects(names, np.array([-2.0]), np.array([[error**2]]), 50, 120, 2, 60)

    found = elasticity_of(effects(0.5), "P1", pooled=False)
    assert (found.value, found.observed, found.group) == (-2.0, 120, "P1")
    assert found.low == pytest.approx(-2 - 2.0086 * 0.5, abs=0.001)
    assert elasticity_of(effects(1.1), "P1", pooled=False) is None
    assert elasticity_of(effects(0.5, ("signal:policy",)), "P1", pooled=False) is None
    assert elasticity_of(None, "P1", pooled=False) is None


@given(
    st.floats(0, 10**6),
    st.floats(-2.3, 2.3),
    st.floats(0, 0.7),
    st.floats(0.01, 10**4),
    st.floats(0, 1.5),
    st.floats(0.5, 2),
    st.floats(-6, -0.01),
    st.floats(0, 2),
)
def test_a_response_stays_in_the_range_and_goes_no_further_than_winning_back(
    units, moved, error, price, cost, highest, elasticity, width
):
    cost, highest = cost * price, highest * price
    high = min(elasticity + width, -1e-6)
    own = Elasticity(elasticity, elasticity - width, high, "P1", False, 99)
    here = Situation(units, moved, error, price, min(cost, highest), highest, cost, own)
    found = options(here)
    for option in found.values():
        for told in (option.units, option.revenue, option.margin, option.gain):
            assert told is None or told.low <= told.expected <= told.high
    cut = found["price"]
    if cut.possible:
        assert here.lowest * (1 - 1e-9) <= cut.price <= min(price, highest)
        assert cut.units.expected <= (units + here.lost) * (1 + 1e-9)
        gained = cut.margin.expected - found["none"].margin.expected
        assert cut.gain.expected == pytest.approx(gained, rel=1e-6, abs=1e-6 * (1 + units * price))
    chosen = [option for option in found.values() if option.best]
    assert len(chosen) == 1
    assert chosen[0].gain.expected >= -1e-9
    for language in LANGUAGES:
        for option in found.values():
            assert "{" not in reason(here, option, language)
