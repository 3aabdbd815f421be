"""A2: the review that a breach opens, once per scope, and its way to an outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from takt.alerting.domain.deviation import Direction
from takt.alerting.domain.scopes import Level

State = Literal["open", "decided", "closed"]
MEETING_TIME = time(10, 0)
MEETING_LENGTH = timedelta(minutes=30)
SATURDAY = 5

ROLES: Mapping[Level, tuple[str, ...]] = {
    "series": ("demand-planner", "sales-manager"),
    "product": ("demand-planner", "product-manager", "sales-manager"),
    "family-region": ("demand-planner", "product-manager", "sales-manager"),
    "family": ("demand-planner", "product-manager", "sales-manager", "supply-planner"),
    "region": ("sales-manager", "demand-planner", "supply-planner"),
    "total": ("sales-director", "demand-planner", "supply-planner", "finance-manager"),
}


class ReviewRefusedError(ValueError):
    """The review's state does not allow the step; the text says what would."""


@dataclass(frozen=True, slots=True)
class Slot:
    """When a review is proposed to meet, as UTC instants."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What the meeting decided."""

    text: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody will do by a day."""

    id: UUID
    text: str
    owner: str
    due: date
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A review of one scope; `revision` counts its changes, the invitation's SEQUENCE too."""

    id: UUID
    scope: str
    title: str
    direction: Direction
    state: State
    owner: str
    roles: tuple[str, ...]
    slot: Slot
    opened_at: datetime
    revision: int = 1
    joined: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    actions: tuple[Action, ...] = ()
    outcome: str | None = None
    closed_at: datetime | None = None


def propose_slot(now: datetime, zone: ZoneInfo, holidays: frozenset[date] = frozenset()) -> Slot:
    """The next business day's meeting: Monday to Friday, no holiday, ten o'clock local time."""
    day = now.astimezone(zone).date() + timedelta(days=1)
    while day.weekday() >= SATURDAY or day in holidays:
        day += timedelta(days=1)
    starts_at = datetime.combine(day, MEETING_TIME, zone).astimezone(UTC)
    return Slot(starts_at, starts_at + MEETING_LENGTH)


def open_review(
    review_id: UUID,
    *,
    scope: str,
    level: Level,
    title: str,
    direction: Direction,
    now: datetime,
    zone: ZoneInfo,
) -> Review:
    """The review of a breached scope: its first role owns it, all of them are invited."""
    roles = ROLES[level]
    return Review(
        id=review_id,
        scope=scope,
        title=title,
        direction=direction,
        state="open",
        owner=roles[0],
        roles=roles,
        slot=propose_slot(now, zone),
        opened_at=now,
    )


def join(review: Review, scope: str) -> Review:
    """Take in the breach of a parent that this review's scope explains; again changes nothing."""
    if scope == review.scope or scope in review.joined:
        return review
    return replace(_changed(review), joined=(*review.joined, scope))


def decide(review: Review, decision: Decision) -> Review:
    """Record a decision; a decided review takes more.

    Raises:
        ReviewRefusedError: the review is closed.
    """
    _refuse_closed(review)
    return replace(_changed(review), state="decided", decisions=(*review.decisions, decision))


def add_action(review: Review, action: Action, today: date) -> Review:
    """Record an action.

    Raises:
        ReviewRefusedError: the review is closed, or the due date is past.
    """
    _refuse_closed(review)
    if action.due < today:
        raise ReviewRefusedError(f"due {action.due} is past; give a day from {today} on")
    return replace(_changed(review), actions=(*review.actions, action))


def complete_action(review: Review, action_id: UUID, now: datetime) -> Review:
    """Mark an action as done; again changes nothing.

    Raises:
        ReviewRefusedError: the review is closed or has no such action.
    """
    _refuse_closed(review)
    action = next((action for action in review.actions if action.id == action_id), None)
    if action is None:
        raise ReviewRefusedError(f"the review has no action {action_id}; list its actions")
    if action.done_at is not None:
        return review
    done = replace(action, done_at=now)
    return replace(
        _changed(review),
        actions=tuple(done if known.id == action_id else known for known in review.actions),
    )


def reschedule(review: Review, slot: Slot, now: datetime) -> Review:
    """Move the meeting.

    Raises:
        ReviewRefusedError: the review is closed, or the slot is past or ends before it starts.
    """
    _refuse_closed(review)
    if slot.starts_at <= now or slot.ends_at <= slot.starts_at:
        raise ReviewRefusedError("the meeting must lie ahead and end after it starts")
    return review if slot == review.slot else replace(_changed(review), slot=slot)


def close(review: Review, outcome: str, now: datetime) -> Review:
    """End the review with its outcome; actions that are not done go on with their owners.

    Raises:
        ReviewRefusedError: the review is closed already or nothing was decided.
    """
    _refuse_closed(review)
    if review.state != "decided":
        raise ReviewRefusedError("nothing was decided; record a decision, then close the review")
    return replace(_changed(review), state="closed", outcome=outcome, closed_at=now)


def _changed(review: Review) -> Review:
    return replace(review, revision=review.revision + 1)


def _refuse_closed(review: Review) -> None:
    if review.state == "closed":
        raise ReviewRefusedError("the review is closed; a new breach opens a new one")
