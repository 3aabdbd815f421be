from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain.hierarchy import ancestry, roll_up, round_to_sum

REGIONS = {"berlin": "north", "hamburg": "north", "north": "world", "world": None}


def test_a_region_lies_in_all_regions_above_it():
    assert ancestry("berlin", REGIONS) == ["berlin", "north", "world"]


def test_a_loop_in_the_regions_ends():
    assert ancestry("a", {"a": "b", "b": "a"}) == ["a", "b"]


@given(
    st.lists(
        st.tuples(st.sampled_from(["berlin", "hamburg"]), st.decimals(0, 10**6, places=6)),
        min_size=1,
    )
)
def test_every_level_is_the_exact_sum_of_its_leaves(leaves):
    sums = roll_up((ancestry(region, REGIONS), [quantity]) for region, quantity in leaves)
    assert sums["world"] == [sum(quantity for _, quantity in leaves)]
    below = [sums[r][0] for r in ("berlin", "hamburg") if r in sums]
    assert sums["north"][0] == sum(below)


@given(st.lists(st.decimals(0, 10**6, places=6), max_size=30))
def test_rounded_parts_sum_to_the_rounded_whole(quantities):
    rounded = round_to_sum(quantities)
    assert sum(rounded, Decimal(0)) == sum(quantities, Decimal(0)).to_integral_value()
    assert all(abs(a - b) < 1 for a, b in zip(rounded, quantities, strict=True))


def test_the_largest_remainder_is_rounded_up():
    parts = [Decimal("1.2"), Decimal("1.5"), Decimal("1.3")]
    assert round_to_sum(parts) == [Decimal(1), Decimal(2), Decimal(1)]
