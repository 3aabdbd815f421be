from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.deals.domain.money import LARGEST, read_amount
from takt.deals.domain.refusal import Refusal


@pytest.mark.parametrize(
    ("given_text", "reason"),
    [
        ("-1", "not-positive"),
        ("0", "not-positive"),
        ("-0.0", "not-positive"),
        ("NaN", "not-finite"),
        ("sNaN", "not-finite"),
        ("Infinity", "not-finite"),
        ("1e30", "too-large"),
        ("1000000000.000001", "too-large"),
        ("1.0000001", "over-precise"),
        ("1e-7", "over-precise"),
        ("twelve", "not-a-number"),
        ("1,200", "not-a-number"),
        ("", "not-a-number"),
    ],
)
def test_an_amount_that_is_none_says_why(given_text: str, reason: str) -> None:
    refusal = read_amount("quantity", given_text)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.field) == (reason, "quantity")
    assert refusal.remedy


def test_trailing_zeros_are_no_precision() -> None:
    assert read_amount("price", "1.50000000") == Decimal("1.5")
    assert read_amount("price", "1E+3") == Decimal(1000)


@given(st.decimals(min_value="0.000001", max_value=LARGEST, places=6))
def test_every_amount_within_the_limits_is_read_exactly(amount: Decimal) -> None:
    assert read_amount("price", str(amount)) == amount
