from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.supply_planning.domain.bom import (
    BillCycleError,
    BillLine,
    BillOfMaterial,
    low_level_codes,
)
from takt.supply_planning.domain.quantity import ONE


def line(parent: str, component: str, per: int = 1, scrap: str = "0") -> BillLine:
    return BillLine(parent, component, per * ONE, Decimal(scrap))


def test_an_item_is_coded_by_its_longest_way_down() -> None:
    lines = [line("bike", "frame"), line("bike", "bolt"), line("frame", "bolt")]
    assert low_level_codes(lines) == {"bike": 0, "frame": 1, "bolt": 2}


def test_a_cycle_is_refused_and_named_in_order() -> None:
    lines = [line("a", "b"), line("b", "c"), line("c", "a"), line("c", "d"), line("top", "a")]
    with pytest.raises(BillCycleError, match="a > b > c > a") as refused:
        BillOfMaterial(lines)
    assert refused.value.cycle == ("a", "b", "c", "a")


def test_an_item_that_is_its_own_component_is_a_cycle() -> None:
    with pytest.raises(BillCycleError, match="a > a"):
        BillOfMaterial([line("a", "a")])


def test_scrap_is_added_to_what_is_needed_and_rounded_up() -> None:
    assert line("cake", "flour", 2, "0.2").required(10 * ONE) == 25 * ONE
    assert line("cake", "flour", 1, "0.3").required(ONE) == 1_428_572


@pytest.mark.parametrize(("per", "scrap"), [(0, "0"), (-1, "0"), (1, "1"), (1, "-0.1")])
def test_impossible_quantities_are_refused(per: int, scrap: str) -> None:
    with pytest.raises(ValueError, match="part"):
        line("whole", "part", per, scrap)


def test_the_critical_path_follows_the_longest_sibling_not_the_sum() -> None:
    """Capability S4."""
    days = {"car": 2, "engine": 10, "wheel": 3, "rubber": 4, "steel": 1}
    bill = BillOfMaterial(
        [
            line("car", "engine"),
            line("car", "wheel"),
            line("wheel", "rubber"),
            line("engine", "steel"),
        ]
    )
    path = bill.critical_path(
        "car", date(2026, 9, 30), lambda item, due: due - timedelta(days=days[item])
    )
    assert path == (
        ("car", date(2026, 9, 28)),
        ("engine", date(2026, 9, 18)),
        ("steel", date(2026, 9, 17)),
    )


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=20))
def test_every_component_lies_below_its_parents_or_a_true_cycle_is_named(
    edges: list[tuple[int, int]],
) -> None:
    lines = [line(str(parent), str(component)) for parent, component in edges]
    try:
        levels = low_level_codes(lines)
    except BillCycleError as error:
        cycle, levels = error.cycle, {}
    else:
        cycle = ()
    taken = {(one.parent, one.component) for one in lines}
    assert all(pair in taken for pair in pairwise(cycle))
    assert cycle[:1] == cycle[-1:]
    if not cycle:
        assert all(levels[one.component] > levels[one.parent] for one in lines)
