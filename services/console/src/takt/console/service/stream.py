"""One follower of the log: led up to the shared ring from before it, then along with it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from takt.common.bus import LogUnavailable, Record
from takt.common.contracts import topics
from takt.common.http import BadCursor, decode_cursor, encode_cursor
from takt.common.problems import Problem
from takt.console.service.feed import Entry, Feed, FellBehind, Place, in_time

HEARTBEAT_SECONDS = 15.0
CATCH_UP_SECONDS = 2.0
CHUNK_BYTES = 64 * 1024

TOPICS_BY_SCOPE: Mapping[str, tuple[str, ...]] = {
    "deals:read": (
        topics.CATALOG,
        topics.ACCOUNTS,
        topics.DEALS,
        topics.SALES,
        topics.INBOUND_DEALS,
        topics.INBOUND_SALES,
    ),
    "forecast:read": (topics.PIPELINE_DEMAND, topics.FORECASTS, topics.FORECAST_VERSIONS),
    "supply:read": (topics.PLANS, topics.PURCHASING, topics.INBOUND_PURCHASING),
    "cash:read": (topics.CASH,),
    "alerts:read": (topics.ALERTS,),
}
"""Which topics a key may follow."""


def topics_for(may: Callable[[str], bool]) -> frozenset[str]:
    """The topics that a caller may read."""
    return frozenset(t for scope, names in TOPICS_BY_SCOPE.items() if may(scope) for t in names)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a follower asked for and may see.

    Args:
        topics: that its key opens.
        types: exact, or the beginning of one with a trailing `*`; all when empty.
    """

    topics: frozenset[str]
    types: tuple[str, ...] = ()

    def __call__(self, record: Record) -> bool:
        """Whether this record is for the follower."""
        if record.topic not in self.topics:
            return False
        name = record.headers.get("ce_type", "")
        return not self.types or any(
            name.startswith(wanted[:-1]) if wanted.endswith("*") else name == wanted
            for wanted in self.types
        )


async def follow(
    feed: Feed,
    wanted: Wanted,
    start: Mapping[Place, int],
    still_allowed: Callable[[], Awaitable[None]],
    *,
    heartbeat: float = HEARTBEAT_SECONDS,
) -> AsyncIterator[bytes]:
    """Lines for a follower, several in a chunk; an empty line when it has been quiet for a while.

    Each line has the follower's own cursor, so that it can go on after any of them. The last one,
    where the door ends the stream, says why under `end`.

    Args:
        feed: the shared reader.
        wanted: which records it gets.
        start: the position after which it begins, by place.
        still_allowed: raises a Problem when its key no longer opens this.
        heartbeat: seconds of quiet after which an empty line comes; as often the key is checked.
    """
    reached = dict(start)
    clock = asyncio.get_running_loop().time
    checked_at = clock()
    try:
        async for chunk in _catch_up(feed, wanted, reached):
            yield chunk
        number = feed.first
        while not feed.ended:
            entries = feed.entries(number)
            number += len(entries)
            if chunk := _lines(entries, wanted, reached):
                yield chunk
            quiet = not entries and not await feed.news(number, heartbeat)
            if clock() - checked_at >= heartbeat:
                await still_allowed()
                checked_at = clock()
            if quiet:
                yield b"\n"
        yield _last(reached, "the door is stopping: go on after the cursor when it is back")
    except FellBehind:
        yield _last(
            reached, "too slow: events came faster than they were read; go on after the cursor"
        )
    except LogUnavailable:
        yield _last(reached, "the log cannot be read now: go on after the cursor in a while")
    except Problem as problem:
        yield _last(reached, f"{problem.title} {problem.detail}")


async def _catch_up(feed: Feed, wanted: Wanted, reached: dict[Place, int]) -> AsyncIterator[bytes]:
    """From the log itself, page by page, until the ring holds all that follows."""
    while not feed.covers(reached) and not feed.ended:
        head = dict(feed.head)
        asked = {place: reached.get(place, -1) for place in head}
        records = await feed.log.read(asked, CATCH_UP_SECONDS)
        if not records:
            # What lay there is no longer kept.
            reached.update({place: max(asked[place], head[place]) for place in head})
        if chunk := _lines([Entry(record) for record in in_time(records)], wanted, reached):
            yield chunk


def _lines(entries: list[Entry], wanted: Wanted, reached: dict[Place, int]) -> bytes:
    """The lines of those entries that this follower has not had; moves `reached` along."""
    lines = []
    for entry in entries:
        record = entry.record
        place = (record.topic, record.partition)
        if record.position <= reached.get(place, -1):
            continue
        reached[place] = record.position
        if wanted(record):
            lines.append(b'%b, "cursor": "%b"}\n' % (entry.line, cursor_of(reached).encode()))
    return b"".join(lines)


def _last(reached: Mapping[Place, int], why: str) -> bytes:
    return json.dumps({"end": why, "cursor": cursor_of(reached)}).encode() + b"\n"


def cursor_of(reached: Mapping[Place, int]) -> str:
    """The cursor of a place in the log: the position reached in each topic's partitions."""
    positions: dict[str, dict[int, int]] = {}
    for (topic, partition), position in reached.items():
        if position >= 0:
            positions.setdefault(topic, {})[partition] = position
    return encode_cursor(positions)


def after_cursor(cursor: str, head: Mapping[Place, int]) -> dict[Place, int]:
    """The place that a cursor stands for; topics that it does not know begin at their first record.

    Raises:
        BadCursor: it cannot be read, or names places that this log has not reached.
    """
    decoded = decode_cursor(cursor)
    reached = {place: -1 for place in head}
    for place, position in _positions(decoded[0] if decoded else None, cursor):
        if place in head and position > head[place]:
            raise BadCursor(
                "the cursor is ahead of the log: it comes from another one",
                field="after",
                value=cursor,
                remedy="leave it out, or say since=start",
            )
        reached[place] = position
    return reached


def _positions(decoded: Any, cursor: str) -> list[tuple[Place, int]]:
    try:
        return [
            ((str(topic), int(partition)), int(position))
            for topic, positions in decoded.items()
            for partition, position in positions.items()
        ]
    except (AttributeError, TypeError, ValueError) as error:
        raise BadCursor(
            field="after", value=cursor, remedy="send a cursor as it was answered, or none"
        ) from error
