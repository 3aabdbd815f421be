"""Calibrations: win curves and model, interval bands, fulfilment time, measured at one moment."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np

from takt.common.db import Tx
from takt.forecast.domain.calendar import HORIZON_WEEKS
from takt.forecast.domain.intervals import Bands
from takt.forecast.domain.win_champion import NO_CHALLENGE, Challenge
from takt.forecast.domain.win_curves import Counts, StageCurves, WinCurve, WinModel, estimate
from takt.forecast.store.arrays import literal

DEFAULT_FULFILMENT_DAYS = 7
KEPT = 8
"""Calibrations that are kept, and remembered by a process."""

_CALIBRATING = 5_101_002
"""The advisory lock under which calibrations come and go."""
_FITTING = 5_101_003
"""The advisory lock of the one refit that is under way."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """By what deals and series are judged."""

    model: WinModel
    bands: Bands
    fulfilment_days: int
    at: datetime | None = None
    sales: int = 0
    closed_deals: int = 0
    challenge: Challenge = NO_CHALLENGE
    """The win model that was tried beside the curves, and whether it took their place."""


UNCALIBRATED = Calibration(estimate([]), Bands.normal(HORIZON_WEEKS), DEFAULT_FULFILMENT_DAYS)
"""What holds before the first calibration: priors, and normal errors."""

_remembered: dict[UUID, Calibration] = {}


async def take_turn(tx: Tx) -> bool:
    """Whether no other refit is under way; none begins until the transaction ends."""
    rows = await tx.exec_driver_sql("SELECT pg_try_advisory_xact_lock($1)", (_FITTING,))
    return bool(rows.scalar_one())


async def latest(tx: Tx) -> UUID | None:
    """The calibration in force."""
    rows = await tx.exec_driver_sql("SELECT id FROM calibrations ORDER BY id DESC LIMIT 1")
    found: UUID | None = rows.scalar_one_or_none()
    return found


async def calibration_of(tx: Tx, calibration: UUID | None) -> Calibration:
    """A calibration; it never changes, so a process reads it once."""
    if calibration is None:
        return UNCALIBRATED
    known = _remembered.get(calibration)
    if known is None:
        known = await _read(tx, calibration)
        if len(_remembered) >= KEPT:
            del _remembered[min(_remembered)]
        _remembered[calibration] = known
    return known


async def _read(tx: Tx, calibration: UUID) -> Calibration:
    head = (
        await tx.exec_driver_sql("SELECT * FROM calibrations WHERE id = $1", (calibration,))
    ).one()
    rows = await tx.exec_driver_sql(
        "SELECT * FROM win_curves WHERE calibration = $1 ORDER BY pipeline, stage, age_days",
        (calibration,),
    )
    grouped: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        grouped.setdefault((row.pipeline, row.stage), []).append(row)
    curves = {place: _stage_curves(group) for place, group in grouped.items()}
    model = WinModel(
        {place: found for place, found in curves.items() if place[0] and place[1]},
        {place[0]: found for place, found in curves.items() if place[0] and not place[1]},
        curves["", ""],
    )
    bands = Bands(np.array(head.bands).reshape(4, -1), tuple(head.band_scores))
    return Calibration(
        model,
        bands,
        head.fulfilment_days,
        head.at,
        head.sales,
        head.closed_deals,
        await _challenge(tx, calibration),
    )


async def _challenge(tx: Tx, calibration: UUID) -> Challenge:
    rows = await tx.exec_driver_sql(
        "SELECT challenge FROM win_models WHERE calibration = $1", (calibration,)
    )
    written = rows.scalar_one_or_none()
    return NO_CHALLENGE if written is None else Challenge.read(written)


def _stage_curves(rows: Sequence[Any]) -> StageCurves:
    return StageCurves(
        tuple(
            WinCurve(
                np.array(row.cumulative),
                row.probability,
                Counts(row.entered, row.won, row.lost, row.still_open, row.at_risk),
            )
            for row in rows
        ),
        rows[0].oldest_closed_days,
    )


async def lock(tx: Tx) -> None:
    """Let no other calibration come until the transaction ends."""
    await tx.exec_driver_sql("SELECT pg_advisory_xact_lock($1)", (_CALIBRATING,))


async def save_calibration(tx: Tx, identity: UUID, made: Calibration) -> None:
    """Keep a calibration; from now on it is the one in force. A few earlier ones are kept.

    Two at once follow one another.
    """
    await lock(tx)
    await tx.exec_driver_sql(
        """
        WITH old AS (SELECT id FROM calibrations ORDER BY id DESC OFFSET $1),
            curves AS (DELETE FROM win_curves WHERE calibration IN (SELECT id FROM old)),
            models AS (DELETE FROM win_models WHERE calibration IN (SELECT id FROM old))
        DELETE FROM calibrations WHERE id IN (SELECT id FROM old)
        """,
        (KEPT,),
    )
    await tx.exec_driver_sql(
        """
        INSERT INTO calibrations (id, at, fulfilment_days, bands, band_scores, sales, closed_deals)
        VALUES ($1, $2, $3, $4::text::float8[], $5::text::int[], $6, $7)
        """,
        (
            identity,
            made.at,
            made.fulfilment_days,
            literal(made.bands.quantiles),
            literal(made.bands.scores),
            made.sales,
            made.closed_deals,
        ),
    )
    await tx.exec_driver_sql(
        "INSERT INTO win_models (calibration, challenge) VALUES ($1, $2::jsonb)",
        (identity, json.dumps(made.challenge.written())),
    )
    places = {
        **made.model.stages,
        **{(pipeline, ""): found for pipeline, found in made.model.pipelines.items()},
        ("", ""): made.model.unknown,
    }
    rows = [
        (pipeline, stage, 7 * week, curves.oldest_closed_days, curve)
        for (pipeline, stage), curves in places.items()
        for week, curve in enumerate(curves.curves)
    ]
    await tx.exec_driver_sql(
        """
        INSERT INTO win_curves (calibration, pipeline, stage, age_days, oldest_closed_days,
            probability, cumulative, entered, won, lost, still_open, at_risk)
        SELECT $1, pipeline, stage, age_days, oldest, probability, cumulative::float8[], entered,
            won, lost, still_open, at_risk
        FROM unnest($2::text[], $3::text[], $4::int[], $5::float8[], $6::float8[], $7::text[],
            $8::int[], $9::int[], $10::int[], $11::int[], $12::int[])
            AS c (pipeline, stage, age_days, oldest, probability, cumulative, entered, won, lost,
                still_open, at_risk)
        """,
        (
            identity,
            [row[0] for row in rows],
            [row[1] for row in rows],
            [row[2] for row in rows],
            [row[3] for row in rows],
            [row[4].probability for row in rows],
            [literal(row[4].cumulative) for row in rows],
            [row[4].counts.entered for row in rows],
            [row[4].counts.won for row in rows],
            [row[4].counts.lost for row in rows],
            [row[4].counts.open for row in rows],
            [row[4].counts.at_risk for row in rows],
        ),
    )


async def curve_rows(
    tx: Tx,
    calibration: UUID,
    *,
    pipeline: str | None,
    stage: str | None,
    after: tuple[str, str, int] | None,
    limit: int,
) -> list[Any]:
    """Probabilities by pipeline, stage and age with the cases behind them, a page at a time."""
    place = after or ("", "", -1)
    rows = await tx.exec_driver_sql(
        """
        SELECT pipeline, stage, age_days, oldest_closed_days, probability, cumulative, entered, won,
            lost, still_open, at_risk
        FROM win_curves
        WHERE calibration = $1 AND stage <> '' AND ($2::text IS NULL OR pipeline = $2)
            AND ($3::text IS NULL OR stage = $3)
            AND (pipeline, stage, age_days) > ($4, $5, $6::bigint)
        ORDER BY pipeline, stage, age_days LIMIT $7
        """,
        (calibration, pipeline, stage, place[0], place[1], place[2], limit),
    )
    return list(rows.all())
