"""Levels: what was measured of sums, what their intervals held, and by what series are shifted."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np

from takt.common.db import Tx
from takt.forecast.domain.adaptive import allowed_shares, coverage
from takt.forecast.domain.calendar import HORIZON_WEEKS, weeks_between
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.intervals import LEVELS, Bands
from takt.forecast.domain.level_trials import BOTTOM_UP, RECONCILED, Tried
from takt.forecast.domain.levels import Place, Scope
from takt.forecast.domain.series import Floats, rolled
from takt.forecast.store.arrays import literal
from takt.forecast.store.interval_outcomes import outcomes

KEPT = 8
"""Measurements whose bands are kept; their decisions are all kept."""


@dataclass(frozen=True, slots=True)
class Measured:
    """By what sums are judged: bands of each scope; the scope of each sum, and its unit."""

    bands: Mapping[Scope, Bands]
    places: Mapping[Place, tuple[Scope, float]]


NOT_MEASURED = Measured({}, {})


async def measured(tx: Tx) -> Measured:
    """What was measured last."""
    bands: dict[Scope, Bands] = {}
    places: dict[Place, tuple[Scope, float]] = {}
    for row in await band_rows(tx):
        scope = Scope(row.level, row.depth)
        bands[scope] = Bands(np.array(row.bands).reshape(len(LEVELS), -1), tuple(row.band_scores))
        sums = zip(row.levels, row.products, row.regions, row.scales, strict=True)
        for level, product, region, scale in sums:
            places[Place(level, product or None, region or None)] = scope, scale
    return Measured(bands, places)


async def band_rows(tx: Tx) -> list[Any]:
    """What was measured last of each scope."""
    rows = await tx.exec_driver_sql(
        """
        SELECT * FROM level_bands
        WHERE measure = (SELECT id FROM level_measures ORDER BY id DESC LIMIT 1)
        ORDER BY level, depth
        """
    )
    return list(rows.all())


@dataclass(frozen=True, slots=True)
class LevelHeld:
    """How good the intervals of a scope are: in the replayed past, and as they were published.

    `allowed80` is the share beyond the 80 % interval that is allowed, the mean over the weeks
    ahead; `errors` by method, those of four weeks' sums as shares of what was wanted.
    """

    level: str
    depth: int
    nodes: int
    replayed80: float | None
    replayed95: float | None
    weeks: int
    compared: int
    inside80: float | None
    inside95: float | None
    allowed80: float
    errors: Mapping[str, float]


async def held(tx: Tx) -> list[LevelHeld]:
    """How good the intervals of every scope are by now.

    Those of series are as good as the model that is published was in its trials.
    """
    came = await outcomes(tx)
    found = []
    for row in await band_rows(tx):
        of_scope = came.get(Scope(row.level, row.depth), [])
        covered = coverage(of_scope)
        allowed = allowed_shares(of_scope, HORIZON_WEEKS)
        found.append(
            LevelHeld(
                row.level,
                row.depth,
                row.nodes,
                row.coverage80,
                row.coverage95,
                covered.weeks if covered else 0,
                covered.compared if covered else 0,
                covered.inside80 if covered else None,
                covered.inside95 if covered else None,
                round(float(np.mean(allowed[1] + allowed[2])), 4),
                row.errors,
            )
        )
    return found


async def method(tx: Tx) -> str:
    """Which method is published."""
    rows = await tx.exec_driver_sql("SELECT method FROM level_measures ORDER BY id DESC LIMIT 1")
    return rows.scalar_one_or_none() or BOTTOM_UP


async def champion(tx: Tx) -> str:
    """Which method the test published last, whatever people have chosen since."""
    rows = await tx.exec_driver_sql(
        "SELECT method FROM level_measures WHERE outcome <> 'chosen' ORDER BY id DESC LIMIT 1"
    )
    return rows.scalar_one_or_none() or BOTTOM_UP


async def measures(tx: Tx, limit: int) -> list[Any]:
    """Decisions, the newest first."""
    rows = await tx.exec_driver_sql(
        "SELECT * FROM level_measures ORDER BY id DESC LIMIT $1", (limit,)
    )
    return list(rows.all())


async def save_tried(
    tx: Tx,
    identity: UUID,
    tried: Tried,
    places: Mapping[Scope, Sequence[tuple[Place, float]]],
    decided: tuple[str, str, str],
    now: datetime,
) -> None:
    """Keep a measurement; from now on it is in force.

    Args:
        tx: the caller's transaction.
        identity: of the measurement, later than all others.
        tried: what was found.
        places: the sums of each scope, with their units.
        decided: outcome, by whom, and why.
        now: business time.
    """
    decision = tried.decision
    losses: dict[str, float | None] = {BOTTOM_UP: None, RECONCILED: None}
    if decision is not None:
        losses[decision.before] = decision.champion_loss
        losses[BOTTOM_UP if decision.before == RECONCILED else RECONCILED] = (
            decision.challenger_loss
        )
    await tx.exec_driver_sql(
        """
        WITH old AS (SELECT id FROM level_measures ORDER BY id DESC OFFSET $1),
            gone AS (DELETE FROM level_bands WHERE measure IN (SELECT id FROM old))
        INSERT INTO level_measures (id, at, method, outcome, decided_by, reason, origins,
            bottom_up_loss, reconciled_loss, p_value)
        VALUES ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        (
            KEPT - 1,
            identity,
            now,
            tried.method,
            *decided,
            decision.origins if decision else None,
            losses[BOTTOM_UP],
            losses[RECONCILED],
            decision.p_value if decision else None,
        ),
    )
    for scope, level in tried.levels.items():
        sums = places.get(scope, ())
        await tx.exec_driver_sql(
            """
            INSERT INTO level_bands (measure, level, depth, nodes, bands, band_scores, coverage80,
                coverage95, errors, levels, products, regions, scales)
            VALUES ($1, $2, $3, $4, $5::text::float8[], $6::text::int[], $7, $8, $9::jsonb, $10,
                $11, $12, $13)
            """,
            (
                identity,
                scope.level,
                scope.depth,
                level.nodes,
                literal(level.bands.quantiles),
                literal(level.bands.scores),
                level.coverage80,
                level.coverage95,
                json.dumps(level.errors),
                [place.level for place, _ in sums],
                [place.product or "" for place, _ in sums],
                [place.region or "" for place, _ in sums],
                [scale for _, scale in sums],
            ),
        )


