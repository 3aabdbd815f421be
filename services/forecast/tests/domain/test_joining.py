import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain.intervals import Bands
from takt.forecast.domain.joining import PastSale, join, known_shares


def joined(statistical, known, ordered, pipeline, variance=0.0):
    shape = (1, 1)
    return join(
        np.full(shape, statistical),
        np.full(shape, known),
        np.full(shape, ordered * 1_000_000, dtype=np.int64),
        np.full(shape, pipeline * 1_000_000, dtype=np.int64),
        np.full(shape, variance),
        np.array([5.0]),
        Bands.normal(1),
    )


def test_what_is_known_from_the_pipeline_is_not_expected_a_second_time():
    assert joined(100.0, 0.7, 0, 65).quantity[0, 0] == 95_000_000


def test_orders_never_seen_as_deals_consume_the_baseline_but_not_the_pipeline():
    assert joined(100.0, 0.7, 10, 65).quantity[0, 0] == 85_000_000
    assert joined(100.0, 0.7, 50, 65).quantity[0, 0] == 65_000_000


@given(
    st.floats(0, 1e6),
    st.floats(0, 1),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.floats(0, 1e9),
)
def test_bands_are_ordered_around_a_forecast_that_is_never_negative(b, c, o, p, v):
    result = joined(b, c, o, p, v)
    low95, low80, high80, high95 = result.bands[:, 0, 0]
    assert 0 <= low95 <= low80 <= result.quantity[0, 0] <= high80 <= high95
    assert result.baseline[0, 0] + result.pipeline[0, 0] == result.quantity[0, 0]


def test_known_shares_are_replayed_from_when_deals_were_opened():
    sales = [PastSale(0, week, week - 3.0, 7.0) for week in range(20, 2000)]
    sales += [PastSale(0, week, None, 3.0) for week in range(20, 2000)]
    shares = known_shares(sales, 1, 6, first_seen=0)[0]
    assert shares[:4] == pytest.approx([0.7] * 4)
    assert shares[4:].tolist() == [0, 0]


def test_a_series_with_few_sales_takes_the_share_of_all():
    sales = [PastSale(0, 50, 0.0, 1.0)] * 1000 + [PastSale(1, 50, None, 1.0)] * 3
    shares = known_shares(sales, 2, 1, first_seen=0)
    assert shares[1, 0] == pytest.approx(1000 / 1003 * 30 / 33)


def test_sales_before_the_first_deal_was_seen_say_nothing():
    sales = [PastSale(0, week, None, 1.0) for week in range(100)]
    sales += [PastSale(0, week, 100.0, 1.0) for week in range(110, 160)]
    assert known_shares(sales, 1, 1, first_seen=100)[0, 0] == pytest.approx(1.0)
