"""What every route shares: correlation, ETag and If-Match, Idempotency-Key, keyset pages.

Correlation-Id      of the request or its traceparent, else new; answered on every reply
ETag / If-Match     the sequence of the thing: 428 when it is missing, 412 when it is stale
Idempotency-Key     the answer is stored in the domain transaction and given again: 400 missing
                    where it is required, 409 while the first is under way, 422 with another body
cursor              opaque, the place after which the next page begins
"""

import base64
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from takt.common.clock import Clock
from takt.common.db import Tx
from takt.common.event import Cause, new_id
from takt.common.problems import Problem

T = TypeVar("T")


class RequestModel(BaseModel):
    """A request's body: frozen, and a field that it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TooLarge(Problem):
    """The body is too large."""

    status, slug = 413, "body-too-large"


class PreconditionRequired(Problem):
    """Say which version you change."""

    status, slug = 428, "precondition-required"


class Stale(Problem):
    """It has changed since you read it."""

    status, slug = 412, "stale"


class IdempotencyKeyMissing(Problem):
    """An Idempotency-Key is needed here."""

    status, slug = 400, "idempotency-key-missing"


class IdempotencyKeyInFlight(Problem):
    """The first request with this Idempotency-Key is still under way."""

    status, slug = 409, "idempotency-key-in-flight"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class IdempotencyKeyReused(Problem):
    """This Idempotency-Key was used with another body."""

    status, slug = 422, "idempotency-key-reused"


class BadCursor(Problem):
    """The cursor cannot be read."""

    status, slug = 400, "bad-cursor"


class Edge:
    """The outermost layer of a service: correlation id, and a limit to the body's size.

    Args:
        app: what is inside.
        limit: bytes of a body at most.
    """

    def __init__(self, app: ASGIApp, limit: int = 16 * 1024 * 1024) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        correlation = correlation_of(headers)
        scope.setdefault("state", {})["correlation"] = correlation
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > self.limit:
            await self._refuse(int(declared)).response()(scope, receive, send)
            return
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.limit:
                raise self._refuse(received)
            return message

        async def answering(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["correlation-id"] = str(correlation)
            await send(message)

        await self.app(scope, limited, answering)

    def _refuse(self, size: int) -> TooLarge:
        return TooLarge(
            f"the body has {size} bytes or more, {self.limit} are taken at most",
            field="body",
            value=size,
            remedy="send it in parts, or use an import",
        )


def correlation_of(headers: Headers) -> UUID:
    """The request's correlation id: its `Correlation-Id`, its trace id, or a new one."""
    try:
        return UUID(headers["correlation-id"])
    except (KeyError, ValueError):
        pass
    match = re.fullmatch(
        r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}", headers.get("traceparent", "")
    )
    if match and int(match[1], 16):
        return UUID(match[1])
    return new_id()


async def _cause(request: Request) -> Cause:
    return Cause.start(request.state.correlation)


async def _now(request: Request) -> datetime:
    clock: Clock = request.app.state.clock
    return clock.now()


RequestCause = Annotated[Cause, Depends(_cause)]
"""The beginning of a chain, with the request's correlation id."""

Now = Annotated[datetime, Depends(_now)]
"""Business time."""


def etag(sequence: int) -> str:
    """The ETag of a thing with this sequence."""
    return f'"{sequence}"'


async def _if_match(if_match: Annotated[str | None, Header()] = None) -> int | None:
    if if_match is None:
        raise PreconditionRequired(
            "If-Match is missing",
            field="If-Match",
            remedy='read it and send the ETag that came with it, such as "3"; or * for any',
        )
    if if_match.strip() == "*":
        return None
    match = re.fullmatch(r'(?:W/)?"(\d{1,18})"', if_match.strip())
    if not match:
        raise Stale(
            "If-Match names no version of Takt's",
            field="If-Match",
            value=if_match,
            remedy='send the ETag as it was answered, such as "3"',
        )
    return int(match[1])


IfMatch = Annotated[int | None, Depends(_if_match)]
"""The sequence that the caller read; None when any will do (`*`)."""


async def _if_match_when_there(
    if_match: Annotated[str | None, Header()] = None,
) -> tuple[int | None, bool]:
    return (None, False) if if_match is None else (await _if_match(if_match), True)


IfMatchWhenThere = Annotated[tuple[int | None, bool], Depends(_if_match_when_there)]
"""For writes that may create: the sequence as in `IfMatch`, and whether the header was sent."""


