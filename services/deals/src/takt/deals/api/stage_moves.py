"""Moving deals: one, or many at once."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from takt.common.auth import Caller, requires
from takt.common.db import RequestTx
from takt.common.event import Cause, new_id
from takt.common.http import IfMatch, Now, RequestCause, etag
from takt.common.problems import Problem
from takt.deals.schemas.moves import BulkOut, BulkOutcome, StageMoved, StageMoves, StageWish
from takt.deals.service.moves import MoveRequest, move_deal, move_deals

router = APIRouter(prefix="/v1/deals", tags=["deals"])
Writer = Annotated[Caller, requires("deals:write")]


@router.post("/{deal_id}/stage", response_model=StageMoved)
async def post_stage(
    deal_id: UUID,
    body: StageWish,
    caller: Writer,
    tx: RequestTx,
    expected: IfMatch,
    now: Now,
    cause: RequestCause,
) -> Response:
    """Move a deal; every unmet criterion is listed."""
    request = MoveRequest(
        deal_id, body.stage, cause, caller.name, expected, body.reason, body.competitor
    )
    deal = await move_deal(tx, request, now)
    moved = StageMoved.model_construct(
        id=deal.id,
        stage=deal.stage,
        status=deal.status,
        stage_entered_at=deal.entered_at,
        sequence=deal.sequence,
    )
    headers = {"ETag": etag(deal.sequence)}
    return Response(moved.model_dump_json(), headers=headers, media_type="application/json")


@router.post("/stage-moves", response_model=BulkOut)
async def post_stage_moves(
    body: StageMoves, caller: Writer, tx: RequestTx, now: Now, cause: RequestCause
) -> Response:
    """Move many deals; each has its own outcome, and the good ones stand.

    Each has its own chain, under the id given with it or a new one, and belongs to the request's.
    """
    requests = [
        MoveRequest(
            move.deal_id,
            move.stage,
            Cause(correlations=(move.correlation_id or new_id(), *cause.correlations)),
            caller.name,
            move.sequence,
            move.reason,
            move.competitor,
        )
        for move in body.moves
    ]
    items: list[BulkOutcome] = []
    for request, outcome in zip(requests, await move_deals(tx, requests, now), strict=True):
        if isinstance(outcome, Problem):
            items.append(BulkOutcome(id=request.deal, problem=outcome.body()))
        else:
            items.append(
                BulkOutcome(
                    id=outcome.id,
                    result="moved",
                    stage=outcome.stage,
                    sequence=outcome.sequence,
                    correlation_id=request.cause.correlations[0],
                )
            )
    failed = sum(item.problem is not None for item in items)
    answer = BulkOut(done=len(items) - failed, failed=failed, items=items)
    return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")
