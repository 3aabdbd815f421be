"""/v1/reviews: what a breach opened, with its causes, and what people do about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response

from takt.alerting import schemas
from takt.alerting.api.places import before
from takt.alerting.invitation import invitation
from takt.alerting.service import contracts
from takt.alerting.service import reviews as service
from takt.alerting.store import reviews
from takt.alerting.store.reviews import ReviewRow
from takt.common.auth import Caller, requires
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    IfMatch,
    Limit,
    Now,
    Page,
    RequestCause,
    encode_cursor,
    etag,
)

router = APIRouter(prefix="/v1/reviews", tags=["reviews"])


@router.get("", dependencies=[requires("alerts:read")])
async def list_reviews(
    tx: RequestTx,
    status: Literal["open", "decided", "closed"] | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[schemas.ReviewOut]:
    """Reviews, newest first."""
    rows = await reviews.list_reviews(tx, state=status, before=before(cursor), limit=limit)
    following = encode_cursor(rows[-1].review.id) if len(rows) == limit else None
    return Page(items=[_review(row) for row in rows], next=following)


@router.get("/{review_id}", dependencies=[requires("alerts:read")])
async def get_review(review_id: UUID, tx: RequestTx, response: Response) -> schemas.ReviewOut:
    """One review with its causes."""
    return _answer(await service.load_review(tx, review_id), response)


@router.get("/{review_id}/invitation.ics", dependencies=[requires("alerts:read")])
async def get_invitation(review_id: UUID, tx: RequestTx, request: Request, now: Now) -> Response:
    """The invitation to its meeting, as calendars take it."""
    row = await service.load_review(tx, review_id)
    text = invitation(row.review, request.app.state.role_addresses, now)
    headers = {"Content-Disposition": f'attachment; filename="review-{review_id}.ics"'}
    return Response(text, 200, headers, 'text/calendar; method=REQUEST; charset="utf-8"')


@router.post("/{review_id}/decisions", status_code=201)
async def decide_review(
    review_id: UUID,
    decision: schemas.DecisionIn,
    tx: RequestTx,
    now: Now,
    cause: RequestCause,
    expected: IfMatch,
    caller: Annotated[Caller, requires("alerts:write")],
    response: Response,
) -> schemas.ReviewOut:
    """Record a decision, in the name of the key."""
    row = await service.decide_review(
        tx,
        review_id,
        text=decision.text,
        decided_by=caller.name,
        expected=expected,
        now=now,
        cause=cause,
    )
    return _answer(row, response)


@router.post("/{review_id}/actions", status_code=201, dependencies=[requires("alerts:write")])
async def add_action(
    review_id: UUID,
    action: schemas.ActionIn,
    tx: RequestTx,
    now: Now,
    expected: IfMatch,
    response: Response,
) -> schemas.ReviewOut:
    """Record who does what until when."""
    row = await service.add_action(
        tx,
        review_id,
        text=action.text,
        owner=action.owner,
        due=action.due,
        expected=expected,
        now=now,
    )
    return _answer(row, response)


@router.post("/{review_id}/actions/{action_id}/done", dependencies=[requires("alerts:write")])
async def complete_action(
    review_id: UUID,
    action_id: UUID,
    tx: RequestTx,
    now: Now,
    expected: IfMatch,
    response: Response,
) -> schemas.ReviewOut:
    """Mark an action as done."""
    row = await service.complete_action(tx, review_id, action_id, expected=expected, now=now)
    return _answer(row, response)


@router.put("/{review_id}/meeting", dependencies=[requires("alerts:write")])
async def move_meeting(
    review_id: UUID,
    meeting: schemas.MeetingIn,
    tx: RequestTx,
    now: Now,
    expected: IfMatch,
    response: Response,
) -> schemas.ReviewOut:
    """Move the meeting; fetch the invitation again."""
    row = await service.move_meeting(
        tx,
        review_id,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        expected=expected,
        now=now,
    )
    return _answer(row, response)


@router.post("/{review_id}/close", dependencies=[requires("alerts:write")])
async def close_review(
    review_id: UUID,
    closing: schemas.CloseIn,
    tx: RequestTx,
    now: Now,
    cause: RequestCause,
    expected: IfMatch,
    response: Response,
) -> schemas.ReviewOut:
    """End the review with its outcome."""
    row = await service.close_review(
        tx, review_id, outcome=closing.outcome, expected=expected, now=now, cause=cause
    )
    return _answer(row, response)


def _answer(row: ReviewRow, response: Response) -> schemas.ReviewOut:
    response.headers["ETag"] = etag(row.review.revision)
    return _review(row)


def _review(row: ReviewRow) -> schemas.ReviewOut:
    review = row.review
    return schemas.ReviewOut(
        review_id=review.id,
        scope=contracts.deviation_scope(row.scope, row.week),
        title=review.title,
        direction=review.direction,
        status=review.state,
        owner=review.owner,
        invited=list(review.roles),
        starts_at=review.slot.starts_at,
        ends_at=review.slot.ends_at,
        opened_at=review.opened_at,
        closed_at=review.closed_at,
        deviation=row.deviation,
        causes=list(row.causes),
        joined=list(review.joined),
        decisions=[schemas.DecisionOut(**asdict(decision)) for decision in review.decisions],
        actions=[schemas.ActionOut(**asdict(action)) for action in review.actions],
        outcome=review.outcome,
        sequence=review.revision,
    )
