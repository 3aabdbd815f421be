"""/v1/win-probabilities: P(won) by pipeline, stage and age, with the cases behind it."""

from typing import Any

from fastapi import APIRouter

from takt.common.amounts import probability
from takt.common.auth import requires
from takt.common.contracts.forecast import OutcomeCounts
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    Limit,
    Page,
    PlaceNumber,
    PlaceText,
    decode_cursor,
    encode_cursor,
)
from takt.common.jobs import enqueue
from takt.forecast.schemas import JobAccepted, StageProbability
from takt.forecast.store import calibrations

router = APIRouter(prefix="/v1/win-probabilities", tags=["win probabilities"])


@router.get("", dependencies=[requires("forecast:read")])
async def list_win_probabilities(
    tx: RequestTx,
    pipeline: str | None = None,
    stage: str | None = None,
    cursor: Cursor = None,
    limit: Limit = 200,
) -> Page[StageProbability]:
    """The table of the calibration in force; empty before the first one."""
    after = decode_cursor(cursor, tuple[PlaceText, PlaceText, PlaceNumber])
    calibration = await calibrations.latest(tx)
    if calibration is None:
        return Page(items=[])
    rows = await calibrations.curve_rows(
        tx,
        calibration,
        pipeline=pipeline,
        stage=stage,
        after=after,
        limit=limit,
    )
    items = [_probability(row) for row in rows]
    last = items[-1] if len(items) == limit else None
    return Page(
        items=items,
        next=encode_cursor(last.pipeline, last.stage, last.age_days) if last else None,
    )


@router.post("/calibrations", status_code=202, dependencies=[requires("forecast:write")])
async def calibrate(tx: RequestTx) -> JobAccepted:
    """Measure win curves, intervals and known shares anew, after fitting every series anew."""
    await enqueue(tx, "recalibrate", once="recalibrate by request")
    return JobAccepted(job="recalibrate")


def _probability(row: Any) -> StageProbability:
    half = [day for day, won in enumerate(row.cumulative) if won >= row.probability / 2]
    return StageProbability(
        pipeline=row.pipeline,
        stage=row.stage,
        age_days=row.age_days,
        probability=probability(row.probability),
        median_days_to_win=half[0] if half and row.probability > 0 else None,
        oldest_closed_days=int(row.oldest_closed_days),
        counts=OutcomeCounts(
            entered=row.entered,
            won=row.won,
            lost=row.lost,
            open=row.still_open,
            at_risk=row.at_risk,
        ),
    )
