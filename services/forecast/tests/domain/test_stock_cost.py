import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from takt.forecast.domain.stock_cost import Policy, base_stocks, cost, dispersions

AT_ONCE = Policy(lead_time=0)


def test_a_level_covers_poisson_demand_at_the_service_level():
    assert AT_ONCE.service == 0.9
    assert base_stocks(np.array([1.0, 0.1, 0.0]), np.ones(3), AT_ONCE).tolist() == [2, 0, 0]


def test_a_level_covers_lead_time_and_review():
    assert base_stocks(np.array([1.0]), np.ones(1), Policy(lead_time=3)).tolist() == [7]


def test_uneven_demand_calls_for_more():
    # Dispersion 2 at a mean of 1 is geometric: 1 - 1/16 is the first to cover 9 of 10.
    assert base_stocks(np.array([1.0]), np.array([2.0]), AT_ONCE).tolist() == [3]


def test_large_rates_are_near_the_normal_distribution_on_both_sides_of_the_switch():
    for mean, dispersion in ((2000.0, 10.0), (4000.0, 10.0), (590.0, 1.0), (700.0, 1.0)):
        level = base_stocks(np.array([mean]), np.array([dispersion]), AT_ONCE)[0]
        assert abs(level / (mean + 1.2816 * np.sqrt(mean * dispersion)) - 1) < 0.01


def test_dispersion_is_at_least_that_of_poisson_and_known_without_demand():
    y = np.array([[0.0, 0, 0, 0], [4.0, 4, 4, 4], [0.0, 0, 0, 8]])
    assert dispersions(y).tolist() == [1, 1, 6]


def test_what_is_held_and_what_is_owed_is_paid_for():
    demand = np.array([[0.0, 3.0, 0.0, 0.0]])
    # The shelf of 2 is 1 short for the two periods until the order comes, then full again.
    paid = cost(demand, np.array([2.0]), Policy(lead_time=1, shortage=9))
    assert paid[0] == (2 + 9 + 9 + 2) / 4


@given(
    hnp.arrays(np.float64, (2, 8), elements=st.integers(0, 20).map(float)),
    st.integers(0, 10),
    st.integers(0, 30),
)
def test_the_cost_is_that_of_stock_kept_period_by_period(demand, lead_time, level):
    policy = Policy(lead_time=lead_time, shortage=5)
    paid = cost(demand, np.full(2, float(level)), policy)
    for row, found in zip(demand, paid, strict=True):
        stock, total = float(level), 0.0
        for period, asked in enumerate(row):
            # What was asked for `lead_time + 1` periods ago was ordered then, and is here.
            stock += row[period - lead_time - 1] if period > lead_time else 0.0
            stock -= asked
            total += max(stock, 0.0) + 5 * max(-stock, 0.0)
        assert np.isclose(found, total / len(row))


@given(st.floats(0, 50), st.floats(0, 50), st.floats(1, 20), st.integers(0, 12))
def test_a_higher_rate_never_calls_for_less(one, other, dispersion, lead_time):
    low, high = sorted((one, other))
    rates, policy = np.array([low, high]), Policy(lead_time=lead_time)
    less, more = base_stocks(rates, np.full(2, dispersion), policy)
    assert less <= more
