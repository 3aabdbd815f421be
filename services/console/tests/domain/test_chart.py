"""The geometry of a forecast's picture."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.console.domain.chart import BOTTOM, TOP, chart, described, quantity_steps

from ..small_services import forecast  # noqa: TID252 - the builders of this folder


@pytest.mark.parametrize(
    ("highest", "steps"),
    [
        (0, [0, 1]),
        (0.7, [0, 0.2, 0.4, 0.6, 0.8]),
        (9, [0, 2.5, 5, 7.5, 10]),
        (100, [0, 25, 50, 75, 100]),
        (1_234, [0, 500, 1_000, 1_500]),
    ],
)
def test_an_axis_has_round_steps(highest: float, steps: list[float]) -> None:
    assert quantity_steps(highest) == pytest.approx(steps)


@given(st.floats(1e-6, 1e12))
def test_an_axis_always_reaches_over_the_highest_value_in_few_steps(highest: float) -> None:
    steps = quantity_steps(highest)
    assert steps[0] == 0
    assert steps[-1] >= highest * 0.999
    assert 3 <= len(steps) <= 6


@given(st.decimals(Decimal("0.01"), Decimal(1_000_000), places=2))
def test_every_point_lies_inside_the_picture(level: Decimal) -> None:
    drawn = chart(forecast("lamp", level).buckets, 360, 260)
    for path in (drawn.band95, drawn.band80, drawn.expected, drawn.baseline):
        for x, y in re.findall(r"([\d.]+) ([\d.]+)", path):
            assert drawn.left <= float(x) <= drawn.right
            assert TOP <= float(y) <= 260 - BOTTOM


def test_months_are_labelled_with_the_year_where_it_begins() -> None:
    labels = [tick.label for tick in chart(forecast("lamp", Decimal(10)).buckets, 1_040, 300).weeks]
    assert labels == ["Nov 2026", "Dec", "Jan 2027", "Feb", "Mar", "Apr", "May"]


def test_the_picture_is_told_in_words_too() -> None:
    said = described(forecast("lamp", Decimal(10)))
    assert "In the first week 10.0, with 80 % between 8.0 and 12.0" in said
    assert "lamp in north from 2026-11-23 to 2027-05-17" in said
