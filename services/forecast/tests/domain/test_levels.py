from datetime import date
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.intervals import Bands
from takt.forecast.domain.levels import (
    SERIES,
    Place,
    Scope,
    SummedLines,
    SummedSeries,
    company,
    edges_of_sums,
    places_of,
    scopes_of,
    summed,
)

MONDAY = date(2026, 11, 23)
WEEKS = 26
PARENTS = {"EU": None, "DE": "EU", "FR": "EU", "US": None, "A": "B", "B": "A"}
FAMILIES = {"P1": "pumps", "P2": "pumps", "V1": "valves", "X": None}
KEYS = [SeriesKey(p, r) for p, r in (("P1", "DE"), ("P1", "FR"), ("P2", "DE"), ("V1", "US"))]


def test_every_sum_is_found_at_its_place_and_measured_with_its_like():
    tree = company(KEYS, FAMILIES, PARENTS)
    places, scopes = places_of(tree), scopes_of(tree, PARENTS)
    found = {place: scopes[node] for place, node in places.items()}
    assert found[Place("all", None, None)] == Scope("all", 0)
    assert found[Place("all", None, "EU")] == Scope("all", 1)
    assert found[Place("family", "pumps", "DE")] == Scope("family", 2)
    assert found[Place("product", "P1", None)] == Scope("product", 0)
    assert Place("product", "P1", "DE") not in found
    assert scopes.count(SERIES) == len(KEYS)


def test_one_family_and_one_region_above_all_are_the_whole_under_either_name():
    keys = [SeriesKey("P1", "DE"), SeriesKey("P2", "FR")]
    tree = company(keys, FAMILIES, PARENTS)
    places = places_of(tree)
    top = {places[Place("all", None, None)], places[Place("family", "pumps", "EU")]}
    top |= {places[Place("all", None, "EU")], places[Place("family", "pumps", None)]}
    assert top == {len(tree.nodes) - 1}


def test_a_region_in_a_circle_and_one_that_is_not_there_lie_in_none():
    keys = [SeriesKey("P1", "A"), SeriesKey("P1", "B"), SeriesKey("X", "nowhere")]
    places = summed(keys, FAMILIES, PARENTS)
    assert places[Place("product", "P1", "A")] == [0]
    assert places[Place("product", "P1", "B")] == [1]
    assert places[Place("all", None, "nowhere")] == [2]
    assert places[Place("family", None, None)] == [2]
    assert len(company(keys, FAMILIES, PARENTS).nodes) > 3


@given(st.sets(st.tuples(st.sampled_from(list(FAMILIES)), st.sampled_from(list(PARENTS)))))
def test_the_tree_and_the_places_agree_on_what_is_summed(cells):
    keys = [SeriesKey(*cell) for cell in sorted(cells)]
    if not keys:
        return
    tree = company(keys, FAMILIES, PARENTS)
    amounts = (3 ** np.arange(len(keys)))[:, None]
    sums = tree.sums(amounts)[:, 0]
    inside = summed(keys, FAMILIES, PARENTS)
    for place, node in places_of(tree).items():
        assert sums[node] == sum(3**one for one in inside[place])


def whole(units):
    return np.full((1, WEEKS), round(units * 1e6), dtype=np.int64)


def edges(scale, lines=(), *, statistical=10.0, signal=0.0):
    """The edges in units of a sum of two series that expect 10 a week each."""
    series = SummedSeries(
        np.concatenate([whole(10.0), whole(10.0)]),
        np.concatenate([whole(0.0), whole(0.0)]),
        np.full((2, WEEKS), statistical),
        np.full((2, WEEKS), signal),
    )
    found = edges_of_sums(
        [np.array([0, 1])],
        np.array([scale]),
        [Bands.normal(WEEKS)],
        series,
        SummedLines.of(lines, MONDAY),
    )
    return found[:, 0, 0] / 1e6


def line(place, deal, variance):
    return place, UUID(int=deal), MONDAY, np.full(WEEKS, variance)


def test_what_orders_have_taken_from_the_baseline_takes_its_share_of_the_error():
    full, half = edges(3.0), edges(3.0, statistical=20.0)
    assert (20 - half[1]) == pytest.approx((20 - full[1]) / 2)


def test_lines_of_one_deal_are_won_together_and_those_of_two_are_not():
    one = edges(0.0, [line(0, 1, 4.0), line(1, 1, 4.0)])
    two = edges(0.0, [line(0, 1, 4.0), line(1, 2, 4.0)])
    assert one[2] - 20 == pytest.approx(1.281552 * 4, abs=1e-4)
    assert two[2] - 20 == pytest.approx(1.281552 * np.sqrt(8), abs=1e-4)


def test_a_signal_errs_in_all_of_its_series_alike():
    assert edges(0.0, signal=2.0)[2] - 20 == pytest.approx(1.281552 * 4, abs=1e-4)


def test_edges_are_in_order_and_never_negative():
    found = edges(30.0, [line(0, 1, 400.0)])
    assert found[0] == found[1] == 0
    assert found[1] < 20 < found[2] < found[3]
