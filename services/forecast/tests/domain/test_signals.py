from datetime import date, timedelta
from decimal import Decimal
from math import log
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.common.contracts.forecast import SignalState
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.signals import (
    PaidWeek,
    SignalEffect,
    effect_of,
    learned,
    lift,
    week_shares,
)

MONDAY = date(2026, 11, 23)
SERIES = SeriesKey("P1", "DE")


def signal(begins=MONDAY, days=7, kind="promotion", **of):
    return SignalState(
        signal_id=UUID(int=1),
        kind=kind,
        source="shop",
        external_id="1",
        begins=begins,
        ends=begins + timedelta(days=days - 1),
        **of,
    )


def paid(seed=1, weeks=80, elasticity=-2.0, lifted=0.5, promoted=()):
    """Weeks with a price that is cut now and then, and promotions in these weeks."""
    random = np.random.default_rng(seed)
    rows = []
    for week in range(weeks):
        price = 50.0 * (0.8 if random.random() < 0.3 else 1.0)
        logs = 5 + elasticity * log(price / 50) + lifted * (week in promoted)
        quantity = float(np.exp(logs + random.normal(0, 0.1)))
        rows.append(PaidWeek(SERIES, MONDAY - timedelta(weeks=weeks - week), quantity, price))
    return rows


def test_a_week_counts_by_its_days():
    shares = week_shares(signal(MONDAY + timedelta(days=5), 4), MONDAY, 3)
    assert shares == pytest.approx([2 / 7, 2 / 7, 0])
    assert week_shares(signal(MONDAY - timedelta(days=99), 50), MONDAY, 3).tolist() == [0, 0, 0]


def test_a_price_cut_is_worth_what_earlier_cuts_did():
    effects = learned(paid(), {})
    found = effect_of(signal(kind="price", value=Decimal(40)), 50.0, effects)
    assert found.origin == "history"
    assert found.log_factor == pytest.approx(-2 * log(0.8), abs=3 * found.error)
    assert 0 < found.error < 0.2


def test_a_promotion_is_worth_what_earlier_promotions_did_beside_their_price():
    weeks = (5, 17, 29, 41, 53, 65)
    past = [signal(MONDAY - timedelta(weeks=80 - week)) for week in weeks]
    effects = learned(paid(promoted=weeks), {SERIES: past})
    found = effect_of(signal(strength=Decimal(3)), 50.0, effects)
    assert (found.origin, found.observed) == ("history", 80)
    assert found.log_factor == pytest.approx(0.5, abs=3 * found.error)


def test_without_history_the_stated_strength_counts_and_without_that_nothing_does():
    stated = effect_of(signal(strength=Decimal("0.2")), 50.0, None)
    assert (stated.origin, stated.log_factor) == ("stated", pytest.approx(log(1.2)))
    assert stated.error == pytest.approx(log(1.2) / 2)
    assert effect_of(signal(value=Decimal(40)), 50.0, None) is None
    assert learned(paid(weeks=20), {}) is None


def test_a_price_that_never_moved_teaches_nothing():
    still = [PaidWeek(SERIES, row.week, row.quantity, 50.0) for row in paid()]
    assert learned(still, {}) is None


def test_an_estimate_that_may_be_half_or_twice_gives_way_to_what_is_stated():
    random = np.random.default_rng(1)
    noisy = [
        PaidWeek(SERIES, row.week, row.quantity * float(np.exp(random.normal(0, 3))), row.price)
        for row in paid(weeks=40)
    ]
    found = effect_of(
        signal(kind="price", value=Decimal(40), strength=Decimal("0.1")), 50.0, learned(noisy, {})
    )
    assert found.origin == "stated"


def test_signals_multiply_and_their_errors_add_in_quadrature():
    two = [(signal(), SignalEffect(log(2), 0.3, "history", 9))] * 2
    factor, error = lift(two, MONDAY, 2)
    assert factor == pytest.approx([4, 1])
    assert error == pytest.approx([0.3 * 2**0.5, 0])


@given(
    st.lists(
        st.tuples(st.integers(-40, 250), st.integers(1, 300), st.floats(-3, 3), st.floats(0, 1)),
        max_size=6,
    )
)
def test_any_lift_is_a_bounded_factor_and_one_where_no_signal_is(signals):
    said = [
        (signal(MONDAY + timedelta(days=begin), days), SignalEffect(moved, error, "stated", 0))
        for begin, days, moved, error in signals
    ]
    factor, error = lift(said, MONDAY, 26)
    assert np.isfinite(factor).all()
    assert (factor > 0).all()
    assert (error >= 0).all()
    covered = sum((week_shares(one, MONDAY, 26) for one, _ in said), np.zeros(26))
    assert (covered[factor != 1] > 0).all()
