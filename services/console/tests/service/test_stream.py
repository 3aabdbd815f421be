"""Those who follow the log: a shared ring that is bounded, and a way up to it from before."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from takt.common.auth import SCOPES
from takt.common.bus import Log, Record
from takt.common.bus.kafka import KafkaLog
from takt.common.bus.postgres import PostgresLog
from takt.common.contracts import topics
from takt.common.contracts.deals import CompanyChanged, RegionChanged
from takt.common.contracts.topics import TOPICS
from takt.common.http import BadCursor, encode_cursor
from takt.common.problems import Problem
from takt.common.testing import eventually
from takt.console.api.events import beginning
from takt.console.service.feed import Feed, Place, in_time, line_of
from takt.console.service.stream import (
    TOPICS_BY_SCOPE,
    Wanted,
    after_cursor,
    cursor_of,
    follow,
    topics_for,
)
from takt.console.service.writers import ServerSent

from ..event_source import EventSource, lines_of  # noqa: TID252 - the browser of these tests
from ..small_services import forecast, publish, sale  # noqa: TID252 - the builders of this folder

ALL = Wanted(frozenset(topic.name for topic in TOPICS))


@asynccontextmanager
async def fed(log: Log, **limits: int) -> AsyncIterator[Feed]:
    """A feed that reads."""
    feed = Feed(log, own=False, **limits)
    reading = asyncio.create_task(feed.run())

    async def found() -> bool:
        return bool(feed.head)

    await eventually(found)
    try:
        yield feed
    finally:
        feed.stop()
        await reading


async def has_read(feed: Feed, log: Log) -> None:
    """Wait until the feed has read all that is in the log."""
    ends = await log.ends([topic.name for topic in TOPICS])

    async def all_read() -> bool:
        return feed.head == ends

    await eventually(all_read)


async def allowed() -> None:
    """Whose key stays valid."""


async def take(
    feed: Feed, start: dict[Place, int], count: int, wanted: Wanted = ALL
) -> list[dict[str, Any]]:
    """The next `count` lines of a new follower."""
    taken: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        async for chunk in follow(feed, wanted, start, allowed, heartbeat=0.2):
            taken += [json.loads(line) for line in chunk.splitlines() if line]
            if len(taken) >= count:
                break
    return taken


def from_start(feed: Feed) -> dict[Place, int]:
    return {place: -1 for place in feed.head}


async def test_a_follower_gets_what_happens_from_now_on(log: PostgresLog) -> None:
    await publish(log, sale(), sale())
    async with fed(log) as feed:
        await has_read(feed, log)
        following = asyncio.create_task(take(feed, dict(feed.head), 2))
        ids = await publish(log, sale("lamp"), sale("shade"))
        lines = await following
    assert [line["id"] for line in lines] == ids
    assert [line["data"]["sale"]["product"] for line in lines] == ["lamp", "shade"]
    assert lines[0]["service"] == "deals"
    assert lines[0]["sequence"] == 1
    assert len(lines[0]["correlations"]) == 1


async def test_a_follower_from_the_start_gets_what_has_long_left_the_ring(log: PostgresLog) -> None:
    ids = await publish(log, *(sale() for _ in range(1_200)))
    async with fed(log, max_records=50) as feed:
        await has_read(feed, log)
        later = asyncio.create_task(take(feed, from_start(feed), 1_210))
        await asyncio.sleep(0)
        ids += await publish(log, *(sale() for _ in range(10)))
        lines = await later
    assert [line["id"] for line in lines] == ids


class Unread(PostgresLog):
    """A log that tells how far it goes, and gives nothing to read yet."""

    async def read(self, *_: object) -> list[Record]:
        await asyncio.sleep(0.01)
        return []


async def test_a_cursor_from_before_a_restart_holds_before_the_feed_has_read_up(
    log: PostgresLog, log_url: str
) -> None:
    await publish(log, *(sale() for _ in range(200)))
    ends = await log.ends([topic.name for topic in TOPICS])
    unread = Unread(log_url)
    await unread.start()
    async with fed(unread) as feed:
        assert feed.head != ends
        assert after_cursor(cursor_of(ends), feed.ends) == ends
        assert beginning(feed, "now", None, None) == ends
    await unread.close()


@pytest.mark.kafka
async def test_over_kafka_a_follower_is_led_up_to_the_ring_too(kafka_bootstrap: str) -> None:
    log = KafkaLog(kafka_bootstrap)
    await log.start()
    await log.create_topics()
    ours = Wanted(frozenset({topics.SALES}))
    before = await log.ends([topics.SALES])
    ids = await publish(log, *(sale() for _ in range(700)))
    async with fed(log, max_records=50) as feed:
        await has_read(feed, log)
        start = {place: before.get(place, -1) for place in feed.head}
        later = asyncio.create_task(take(feed, start, 710, ours))
        ids += await publish(log, *(sale() for _ in range(10)))
        lines = await later
        middle = after_cursor(lines[300]["cursor"], feed.ends)
        rest = await take(feed, middle, 409, ours)
    await log.close()
    assert {line["id"] for line in lines} == set(ids)
    assert {line["id"] for line in rest} == {line["id"] for line in lines[301:]}


async def test_whoever_goes_on_after_a_cursor_misses_nothing_and_repeats_nothing(
    log: PostgresLog,
) -> None:
    async with fed(log) as feed:
        ids = await publish(log, *(sale() for _ in range(5)), forecast("lamp", sale().sale.price))
        await has_read(feed, log)
        first = await take(feed, from_start(feed), 6)
        assert {line["id"] for line in first} == set(ids)
        for number, line in enumerate(first[:-1]):
            rest = await take(feed, after_cursor(line["cursor"], feed.head), 5 - number)
            assert [r["id"] for r in rest] == [f["id"] for f in first[number + 1 :]]


async def test_a_browser_that_breaks_off_again_and_again_misses_and_repeats_nothing(
    log: PostgresLog,
) -> None:
    async with fed(log, max_records=100) as feed:
        ids = await publish(log, *(sale() for _ in range(500)))
        await has_read(feed, log)
        browser, got, states = EventSource(), list[str](), list[str]()
        start = from_start(feed)
        # Broken off before any event, in the middle, at the seam to the ring, and with live events.
        for count in (0, 1, 137, 262, 99, 51):
            if count == 51:
                ids += await publish(log, *(sale() for _ in range(50)))
            chunks = follow(feed, ALL, start, allowed, write=ServerSent(), heartbeat=0.2)
            taken = 0
            async with asyncio.timeout(20), aclosing(browser.read(lines_of(chunks))) as events:
                async for event in events:
                    if event.type == "message":
                        got.append(event.data["id"])
                        taken += 1
                        assert "cursor" not in event.data
                    elif event.type == "state":
                        states.append(event.data["state"])
                    if taken == count:
                        break
            start = after_cursor(browser.last_id, feed.head)
        assert got == ids
        assert states[0] == "catching-up"
        assert browser.retry_ms == 1_000


async def test_a_follower_is_told_first_where_it_is_and_when_it_has_caught_up(
    log: PostgresLog,
) -> None:
    async with fed(log) as feed:
        live = lines_of(follow(feed, ALL, dict(feed.head), allowed, write=ServerSent()))
        first = await anext(EventSource().read(live))
        assert (first.type, first.data) == ("state", {"state": "live"})
        assert after_cursor(first.id, feed.head) == feed.head
        await publish(log, *(sale() for _ in range(3)))
        await has_read(feed, log)
        chunks = follow(feed, ALL, from_start(feed), allowed, write=ServerSent(), heartbeat=0.05)
        events = EventSource().read(lines_of(chunks))
        told = [await anext(events) for _ in range(6)]
        assert [event.type for event in told] == ["state", *["message"] * 3, "state", "heartbeat"]
        assert [told[0].data, told[4].data] == [{"state": "catching-up"}, {"state": "live"}]
        assert told[4].id == told[3].id


async def test_a_follower_of_rare_events_is_told_that_it_is_quiet_and_how_far_the_log_has_come(
    log: PostgresLog,
) -> None:
    none = Wanted(ALL.topics, ("never.*",))
    browser = EventSource()
    async with fed(log) as feed:
        began = asyncio.get_running_loop().time()
        chunks = follow(feed, none, dict(feed.head), allowed, write=ServerSent(), heartbeat=0.5)
        events = browser.read(lines_of(chunks))
        await anext(events)
        waiting = asyncio.ensure_future(anext(events))
        for _ in range(3):  # what is not for it must not put the sign of life off
            await publish(log, sale())
            await asyncio.sleep(0.2)
        beat = await waiting
        assert beat.type == "heartbeat"
        assert asyncio.get_running_loop().time() - began < 1.0
        assert browser.comments == ["quiet"]
        assert after_cursor(beat.id, feed.head)[topics.SALES, 0] >= 1


async def test_the_last_word_of_a_browsers_stream_says_why(log: PostgresLog) -> None:
    async with fed(log) as feed:
        chunks = follow(feed, ALL, dict(feed.head), allowed, write=ServerSent(), heartbeat=20)
        events = EventSource().read(lines_of(chunks))
        await anext(events)
        feed.end()
        last = await anext(events)
        assert last.type == "end"
        assert "stopping" in last.data["why"]
        assert [event async for event in events] == []


async def test_the_ring_is_bounded_in_records_and_in_bytes(log: PostgresLog) -> None:
    async with fed(log, max_records=20) as feed:
        await publish(log, *(sale() for _ in range(100)))
        await has_read(feed, log)
        assert feed.next - feed.first == 20
    size = len(sale().model_dump_json())
    async with fed(log, max_bytes=size * 10) as feed:
        await publish(log, *(sale() for _ in range(100)))
        await has_read(feed, log)
        assert 8 <= feed.next - feed.first <= 10


async def test_a_follower_that_is_too_slow_is_told_so_and_can_go_on(log: PostgresLog) -> None:
    async with fed(log, max_records=20) as feed:
        slow = follow(feed, ALL, dict(feed.head), allowed, heartbeat=20)
        waiting = asyncio.ensure_future(anext(slow))
        first = await publish(log, sale())
        line = json.loads(await waiting)
        assert line["id"] == first[0]
        missed = await publish(log, *(sale() for _ in range(60)))
        await has_read(feed, log)
        last = json.loads(await anext(slow))
        assert last["end"].startswith("too slow")
        assert [chunk async for chunk in slow] == []
        rest = await take(feed, after_cursor(last["cursor"], feed.head), 60)
        assert [one["id"] for one in rest] == missed


async def test_only_the_types_and_topics_asked_for_are_sent(log: PostgresLog) -> None:
    price = sale().sale.price
    async with fed(log) as feed:
        await publish(log, sale(), forecast("lamp", price), sale())
        await has_read(feed, log)
        start = from_start(feed)
        exact = await take(feed, start, 1, Wanted(ALL.topics, ("takt.forecast.changed.v1",)))
        assert [line["type"] for line in exact] == ["takt.forecast.changed.v1"]
        prefix = await take(feed, start, 2, Wanted(ALL.topics, ("takt.sale.*",)))
        assert {line["topic"] for line in prefix} == {topics.SALES}
        seen = await take(feed, start, 2, Wanted(topics_for(lambda scope: scope == "deals:read")))
        assert {line["topic"] for line in seen} == {topics.SALES}


async def test_a_quiet_stream_has_a_heartbeat_and_ends_when_its_key_does(log: PostgresLog) -> None:
    class Revoked(Problem):
        """The key is refused."""

    valid = True

    async def check() -> None:
        if not valid:
            raise Revoked("it was revoked")

    async with fed(log) as feed:
        stream = follow(feed, ALL, dict(feed.head), check, heartbeat=0.05)
        assert await anext(stream) == b"\n"
        valid = False
        assert "it was revoked" in json.loads(await anext(stream))["end"]


async def test_every_stream_ends_with_a_word_when_the_door_stops(log: PostgresLog) -> None:
    async with fed(log) as feed:
        stream = follow(feed, ALL, dict(feed.head), allowed, heartbeat=20)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        feed.end()
        assert "stopping" in json.loads(await waiting)["end"]


async def test_a_start_is_not_blank(log: PostgresLog) -> None:
    await publish(log, *(sale() for _ in range(100)), forecast("lamp", sale().sale.price))
    async with fed(log) as feed:
        await has_read(feed, log)
        assert len(feed.last([topics.SALES], 1_000)) == 60
        assert [record.key for record in feed.forecasts] == ["lamp|north"]


async def test_the_company_is_known_however_far_back_the_catalog_names_it(log: PostgresLog) -> None:
    told = CompanyChanged(sequence=1, name="Kestrel", currency="CHF", time_zone="Asia/Seoul")
    regions = (RegionChanged(sequence=1, code=f"R-{number}", name="x") for number in range(700))
    await publish(log, told, *regions)
    async with fed(log) as feed:
        await has_read(feed, log)
        assert feed.company == told
        assert len(feed.last([topics.CATALOG], 1_000)) == 60
        await publish(log, told.model_copy(update={"name": "Merlin", "sequence": 2}))

        async def renamed() -> bool:
            return feed.company is not None and feed.company.name == "Merlin"

        await eventually(renamed)


async def test_a_log_that_is_away_is_waited_for(log_url: str, log: PostgresLog) -> None:
    away = PostgresLog(log_url)  # not started: it cannot be read
    feed = Feed(away, own=False)
    reading = asyncio.create_task(feed.run())

    async def waits() -> bool:
        return feed.waiting_for is not None and "not started" in feed.waiting_for

    await eventually(waits)
    await away.start()

    async def reads() -> bool:
        return feed.waiting_for is None

    await eventually(reads)
    feed.stop()
    await reading
    await away.close()


def test_a_cursor_of_another_log_is_refused() -> None:
    place = (topics.SALES, 0)
    assert after_cursor(cursor_of({place: 7}), {place: 9}) == {place: 7}
    with pytest.raises(BadCursor, match="another"):
        after_cursor(cursor_of({place: 7}), {place: 6})
    for nonsense in (
        "x",
        encode_cursor("x"),
        encode_cursor({"a": 1}),
        encode_cursor({"a": {"b": 1}}),
    ):
        with pytest.raises(BadCursor):
            after_cursor(nonsense, {place: 9})


def test_what_a_stranger_sends_is_one_line_of_json() -> None:
    def record(value: bytes, **headers: str) -> Record:
        return Record(topics.INBOUND_SALES, 0, 1, "k", headers, value)

    pretty = line_of(record(b'{\n  "a": "x\\ny"\r\n}', ce_sequence="many", ce_type="own.type"))
    assert b"\n" not in pretty
    assert json.loads(pretty + b"}")["data"] == {"a": "x\ny"}
    assert json.loads(pretty + b"}")["sequence"] is None
    bare = json.loads(line_of(record(b"\xff\x00")) + b"}")
    assert bare["data"] is None
    assert (bare["id"], bare["type"], bare["time"]) == ("takt.inbound.sales.v1/0/1", "", None)


def test_records_of_several_topics_are_put_in_time_and_each_keeps_its_order() -> None:
    def record(topic: str, position: int, time: str) -> Record:
        return Record(topic, 0, position, "k", {"ce_time": time}, b"")

    a = [record("a", 1, "10:05"), record("a", 2, "10:01"), record("a", 3, "10:09")]
    b = [record("b", 1, "10:06"), record("b", 2, "10:07")]
    assert [(r.topic, r.position) for r in in_time(a + b)] == [
        ("a", 1), ("a", 2), ("b", 1), ("b", 2), ("a", 3),
    ]  # fmt: skip


def test_every_topic_is_opened_by_exactly_one_declared_scope() -> None:
    opened = [topic for names in TOPICS_BY_SCOPE.values() for topic in names]
    assert sorted(opened) == sorted(topic.name for topic in TOPICS)
    assert TOPICS_BY_SCOPE.keys() <= SCOPES.keys()
