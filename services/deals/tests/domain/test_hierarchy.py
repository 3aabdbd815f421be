from hypothesis import given
from hypothesis import strategies as st

from takt.deals.domain.hierarchy import first_cycle


def test_a_tree_has_no_cycle() -> None:
    assert first_cycle({"world": None, "europe": "world", "north": "europe"}) == []


def test_a_cycle_is_named_from_where_it_is_entered() -> None:
    assert first_cycle({"x": "a", "a": "b", "b": "c", "c": "a"}) == ["a", "b", "c"]
    assert first_cycle({"self": "self"}) == ["self"]


@given(st.lists(st.integers(0, 30), max_size=30))
def test_parents_that_come_before_their_children_never_make_a_cycle(places: list[int]) -> None:
    parents = {
        str(child): str(place % child) if child else None for child, place in enumerate(places)
    }
    assert first_cycle(parents) == []
    if len(parents) > 1:
        assert first_cycle({**parents, "0": str(len(parents) - 1)})[0] in parents
