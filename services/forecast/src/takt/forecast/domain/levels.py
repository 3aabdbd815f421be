"""Levels of the company: products, families and all, in each region, in all that holds it, in all.

A node is a sum of series at one place; the nodes of one level of products and one depth of regions
are a scope, whose intervals are measured together. The intervals of a sum are conformal at its own
level: errors of series cancel out in a sum, and common ones do not, so that neither the ends of
their intervals nor their variances add up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.calendar import HORIZON_WEEKS
from takt.forecast.domain.hierarchy import ancestry
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.intervals import Bands, around
from takt.forecast.domain.joining import MILLION
from takt.forecast.domain.reconciliation import Hierarchy, Node, hierarchy
from takt.forecast.domain.series import move_to_week
from takt.forecast.domain.trees import OWN, Tree

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
ProductLevel = Literal["all", "family", "product"]


class Scope(NamedTuple):
    """Nodes that are measured together; depth 0 is all regions, 1 a region in no other."""

    level: Literal["series", "all", "family", "product"]
    depth: int


SERIES = Scope("series", 0)


class Place(NamedTuple):
    """Where a sum stands; None is all. A family of None are products without one."""

    level: ProductLevel
    product: str | None
    region: str | None


_WIDEST: tuple[ProductLevel, ...] = ("all", "family", "product")
# Before codes on the axes of the tree, where a family may be called like a product.
_FAMILY, _PRODUCT, _REGION = "f", "p", "r"


def company(
    keys: Sequence[SeriesKey],
    families: Mapping[str, str | None],
    parents: Mapping[str, str | None],
) -> Hierarchy:
    """All nodes that hold series, the series first and in their order; no node stands there twice.

    Args:
        keys: the series, each once.
        families: by product; None for a product without one.
        parents: by region. A region that is not there lies in none, nor does one in a loop.
    """
    products: dict[str, str | None] = {}
    regions: dict[str, str | None] = {}
    for key in keys:
        family = _FAMILY + (families.get(key.product) or "")
        products |= {family: None, _PRODUCT + key.product: family}
        way = [_REGION + code for code in _way(key.region, parents)]
        regions |= dict(zip(way, [*way[1:], None], strict=True))
    cells = [(_PRODUCT + key.product, _REGION + key.region) for key in keys]
    return hierarchy(cells, [Tree(products), Tree(regions)])


def _way(region: str, parents: Mapping[str, str | None]) -> list[str]:
    """A region and what it lies in; one whose way up closes a loop lies in none."""
    way = ancestry(region, parents)
    return [region] if parents.get(way[-1]) is not None else way


def scopes_of(tree: Hierarchy, parents: Mapping[str, str | None]) -> list[Scope]:
    """The scope of each node; of one that has several names that of the widest."""
    found = [SERIES] * len(tree.nodes)
    names = [
        (_WIDEST.index(place.level), _depth(place, parents), node)
        for place, node in places_of(tree).items()
    ]
    for level, depth, node in sorted(names, reverse=True):
        found[node] = Scope(_WIDEST[level], depth)
    return found


def _depth(place: Place, parents: Mapping[str, str | None]) -> int:
    return 0 if place.region is None else len(_way(place.region, parents))


def places_of(tree: Hierarchy) -> dict[Place, int]:
    """The node of each sum. One family that is all, or one region, is found by either name."""
    found: dict[Place, int] = {}
    whole = [any(node[axis] is None for node in tree.nodes) for axis in (0, 1)]
    roots = [_root(tree, axis) for axis in (0, 1)]
    for number, node in enumerate(tree.nodes):
        if number < tree.series:
            continue
        place = _place(node)
        found[place] = number
        levels = [place]
        if not whole[0] and node[0] == roots[0]:
            levels.append(Place("all", None, place.region))
        for one in levels:
            found[one] = number
            if not whole[1] and node[1] == roots[1]:
                found[one._replace(region=None)] = number
    return found


def _root(tree: Hierarchy, axis: int) -> str | None:
    """The code that holds all series on an axis: that of the node above all others."""
    return tree.nodes[-1][axis]


def _place(node: Node) -> Place:
    product, region = node
    where = None if region is None else region.removeprefix(OWN).removeprefix(_REGION)
    if product is None:
        return Place("all", None, where)
    level: ProductLevel = "family" if product.startswith(_FAMILY) else "product"
    return Place(level, product[1:] or None, where)


def summed(
    keys: Sequence[SeriesKey],
    families: Mapping[str, str | None],
    parents: Mapping[str, str | None],
) -> dict[Place, list[int]]:
    """The series in the sum at each place, by their position in `keys`."""
    found: dict[Place, list[int]] = {}
    for position, key in enumerate(keys):
        products: list[tuple[ProductLevel, str | None]] = [
            ("all", None),
            ("family", families.get(key.product)),
            ("product", key.product),
        ]
        for level, product in products:
            for region in [None, *_way(key.region, parents)]:
                found.setdefault(Place(level, product, region), []).append(position)
    return found


@dataclass(frozen=True, slots=True)
class SummedSeries:
    """Series of one first week, as far as the intervals of their sums need them.

    Arrays of shape (series, HORIZON_WEEKS): `statistical` is the lifted view, in units;
    `lift_deviation` what signals may be wrong by.
    """

    baseline: Integers
    pipeline: Integers
    statistical: Floats
    lift_deviation: Floats


@dataclass(frozen=True, slots=True)
class SummedLines:
    """Lines of deals: which series each is of and which deal; its deviation by week, in units."""

    series: Integers
    deals: Integers
    deviation: Floats

    @classmethod
    def of(cls, rows: Iterable[tuple[int, UUID, date, Floats]], first_week: date) -> "SummedLines":
        """From the place of the series, the deal, the first week and the variance of each line."""
        series, deals, deviations = [], [], []
        numbers: dict[UUID, int] = {}
        for place, deal, week, variance in rows:
            series.append(place)
            deals.append(numbers.setdefault(deal, len(numbers)))
            deviations.append(np.sqrt(move_to_week(variance, week, first_week)))
        return cls(
            np.array(series, dtype=np.int64),
            np.array(deals, dtype=np.int64),
            np.array(deviations).reshape(-1, HORIZON_WEEKS),
        )


def edges_of_sums(
    members: Sequence[Integers],
    scales: Floats,
    bands: Sequence[Bands],
    series: SummedSeries,
    lines: SummedLines,
) -> Integers:
    """Low 95, low 80, high 80, high 95 of sums in whole millionths, shape (4, sums, weeks).

    Lines of one deal are won together and a signal errs everywhere alike: their deviations add.
    What is left of the statistical view counts for how much of its error is left.

    Args:
        members: the series in each sum.
        scales: unit of each sum's scores, shape (sums,).
        bands: by which each sum is judged.
        series: all series.
        lines: all lines of deals.
    """
    shape = (len(members), series.baseline.shape[1])
    edges = np.empty((4, *shape))
    order = np.argsort(lines.series, kind="stable")
    starts = np.searchsorted(lines.series[order], np.arange(len(series.baseline) + 1))
    for place, inside in enumerate(members):
        baseline = series.baseline[inside].sum(axis=0)
        quantity = (baseline + series.pipeline[inside].sum(axis=0)) / MILLION
        view = series.statistical[inside].sum(axis=0)
        left = np.divide(baseline / MILLION, view, out=np.zeros(shape[1]), where=view > 0)
        own = np.concatenate([order[starts[one] : starts[one + 1]] for one in inside])
        variance = _of_deals(lines.deals[own], lines.deviation[own])
        variance = variance + series.lift_deviation[inside].sum(axis=0) ** 2
        width = np.clip(left, 0.0, 1.0) * scales[place]
        edges[:, place] = around(quantity, width, variance, bands[place])
    return np.rint(edges * MILLION).astype(np.int64)


def _of_deals(deals: Integers, deviation: Floats) -> Floats:
    """The variance of lines by week, those of one deal going together."""
    found, place = np.unique(deals, return_inverse=True)
    by_deal = np.zeros((len(found), deviation.shape[1]))
    np.add.at(by_deal, place, deviation)
    variance: Floats = (by_deal**2).sum(axis=0)
    return variance
