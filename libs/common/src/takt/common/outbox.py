"""The outbox: events are written beside the state that they tell of, and relayed in order.

Guarantees: a committed event is published at least once (`relay` forgets it only after the log has
acknowledged it); per subject the order of `outbox_unsent.id` is the order of commits, because a use
case locks its aggregate first and emits afterwards; one relay is active per database (an advisory
lock), so nothing overtakes.

`outbox` is append-only, partitioned by the time in the event's id, and kept for eight days: long
enough to trace a chain and to publish everything again after a lost broker. Of compacted topics the
last event of each key is kept for good. `outbox_unsent` is the short queue in front of the log.
"""

import asyncio
import json
import logging
import zlib
from contextlib import suppress
from datetime import datetime

import asyncpg

from takt.common.bus import Log, Message
from takt.common.contracts.topics import COMPACTED
from takt.common.db import EMITTED, LOST, SOURCE, Database, Tx
from takt.common.event import Cause, Envelope, Event, seal
from takt.common.retention import first_id

logger = logging.getLogger(__name__)

MAX_BODY = 900_000
"""Bytes: below Kafka's limit of a message, with room for headers."""

RELAY_LOCK = 7_265_001
CHUNK = 1_000
SOUND_SECONDS = 10
"""A relay that ran so long was sound: its next failure is a new one, waited out shortly."""

INSERT = """
WITH said AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::text[]
    ) WITH ORDINALITY AS said (event_id, topic, key, type, headers, body, links, place)
), kept AS (
    INSERT INTO outbox (event_id, topic, key, type, headers, body, links)
    SELECT event_id, topic, key, type, headers, body, links::uuid[] FROM said
)
INSERT INTO outbox_unsent (event_id) SELECT event_id FROM said ORDER BY place
"""

UNSENT = """
SELECT u.id, o.topic, o.key, o.headers, o.body
FROM outbox_unsent u JOIN outbox o USING (event_id)
WHERE u.id <> ALL ($2::bigint[]) ORDER BY u.id LIMIT $1
"""

REPUBLISH_UNSENT = """
WITH waiting AS (DELETE FROM outbox_unsent RETURNING event_id)
INSERT INTO outbox_unsent (event_id)
SELECT event_id FROM (
    SELECT event_id FROM outbox WHERE event_id >= $1
    UNION SELECT event_id FROM waiting
    UNION (
        SELECT DISTINCT ON (topic, key) event_id FROM outbox WHERE topic = ANY($2::text[])
        ORDER BY topic, key, event_id DESC
    )
) AS again ORDER BY event_id
"""


class EventTooLarge(Exception):
    """An event's body is over the limit of the log."""


async def emit(tx: Tx, *pairs: tuple[Event, Cause]) -> list[Envelope[Event]]:
    """Write events to the outbox inside the caller's transaction: state and event commit together.

    Call it after locking or updating the aggregate. Several events cost one statement.

    Args:
        tx: the caller's transaction.
        pairs: each event with its cause.

    Raises:
        EventTooLarge: a body of more than 900 KB.
    """
    if not pairs:
        return []
    envelopes = seal(pairs, tx.info[SOURCE])
    await tx.exec_driver_sql(INSERT, columns(envelopes))
    tx.info[EMITTED] = True
    return envelopes


def columns(envelopes: list[Envelope[Event]]) -> tuple[list[object], ...]:
    """The parameters of `INSERT`, for use cases that write state and outbox in one statement."""
    bodies = [envelope.body() for envelope in envelopes]
    for envelope, body in zip(envelopes, bodies, strict=True):
        # Four bytes a character at most: only a long text is worth the counting.
        if len(body) > MAX_BODY // 4 and (size := len(body.encode())) > MAX_BODY:
            raise EventTooLarge(f"{envelope.type} of {envelope.event.subject}: {size} bytes")
    return (
        [e.id for e in envelopes],
        [e.event.topic for e in envelopes],
        [e.event.key for e in envelopes],
        [e.type for e in envelopes],
        [json.dumps(e.headers()) for e in envelopes],
        list(bodies),
        [
            "{" + ",".join(map(str, (*e.cause.correlations, *e.cause.causes))) + "}"
            for e in envelopes
        ],
    )


async def relay(database: Database, log: Log, stop: asyncio.Event) -> None:
    """Hand unsent events to the log in order, until told to stop.

    A failing log or a lost connection is retried for ever, at growing distance; the API stays
    writable meanwhile.
    """
    time = asyncio.get_running_loop().time
    pause = 0.1
    while not stop.is_set():
        began = time()
        try:
            await _relay_while_connected(database, log, stop)
        except* LOST as group:
            error = group.exceptions[0]
            if time() - began > SOUND_SECONDS:
                pause = 0.1
            logger.warning("relay waits %.1f s: %s: %s", pause, type(error).__name__, error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            pause = min(pause * 2, 5)


async def _relay_while_connected(database: Database, log: Log, stop: asyncio.Event) -> None:
    connection = await asyncpg.connect(
        database.url, server_settings={"search_path": database.schema}, timeout=10
    )
    try:
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _lock(database)):
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.5)
            if stop.is_set():
                return
        while not stop.is_set():
            database.emitted.clear()
            if not await relay_unsent(connection, log, stop):
                with suppress(TimeoutError):
                    await asyncio.wait_for(database.emitted.wait(), database.outbox_poll_seconds)
    finally:
        await connection.close(timeout=5)


async def relay_unsent(
    connection: asyncpg.Connection, log: Log, stop: asyncio.Event, chunk: int = CHUNK
) -> int:
    """Publish what is unsent, oldest first, and forget it once it is acknowledged.

    While a full chunk is on its way the next one is already read.

    Returns: how many were published.
    """
    sent = 0
    rows = await connection.fetch(UNSENT, chunk, [])
    while rows and not stop.is_set():
        ids = [row["id"] for row in rows]
        messages = [
            Message(row["topic"], row["key"], json.loads(row["headers"]), row["body"].encode())
            for row in rows
        ]
        ahead: list[asyncpg.Record] = []
        if len(rows) < chunk:
            await log.publish(messages)
        else:
            async with asyncio.TaskGroup() as both:
                both.create_task(log.publish(messages))
                reading = both.create_task(connection.fetch(UNSENT, chunk, ids))
            ahead = reading.result()
        await connection.execute("DELETE FROM outbox_unsent WHERE id = ANY($1::bigint[])", ids)
        sent += len(ids)
        rows = ahead
    return sent


def _lock(database: Database) -> int:
    """One relay per schema of a database."""
    return RELAY_LOCK << 32 | zlib.crc32(database.schema.encode())


async def republish(tx: Tx, since: datetime) -> int:
    """Queue everything that was said since `since` once more, in order: the log was lost.

    The last state of each key of a compacted topic is among it, however old: there it is kept for
    good. The relay publishes it like anything else, before what is said from now on; consumers that
    had it find it in their inbox, or by its sequence. The rest reaches back as far as the outbox is
    kept, eight days.

    Returns: how many events are in the queue.
    """
    # Waits until every transaction that has emitted is over, and holds up the others: the events of
    # a subject keep their order.
    await tx.exec_driver_sql("LOCK TABLE outbox_unsent IN SHARE ROW EXCLUSIVE MODE")
    await tx.exec_driver_sql(REPUBLISH_UNSENT, (first_id(since), COMPACTED))
    queued = await tx.exec_driver_sql("SELECT count(*) FROM outbox_unsent")
    tx.info[EMITTED] = True
    return int(queued.scalar_one())
