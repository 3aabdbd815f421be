"""One follower of the log: led up to the shared ring from before it, then along with it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

from takt.common.bus import LogUnavailable, Record
from takt.common.contracts import topics
from takt.common.http import BadCursor, decode_cursor, encode_cursor
from takt.common.problems import Problem
from takt.console.service.feed import Entry, Feed, FellBehind, Place, in_time
from takt.console.service.writers import LINES, State, Writer

HEARTBEAT_SECONDS = 15.0
CATCH_UP_SECONDS = 2.0

TOPICS_BY_SCOPE: Mapping[str, tuple[str, ...]] = {
    "deals:read": (
        topics.CATALOG,
        topics.ACCOUNTS,
        topics.DEALS,
        topics.SALES,
        topics.INBOUND_DEALS,
        topics.INBOUND_SALES,
    ),
    "forecast:read": (
        topics.SIGNALS,
        topics.INBOUND_SIGNALS,
        topics.PIPELINE_DEMAND,
        topics.FORECASTS,
        topics.FORECAST_VERSIONS,
    ),
    "supply:read": (
        topics.PLANS,
        topics.PURCHASING,
        topics.PURCHASING_HELD,
        topics.KANBAN,
        topics.INBOUND_PURCHASING,
    ),
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
    write: Writer = LINES,
    heartbeat: float = HEARTBEAT_SECONDS,
) -> AsyncIterator[bytes]:
    """What a follower is sent, several events in a chunk; a sign of life when it has been quiet.

    Each event has the follower's own cursor, so that it can go on after any of them. Where the door
    ends the stream, the last word says why.

    Args:
        feed: the shared reader.
        wanted: which records it gets.
        start: the position after which it begins, by place.
        still_allowed: raises a Problem when its key no longer opens this.
        write: how it is written.
        heartbeat: seconds of quiet after which a sign comes; as often the key is checked.
    """
    reached = dict(start)
    clock = asyncio.get_running_loop().time
    said_at = checked_at = clock()
    state: State = "live" if feed.reached_by(reached) else "catching-up"

    def patience() -> float:
        return said_at + heartbeat - clock()

    try:
        if chunk := write.begin() + write.state(state, cursor_of(reached)):
            yield chunk
        async for entries in _passages(feed, reached, patience):
            if clock() - checked_at >= heartbeat:
                await still_allowed()
                checked_at = clock()
            chunk = _written(entries, wanted, reached, write)
            if state == "catching-up" and feed.reached_by(reached):
                state = "live"
                chunk += write.state(state, cursor_of(reached))
            if not chunk and clock() - said_at >= heartbeat:
                chunk = write.quiet(cursor_of(reached))
            if chunk:
                yield chunk
                said_at = clock()
        why = "the door is stopping: go on after the cursor when it is back"
    except (FellBehind, LogUnavailable, Problem) as error:
        why = _why(error)
    yield write.end(why, cursor_of(reached))


def _why(error: Exception) -> str:
    match error:
        case FellBehind():
            return "too slow: events came faster than they were read; go on after the cursor"
        case LogUnavailable():
            return "the log cannot be read now: go on after the cursor in a while"
        case Problem():
            return f"{error.title} {error.detail}"
    raise error


async def _passages(
    feed: Feed, reached: dict[Place, int], patience: Callable[[], float]
) -> AsyncIterator[list[Entry]]:
    """What comes after `reached`, which the reader moves along; nothing when it stays quiet.

    From the log itself, page by page, until the ring holds all that follows; then from the ring.

    Raises: FellBehind, LogUnavailable.
    """
    while not feed.covers(reached) and not feed.ended:
        head = dict(feed.head)
        asked = {place: reached.get(place, -1) for place in head}
        records = await feed.log.read(asked, CATCH_UP_SECONDS)
        if not records:
            # What lay there is no longer kept.
            reached.update({place: max(asked[place], head[place]) for place in head})
        yield [Entry(record) for record in in_time(records)]
    number = feed.first
    while not feed.ended:
        entries = feed.entries(number)
        number += len(entries)
        yield entries
        if not entries:
            await feed.news(number, max(0.0, patience()))


def _written(
    entries: list[Entry], wanted: Wanted, reached: dict[Place, int], write: Writer
) -> bytes:
    """Those entries that this follower has not had; moves `reached` along."""
    written = []
    for entry in entries:
        record = entry.record
        place = (record.topic, record.partition)
        if record.position <= reached.get(place, -1):
            continue
        reached[place] = record.position
        if wanted(record):
            written.append(write.event(entry.line, cursor_of(reached)))
    return b"".join(written)


def cursor_of(reached: Mapping[Place, int]) -> str:
    """The cursor of a place in the log: the position reached in each topic's partitions."""
    positions: dict[str, dict[int, int]] = {}
    for (topic, partition), position in reached.items():
        if position >= 0:
            positions.setdefault(topic, {})[partition] = position
    return encode_cursor(positions)


def after_cursor(cursor: str, ends: Mapping[Place, int], field: str = "after") -> dict[Place, int]:
    """The place that a cursor stands for; topics that it does not know begin at their first record.

    Args:
        cursor: as it was answered.
        ends: how far the log goes.
        field: where the caller wrote it.

    Raises:
        BadCursor: it cannot be read, or names places that this log has not reached.
    """
    reached = {place: -1 for place in ends}
    for place, position in _positions(cursor, field):
        if place in ends and position > ends[place]:
            raise BadCursor(
                "the cursor is ahead of the log: it comes from another one",
                field=field,
                value=cursor,
                remedy="leave it out, or say since=start",
            )
        reached[place] = position
    return reached


def _positions(cursor: str, field: str) -> list[tuple[Place, int]]:
    place = decode_cursor(cursor, tuple[dict[str, dict[int, int]]], field)
    return [
        ((topic, partition), position)
        for topic, positions in (place[0] if place else {}).items()
        for partition, position in positions.items()
    ]