def check_match(expected: int | None, sequence: int, **known: object) -> None:
    """Refuse a change of a thing that has moved on. Raises Stale (412).

    Args: known: what else is known of its last change, told beside its present version.
    """
    if expected is not None and expected != sequence:
        raise Stale(
            f"it is at {etag(sequence)} now",
            field="If-Match",
            value=etag(expected),
            remedy="read it again, look at what changed, and send the new ETag",
            current=etag(sequence),
            **known,
        )


async def idempotency_of(request: Request) -> tuple[str, bytes, bytes]:
    """A request's Idempotency-Key, what names it for this caller and address, and its body's hash.

    Raises: IdempotencyKeyMissing (400).
    """
    key = request.headers.get("idempotency-key")
    if key is None or not 1 <= len(key) <= 255:
        raise IdempotencyKeyMissing(
            "the header Idempotency-Key is missing, or longer than 255 characters",
            field="Idempotency-Key",
            value=key,
            remedy="send a new UUID with each new request, and the same one when you repeat it",
        )
    place = (
        f"{request.method} {request.url.path} {request.headers.get('authorization', '')[:20]} {key}"
    )
    name = hashlib.sha256(place.encode()).digest()
    return key, name, hashlib.sha256(await request.body()).digest()


def check_reuse(key: str, first: bytes, now: bytes) -> None:
    """Refuse a key that comes again with another body. Raises: IdempotencyKeyReused (422)."""
    if first != now:
        raise IdempotencyKeyReused(
            "the key was used with another body",
            field="Idempotency-Key",
            value=key,
            remedy="use a new key for a new request",
        )


async def once(
    request: Request,
    tx: Tx,
    answer: Callable[[], Awaitable[tuple[int, Any]]],
    *,
    required: bool = True,
) -> Response:
    """Answer a request with an Idempotency-Key once: a repeat gets the stored answer.

    Args:
        request: its key, caller and body tell repeats apart.
        tx: the domain transaction, in which the answer is stored too.
        answer: does the work; returns status and body (JSON-ready).
        required: whether the key has to be there.
    """
    if not required and "idempotency-key" not in request.headers:
        status, body = await answer()
        return _json(status, body)
    key, name, body_hash = await idempotency_of(request)
    free = await tx.exec_driver_sql(
        "SELECT pg_try_advisory_xact_lock($1)", (int.from_bytes(name[:8], "big", signed=True),)
    )
    if not free.scalar_one():
        raise IdempotencyKeyInFlight(
            field="Idempotency-Key", value=key, remedy="ask again in a second"
        )
    stored = await tx.exec_driver_sql(
        "SELECT body_hash, status, body FROM idempotency WHERE name = $1", (name,)
    )
    row = stored.one_or_none()
    if row is not None:
        check_reuse(key, row.body_hash, body_hash)
        return Response(row.body, row.status, {"Idempotent-Replay": "true"}, "application/json")
    status, body = await answer()
    response = _json(status, body)
    await tx.exec_driver_sql(
        "INSERT INTO idempotency (name, body_hash, status, body) VALUES ($1, $2, $3, $4)",
        (name, body_hash, status, bytes(response.body)),
    )
    return response


def _json(status: int, body: Any) -> Response:
    if isinstance(body, BaseModel):
        content = body.model_dump_json()
    else:
        content = json.dumps(body, default=str)
    return Response(content, status, media_type="application/json")


class Page(BaseModel, Generic[T]):
    """A page of a list; `next` is the cursor of the one after it."""

    items: list[T]
    next: str | None = None


def encode_cursor(*place: Any) -> str:
    """An opaque cursor for the place after which the next page begins."""
    return base64.urlsafe_b64encode(json.dumps(place, default=str).encode()).decode().rstrip("=")


PlaceText = Annotated[str, StringConstraints(pattern="^[^\\x00]*$")]
"""A part of a cursor: a text that a database can compare."""
PlaceNumber = Annotated[int, Field(ge=0, lt=2**63)]
"""A part of a cursor: a count or a number of a row."""


def decode_cursor(cursor: str | None, place: type[T], field: str = "cursor") -> T | None:
    """The place that a cursor stands for; anybody may have made it up.

    Args:
        cursor: as it was answered; None stands for the beginning.
        place: what it is made of, a tuple of the types that were encoded.
        field: where the caller wrote it.

    Raises:
        BadCursor: it is not such a place (400).
    """
    if cursor is None:
        return None
    try:
        return TypeAdapter(place).validate_json(
            base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        )
    except ValueError as error:
        raise BadCursor(
            field=field, value=cursor, remedy="send a cursor as it was answered, or none"
        ) from error


Cursor = Annotated[str | None, Query(max_length=2_000)]
Limit = Annotated[int, Query(ge=1, le=1_000)]
