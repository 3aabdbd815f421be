"""Sums in versions: from what their intervals are made, what they said, and what came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np

from takt.common.db import Tx
from takt.forecast.domain.calendar import weeks_between
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.joining import Millionths
from takt.forecast.domain.levels import Place, Scope
from takt.forecast.domain.series import Floats, error_from, lift_deviation, lift_from
from takt.forecast.store.arrays import literal
from takt.forecast.store.levels import LevelHeld

_FROZEN_LINES = "version_lines WHERE version = $1"
_SHARED = "product, region, statistical, known, ordered, lift, lift_error, lift_week"


@dataclass(frozen=True, slots=True)
class View:
    """What the model says of a series with its signals, and how far those may be wrong, in units.

    Shapes (HORIZON_WEEKS,), from the series' first week on.
    """

    statistical: Floats
    lift_deviation: Floats
    ordered: Millionths


@dataclass(frozen=True, slots=True)
class LineShare:
    """What a deal's line may add to its series, from the week of `first_week` on."""

    series: SeriesKey
    deal_id: UUID
    first_week: date
    quantity: float
    expected: Millionths
    won: bool


async def views(tx: Tx, version: int | None) -> dict[SeriesKey, View]:
    """Views of all series as a version holds them; None for the present."""
    if version is None:
        rows = await tx.exec_driver_sql(f"SELECT {_SHARED}, first_week FROM series")
    else:
        rows = await tx.exec_driver_sql(
            f"""
            SELECT {_SHARED}, first_week FROM version_series
            JOIN forecast_revisions USING (product, region, revision) WHERE version = $1
            """,
            (version,),
        )
    return {SeriesKey(row.product, row.region): _view(row) for row in rows}


def _view(row: Any) -> View:
    view = np.array(row.statistical)
    nothing = np.zeros(len(view))
    ordered = np.array(row.ordered, dtype=np.int64)
    if row.lift is None:
        return View(view, nothing, ordered)
    # Versions from before errors were kept take their signals as certain.
    error = nothing if row.lift_error is None else np.array(row.lift_error)
    passed = weeks_between(row.lift_week, row.first_week)
    lifted = view * lift_from(np.array(row.lift), passed)
    deviation = lift_deviation(np.array(row.known), lifted, error_from(error, passed))
    return View(lifted, deviation, ordered)


async def lines(tx: Tx, version: int | None) -> list[LineShare]:
    """Lines of deals as a version holds them; None for the present."""
    source, place = ("pipeline_lines", ()) if version is None else (_FROZEN_LINES, (version,))
    rows = await tx.exec_driver_sql(
        f"""
        SELECT product, region, deal_id, first_week, quantity::float8 AS quantity, expected,
            probability = 1 AS won
        FROM {source}
        """,
        place,
    )
    return [
        LineShare(
            SeriesKey(row.product, row.region),
            row.deal_id,
            row.first_week,
            row.quantity,
            np.array(row.expected, dtype=np.int64),
            row.won,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class FrozenSum:
    """A sum in a version; `bands`, shape (4, weeks), is None where it was not measured yet.

    `firm` is the part of `pipeline` that was won; `ordered` had arrived and is in neither.
    """

    place: Place
    series: int
    first_week: date
    baseline: Millionths
    pipeline: Millionths
    ordered: Millionths
    firm: Millionths
    bands: Millionths | None
    scope: Scope | None


async def save_sums(tx: Tx, version: int, sums: Sequence[FrozenSum]) -> None:
    """Keep the sums of a version."""
    await tx.exec_driver_sql(
        """
        INSERT INTO version_sums (version, level, product, region, series, first_week, baseline,
            pipeline, ordered, firm, bands, scope_level, scope_depth)
        SELECT $1, level, product, region, series, first_week, baseline::bigint[],
            pipeline::bigint[], ordered::bigint[], firm::bigint[], bands::bigint[], scope_level,
            scope_depth
        FROM unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::date[], $7::text[],
            $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::int[])
            AS s (level, product, region, series, first_week, baseline, pipeline, ordered, firm,
                bands, scope_level, scope_depth)
        """,
        (
            version,
            [one.place.level for one in sums],
            [one.place.product or "" for one in sums],
            [one.place.region or "" for one in sums],
            [one.series for one in sums],
            [one.first_week for one in sums],
            [literal(one.baseline) for one in sums],
            [literal(one.pipeline) for one in sums],
            [literal(one.ordered) for one in sums],
            [literal(one.firm) for one in sums],
            [None if one.bands is None else literal(one.bands) for one in sums],
            [None if one.scope is None else one.scope.level for one in sums],
            [None if one.scope is None else one.scope.depth for one in sums],
        ),
    )


async def save_firm(tx: Tx, version: int, firm: Mapping[SeriesKey, Millionths]) -> None:
    """Keep what of series in a version was won and not shipped."""
    await tx.exec_driver_sql(
        """
        UPDATE version_series v SET firm = f.firm::bigint[]
        FROM unnest($2::text[], $3::text[], $4::text[]) AS f (product, region, firm)
        WHERE v.version = $1 AND (v.product, v.region) = (f.product, f.region)
        """,
        (
            version,
            [key.product for key in firm],
            [key.region for key in firm],
            [literal(won) for won in firm.values()],
        ),
    )


async def sums_of(tx: Tx, version: int, level: str, by_region: bool) -> list[FrozenSum]:
    """Sums of a version at a level of products, in all regions or in each; the series left out."""
    rows = await tx.exec_driver_sql(
        """
        SELECT * FROM version_sums WHERE version = $1 AND level = $2 AND (region <> '') = $3
        ORDER BY product, region
        """,
        (version, level, by_region),
    )
    return [
        FrozenSum(
            Place(row.level, row.product or None, row.region or None),
            row.series,
            row.first_week,
            np.array(row.baseline, dtype=np.int64),
            np.array(row.pipeline, dtype=np.int64),
            np.array(row.ordered, dtype=np.int64),
            np.array(row.firm, dtype=np.int64),
            None if row.bands is None else np.array(row.bands, dtype=np.int64).reshape(4, -1),
            None if row.scope_level is None else Scope(row.scope_level, row.scope_depth),
        )
        for row in rows
    ]


async def save_head(tx: Tx, version: int, method: str | None, held: Sequence[LevelHeld]) -> None:
    """Keep how levels were reconciled, and how good their intervals were, with a version."""
    await tx.exec_driver_sql(
        "UPDATE versions SET reconciliation = $2 WHERE version = $1", (version, method)
    )
    await tx.exec_driver_sql(
        """
        INSERT INTO version_intervals (version, level, depth, nodes, replayed80, replayed95, weeks,
            compared, inside80, inside95)
        SELECT $1, * FROM unnest($2::text[], $3::int[], $4::int[], $5::float8[], $6::float8[],
            $7::int[], $8::int[], $9::float8[], $10::float8[])
        """,
        (
            version,
            [one.level for one in held],
            [one.depth for one in held],
            [one.nodes for one in held],
            [one.replayed80 for one in held],
            [one.replayed95 for one in held],
            [one.weeks for one in held],
            [one.compared for one in held],
            [one.inside80 for one in held],
            [one.inside95 for one in held],
        ),
    )


async def intervals_of(tx: Tx, versions: Sequence[int]) -> dict[int, list[Any]]:
    """How good the intervals of each level were when versions were published."""
    rows = await tx.exec_driver_sql(
        "SELECT * FROM version_intervals WHERE version = ANY($1::int[]) ORDER BY level, depth",
        (list(versions),),
    )
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.version, []).append(row)
    return found
