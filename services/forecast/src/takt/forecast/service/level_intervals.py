"""Intervals of sums (F6): of the present ones, and frozen with each version."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from takt.common.db import Tx
from takt.forecast.domain.calendar import HORIZON_WEEKS, weeks_between
from takt.forecast.domain.hierarchy import ancestry
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.joining import MILLION, Millionths
from takt.forecast.domain.levels import (
    Place,
    Scope,
    SummedLines,
    SummedSeries,
    edges_of_sums,
    summed,
)
from takt.forecast.domain.series import Floats, Number, move_to_week
from takt.forecast.store import catalog, levels, version_levels
from takt.forecast.store.levels import Measured
from takt.forecast.store.version_levels import FrozenSum, LineShare, View
from takt.forecast.store.versions import FrozenRevision

NOTHING = View(
    np.zeros(HORIZON_WEEKS), np.zeros(HORIZON_WEEKS), np.zeros(HORIZON_WEEKS, dtype=np.int64)
)


@dataclass(frozen=True, slots=True)
class Edges:
    """Intervals of sums from the week of `first_week` on, shape (4, weeks) each."""

    first_week: date
    by_place: Mapping[Place, Millionths]

    def rounded(self, step: Decimal) -> "Edges":
        """The same in multiples of `step`, outwards."""
        unit = int(step.scaleb(6))
        outwards = np.array([[0], [0], [unit - 1], [unit - 1]])
        found = {place: (edges + outwards) // unit * unit for place, edges in self.by_place.items()}
        return Edges(self.first_week, found)


@dataclass(frozen=True, slots=True)
class Within:
    """What the sums that are asked for are limited to; None is all."""

    family: str | None = None
    product: str | None = None
    region: str | None = None

    def measured_as(self, place: Place) -> Place:
        """The sum of the whole company that a sum under these limits is."""
        level, product, region = place
        if self.product is not None:
            level, product = "product", self.product
        elif self.family is not None and level == "all":
            level, product = "family", self.family
        return Place(level, product, region or self.region)


async def present_edges(tx: Tx, revisions: Sequence[FrozenRevision], within: Within) -> Edges:
    """The intervals of all sums of present forecasts, as far as they are measured."""
    parents = await catalog.parents_of_regions(tx)
    families = await catalog.families_of_products(tx)
    known = await levels.measured(tx)
    views, lines = await version_levels.views(tx, None), await version_levels.lines(tx, None)
    keys = [SeriesKey(one.product, one.region) for one in revisions]
    places = summed(keys, families, parents)
    above = ancestry(within.region, parents)[1:] if within.region else []
    names = {p: within.measured_as(p) for p in places if p.region is None or p.region not in above}
    return await asyncio.to_thread(_edges, revisions, views, lines, places, names, known)


async def freeze_sums(tx: Tx, version: int, revisions: Sequence[FrozenRevision]) -> None:
    """Keep with a version its sums at every level, their intervals, and how good those have been.

    Args:
        tx: the transaction in which the version was frozen.
        version: its number.
        revisions: what it holds.
    """
    parents = await catalog.parents_of_regions(tx)
    families = await catalog.families_of_products(tx)
    known = await levels.measured(tx)
    views = await version_levels.views(tx, version)
    lines = await version_levels.lines(tx, version)
    keys = [SeriesKey(one.product, one.region) for one in revisions]
    places = {
        place: inside
        for place, inside in summed(keys, families, parents).items()
        if not _is_series(place, inside, keys)
    }
    sums = await asyncio.to_thread(_frozen, revisions, views, lines, places, known)
    await version_levels.save_sums(tx, version, sums)
    await version_levels.save_firm(tx, version, _firm(revisions, lines))
    held = await levels.held(tx)
    method = await levels.method(tx) if held else None
    await version_levels.save_head(tx, version, method, held)


def _is_series(place: Place, inside: Sequence[int], keys: Sequence[SeriesKey]) -> bool:
    return len(inside) == 1 and place == ("product", *_codes(keys[inside[0]]))


def _codes(key: SeriesKey) -> tuple[str, str]:
    return key.product, key.region


def _frozen(
    revisions: Sequence[FrozenRevision],
    views: Mapping[SeriesKey, View],
    lines: Sequence[LineShare],
    places: Mapping[Place, Sequence[int]],
    known: Measured,
) -> list[FrozenSum]:
    """Sums as they are kept; past weeks of series that nobody has moved on are left out."""
    edges = _edges(revisions, views, lines, places, {place: place for place in places}, known)
    found = []
    keys = [SeriesKey(one.product, one.region) for one in revisions]
    first = edges.first_week
    begun = [one.first_week for one in revisions]
    won = _firm(revisions, lines)
    kinds = (
        [one.baseline for one in revisions],
        [one.pipeline for one in revisions],
        [views.get(key, NOTHING).ordered for key in keys],
        [won.get(key, NOTHING.ordered) for key in keys],
    )
    baseline, pipeline, ordered, firm = (
        np.stack([_from(week, one, first) for week, one in zip(begun, kind, strict=True)])
        for kind in kinds
    )
    for place, inside in places.items():
        scope = known.places[place][0] if place in known.places else None
        found.append(
            FrozenSum(
                place,
                len(inside),
                first,
                baseline[inside].sum(axis=0),
                pipeline[inside].sum(axis=0),
                ordered[inside].sum(axis=0),
                firm[inside].sum(axis=0),
                edges.by_place.get(place),
                scope if scope is not None and _is_named_by(place, scope) else None,
            )
        )
    return found


def _firm(
    revisions: Sequence[FrozenRevision], lines: Sequence[LineShare]
) -> dict[SeriesKey, Millionths]:
    """What of each series is won and not shipped, from its first week on."""
    begun = {SeriesKey(one.product, one.region): one.first_week for one in revisions}
    found: dict[SeriesKey, Millionths] = {}
    for line in lines:
        if line.won and line.series in begun:
            expected = move_to_week(line.expected, line.first_week, begun[line.series])
            found[line.series] = found.get(line.series, NOTHING.ordered) + expected
    return found


def _is_named_by(place: Place, scope: Scope) -> bool:
    """Whether this is the name under which a sum is counted; one that has several counts once."""
    return place.level == scope.level and (place.region is None) == (scope.depth == 0)


def _edges(
    revisions: Sequence[FrozenRevision],
    views: Mapping[SeriesKey, View],
    lines: Sequence[LineShare],
    places: Mapping[Place, Sequence[int]],
    names: Mapping[Place, Place],
    known: Measured,
) -> Edges:
    """Intervals of sums; a sum of one series has that of the series.

    Args:
        revisions: the series.
        views: what their models say.
        lines: of all deals.
        places: the series in each sum.
        names: by what each sum was measured; a part of a region by nothing.
        known: what was measured.
    """
    first = max((one.first_week for one in revisions), default=date.min)
    found: dict[Place, Millionths] = {}
    chosen: list[Place] = []
    for place, inside in places.items():
        if len(inside) == 1:
            only = revisions[inside[0]]
            found[place] = np.stack([_from(only.first_week, edge, first) for edge in only.bands])
        elif names.get(place) in known.places:
            chosen.append(place)
    keys = [SeriesKey(one.product, one.region) for one in revisions]
    position = {key: number for number, key in enumerate(keys)}
    held = [views.get(key, NOTHING) for key in keys]
    begun = [one.first_week for one in revisions]
    series = SummedSeries(
        np.stack([_from(one.first_week, one.baseline, first) for one in revisions]),
        np.stack([_from(one.first_week, one.pipeline, first) for one in revisions]),
        np.stack([_from(w, v.statistical, first) for w, v in zip(begun, held, strict=True)]),
        np.stack([_from(w, v.lift_deviation, first) for w, v in zip(begun, held, strict=True)]),
    )
    shares = [
        (position[line.series], line.deal_id, line.first_week, _variance(line))
        for line in lines
        if line.series in position
    ]
    measured = [known.places[names[place]] for place in chosen]
    edges = edges_of_sums(
        [np.array(places[place]) for place in chosen],
        np.array([scale for _, scale in measured]),
        [known.bands[scope] for scope, _ in measured],
        series,
        SummedLines.of(shares, first),
    )
    return Edges(first, found | {place: edges[:, n] for n, place in enumerate(chosen)})


def _variance(line: LineShare) -> Floats:
    """Of all or nothing in each week: share x (1 - share) x quantity^2."""
    expected = line.expected / MILLION
    variance: Floats = np.maximum(expected * (line.quantity - expected), 0.0)
    return variance


def _from(first_week: date, values: npt.NDArray[Number], first: date) -> npt.NDArray[Number]:
    """Weekly values from a later week on; the weeks that come into sight are zero."""
    passed = min(weeks_between(first_week, first), len(values))
    return np.concatenate([values[passed:], np.zeros(passed, dtype=values.dtype)])
