from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.lots import (
    LotPolicy,
    PriceBreak,
    economic_order_quantity,
    lots,
    unit_price,
)
from takt.supply_planning.domain.quantity import ONE


def test_minimum_ten_and_multiple_four_make_twelve_of_a_need_of_three() -> None:
    """Capability S3."""
    assert lots(3 * ONE, LotPolicy(minimum=10 * ONE, multiple=4 * ONE)) == (12 * ONE,)


def test_the_economic_order_quantity_of_1000_10_and_a_half_is_200() -> None:
    """Capability S3."""
    assert economic_order_quantity(Decimal(1000), Decimal(10), Decimal("0.5")) == 200


def test_an_economic_lot_is_at_least_the_economic_quantity() -> None:
    policy = LotPolicy("economic", quantity=200 * ONE)
    assert lots(3 * ONE, policy) == (200 * ONE,)
    assert lots(300 * ONE, policy) == (300 * ONE,)


def test_a_fixed_lot_is_ordered_in_whole_multiples() -> None:
    policy = LotPolicy("fixed", quantity=50 * ONE)
    assert lots(101 * ONE, policy) == (150 * ONE,)


def test_lot_for_lot_orders_the_need() -> None:
    assert lots(7, LotPolicy()) == (7,)
    assert lots(0, LotPolicy()) == ()


def test_a_need_above_the_maximum_makes_several_lots() -> None:
    policy = LotPolicy(minimum=10, multiple=4, maximum=30)
    assert lots(65, policy) == (28, 28, 12)


def test_a_maximum_that_no_lot_fits_is_refused() -> None:
    with pytest.raises(ValueError, match="no lot fits"):
        LotPolicy(minimum=10, multiple=8, maximum=15)


def test_a_fixed_lot_needs_its_quantity() -> None:
    with pytest.raises(ValueError, match="fixed needs a quantity"):
        LotPolicy("fixed")


def test_the_highest_break_that_is_reached_gives_the_price() -> None:
    breaks = [PriceBreak(0, Decimal(9)), PriceBreak(100, Decimal(8)), PriceBreak(50, Decimal(7))]
    assert [unit_price(quantity, breaks) for quantity in (1, 50, 99, 100)] == [9, 7, 7, 8]
    assert unit_price(1, breaks[1:]) == 7
    with pytest.raises(ValueError, match="no price"):
        unit_price(1, [])


@st.composite
def policies(draw: st.DrawFn) -> LotPolicy:
    minimum, multiple = draw(st.integers(0, 50)), draw(st.integers(0, 20))
    smallest = LotPolicy(minimum=minimum, multiple=multiple).smallest
    return LotPolicy(
        rule=draw(st.sampled_from(["lot_for_lot", "fixed", "period", "economic"])),
        quantity=draw(st.integers(1, 60)),
        minimum=minimum,
        multiple=multiple,
        maximum=draw(st.none() | st.integers(max(smallest, multiple, 1), 200)),
    )


@given(st.integers(-10, 1000), policies())
def test_lots_cover_the_need_within_minimum_multiple_and_maximum(
    need: int, policy: LotPolicy
) -> None:
    sized = lots(need, policy)
    assert sum(sized) >= max(need, 0)
    for lot in sized:
        assert lot >= policy.minimum
        assert not policy.multiple or lot % policy.multiple == 0
        assert policy.maximum is None or lot <= policy.maximum
