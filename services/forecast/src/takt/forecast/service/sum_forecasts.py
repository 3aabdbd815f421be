"""Sums over the product and region hierarchies, exact at every level."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, assert_never

import numpy as np

from takt.common.db import Tx
from takt.forecast.domain.calendar import weeks_between
from takt.forecast.domain.hierarchy import ancestry, roll_up
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.levels import Place
from takt.forecast.domain.pipeline import to_decimals
from takt.forecast.domain.reconciliation import rounded
from takt.forecast.schemas import ForecastSum, SumBucket
from takt.forecast.service.level_intervals import Edges
from takt.forecast.store import version_levels, versions
from takt.forecast.store.version_levels import FrozenSum
from takt.forecast.store.versions import FrozenRevision

Level = Literal["all", "family", "product"]
EDGES = ("low95", "low80", "high80", "high95")


def sum_forecasts(
    revisions: Sequence[FrozenRevision],
    level: Level,
    families: Mapping[str, str | None],
    parents: Mapping[str, str | None] | None,
    edges: Edges | None = None,
) -> list[ForecastSum]:
    """Sum series into nodes of (product level, region).

    Revisions of different weeks are put on one axis, from the earliest on; past weeks are kept.

    Args:
        revisions: the series.
        level: into what products are summed; a product without a family is in none.
        families: by product.
        parents: by region, each region being summed into all that it lies in; None for all regions.
        edges: intervals of sums, as far as they are known.
    """
    if not revisions:
        return []
    first = min(revision.first_week for revision in revisions)
    length = max(
        weeks_between(first, revision.first_week) + len(revision.baseline) for revision in revisions
    )
    members: dict[tuple[str | None, str | None], int] = {}
    leaves = []
    for revision in revisions:
        product = product_node(revision.product, level, families)
        regions = [None] if parents is None else ancestry(revision.region, parents)
        nodes = [(product, region) for region in regions]
        for node in nodes:
            members[node] = members.get(node, 0) + 1
        leaves.append(
            (nodes, _on_axis(revision, weeks_between(first, revision.first_week), length))
        )
    return [
        ForecastSum(
            level=level,
            product=product,
            region=region,
            series=members[product, region],
            buckets=[
                SumBucket(
                    week=first + timedelta(weeks=week),
                    quantity=sums[week] + sums[length + week],
                    baseline=sums[week],
                    pipeline=sums[length + week],
                    **interval_in(edges, Place(level, product, region), first, week),
                )
                for week in range(length)
            ],
        )
        for (product, region), sums in sorted(
            roll_up(leaves).items(), key=lambda item: tuple(code or "" for code in item[0])
        )
    ]


def rounded_in(
    whole: Sequence[FrozenRevision], chosen: Sequence[FrozenRevision], step: Decimal
) -> list[FrozenRevision]:
    """Some series in multiples of `step`, as they are when all are rounded together.

    Args:
        whole: all series.
        chosen: some of them.
        step: whole millionths.
    """
    alike: dict[date, list[FrozenRevision]] = {}
    for one in whole:
        alike.setdefault(one.first_week, []).append(one)
    found: dict[SeriesKey, FrozenRevision] = {}
    for group in alike.values():
        parts = np.stack([*(one.baseline for one in group), *(one.pipeline for one in group)])
        shown = rounded(parts, int(step.scaleb(6)))
        for place, one in enumerate(group):
            baseline, pipeline = shown[place], shown[len(group) + place]
            key = SeriesKey(one.product, one.region)
            found[key] = replace(one, baseline=baseline, pipeline=pipeline)
    return [found[SeriesKey(one.product, one.region)] for one in chosen]


async def frozen_sums(tx: Tx, version: int, level: Level, by_region: bool) -> list[ForecastSum]:
    """The sums of a version at a level of products, in all regions or in each, in order."""
    sums = await version_levels.sums_of(tx, version, level, by_region)
    if level == "product" and by_region:
        summed = {(one.place.product, one.place.region) for one in sums}
        revisions, _ = await versions.content(tx, version)
        sums += [_alone(one) for one in revisions if (one.product, one.region) not in summed]
    sums.sort(key=lambda one: (one.place.product or "", one.place.region or ""))
    return [_frozen_sum(one) for one in sums]


def _frozen_sum(one: FrozenSum) -> ForecastSum:
    known = {} if one.bands is None else {one.place: one.bands}
    edges = Edges(one.first_week, known)
    parts = zip(to_decimals(one.baseline), to_decimals(one.pipeline), strict=True)
    return ForecastSum(
        level=one.place.level,
        product=one.place.product,
        region=one.place.region,
        series=one.series,
        buckets=[
            SumBucket(
                week=one.first_week + timedelta(weeks=week),
                quantity=baseline + pipeline,
                baseline=baseline,
                pipeline=pipeline,
                **interval_in(edges, one.place, one.first_week, week),
            )
            for week, (baseline, pipeline) in enumerate(parts)
        ],
    )


def _alone(revision: FrozenRevision) -> FrozenSum:
    """A series as the sum of itself."""
    return FrozenSum(
        Place("product", revision.product, revision.region),
        1,
        revision.first_week,
        revision.baseline,
        revision.pipeline,
        np.zeros_like(revision.baseline),
        np.zeros_like(revision.baseline),
        revision.bands,
        None,
    )


def interval_in(edges: Edges | None, place: Place, first: date, week: int) -> dict[str, Decimal]:
    """The interval of a sum in a week, by the names of its edges; nothing where it has none."""
    found = None if edges is None else edges.by_place.get(place)
    if edges is None or found is None:
        return {}
    ahead = week - weeks_between(first, edges.first_week)
    if not 0 <= ahead < found.shape[1]:
        return {}
    return dict(zip(EDGES, to_decimals(found[:, ahead]), strict=True))


def product_node(product: str, level: Level, families: Mapping[str, str | None]) -> str | None:
    """The node into which a product is summed; None is all, or no family."""
    match level:
        case "all":
            return None
        case "family":
            return families.get(product)
        case "product":
            return product
        case _:
            assert_never(level)


def _on_axis(revision: FrozenRevision, start: int, length: int) -> list[Decimal]:
    """Baseline and then pipeline, each of `length` weeks."""
    before = [Decimal(0)] * start
    after = [Decimal(0)] * (length - start - len(revision.baseline))
    return [
        *before,
        *to_decimals(revision.baseline),
        *after,
        *before,
        *to_decimals(revision.pipeline),
        *after,
    ]
