"""/v1/forecasts/reconciliation: how all levels are brought to agree, and how good they are."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter

from takt.common.auth import Caller, requires
from takt.common.db import RequestTx
from takt.common.http import Now
from takt.common.jobs import enqueue
from takt.forecast.domain.adaptive import allowed_shares, coverage
from takt.forecast.domain.calendar import HORIZON_WEEKS
from takt.forecast.domain.levels import Scope
from takt.forecast.schemas import (
    ChooseReconciliation,
    JobAccepted,
    ReconciledLevel,
    Reconciliation,
    ReconciliationDecision,
)
from takt.forecast.store import interval_outcomes, levels

router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"])

DECISIONS = 50


@router.get("/reconciliation", dependencies=[requires("forecast:read")])
async def read_reconciliation(tx: RequestTx) -> Reconciliation:
    """The method that is published and why; errors and intervals of each level by the latest count.

    Measured every night, and when histories have grown by much.
    """
    decisions = [
        ReconciliationDecision.model_validate(row, from_attributes=True)
        for row in await levels.measures(tx, DECISIONS)
    ]
    choice = await levels.choice(tx)
    outcomes = await interval_outcomes.outcomes(tx)
    found = []
    for row in await levels.band_rows(tx):
        came = outcomes.get(Scope(row.level, row.depth), [])
        held = coverage(came)
        allowed = allowed_shares(came, HORIZON_WEEKS)
        found.append(
            ReconciledLevel(
                level=row.level,
                depth=row.depth,
                nodes=row.nodes,
                replayed80=row.coverage80,
                replayed95=row.coverage95,
                weeks=held.weeks if held else 0,
                compared=held.compared if held else 0,
                inside80=held.inside80 if held else None,
                inside95=held.inside95 if held else None,
                allowed80=round(float(np.mean(allowed[1] + allowed[2])), 4),
                errors=row.errors,
            )
        )
    return Reconciliation.model_validate(
        {
            "method": await levels.method(tx),
            "chosen": choice.method if choice else "tested",
            "levels": found,
            "decisions": decisions,
        }
    )


@router.put("/reconciliation", status_code=202)
async def choose_reconciliation(
    body: ChooseReconciliation,
    tx: RequestTx,
    now: Now,
    caller: Annotated[Caller, requires("forecast:write")],
) -> JobAccepted:
    """Choose how all levels are brought to agree, or leave it to the test; it is measured anew."""
    await levels.choose(tx, body.method, caller.name, now)
    await enqueue(tx, "recalibrate", once="recalibrate by request")
    return JobAccepted(job="recalibrate")
