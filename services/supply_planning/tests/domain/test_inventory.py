from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.abc_xyz import USUAL, Cuts, abc_classes, variation, xyz_class
from takt.supply_planning.domain.inventory import (
    Cover,
    Inventory,
    Stocked,
    Use,
    cover,
    take_stock,
    total,
)
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import ONE

MONDAY = date(2026, 11, 23)
WEDNESDAY = date(2026, 11, 25)
WEEKS = st.lists(st.integers(0, 40), min_size=1, max_size=8)


def stocked(
    on_hand: int,
    gross: Sequence[int],
    scheduled: Sequence[int] = (),
    *,
    item: str = "bike",
    safety: int = 0,
    cost: str | None = "2",
) -> Stocked:
    """Units, without anything planned anew."""
    coming = [*scheduled, *[0] * (len(gross) - len(scheduled))]
    moves = (more - less for more, less in zip(coming, gross, strict=True))
    return Stocked(
        ItemSite(item, "plant"),
        MONDAY,
        on_hand * ONE,
        [units * ONE for units in gross],
        [units * ONE for units in coming],
        [units * ONE for units in accumulate(moves, initial=on_hand)][1:],
        safety * ONE,
        None if cost is None else Decimal(cost),
    )


def look(one: Stocked) -> Inventory:
    (found,) = take_stock([one], MONDAY)
    return found


def keys(count: int) -> list[ItemSite]:
    return [ItemSite(f"item {number}", "plant") for number in range(count)]


def test_row_s15_turns_are_annual_demand_over_average_projected_stock() -> None:
    found = look(stocked(50, [10, 10, 10, 10], [10, 0, 10, 10]))
    # 40 in 4 weeks are 520 in 52; the weeks end with 50, 40, 40 and 40: 42.5 on average.
    assert (found.annual_demand, found.average) == (520 * ONE, 42_500_000)
    assert found.turns == pytest.approx(520 / 42.5)
    assert found.worth(found.annual_demand) == 1040


def test_demand_after_a_year_is_not_of_the_year() -> None:
    assert look(stocked(0, [1] * 52 + [1000] * 8)).annual_demand == 52 * ONE


def test_what_is_never_in_stock_has_no_turns() -> None:
    assert look(stocked(0, [10, 10])).turns is None


def test_row_s15_cover_walks_through_the_weeks() -> None:
    sunday = timedelta(days=6)
    assert cover(70, [35] * 4, MONDAY, MONDAY) == Cover(14, date(2026, 11, 30) + sunday)
    # 10 of the third week's 35 last two of its seven days; 11 a part of the third day, too.
    assert cover(80, [35] * 4, MONDAY, MONDAY) == Cover(16, date(2026, 12, 8))
    assert cover(81, [35] * 4, MONDAY, MONDAY) == Cover(16, date(2026, 12, 9))
    # Not 100 / 25 = 4 average weeks.
    assert cover(100, [0, 0, 0, 100], MONDAY, MONDAY) == Cover(28, date(2026, 12, 20))


def test_demand_of_a_week_that_has_begun_is_that_of_its_days_left() -> None:
    assert cover(14, [35, 35], MONDAY, WEDNESDAY) == Cover(2, date(2026, 11, 26))


def test_stock_that_outlasts_the_horizon_says_beyond_and_none_lasts_no_day() -> None:
    assert cover(71, [35, 35], MONDAY, MONDAY) == Cover(None, None)
    assert cover(0, [0, 0], MONDAY, MONDAY) == Cover(0, MONDAY)


def test_row_s15_excess_is_left_after_all_demand_and_safety_stock() -> None:
    found = look(stocked(100, [10] * 4, [0, 20], safety=15))
    assert found.use == Use(120 * ONE, 40 * ONE, 15 * ONE, 65 * ONE)
    assert found.worth(found.use.excess) == 130
    assert found.obsolete == 0
    short = look(stocked(-5, [10] * 4, [0, 20], safety=15))
    assert short.use == Use(15 * ONE, 15 * ONE, 0, 0)


def test_row_s15_stock_without_demand_is_obsolete_as_a_whole() -> None:
    found = look(stocked(7, [0] * 4, [3], safety=2))
    assert (found.obsolete, found.use.excess) == (7 * ONE, 8 * ONE)
    assert (found.variation, found.xyz, found.abc) == (None, None, "C")


def test_stock_is_in_the_order_in_which_pages_go_on() -> None:
    """Not in that of a database, which may have other letters before others."""
    found = take_stock([stocked(1, [1], item=item) for item in ("b", "a", "B")], MONDAY)
    assert [one.stocked.key.item for one in found] == ["B", "a", "b"]


