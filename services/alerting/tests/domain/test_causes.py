from decimal import Decimal, localcontext
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.alerting.domain.causes import DealCause, DealLine, ProductLine, combine, explain


def product(code, expected, price, sold, revenue, unit="piece"):
    return ProductLine(
        code,
        unit,
        Decimal(expected),
        None if price is None else Decimal(price),
        Decimal(sold),
        Decimal(revenue),
    )


def deal(number, expected, ever, sold, state="open", known=True, code="a"):
    return DealLine(
        UUID(int=number), code, known, state, Decimal(expected), Decimal(ever), Decimal(sold)
    )


def test_one_product_has_price_and_volume_and_no_mix():
    causes = explain([product("a", 100, 10, 80, 720)], [])
    assert causes.price == -80  # (9 - 10) x 80
    assert causes.volume == -200  # (80 - 100) x 10
    assert causes.mix == 0
    assert causes.baseline == -200
    assert causes.total == -280


def test_two_products_of_one_unit_have_a_mix():
    # 200 expected half and half; 200 sold, 150 of the cheap one: volume unchanged, mix worse.
    causes = explain([product("a", 100, 10, 150, 1500), product("b", 100, 20, 50, 1000)], [])
    assert (causes.price, causes.mix, causes.volume) == (0, -500, 0)


def test_products_of_two_units_are_not_mixed():
    causes = explain(
        [product("a", 100, 10, 150, 1500), product("b", 100, 20, 50, 1000, unit="kg")], []
    )
    assert (causes.price, causes.mix, causes.volume) == (0, 0, -500)


def test_a_product_that_the_version_did_not_carry_has_no_price_variance():
    causes = explain([product("a", 100, 10, 100, 1000), product("n", 0, None, 10, 300)], [])
    assert causes.price == 0
    assert causes.total == 300
    assert causes.mix + causes.volume == 300


def test_each_deal_moves_the_volume_for_its_own_reason():
    deals = [
        deal(1, expected=5, ever=5, sold=10, state="won"),
        deal(2, expected=6, ever=8, sold=0, state="lost"),
        deal(3, expected=4, ever=9, sold=0, state="open"),
        deal(4, expected=0, ever=3, sold=10, state="won"),
        deal(5, expected=0, ever=0, sold=7, state="won", known=False),
    ]
    causes = explain([product("a", 100, 2, 90, 180)], deals)
    assert causes.win_rate == 2 * (10 - 5) + 2 * (10 - 3)
    assert causes.lost == -12
    assert causes.timing == -8 + 6
    assert causes.new == 14
    assert causes.volume == -20
    assert causes.baseline == -20 - (24 - 12 - 2 + 14)
    assert causes.deals[0].cause in set(DealCause)
    assert sum(part.value for part in causes.deals) == 24


def test_a_deal_won_for_another_week_is_timing():
    causes = explain([product("a", 10, 1, 0, 0)], [deal(1, 4, 6, 0, state="won")])
    assert causes.timing == -4
    assert causes.lost == causes.win_rate == 0


def test_the_causes_of_two_weeks_add_up():
    week = explain([product("a", 100, 2, 90, 180)], [deal(1, 5, 5, 10, state="won")])
    both = combine([week, week])
    assert (both.total, both.win_rate, both.baseline) == (-40, 20, -60)
    assert len(both.deals) == 2


def test_a_deal_of_a_product_outside_the_scope_is_refused():
    with pytest.raises(ValueError, match="not in scope"):
        explain([product("a", 1, 1, 1, 1)], [deal(1, 1, 1, 1, code="b")])


quantities = st.decimals(0, Decimal("999999999999.999999"), places=6)
prices = st.decimals(0, Decimal("99999999.999999"), places=6)
revenues = st.decimals(0, Decimal("99999999999.999999"), places=6)
products = st.lists(
    st.builds(
        ProductLine,
        product=st.sampled_from("abcd"),
        unit=st.sampled_from(["piece", "kg"]),
        expected=quantities,
        price=st.none() | prices,
        sold=quantities,
        revenue=revenues,
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda line: line.product,
)


@st.composite
def scenes(draw):
    lines = draw(products)
    deals = draw(
        st.lists(
            st.builds(
                DealLine,
                deal=st.uuids(),
                product=st.sampled_from([line.product for line in lines]),
                known=st.booleans(),
                state=st.sampled_from(["open", "won", "lost"]),
                expected=quantities,
                expected_ever=quantities,
                sold=quantities,
            ),
            max_size=6,
        )
    )
    return lines, deals


@given(scenes())
def test_the_parts_sum_to_the_total_exactly(scene):
    causes = explain(*scene)
    with (
        localcontext() as context
    ):  # the sums of absurd scenes are longer than the default 28 digits
        context.prec = 80
        assert causes.price + causes.mix + causes.volume == causes.total
        parts = causes.win_rate + causes.timing + causes.new + causes.lost + causes.baseline
        assert parts == causes.volume


@given(scenes())
def test_the_order_of_lines_and_deals_does_not_matter(scene):
    lines, deals = scene
    assert explain(lines, deals) == explain(lines[::-1], deals[::-1])


@given(quantities, prices, quantities, revenues)
def test_a_single_product_never_has_a_mix(expected, price, sold, revenue):
    assert explain([ProductLine("a", "kg", expected, price, sold, revenue)], []).mix == 0
