"""The log on one machine: a table with a gap-free position per topic.

`publish` takes the row of each topic, so positions become visible in order and without gaps:
whoever reads `position > p` can miss nothing. Within one process a published batch wakes its
readers; between processes they poll.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import asyncpg

from takt.common.bus import LogUnavailable, Message, Positions, Record, Subscription
from takt.common.contracts.topics import COMPACTED, DEAD_LETTERS_SUFFIX, TOPICS
from takt.common.db import LOST

BATCH = 500
FASTEST_POLL, SLOWEST_POLL = 0.02, 0.5

SCHEMA = """
CREATE TABLE IF NOT EXISTS topics (name text PRIMARY KEY, next bigint NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS log (
    topic text NOT NULL, position bigint NOT NULL, key text NOT NULL,
    headers jsonb NOT NULL, value bytea NOT NULL, at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, position)
);
CREATE INDEX IF NOT EXISTS log_key ON log (topic, key, position);
CREATE TABLE IF NOT EXISTS subscriptions (
    consumer_group text, topic text, position bigint NOT NULL, PRIMARY KEY (consumer_group, topic)
);
"""

PUBLISH = """
WITH said AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::bytea[])
        WITH ORDINALITY AS said (topic, key, headers, value, place)
), taken AS (
    UPDATE topics SET next = next + said.count
    FROM (SELECT topic, count(*) AS count FROM said GROUP BY topic) AS said
    WHERE name = said.topic RETURNING name, next - said.count AS first
)
INSERT INTO log (topic, position, key, headers, value)
SELECT topic, first + row_number() OVER (PARTITION BY topic ORDER BY place) - 1, key, headers, value
FROM said JOIN taken ON name = topic
"""

AFTER = """
SELECT l.topic, l.position, l.key, l.headers, l.value
FROM unnest($1::text[], $2::bigint[]) AS after (topic, position)
CROSS JOIN LATERAL (
    SELECT * FROM log WHERE log.topic = after.topic AND log.position > after.position
    ORDER BY log.position LIMIT $3
) AS l
ORDER BY l.topic, l.position
"""

RETAIN = """
DELETE FROM log USING topics
WHERE log.topic = name AND (
    (NOT name = ANY($1::text[]) AND at < now() - interval '30 days')
    OR (name = ANY($1::text[]) AND at < now() - interval '1 day' AND EXISTS (
        SELECT 1 FROM log AS later
        WHERE later.topic = log.topic AND later.key = log.key AND later.position > log.position))
)
"""


class PostgresLog:
    """The log as a table.

    Args:
        url: `postgresql://…/takt_log`.
        slowest_poll: seconds between two looks of a reader that has found nothing for long; what
            this process publishes it hears at once.
    """

    def __init__(self, url: str, *, slowest_poll: float = SLOWEST_POLL) -> None:
        self._url = url
        self._slowest_poll = slowest_poll
        self._pool: asyncpg.Pool | None = None
        self._published = asyncio.Condition()
        self._batches: Counter[str] = Counter()
        """How often this process has published, by topic."""
        self._pace = Pace()
        """Of those who read without a group."""

    async def start(self) -> None:
        async with _unavailable():
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=8,
                timeout=10,
                server_settings={"application_name": "takt log"},
                reset=_keep,
            )

    @property
    def pool(self) -> asyncpg.Pool:
        """The connections. Raises LogUnavailable before `start`."""
        if self._pool is None:
            raise LogUnavailable("the log is not started")
        return self._pool

    async def create_topics(self) -> None:
        names = [t.name for t in TOPICS]
        async with _unavailable():
            await self.pool.execute(
                "INSERT INTO topics (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING",
                names + [name + DEAD_LETTERS_SUFFIX for name in names],
            )

    async def publish(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        async with _unavailable():
            status = await self.pool.execute(
                PUBLISH,
                [m.topic for m in messages],
                [m.key for m in messages],
                [json.dumps(dict(m.headers)) for m in messages],
                [m.value for m in messages],
            )
        if status != f"INSERT 0 {len(messages)}":
            missing = sorted({m.topic for m in messages})
            raise LogUnavailable(f"a topic of {missing} does not exist in the log")
        async with self._published:
            self._batches.update({message.topic for message in messages})
            self._published.notify_all()

    async def subscribe(self, group: str, topics: Sequence[str]) -> Subscription:
        async with _unavailable():
            subscription = PostgresSubscription(self, group, topics)
            await subscription.join()
            return subscription

    async def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        async with _unavailable():
            rows = await self.pool.fetch(
                "SELECT name, next FROM topics WHERE name = ANY($1::text[])", list(topics)
            )
        return {(row["name"], 0): row["next"] - 1 for row in rows}

    async def read(self, after: Positions, timeout: float) -> Sequence[Record]:
        async with _unavailable():
            return await self.wait_for(after, timeout, self._pace)

    async def wait_for(self, after: Positions, timeout: float, pace: "Pace") -> list[Record]:
        """Look for records; again when this process publishes, else at the reader's pace."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        topics, positions = [topic for topic, _ in after], list(after.values())

        def published() -> int:
            return sum(self._batches[topic] for topic in topics)

        while True:
            seen = published()
            rows = await self.pool.fetch(AFTER, topics, positions, BATCH // len(topics) + 1)
            if rows:
                pace.seconds = FASTEST_POLL
                return [_record(row) for row in rows]
            woken = partial(lambda before: published() != before, seen)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(pace.seconds, deadline - clock())), self._published:
                    await self._published.wait_for(woken)
            pace.seconds = min(pace.seconds * 1.5, self._slowest_poll)
            if clock() >= deadline and not woken():
                return []

    async def retain(self) -> None:
        """Drop what is older than 30 days; of compacted topics keep the last state of each key.

        Of those a day is kept whole, so that whoever reads along sees each change.
        """
        async with _unavailable():
            await self.pool.execute(RETAIN, COMPACTED)

    async def close(self) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            with suppress(TimeoutError):
                await asyncio.wait_for(pool.close(), 5)