def test_where_no_cost_is_known_there_is_no_money_and_no_class() -> None:
    known, unknown = stocked(4, [1] * 4, item="a"), stocked(4, [1] * 4, item="b", cost=None)
    found = take_stock([known, unknown], MONDAY)
    assert [(one.abc, one.worth(ONE)) for one in found] == [("A", 2), (None, None)]
    assert [one.xyz for one in found] == ["X", "X"]
    sums = total(found)
    assert (sums.count, sums.without_cost, sums.stock, sums.annual_consumption) == (2, 1, 8, 104)
    assert (sums.average_stock, sums.turns) == (3, pytest.approx(104 / 3))


@pytest.mark.parametrize(
    ("consumption", "classes"),
    [
        ([80, 15, 5], "ABC"),
        ([79, 16, 5], "AAC"),  # the second crosses 80 %
        ([80, 14, 6], "ABB"),  # the third crosses 95 %
        ([100, 0], "AC"),
        ([0, 0], "CC"),
        ([5, 5], "AA"),
    ],
)
def test_row_s15_what_crosses_a_share_is_still_of_its_class(
    consumption: list[int], classes: str
) -> None:
    named = dict(zip(keys(9), consumption, strict=False))
    assert list(abc_classes(named, USUAL).values()) == list(classes)


@pytest.mark.parametrize(
    ("weekly", "of"),
    [([5, 15], "X"), ([4, 15], "Y"), ([0, 20], "Y"), ([0, 0, 30], "Z"), ([7], "X"), ([0, 0], None)],
)
def test_row_s15_a_variation_on_the_boundary_is_of_the_better_class(
    weekly: list[int], of: str | None
) -> None:
    assert xyz_class(weekly, USUAL) == of


def test_variation_is_of_whole_weeks_only() -> None:
    assert variation([5, 15]) == 0.5
    assert look(stocked(0, [900, 10, 10])).xyz == "X"


def test_classes_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(ValueError, match=r"A ends at 0\.9 and B at 0\.5"):
        Cuts(a=Decimal("0.9"), b=Decimal("0.5"))
    with pytest.raises(ValueError, match="X ends at 2 and Y at 1"):
        Cuts(x=Decimal(2))


@given(st.integers(-50, 200), WEEKS, WEEKS, st.integers(0, 50))
def test_all_that_is_available_is_used_or_safety_or_excess(
    on_hand: int, gross: list[int], scheduled: list[int], safety: int
) -> None:
    use = look(stocked(on_hand, gross, scheduled[: len(gross)], safety=safety)).use
    assert use.used + use.safety + use.excess == use.available
    assert min(use) >= 0
    assert not use.excess or (use.used, use.safety) == (sum(gross) * ONE, safety * ONE)


@given(st.lists(st.none() | st.integers(0, 1000), max_size=12), st.integers(1, 10**9))
def test_classes_partition_and_a_has_its_share_at_any_scale_of_cost(
    consumption: list[int | None], scale: int
) -> None:
    named = dict(zip(keys(12), consumption, strict=False))
    classes = abc_classes(named, USUAL)
    assert {key for key, of in classes.items() if of is None} == {
        key for key, units in named.items() if units is None
    }
    sums = {of: sum(named[key] or 0 for key in named if classes[key] == of) for of in "ABC"}
    whole = sum(sums.values())
    assert sums["A"] * 10 >= 8 * whole
    assert (sums["A"] + sums["B"]) * 100 >= 95 * whole
    scaled = {key: None if units is None else units * scale for key, units in named.items()}
    assert abc_classes(scaled, USUAL) == classes


@given(st.integers(0, 200), st.integers(0, 9), WEEKS, st.integers(0, 6))
def test_more_stock_never_lasts_less(on_hand: int, more: int, gross: list[int], day: int) -> None:
    today = MONDAY + timedelta(days=day)
    before = cover(on_hand, gross, MONDAY, today)
    after = cover(on_hand + more, gross, MONDAY, today)
    assert before.days is not None or after.days is None
    if before.days is not None and after.days is not None:
        assert after.days >= before.days
        assert after.used_up_on is not None
        assert before.used_up_on is not None
        assert after.used_up_on >= before.used_up_on >= today
        assert before.days <= (before.used_up_on - today).days + 1


@given(WEEKS, st.integers(1, 5))
def test_scaled_demand_varies_as_much(weekly: list[int], scale: int) -> None:
    scaled = [units * scale * ONE for units in weekly]
    assert xyz_class(scaled, USUAL) == xyz_class(weekly, USUAL)


@given(st.lists(st.tuples(st.integers(0, 99), WEEKS), min_size=1, max_size=5), st.integers(1, 999))
def test_scaling_all_costs_scales_money_and_no_turns(
    places: list[tuple[int, list[int]]], scale: int
) -> None:
    one = [stocked(units, weeks, item=str(n)) for n, (units, weeks) in enumerate(places)]
    other = [replace(place, unit_cost=Decimal(2 * scale)) for place in one]
    before, after = take_stock(one, MONDAY), take_stock(other, MONDAY)
    assert [place.abc for place in before] == [place.abc for place in after]
    assert total(after).excess == total(before).excess * scale
    assert total(after).turns == (
        None if total(before).turns is None else pytest.approx(total(before).turns)
    )
