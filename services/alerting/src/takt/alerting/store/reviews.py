"""Reviews, whole: with their causes, decisions and actions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from takt.alerting.domain.review import Action, Decision, Review, Slot
from takt.alerting.domain.scopes import Scope
from takt.alerting.store.query import fetch
from takt.common.contracts.alerting import ReviewCause
from takt.common.db import Tx

COLUMNS = (
    "review_id, scope, level, product, family, region, week, title, direction, state, owner,"
    " roles, starts_at, ends_at, opened_at, closed_at, outcome, joined, decisions, actions,"
    " deviation, causes, sequence"
)


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A review with what it is about, and why sales left the forecast."""

    review: Review
    scope: Scope
    week: date
    deviation: Decimal
    causes: tuple[ReviewCause, ...]

    def with_review(self, review: Review) -> ReviewRow:
        """The same matter, one step on."""
        return replace(self, review=review)


async def save_review(tx: Tx, row: ReviewRow) -> None:
    """Keep a review, new or changed."""
    review = row.review
    await tx.exec_driver_sql(
        f"""
        INSERT INTO reviews ({COLUMNS})
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
            $19, $20, $21, $22, $23)
        ON CONFLICT (review_id) DO UPDATE SET state = excluded.state,
            starts_at = excluded.starts_at, ends_at = excluded.ends_at,
            closed_at = excluded.closed_at, outcome = excluded.outcome, joined = excluded.joined,
            decisions = excluded.decisions, actions = excluded.actions,
            sequence = excluded.sequence
        """,
        (
            review.id,
            review.scope,
            row.scope.level,
            row.scope.product,
            row.scope.family,
            row.scope.region,
            row.week,
            review.title,
            review.direction,
            review.state,
            review.owner,
            list(review.roles),
            review.slot.starts_at,
            review.slot.ends_at,
            review.opened_at,
            review.closed_at,
            review.outcome,
            list(review.joined),
            json.dumps([asdict(decision) for decision in review.decisions], default=str),
            json.dumps([asdict(action) for action in review.actions], default=str),
            row.deviation,
            json.dumps([cause.model_dump(mode="json") for cause in row.causes]),
            review.revision,
        ),
    )


async def load_active(tx: Tx, scopes: Sequence[str]) -> dict[str, ReviewRow]:
    """The reviews of scopes that are not closed, by scope; locked."""
    rows = await fetch(
        tx,
        f"SELECT {COLUMNS} FROM reviews WHERE scope = ANY($1::text[]) AND state <> 'closed'"
        " ORDER BY review_id FOR UPDATE",
        (list(scopes),),
    )
    return {row.scope: _row(row) for row in rows}


async def load_review(tx: Tx, review_id: UUID, *, lock: bool = False) -> ReviewRow | None:
    """One review."""
    rows = await fetch(
        tx,
        f"SELECT {COLUMNS} FROM reviews WHERE review_id = $1" + (" FOR UPDATE" if lock else ""),
        (review_id,),
    )
    row = rows[0] if rows else None
    return _row(row) if row else None


async def list_reviews(
    tx: Tx, *, state: str | None, before: UUID | None, limit: int
) -> list[ReviewRow]:
    """Reviews, newest first, from before an id."""
    rows = await fetch(
        tx,
        f"""
        SELECT {COLUMNS} FROM reviews
        WHERE ($1::text IS NULL OR state = $1) AND ($2::uuid IS NULL OR review_id < $2)
        ORDER BY review_id DESC LIMIT $3
        """,
        (state, before, limit),
    )
    return [_row(row) for row in rows]


def _row(row: Any) -> ReviewRow:
    review = Review(
        id=row.review_id,
        scope=row.scope,
        title=row.title,
        direction=row.direction,
        state=row.state,
        owner=row.owner,
        roles=tuple(row.roles),
        slot=Slot(row.starts_at, row.ends_at),
        opened_at=row.opened_at,
        revision=row.sequence,
        joined=tuple(row.joined),
        decisions=tuple(
            Decision(d["text"], d["decided_by"], datetime.fromisoformat(d["decided_at"]))
            for d in row.decisions
        ),
        actions=tuple(
            Action(
                UUID(a["id"]),
                a["text"],
                a["owner"],
                date.fromisoformat(a["due"]),
                datetime.fromisoformat(a["done_at"]) if a["done_at"] else None,
            )
            for a in row.actions
        ),
        outcome=row.outcome,
        closed_at=row.closed_at,
    )
    return ReviewRow(
        review,
        Scope(row.product, row.family, row.region),
        row.week,
        row.deviation,
        tuple(ReviewCause.model_validate(cause) for cause in row.causes),
    )
