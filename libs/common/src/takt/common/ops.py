"""What an operator asks of any service, under /ops: status, the steps of a trace, dead letters.

The door joins them.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import text

from takt.common import dead_letters
from takt.common.auth import public, requires
from takt.common.bus.consumer import Consumer, Progress, StillUnreadable, replay
from takt.common.db import Database, RequestTx, Tx
from takt.common.http import Now
from takt.common.problems import Conflict, NotFound

router = APIRouter(tags=["operations"])


OUTBOX = """
SELECT count(*) AS unsent,
    -- the first 48 bits of a UUIDv7 are its milliseconds
    greatest(0, extract(epoch FROM now()) - min(
        ('x' || left(replace(event_id::text, '-', ''), 12))::bit(48)::bigint) / 1000.0
    )::float8 AS oldest_seconds,
    (SELECT count(*) FROM dead_letters WHERE state <> 'replayed') AS dead_letters
FROM outbox_unsent
"""


MAX_STEPS = 2_000
"""Of a trace, of each service; one more says that there are more."""


class ConsumerStatus(BaseModel):
    """A consumer of this service, since its process started."""

    group: str
    lag: int | None
    handled: int
    repeated: int
    quarantined: int
    unknown: dict[str, int]
    waiting_for: str | None
    last_handled_at: datetime | None


class Status(BaseModel):
    """How a service is."""

    name: str
    title: str
    version: str
    consumers: list[ConsumerStatus]
    outbox_unsent: int
    outbox_oldest_seconds: float | None
    dead_letters: int


class Handled(BaseModel):
    """When a consumer of this service handled an event."""

    event_id: UUID
    consumer: str
    at: datetime


class Step(BaseModel):
    """An event in a trace."""

    id: UUID
    service: str
    type: str
    topic: str
    subject: str
    time: datetime
    causes: list[UUID]
    correlations: list[UUID]
    more: int = 0
    data: dict[str, Any]


class TraceQuery(BaseModel):
    """Ids whose steps are asked for: correlation ids, and events whose consequences are."""

    ids: list[UUID]
    steps: bool = True
    """Without, only when events with these ids were handled."""


class TracePart(BaseModel):
    """What one service knows of a trace."""

    steps: list[Step]
    handled: list[Handled]


TraceSteps = Callable[[Tx, Sequence[UUID]], Awaitable[list[Step]]]
"""Further steps of a service that are no events, such as the attempts of a webhook."""


@router.get("/health/live")
@public
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get("/health/ready")
@public
async def ready(tx: RequestTx) -> dict[str, str]:
    """The database answers too."""
    await tx.execute(text("SELECT 1"))
    return {"status": "ready"}


@router.get("/ops/status", dependencies=[requires("events:read")])
async def status(request: Request, tx: RequestTx) -> Status:
    """Consumers with their lag, the outbox, the dead letters."""
    state = request.app.state
    outbox = (await tx.exec_driver_sql(OUTBOX)).mappings().one()
    progress: dict[str, Progress] = state.progress
    return Status(
        name=state.part.name,
        title=state.part.title,
        version=version("takt-common"),
        consumers=[
            ConsumerStatus(
                group=group,
                lag=await state.lag(group),
                handled=p.handled,
                repeated=p.repeated,
                quarantined=p.quarantined,
                unknown=dict(p.unknown),
                waiting_for=p.waiting_for,
                last_handled_at=p.last_handled_at,
            )
            for group, p in progress.items()
        ],
        outbox_unsent=outbox["unsent"],
        outbox_oldest_seconds=outbox["oldest_seconds"],
        dead_letters=outbox["dead_letters"],
    )


@router.post("/ops/traces", dependencies=[requires("events:read")])
async def trace_part(request: Request, query: TraceQuery, tx: RequestTx) -> TracePart:
    """Events that carry or follow from these ids, and when this service handled these."""
    state = request.app.state
    steps = await _steps(state.part, tx, query.ids) if query.steps else []
    handled = await tx.exec_driver_sql(
        "SELECT event_id, consumer, handled_at AS at FROM inbox"
        " WHERE consumer = ANY($1::text[]) AND event_id = ANY($2::uuid[])",
        ([c.group for c in state.part.consumers], query.ids),
    )
    return TracePart(
        steps=steps,
        handled=[Handled.model_validate(dict(row)) for row in handled.mappings()],
    )


async def _steps(part: Any, tx: Tx, ids: Sequence[UUID]) -> list[Step]:
    rows = await tx.exec_driver_sql(
        "SELECT event_id, topic, type, headers, body FROM outbox"
        " WHERE links && $1::uuid[] OR event_id = ANY($1::uuid[]) ORDER BY event_id LIMIT $2",
        (list(ids), MAX_STEPS + 1),
    )
    steps = [_step(part.name, dict(row)) for row in rows.mappings()]
    if part.trace_steps is not None:
        steps += await part.trace_steps(tx, ids)
    return steps


def _step(service: str, row: dict[str, Any]) -> Step:
    headers = row["headers"]
    return Step(
        id=row["event_id"],
        service=service,
        type=row["type"],
        topic=row["topic"],
        subject=headers.get("ce_subject", ""),
        time=headers["ce_time"],
        causes=_ids(headers.get("ce_causes")),
        correlations=_ids(headers.get("ce_correlations")),
        more=int(headers.get("ce_morecorrelations", "0")),
        data=json.loads(row["body"]),
    )


def _ids(text_: str | None) -> list[UUID]:
    return [UUID(part) for part in text_.split(",")] if text_ else []


@router.get("/ops/dead-letters", dependencies=[requires("operate")])
async def list_dead_letters(
    tx: RequestTx, after: int = 0, limit: int = 100
) -> list[dead_letters.DeadLetter]:
    """What waits in quarantine or behind it, oldest first."""
    return [_letter(row) for row in await dead_letters.waiting(tx, after=after, limit=limit)]


class DeadLetterContent(dead_letters.DeadLetter):
    """A dead letter with what it held."""

    headers: dict[str, str]
    value: str


@router.get("/ops/dead-letters/{letter}", dependencies=[requires("operate")])
async def show_dead_letter(letter: int, tx: RequestTx) -> DeadLetterContent:
    """A dead letter with its headers and value."""
    rows = await dead_letters.waiting(tx, letter=letter)
    if not rows:
        raise NotFound(f"there is no dead letter {letter}", field="letter", value=letter)
    row = rows[0]
    return DeadLetterContent(
        **_letter(row).model_dump(),
        headers=row["headers"],
        value=bytes(row["value"]).decode(errors="replace"),
    )


class ReplayFailed(Conflict):
    """The dead letter still cannot be handled."""

    slug = "replay-failed"


@router.post("/ops/dead-letters/{letter}/replay", dependencies=[requires("operate")])
async def replay_dead_letter(
    request: Request, letter: int, now: Now
) -> list[dead_letters.DeadLetter]:
    """Handle it again, and what is parked behind it; answers those that were handled."""
    consumers: dict[str, Consumer] = {c.group: c for c in request.app.state.part.consumers}
    database: Database = request.app.state.database
    try:
        async with database.transaction() as tx:
            handled = await replay(tx, consumers, letter, now)
    except StillUnreadable as error:
        raise ReplayFailed(str(error), remedy="have its sender send it again, mended") from error
    except Exception as error:
        raise ReplayFailed(
            f"{type(error).__name__}: {error}", remedy="mend the cause, then replay it again"
        ) from error
    if not handled:
        raise NotFound(f"no dead letter {letter} waits", field="letter", value=letter)
    return [_letter({**row, "at": now}) for row in handled]


def _letter(row: dict[str, Any]) -> dead_letters.DeadLetter:
    headers = row["headers"]
    known = {name: row[name] for name in dead_letters.DeadLetter.model_fields if name in row}
    return dead_letters.DeadLetter(**known, type=headers.get("ce_type"))
