"""The outbox: events are written beside the state that they tell of, and relayed in order.

Guarantees: a committed event is published at least once (`relay` forgets it only after the log has
acknowledged it); per subject the order of `outbox_unsent.id` is the order of commits, because a use
case locks its aggregate first and emits afterwards; one relay is active per database (an advisory
lock), so nothing overtakes.

`outbox` is append-only, partitioned by the time in the event's id, and kept for eight days: long
enough to trace a chain and to publish everything again after a lost broker. `outbox_unsent` is the
short queue in front of the log.
"""

import asyncio
import json
import logging
from contextlib import suppress

import asyncpg
from takt.common.bus import Log, Message
from takt.common.db import EMITTED, SOURCE, Database, Tx
from takt.common.event import Cause, Envelope, Event, seal

logger = logging.getLogger(__name__)

MAX_BODY = 900_000
"""Bytes: below Kafka's limit of a message, with room for headers."""

RELAY_LOCK = 7_265_001
IDLE_POLL = 0.1
CHUNK = 1_000

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
        if len(body) > MAX_BODY:
            raise EventTooLarge(f"{envelope.type} of {envelope.event.subject}: {len(body)} bytes")
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
    pause = 0.1
    while not stop.is_set():
        try:
            await _relay_while_connected(database, log, stop)
            pause = 0.1
        except* (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as group:
            error = group.exceptions[0]
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
                    await asyncio.wait_for(database.emitted.wait(), IDLE_POLL)
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
    return RELAY_LOCK + sum(database.schema.encode()) * 1_000
