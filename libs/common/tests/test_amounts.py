"""Decimals at the border."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from takt.common.amounts import Code, Quantity, SignedMoney, micro, plain, probability


@pytest.mark.parametrize(
    ("value", "text"),
    [("1E+3", "1000"), ("1.50", "1.5"), ("-0.000", "0"), ("100", "100"), ("1e-6", "0.000001")],
)
def test_decimals_are_written_plainly(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


@given(st.decimals(-(10**11), 10**11, places=6))
def test_money_survives_the_wire(value: Decimal) -> None:
    adapter = TypeAdapter(SignedMoney)
    assert adapter.validate_json(adapter.dump_json(value)) == value


@given(st.floats(-1e9, 1e9))
def test_rounding_at_the_border_is_within_half_a_micro(value: float) -> None:
    assert abs(micro(value) - Decimal(value)) <= Decimal("0.0000005")


@given(st.floats(-1, 2))
def test_a_probability_stays_between_none_and_all(value: float) -> None:
    assert 0 <= probability(value) <= 1


@pytest.mark.parametrize(
    "wrong", ["-1", "NaN", "Infinity", "1e30", "0.0000001", "1234567890123", "x", ""]
)
def test_a_quantity_outside_its_column_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Quantity).validate_python(wrong)


@pytest.mark.parametrize("wrong", ["", " a", "a ", "\t", "x" * 101])
def test_a_code_has_no_space_at_its_ends(wrong: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Code).validate_python(wrong)