async def choice(tx: Tx) -> Any | None:
    """What a person last chose."""
    rows = await tx.exec_driver_sql(
        "SELECT * FROM reconciliation_choices ORDER BY choice DESC LIMIT 1"
    )
    return rows.one_or_none()


async def choose(tx: Tx, chosen: str, chosen_by: str, now: datetime) -> None:
    """Keep what a person chooses."""
    await tx.exec_driver_sql(
        """
        INSERT INTO reconciliation_choices (choice, at, chosen_by, method)
        SELECT coalesce(max(choice), 0) + 1, $1, $2, $3 FROM reconciliation_choices
        """,
        (now, chosen_by, chosen),
    )


async def shifts_of(tx: Tx, keys: Sequence[SeriesKey], week: date) -> dict[SeriesKey, Floats]:
    """By what series are shifted from a week on. Lock them first."""
    rows = await tx.exec_driver_sql(
        """
        SELECT product, region, shift, shift_week FROM series WHERE shift IS NOT NULL
            AND (product, region) IN (SELECT * FROM unnest($1::text[], $2::text[]))
        """,
        ([key.product for key in keys], [key.region for key in keys]),
    )
    return {
        SeriesKey(row.product, row.region): _rolled(row.shift, row.shift_week, week) for row in rows
    }


async def save_shifts(tx: Tx, shifts: Mapping[SeriesKey, Floats | None], week: date) -> None:
    """Keep by what locked series are shifted, from a week on; None for not any more."""
    if not shifts:
        return
    await tx.exec_driver_sql(
        """
        UPDATE series SET shift = s.shift::float8[], shift_week = $4
        FROM unnest($1::text[], $2::text[], $3::text[]) AS s (product, region, shift)
        WHERE (series.product, series.region) = (s.product, s.region)
        """,
        (
            [key.product for key in shifts],
            [key.region for key in shifts],
            [None if shift is None else literal(shift) for shift in shifts.values()],
            week,
        ),
    )


async def bases_of(tx: Tx, keys: Sequence[SeriesKey], week: date) -> dict[SeriesKey, Floats]:
    """What series are expected to be from a week on, before they are shifted."""
    rows = await tx.exec_driver_sql(
        """
        SELECT product, region, statistical, first_week, shift, shift_week FROM series
        WHERE (product, region) IN (SELECT * FROM unnest($1::text[], $2::text[]))
        """,
        ([key.product for key in keys], [key.region for key in keys]),
    )
    found = {}
    for row in rows:
        view = _rolled(row.statistical, row.first_week, week)
        if row.shift is not None:
            view = np.maximum(view - _rolled(row.shift, row.shift_week, week), 0.0)
        found[SeriesKey(row.product, row.region)] = view
    return found


def _rolled(view: Sequence[float], since: date, week: date) -> Floats:
    return rolled(np.array(view), weeks_between(since, week))
