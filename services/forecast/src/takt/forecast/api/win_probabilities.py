"""/v1/win-probabilities: P(won) by pipeline, stage and age, and of a deal, with its reasons."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

import numpy as np
from fastapi import APIRouter

from takt.common.amounts import probability
from takt.common.auth import requires
from takt.common.contracts.forecast import OutcomeCounts
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    Limit,
    Now,
    Page,
    PlaceNumber,
    PlaceText,
    decode_cursor,
    encode_cursor,
)
from takt.common.jobs import enqueue
from takt.forecast.api.pipeline_demand import NoDeal
from takt.forecast.domain.pipeline import days_between, outlook
from takt.forecast.domain.win_champion import reasons_of
from takt.forecast.domain.win_learners import log_odds
from takt.forecast.schemas import JobAccepted
from takt.forecast.schemas_win import (
    DealWinProbability,
    StageProbability,
    WinChampion,
    WinLeak,
    WinReason,
    WinValidation,
)
from takt.forecast.store import calibrations
from takt.forecast.store.replicas import load_deals

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


@router.get("/champion", dependencies=[requires("forecast:read")])
async def read_champion(tx: RequestTx) -> WinChampion:
    """Whether the curves speak, or a model that has beaten them, and by how much."""
    calibration = await calibrations.calibration_of(tx, await calibrations.latest(tx))
    found = calibration.challenge.validation
    return WinChampion(
        champion="curves" if calibration.challenge.model is None else "model",
        measured_at=calibration.at,
        closed_deals=calibration.closed_deals,
        validation=WinValidation(
            deals=found.deals,
            milestones=found.milestones,
            base_rate=found.base,
            stage_rate=found.stage,
            curves=found.rival,
            model=found.learned,
            gain_in_standard_errors=found.rival_gain_errors,
            model_weight=found.learned_weight,
        )
        if found.milestones
        else None,
        leaks=[WinLeak(**asdict(leak)) for leak in calibration.challenge.leaks],
    )


@router.get("/deals/{deal_id}", dependencies=[requires("forecast:read")])
async def read_deal_probability(deal_id: UUID, tx: RequestTx, now: Now) -> DealWinProbability:
    """P(won) of a deal at this moment, with reasons in log-odds that sum to it."""
    loaded = await load_deals(tx, [deal_id])
    if not loaded.deals:
        raise NoDeal(
            field="deal_id",
            value=str(deal_id),
            remedy="look at GET /v1/deals; a deal that was just opened comes within a second",
        )
    deal = loaded.deals[0].deal
    calibration = await calibrations.calibration_of(tx, loaded.calibration)
    view = outlook(deal, calibration.model, now, calibration.challenge.model)
    curve = reasons = None
    if deal.status == "open":
        age = days_between(deal.stage_entered_at, now)
        curve = calibration.model.curve(deal.pipeline, deal.stage, age)
        if calibration.challenge.model is not None:
            entered = calibration.model.curve(deal.pipeline, deal.stage, 0.0)
            reasons = reasons_of(deal, entered, curve, calibration.challenge.model)
    base = None if reasons is None else float(log_odds(np.array(reasons.start)))
    return DealWinProbability(
        deal_id=deal_id,
        status=deal.status,
        stage=deal.stage,
        probability=probability(view.probability),
        manual_probability=deal.manual_probability,
        said_by="outcome" if curve is None else "curves" if reasons is None else "model",
        curve_probability=None if curve is None else probability(curve.probability),
        base_probability=None if reasons is None else probability(reasons.start),
        base_log_odds=base,
        log_odds=None
        if reasons is None or base is None
        else base + sum(reasons.contributions.values()),
        reasons=[]
        if reasons is None
        else [
            WinReason(feature=feature, log_odds=moved)
            for feature, moved in reasons.contributions.items()
        ],
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
