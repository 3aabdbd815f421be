"""The one reader of the log that all who follow it share: a ring of what came last.

The ring is bounded in records and in bytes, however many follow and however slow they are. Who
falls out of it is told so; who comes from before it is led up to it from the log (`stream.py`).
"""

import asyncio
import heapq
import json
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from takt.common.bus import Log, LogUnavailable, Record
from takt.common.contracts.deals import CompanyChanged
from takt.common.contracts.topics import CATALOG, FORECASTS, TOPICS
from takt.common.event import Envelope, decode

logger = logging.getLogger(__name__)

MAX_RECORDS = 4_000
MAX_BYTES = 16 * 1024 * 1024
MAX_FORECASTS = 40
RECENT = 60
"""Records of each topic that the ring begins with, so that a start is not blank."""
POLL_SECONDS = 1.0
REST_SECONDS = 0.1
"""Between two looks: who watches sees no difference, and a stream costs a tenth."""
SEARCH_SECONDS = 5.0
SLOWEST_RETRY = 5.0

Place = tuple[str, int]
"""A topic's partition."""

CATALOG_PLACE: Place = (CATALOG, 0)
"""The catalog has one partition."""


class FellBehind(Exception):
    """The ring has moved past this reader."""


@dataclass(slots=True)
class Entry:
    """A record in the ring; its line is written once, when the first reader wants it."""

    record: Record
    _line: bytes | None = None

    @property
    def line(self) -> bytes:
        """The event as JSON, without the closing brace: each reader adds a cursor of its own."""
        if self._line is None:
            self._line = line_of(self.record)
        return self._line


