"""/v1/forecasts/reconciliation: how all levels are brought to agree, and how good they are."""

from typing import Annotated

from fastapi import APIRouter

from takt.common.auth import Caller, requires
from takt.common.db import RequestTx
from takt.common.http import Now
from takt.common.jobs import enqueue
from takt.forecast.schemas import JobAccepted
from takt.forecast.schemas_levels import (
    ChooseReconciliation,
    ReconciledLevel,
    Reconciliation,
    ReconciliationDecision,
)
from takt.forecast.store import levels

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
    return Reconciliation.model_validate(
        {
            "method": await levels.method(tx),
            "chosen": choice.method if choice else "tested",
            "levels": [
                ReconciledLevel.model_validate(one, from_attributes=True)
                for one in await levels.held(tx)
            ],
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
