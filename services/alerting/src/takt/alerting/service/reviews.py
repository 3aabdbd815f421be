"""What people do with a review: decide, act, meet, close."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from takt.alerting.domain import review as reviewing
from takt.alerting.domain.review import Action, Decision, Review, ReviewRefusedError, Slot
from takt.alerting.service import contracts
from takt.alerting.service.announce import announce
from takt.alerting.store import reference, reviews
from takt.alerting.store.reviews import ReviewRow
from takt.common.contracts.alerting import ReviewClosed, ReviewDecided, ReviewEvent
from takt.common.db import Tx
from takt.common.event import Cause, new_id
from takt.common.http import check_match
from takt.common.problems import Conflict, NotFound


class ReviewRefused(Conflict):
    """The review does not allow this as it stands."""

    slug = "review-refused"


async def load_review(tx: Tx, review_id: UUID) -> ReviewRow:
    """One review.

    Raises:
        NotFound: there is no such review.
    """
    row = await reviews.load_review(tx, review_id)
    if row is None:
        raise _not_found(review_id)
    return row


async def decide_review(
    tx: Tx,
    review_id: UUID,
    *,
    text: str,
    decided_by: str,
    expected: int | None,
    now: datetime,
    cause: Cause,
) -> ReviewRow:
    """Record a decision and say so.

    Raises:
        NotFound: there is no such review.
        Stale: it has changed since it was read.
        ReviewRefused: it is closed.
    """
    decision = Decision(text, decided_by, now)
    row = await _change(tx, review_id, expected, lambda r: reviewing.decide(r, decision))
    await _say(tx, ReviewDecided, row, cause)
    return row


async def add_action(
    tx: Tx,
    review_id: UUID,
    *,
    text: str,
    owner: str,
    due: date,
    expected: int | None,
    now: datetime,
) -> ReviewRow:
    """Record who does what until when.

    Raises:
        NotFound: there is no such review.
        Stale: it has changed since it was read.
        ReviewRefused: it is closed, or the date is past.
    """
    today = now.astimezone(await reference.load_zone(tx)).date()
    action = Action(new_id(), text, owner, due)
    return await _change(tx, review_id, expected, lambda r: reviewing.add_action(r, action, today))


async def complete_action(
    tx: Tx, review_id: UUID, action_id: UUID, *, expected: int | None, now: datetime
) -> ReviewRow:
    """Mark an action as done.

    Raises:
        NotFound: there is no such review.
        Stale: it has changed since it was read.
        ReviewRefused: it is closed, or has no such action.
    """
    return await _change(
        tx, review_id, expected, lambda r: reviewing.complete_action(r, action_id, now)
    )


async def move_meeting(
    tx: Tx,
    review_id: UUID,
    *,
    starts_at: datetime,
    ends_at: datetime,
    expected: int | None,
    now: datetime,
) -> ReviewRow:
    """Move the meeting; its invitation goes up by one in SEQUENCE.

    Raises:
        NotFound: there is no such review.
        Stale: it has changed since it was read.
        ReviewRefused: it is closed, or the meeting is not ahead.
    """
    slot = Slot(starts_at, ends_at)
    return await _change(tx, review_id, expected, lambda r: reviewing.reschedule(r, slot, now))


async def close_review(
    tx: Tx,
    review_id: UUID,
    *,
    outcome: str,
    expected: int | None,
    now: datetime,
    cause: Cause,
) -> ReviewRow:
    """End a review with its outcome and say so.

    Raises:
        NotFound: there is no such review.
        Stale: it has changed since it was read.
        ReviewRefused: it is closed already, or nothing was decided.
    """
    row = await _change(tx, review_id, expected, lambda r: reviewing.close(r, outcome, now))
    await _say(tx, ReviewClosed, row, cause)
    return row


async def _change(
    tx: Tx, review_id: UUID, expected: int | None, step: Callable[[Review], Review]
) -> ReviewRow:
    row = await reviews.load_review(tx, review_id, lock=True)
    if row is None:
        raise _not_found(review_id)
    check_match(expected, row.review.revision)
    try:
        changed = step(row.review)
    except ReviewRefusedError as error:
        raise ReviewRefused(str(error), remedy="read the review again") from error
    if changed != row.review:
        row = row.with_review(changed)
        await reviews.save_review(tx, row)
    return row


async def _say(tx: Tx, event: type[ReviewEvent], row: ReviewRow, cause: Cause) -> None:
    state = contracts.review_state(row)
    await announce(tx, (event(sequence=row.review.revision, review=state), cause))


def _not_found(review_id: UUID) -> NotFound:
    return NotFound(f"there is no review {review_id}", field="review_id", value=str(review_id))