class Feed:
    """The shared reader.

    Args:
        log: read without a group.
        own: whether the log has to be started, and is nobody else's.
        max_records: in the ring at most.
        max_bytes: of their values at most.
    """

    def __init__(
        self,
        log: Log,
        *,
        own: bool,
        max_records: int = MAX_RECORDS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.log = log
        self.floor: dict[Place, int] = {}
        """The position before the first record that the ring may hold, by place."""
        self.head: dict[Place, int] = {}
        """The position of the last record read, by place."""
        self.ends: dict[Place, int] = {}
        """How far the log goes, by place: at first beyond what has been read."""
        self.first = 0
        """The number of the ring's first entry."""
        self.waiting_for: str | None = "the log has not been reached yet"
        self.forecasts: deque[Record] = deque(maxlen=MAX_FORECASTS)
        """The forecasts that changed last, which other events do not drive out."""
        self.company: CompanyChanged | None = None
        """The company as the catalog last said; None while there is none, or it was not read."""
        self.ended = False
        self._own = own
        self._max_records, self._max_bytes = max_records, max_bytes
        self._ring: deque[Entry] = deque()
        self._bytes = 0
        self._news = asyncio.Event()
        self._stopped = asyncio.Event()

    @property
    def next(self) -> int:
        """The number that the next entry will have."""
        return self.first + len(self._ring)

    async def run(self) -> None:
        """Read until stopped; a log that is away is waited for."""
        started, pause, searched = not self._own, 0.2, -SEARCH_SECONDS
        clock = asyncio.get_running_loop().time
        while not self._stopped.is_set():
            try:
                if not started:
                    await self.log.start()
                    started = True
                if not self._complete() and clock() - searched >= SEARCH_SECONDS:
                    await self._find_places()
                    searched, self.waiting_for = clock(), None
                if self.head:
                    records = await self.log.read(self.head, POLL_SECONDS)
                    self.add(records)
                    if records:
                        await self._sleep(REST_SECONDS)
                else:
                    await self._sleep(POLL_SECONDS)
                self.waiting_for, pause = None, 0.2
            except LogUnavailable as error:
                if self.waiting_for is None:
                    logger.warning("events wait for the log: %s", error)
                self.waiting_for = str(error)
                await self._sleep(pause)
                pause = min(pause * 2, SLOWEST_RETRY)

    def _complete(self) -> bool:
        return {topic for topic, _ in self.head} == {topic.name for topic in TOPICS}

    async def _find_places(self) -> None:
        """Begin each topic that is there a little before its end."""
        ends = await self.log.ends([topic.name for topic in TOPICS])
        if CATALOG_PLACE in ends and CATALOG_PLACE not in self.head:
            await self._find_company(ends[CATALOG_PLACE])
        partitions = {topic: sum(1 for name, _ in ends if name == topic) for topic, _ in ends}
        for place, end in ends.items():
            if place not in self.head:
                self.ends[place] = end
                start = max(-1, end - max(1, RECENT // partitions[place[0]]))
                self.floor[place] = self.head[place] = start

    async def _find_company(self, end: int) -> None:
        """Read the catalog from its first record: the company often lies far before its end."""
        reached = -1
        while reached < end:
            records = await self.log.read({CATALOG_PLACE: reached}, POLL_SECONDS)
            if not records:
                return  # what lay there is no longer kept
            for record in records:
                self._take_company(record)
            reached = records[-1].position

    def _take_company(self, record: Record) -> None:
        if record.headers.get("ce_type") != CompanyChanged.event_type:
            return
        match decode(record.headers, record.value, record.place):
            case Envelope(event=CompanyChanged() as company):
                self.company = company

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            return

    def add(self, records: Sequence[Record]) -> None:
        """Put records into the ring, and let its oldest go where it is full."""
        for record in in_time(records):
            self._ring.append(Entry(record))
            self._bytes += len(record.value)
            place = (record.topic, record.partition)
            self.head[place] = record.position
            self.ends[place] = max(record.position, self.ends.get(place, -1))
            if record.topic == FORECASTS:
                self.forecasts.append(record)
            elif record.topic == CATALOG:
                self._take_company(record)
        while len(self._ring) > self._max_records or self._bytes > self._max_bytes:
            gone = self._ring.popleft().record
            self._bytes -= len(gone.value)
            self.floor[gone.topic, gone.partition] = gone.position
            self.first += 1
        if records:
            self._tell()

    def _tell(self) -> None:
        """Wake who waits for news; who comes later waits for the next."""
        self._news.set()
        self._news = asyncio.Event()

    def entries(self, start: int, limit: int = 200) -> list[Entry]:
        """Entries from this number on. Raises FellBehind when the first of them is gone."""
        if start < self.first:
            raise FellBehind
        offset = start - self.first
        return list(islice(self._ring, offset, offset + limit))

    def last(self, topics: Iterable[str], count: int) -> list[Record]:
        """The last records of these topics, the latest first."""
        wanted = set(topics)
        found = (entry.record for entry in reversed(self._ring) if entry.record.topic in wanted)
        return list(islice(found, count))

    def covers(self, reached: dict[Place, int]) -> bool:
        """Whether a reader that has come so far finds all that follows in the ring."""
        return all(reached.get(place, -1) >= floor for place, floor in self.floor.items())

    def reached_by(self, reached: dict[Place, int]) -> bool:
        """Whether a reader that has come so far has all that was read until now."""
        return all(reached.get(place, -1) >= head for place, head in self.head.items())

    async def news(self, start: int, seconds: float) -> bool:
        """Wait for an entry of this number, or for the end; False when neither came in time."""
        if self.ended or self.next > start:
            return True
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def end(self) -> None:
        """Let every stream end, with a last line that says so."""
        self.ended = True
        self._tell()

    def stop(self) -> None:
        """Stop reading."""
        self.end()
        self._stopped.set()

    async def close(self) -> None:
        """Let the log go, where it is nobody else's."""
        if self._own:
            await self.log.close()


def in_time(records: Sequence[Record]) -> list[Record]:
    """Records of several places by time; within a place their order stays."""
    by_place = sorted(records, key=lambda r: (r.topic, r.partition))
    places = [list(group) for _, group in groupby(by_place, lambda r: (r.topic, r.partition))]
    return list(heapq.merge(*places, key=_time)) if len(places) > 1 else list(records)


def _time(record: Record) -> str:
    """As text: all are UTC in one form, and what is not written by Takt sorts somewhere."""
    return record.headers.get("ce_time", "")


def line_of(record: Record) -> bytes:
    """An event as JSON, without the closing brace.

    A stranger's record may lack any header: then its place is its id, and its type is empty.
    """
    headers = record.headers
    event: dict[str, Any] = {
        "id": headers.get("ce_id", record.place),
        "type": headers.get("ce_type", ""),
        "topic": record.topic,
        "subject": headers.get("ce_subject", record.key),
        "time": headers.get("ce_time"),
        "service": headers.get("ce_source", "").removeprefix("/takt/"),
        "sequence": _number(headers.get("ce_sequence")),
        "correlations": _ids(headers.get("ce_correlations")),
        "more": _number(headers.get("ce_morecorrelations")) or 0,
        "causes": _ids(headers.get("ce_causes")),
    }
    return json.dumps(event).encode()[:-1] + b', "data": ' + _data(record.value)


def _ids(text: str | None) -> list[str]:
    return text.split(",") if text else []


def _number(text: str | None) -> int | None:
    """A header's number; strangers may send anything."""
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


def _data(value: bytes) -> bytes:
    """The body as it was sent, on one line; null for what is no JSON."""
    try:
        json.loads(value)
    except ValueError:
        return b"null"
    # Inside JSON a bare line break can only stand between tokens.
    return value.replace(b"\n", b" ").replace(b"\r", b" ")
