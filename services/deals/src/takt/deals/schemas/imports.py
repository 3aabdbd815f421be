"""Imports and the rows that did not go in."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from takt.common.http import RequestModel


class ImportIn(RequestModel):
    """An import of a CRM's files: send them next, then start it."""

    mapping: Annotated[str, Field(max_length=200_000)] | None = None
    """TOML; the default mapping when left out."""
    dry_run: bool = False


class ImportOut(BaseModel):
    """An import and how far it is."""

    id: UUID
    state: Literal["receiving", "waiting", "running", "done", "failed"]
    dry_run: bool
    files: list[str]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    rows_read: int
    rows_total: int
    rows_done: int
    counts: dict[str, Any]
    problems: int
    failure: str | None
    correlation: UUID


class RowProblemOut(BaseModel):
    """Why a row did not go in; line 0 means the whole file."""

    number: int
    file: str
    line: int
    field: str
    value: str
    remedy: str