@dataclass(slots=True)
class Pace:
    """How long a reader waits between two looks: longer, the longer it finds nothing."""

    seconds: float = FASTEST_POLL


class PostgresSubscription:
    """A group's one active member; another that joins waits for the first to leave."""

    def __init__(self, log: PostgresLog, group: str, topics: Sequence[str]) -> None:
        self._log = log
        self._group = group
        self._topics = list(topics)
        self._lock: asyncpg.Connection | None = None
        self._after: dict[tuple[str, int], int] = {}
        self._pace = Pace()

    async def join(self) -> None:
        """Get in line for the group."""
        self._lock = await asyncpg.connect(self._log._url, timeout=10)

    async def _lead(self, timeout: float) -> bool:
        """Hold the group's lock, and know the stored positions."""
        if self._lock is None or self._lock.is_closed():
            self._after = {}
            self._lock = await asyncpg.connect(self._log._url, timeout=10)
        if self._after:
            return True
        held = await self._lock.fetchval(
            "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", self._group
        )
        if not held:
            await asyncio.sleep(min(timeout, 0.5))
            return False
        rows = await self._lock.fetch(
            "SELECT topic, position FROM subscriptions WHERE consumer_group = $1", self._group
        )
        stored = {row["topic"]: row["position"] for row in rows}
        self._after = {(topic, 0): stored.get(topic, -1) for topic in self._topics}
        return True

    async def poll(self, timeout: float) -> Sequence[Record]:
        async with _unavailable():
            if not await self._lead(timeout):
                return []
            records = await self._log.wait_for(self._after, timeout, self._pace)
        for record in records:
            self._after[record.topic, 0] = record.position
        return records

    async def commit(self, records: Sequence[Record]) -> None:
        last = {record.topic: record.position for record in records}
        with suppress(*LOST):
            await self._log.pool.execute(
                """
                INSERT INTO subscriptions (consumer_group, topic, position)
                SELECT $1, * FROM unnest($2::text[], $3::bigint[])
                ON CONFLICT (consumer_group, topic) DO UPDATE
                SET position = greatest(subscriptions.position, excluded.position)
                """,
                self._group,
                list(last),
                list(last.values()),
            )

    async def lag(self) -> int:
        ends = await self._log.ends(self._topics)
        return sum(max(0, end - self._after.get(place, -1)) for place, end in ends.items())

    async def close(self) -> None:
        if self._lock is not None:
            connection, self._lock = self._lock, None
            with suppress(*LOST):
                await connection.close(timeout=5)


async def _keep(connection: asyncpg.Connection) -> None:
    """Nothing to reset: no statement leaves session state, so that a look costs one statement."""


def _record(row: asyncpg.Record) -> Record:
    headers = json.loads(row["headers"])
    return Record(row["topic"], 0, row["position"], row["key"], headers, row["value"])


@asynccontextmanager
async def _unavailable() -> AsyncIterator[None]:
    """Say a lost or refused connection as LogUnavailable."""
    try:
        yield
    except LOST as error:
        raise LogUnavailable(f"the PostgreSQL log: {type(error).__name__}: {error}") from error
