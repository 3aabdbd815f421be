"""Sums over the product and region hierarchies, exact at every level."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Literal, assert_never

from takt.forecast.domain.calendar import weeks_between
from takt.forecast.domain.hierarchy import ancestry, roll_up
from takt.forecast.domain.pipeline import to_decimals
from takt.forecast.schemas import ForecastSum, SumBucket
from takt.forecast.store.versions import FrozenRevision

Level = Literal["all", "family", "product"]


def sum_forecasts(
    revisions: Sequence[FrozenRevision],
    level: Level,
    families: Mapping[str, str | None],
    parents: Mapping[str, str | None] | None,
) -> list[ForecastSum]:
    """Sum series into nodes of (product level, region).

    Revisions of different weeks are put on one axis, from the earliest on; past weeks are kept.

    Args:
        revisions: the series.
        level: into what products are summed; a product without a family is in none.
        families: by product.
        parents: by region, each region being summed into all that it lies in; None for all regions.
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
                )
                for week in range(length)
            ],
        )
        for (product, region), sums in sorted(
            roll_up(leaves).items(), key=lambda item: tuple(code or "" for code in item[0])
        )
    ]


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
