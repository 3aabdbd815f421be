"""Messages that could not be handled: kept with their reason, shown, replayed once it is mended.

quarantined   the message itself was refused
parked        it is sound, but an earlier message of its key is quarantined, and the facts of its
              topic add up
replayed      it was handled in the end
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from takt.common.bus import Record
from takt.common.db import Tx

KEEP = """
INSERT INTO dead_letters
    (consumer, event_id, topic, partition, position, key, headers, value, state, reason, attempts)
SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::int[], $5::bigint[], $6::text[], $7::jsonb[],
    $8::bytea[], $9::text[], $10::text[], $11::int[])
ON CONFLICT (consumer, event_id) DO NOTHING
"""


class DeadLetter(BaseModel):
    """A message that a consumer could not handle."""

    id: int
    consumer: str
    event_id: UUID
    topic: str
    partition: int
    position: int
    key: str
    type: str | None
    state: str
    reason: str
    attempts: int
    at: datetime


async def keep(
    tx: Tx,
    consumer: str,
    letters: Sequence[tuple[UUID, Record, str, str, int]],
) -> None:
    """Store letters: (event id, record, state, reason, attempts)."""
    if letters:
        await tx.exec_driver_sql(
            KEEP,
            (
                consumer,
                [event_id for event_id, *_ in letters],
                [record.topic for _, record, *_ in letters],
                [record.partition for _, record, *_ in letters],
                [record.position for _, record, *_ in letters],
                [record.key for _, record, *_ in letters],
                [json.dumps(dict(record.headers)) for _, record, *_ in letters],
                [record.value for _, record, *_ in letters],
                [state for *_, state, _, _ in letters],
                [reason for *_, reason, _ in letters],
                [attempts for *_, attempts in letters],
            ),
        )


async def blocked_keys(tx: Tx, consumer: str, topics: Sequence[str]) -> set[tuple[str, str]]:
    """(topic, key) of which a message waits in quarantine.

    Locked, so that a replay of them is over before or begins after this transaction: else an event
    that comes meanwhile would be parked behind letters that no one replays again.
    """
    rows = await tx.exec_driver_sql(
        "SELECT topic, key FROM dead_letters"
        " WHERE consumer = $1 AND topic = ANY($2::text[]) AND state <> 'replayed'"
        " ORDER BY id FOR SHARE",
        (consumer, list(topics)),
    )
    return {(row["topic"], row["key"]) for row in rows.mappings()}


async def waiting(
    tx: Tx, *, after: int = 0, limit: int = 100, letter: int | None = None
) -> list[dict[str, Any]]:
    """Letters that wait, oldest first, with headers and value."""
    rows = await tx.exec_driver_sql(
        "SELECT id, consumer, event_id, topic, partition, position, key, headers, value, state,"
        " reason, attempts, at FROM dead_letters"
        " WHERE id > $1 AND (state <> 'replayed' OR id = $2) AND ($2::bigint IS NULL OR id = $2)"
        " ORDER BY id LIMIT $3",
        (after, letter, limit),
    )
    return [dict(row) for row in rows.mappings()]


async def lock_chain(tx: Tx, letter: int) -> list[dict[str, Any]]:
    """The letter and those parked behind it, oldest first, locked."""
    # Waits for whoever parks behind it now; the next statement then sees what was parked.
    await tx.exec_driver_sql("SELECT FROM dead_letters WHERE id = $1 FOR UPDATE", (letter,))
    rows = await tx.exec_driver_sql(
        "SELECT l.id, l.consumer, l.event_id, l.topic, l.partition, l.position, l.key, l.headers,"
        " l.value, l.state, l.reason, l.attempts FROM dead_letters l JOIN dead_letters first"
        " ON first.id = $1 AND l.consumer = first.consumer AND l.topic = first.topic"
        " AND l.key = first.key AND l.id >= first.id"
        " WHERE l.state <> 'replayed' AND (l.id = first.id OR l.state = 'parked')"
        " ORDER BY l.id FOR UPDATE OF l",
        (letter,),
    )
    return [dict(row) for row in rows.mappings()]


async def mark_replayed(tx: Tx, letters: Sequence[int]) -> None:
    """These were handled in the end."""
    await tx.exec_driver_sql(
        "UPDATE dead_letters SET state = 'replayed' WHERE id = ANY($1::bigint[])", (list(letters),)
    )
