"""/v1/events: the events as they happen, as JSON lines or as server-sent events."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.types import Receive, Scope, Send

from takt.common.auth import Access, Caller, Forbidden, requires
from takt.common.problems import Unavailable
from takt.console.service.feed import Feed, Place
from takt.console.service.stream import (
    HEARTBEAT_SECONDS,
    TOPICS_BY_SCOPE,
    Wanted,
    after_cursor,
    follow,
    topics_for,
)
from takt.console.service.writers import Lines, ServerSent, Writer

logger = logging.getLogger(__name__)

router = APIRouter(tags=["events"])

SEND_SECONDS = 30.0
MAX_STREAMS = 200


class FollowResponse(Response):
    """An answer that goes on: sent as it comes, given up when it is not read for half a minute.

    Args:
        chunks: what is sent.
        slots: one is taken for as long as the answer goes on.
        media_type: of what is sent.
    """

    media_type = Lines.media_type

    def __init__(
        self, chunks: AsyncIterator[bytes], slots: asyncio.Semaphore, media_type: str
    ) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Vary": "Accept"}
        super().__init__(headers=headers, media_type=media_type)
        del self.headers["content-length"]
        self._chunks = chunks
        self._slots = slots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        async with self._slots:
            gone = asyncio.create_task(_gone(receive))
            sending = asyncio.create_task(self._send(send))
            try:
                await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                sending.cancel()
                _, outcome = await asyncio.gather(gone, sending, return_exceptions=True)
            if isinstance(outcome, Exception):
                raise outcome

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            async for chunk in self._chunks:
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            logger.info("a stream of events was not read for %g s: given up", SEND_SECONDS)


async def _gone(receive: Receive) -> None:
    """Wait until the caller hangs up."""
    while (await receive())["type"] != "http.disconnect":
        pass


@router.get(
    "/v1/events",
    status_code=200,
    response_class=FollowResponse,
    responses={
        200: {
            "content": {
                form.media_type: {"schema": {"type": "string"}} for form in (Lines, ServerSent)
            }
        }
    },
)
async def follow_events(
    request: Request,
    caller: Annotated[Caller, requires("events:read")],
    types: Annotated[
        list[str] | None,
        Query(alias="type", description="only this type; a trailing * takes all that begin so"),
    ] = None,
    after: Annotated[
        str | None, Query(max_length=8_000, description="go on after the `cursor` of a line")
    ] = None,
    since: Annotated[
        Literal["start", "recent", "now"],
        Query(description="where to begin when there is no `after`; recent: with what came last"),
    ] = "now",
    last_event_id: Annotated[
        str | None, Header(description="as `after`, which it goes before: a browser sends it")
    ] = None,
) -> Response:
    """Events as they happen, a line each: id, type, subject, time, causes, data, and a cursor.

    Which topics are in it depends on the key's scopes. An empty line comes when it has been quiet
    for 15 seconds. Where the door ends the stream, the last line says why under `end`.

    With `Accept: text/event-stream` they are server-sent events: the id is the cursor; `state` says
    first, and at the change, whether it is `catching-up` or `live`; `heartbeat` comes when it has
    been quiet; `end` says why.
    """
    feed: Feed = request.app.state.events
    access: Access = request.app.state.access
    if not feed.head:
        raise Unavailable(
            f"the log cannot be read now: {feed.waiting_for}", remedy="ask again in a few seconds"
        )
    visible = topics_for(caller.may)
    if not visible:
        raise Forbidden(
            f"the key {caller.name!r} opens no topic",
            field="Authorization",
            remedy=f"use a key that also has one of the scopes {', '.join(TOPICS_BY_SCOPE)}",
        )

    async def still_allowed() -> None:
        await access.caller(request.headers.get("authorization"))

    slots: asyncio.Semaphore = request.app.state.streams
    if slots.locked():
        raise Unavailable(
            f"{MAX_STREAMS} streams of events are open already", remedy="close one, or ask later"
        )
    accepted = request.headers.get("accept", "")
    write: Writer = ServerSent() if ServerSent.media_type in accepted else Lines()
    start = beginning(feed, since, after, last_event_id)
    wanted = Wanted(visible, tuple(types or ()))
    chunks = follow(feed, wanted, start, still_allowed, write=write, heartbeat=HEARTBEAT_SECONDS)
    return FollowResponse(chunks, slots, write.media_type)


def beginning(
    feed: Feed, since: str, after: str | None, last_event_id: str | None
) -> dict[Place, int]:
    """The position after which a stream begins, by place. Raises BadCursor."""
    if last_event_id:
        return after_cursor(last_event_id, feed.ends, "Last-Event-ID")
    if after is not None:
        return after_cursor(after, feed.ends)
    match since:
        case "start":
            return {place: -1 for place in feed.head}
        case "recent":
            return dict(feed.floor)
    return dict(feed.ends)
