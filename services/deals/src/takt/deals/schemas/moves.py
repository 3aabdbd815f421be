"""Stage moves, one and many, and the outcomes of bulk requests."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from takt.common.amounts import Code
from takt.common.http import RequestModel
from takt.deals.schemas.values import Text


class StageWish(RequestModel):
    """Where a deal should go; a closed one keeps reason and, when lost, the winning competitor."""

    stage: Code
    reason: Text | None = None
    competitor: Text | None = None


class StageMove(StageWish):
    """A move in bulk; `sequence` is the version that the caller saw."""

    deal_id: UUID
    sequence: int | None = None
    correlation_id: UUID | None = None


class StageMoves(RequestModel):
    """Many moves; several of one deal follow each other."""

    moves: Annotated[list[StageMove], Field(min_length=1, max_length=1000)]


class StageMoved(BaseModel):
    """A deal after its move."""

    id: UUID
    stage: str
    status: str
    stage_entered_at: datetime
    sequence: int


class BulkOutcome(BaseModel):
    """What became of one item: its result, or its problem (RFC 9457)."""

    id: UUID | None = None
    external_id: str | None = None
    result: str | None = None
    stage: str | None = None
    sequence: int | None = None
    correlation_id: UUID | None = None
    problem: dict[str, Any] | None = None


class BulkOut(BaseModel):
    """The outcomes in the order of the items."""

    done: int
    failed: int
    items: list[BulkOutcome]
