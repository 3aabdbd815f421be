from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.safety_stock import (
    Target,
    by_formula,
    cumulated,
    factor_for_fill,
    factor_for_service,
    filled,
    loss,
    size,
)

ERRORS = st.lists(st.floats(0.1, 100), min_size=1, max_size=26)


def test_row_s7_by_formula_where_too_few_are_measured() -> None:
    deviation = by_formula(4, 20, 100, 0.5)
    assert round(1.645 * deviation, 1) == 105.3
    assert round(size(Target(0.95), deviation, 100).quantity, 1) == 105.3


def test_errors_that_do_not_grow_are_independent() -> None:
    assert cumulated([10] * 8, 4) == pytest.approx(20)


def test_errors_of_a_forecast_that_follows_the_last_week_are_those_of_a_random_walk() -> None:
    walk = [10 * sqrt(ahead) for ahead in range(1, 9)]
    assert cumulated(walk, 4) == pytest.approx(10 * sqrt(1 + 4 + 9 + 16))


def test_a_deal_in_one_week_is_an_error_of_that_week_alone() -> None:
    assert cumulated([10, 10, 50, 10], 4) == pytest.approx(sqrt(3 * 100 + 2500))


@given(ERRORS, st.integers(1, 26))
def test_weeks_together_err_by_no_less_than_apart_and_no_more_than_their_sum(
    errors: list[float], weeks: int
) -> None:
    counted = errors[:weeks]
    apart = sqrt(sum(error * error for error in counted))
    assert apart * (1 - 1e-9) <= cumulated(errors, weeks) <= sum(counted) * (1 + 1e-9)


def test_the_standard_loss_function_is_that_of_the_tables() -> None:
    assert [round(loss(z), 4) for z in (0, 1, 1.645, 2)] == [0.3989, 0.0833, 0.0209, 0.0085]


@given(st.floats(0.5, 0.9999), st.floats(0.1, 1000), st.floats(0.1, 1000))
def test_a_fill_rate_that_is_asked_for_is_reached_by_no_more_than_it_takes(
    rate: float, deviation: float, cycle: float
) -> None:
    factor = factor_for_fill(rate, deviation, cycle)
    assert filled(factor, deviation, cycle) >= rate - 1e-9
    assert factor == 0 or filled(factor, deviation, cycle) == pytest.approx(rate)


def test_both_targets_are_kept_and_large_lots_need_less() -> None:
    both = size(Target(0.9, 0.99), 20, 50)
    assert both.service_level >= 0.9
    assert both.fill_rate == pytest.approx(0.99)
    assert factor_for_service(0.3) == factor_for_fill(0.9, 20, 500) == 0
    assert size(Target(None, 0.9), 20, 500).quantity == 0


def test_nothing_that_varies_needs_no_safety_stock() -> None:
    assert size(Target(), 0, 0).quantity == 0
    assert cumulated([], 4) == cumulated([0, 0], 2) == 0
