"""A consumer: event types and the use cases that they go to, run with effects exactly once.

One batch is one transaction: claim the unseen events in the inbox, run the handlers on those, emit
what follows. After the commit the log's offset is committed; a crash in between means a repeat,
which the inbox makes harmless.

When a handler fails:

    transient   connection, serialisation, lock, full disk: roll back, wait 0.1 to 30 s, the same
                batch again, for ever
    permanent   three tries; then each event alone under a savepoint; what still fails goes to the
                dead letters, with its inbox mark and a row for `<topic>.dlq` in the same
                transaction, and blocks no other key
"""

import asyncio
import json
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from takt.common import dead_letters
from takt.common.bus import Log, LogUnavailable, Record, Subscription
from takt.common.clock import Clock
from takt.common.contracts.topics import DEAD_LETTERS_SUFFIX
from takt.common.db import EMITTED, Database, Tx, is_transient
from takt.common.event import Envelope, Event, UnknownType, Unreadable, decode, new_id, wall_now
from takt.common.inbox import claim

logger = logging.getLogger(__name__)

Handler = Callable[[Tx, Sequence[Envelope[Any]], datetime], Awaitable[None]]
"""`async def use_case(tx, events, now)`: a batch in order, coalesced by what it recomputes."""

TRIES = 3
POLL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Consumer:
    """Which events go to which use case.

    Args:
        group: the consumer group, and the consumer's name in the inbox.
        handlers: event class to use case. Types that name the same use case reach it together, in
            order.
        adds_up: topics whose events are facts that add up: behind a quarantined one, later events
            of its key are
            parked. Elsewhere each event carries the whole state and later ones go on by sequence.
        rest: seconds between two batches, where nobody waits for the effect: a stream comes in
            fewer and fuller batches, and leaves the processor to those on the beat.
    """

    group: str
    handlers: Mapping[type[Event], Handler]
    adds_up: frozenset[str] = frozenset()
    rest: float = 0.0

    @property
    def topics(self) -> list[str]:
        """The topics that its events lie on."""
        return sorted({event.topic for event in self.handlers})


@dataclass(slots=True)
class Progress:
    """What a consumer has done since its start."""

    handled: int = 0
    repeated: int = 0
    quarantined: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    waiting_for: str | None = None
    """Why it does not go on: the transient failure that it waits out."""
    last_handled_at: datetime | None = None
    subscription: Subscription | None = None


async def consume(
    consumer: Consumer,
    *,
    database: Database,
    log: Log,
    clock: Clock,
    stop: asyncio.Event,
    progress: Progress,
) -> None:
    """Read and handle until told to stop; a batch that has begun is finished first."""
    subscription: Subscription | None = None
    pause = 0.1
    stopping = asyncio.create_task(stop.wait())
    try:
        while not stop.is_set():
            try:
                if subscription is None:
                    subscription = await log.subscribe(consumer.group, consumer.topics)
                    progress.subscription = subscription
                records = await _poll_until(stopping, subscription)
                progress.waiting_for, pause = None, 0.1
            except LogUnavailable as error:
                if subscription is not None:
                    await subscription.close()
                    subscription = progress.subscription = None
                progress.waiting_for = str(error)
                pause = await _wait(stop, pause)
                continue
            if records and await _handle_until_done(
                consumer, records, database, clock, stop, progress
            ):
                await subscription.commit(records)
                if consumer.rest:
                    await asyncio.wait({stopping}, timeout=consumer.rest)
    finally:
        stopping.cancel()
        progress.subscription = None
        if subscription is not None:
            await subscription.close()


async def _poll_until(
    stopping: asyncio.Task[Literal[True]], subscription: Subscription
) -> Sequence[Record]:
    """The next records; none when it is time to stop."""
    polling = asyncio.ensure_future(subscription.poll(POLL_SECONDS))
    try:
        await asyncio.wait({polling, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not polling.done():
            polling.cancel()
            await asyncio.wait({polling})
    return () if polling.cancelled() else polling.result()


async def _handle_until_done(
    consumer: Consumer,
    records: Sequence[Record],
    database: Database,
    clock: Clock,
    stop: asyncio.Event,
    progress: Progress,
) -> bool:
    """Handle a batch, however often it takes; False when told to stop before it was done."""
    pause, tries = 0.1, 0
    while not stop.is_set():
        try:
            await handle_batch(
                consumer, records, database, clock.now(), progress, one_by_one=tries >= TRIES
            )
            progress.waiting_for = None
            return True
        except Exception as error:
            if is_transient(error):
                progress.waiting_for = f"{type(error).__name__}: {error}"
                logger.warning("%s waits %.1f s: %s", consumer.group, pause, progress.waiting_for)
                pause = await _wait(stop, pause)
            else:
                tries += 1
                logger.warning(
                    "%s: try %d of %d failed", consumer.group, tries, TRIES, exc_info=error
                )
                if tries > TRIES:
                    pause = await _wait(stop, pause)
    return False


async def handle_batch(
    consumer: Consumer,
    records: Sequence[Record],
    database: Database,
    now: datetime,
    progress: Progress,
    *,
    one_by_one: bool = False,
) -> None:
    """Handle a batch in one transaction."""
    envelopes: dict[UUID, tuple[Record, Envelope[Event]]] = {}
    unreadable: dict[UUID, tuple[Record, str]] = {}
    unknown: Counter[str] = Counter()
    handled = {event.event_type for event in consumer.handlers}
    for record in records:
        name = record.headers.get("ce_type")
        if name in Event.types and name not in handled:
            continue  # meant for others, so not even read
        match decode(record.headers, record.value, record.place):
            case Envelope() as envelope:
                envelopes.setdefault(envelope.id, (record, envelope))
            case UnknownType(name):
                unknown[name] += 1
            case Unreadable(identity, reason):
                unreadable[identity] = (record, reason)
    quarantined = 0
    async with database.transaction() as tx:
        seen = [*envelopes, *unreadable]
        fresh = await claim(tx, consumer.group, seen) if seen else set()
        letters = [
            (identity, record, "quarantined", reason, 1)
            for identity, (record, reason) in unreadable.items()
            if identity in fresh
        ]
        work = [pair for identity, pair in envelopes.items() if identity in fresh]
        if consumer.adds_up:
            work, parked = await _park(tx, consumer, work, letters)
            letters += parked
        if one_by_one:
            letters += await _handle_alone(tx, consumer, work, now)
        else:
            for handler, events in _by_handler(consumer, work):
                await handler(tx, events, now)
        quarantined = len(letters)
        await _quarantine(tx, consumer, letters)
    progress.handled += len(fresh) - quarantined
    progress.repeated += len(seen) - len(fresh)
    progress.quarantined += quarantined
    progress.unknown.update(unknown)
    if fresh:
        progress.last_handled_at = wall_now()


Work = list[tuple[Record, Envelope[Event]]]
Letters = list[tuple[UUID, Record, str, str, int]]


def _by_handler(consumer: Consumer, work: Work) -> list[tuple[Handler, list[Envelope[Event]]]]:
    """Events together with those of the same use case, in the order of the consumer's table."""
    batches: dict[Handler, list[Envelope[Event]]] = {h: [] for h in consumer.handlers.values()}
    for _, envelope in work:
        batches[consumer.handlers[type(envelope.event)]].append(envelope)
    return [(handler, events) for handler, events in batches.items() if events]


async def _handle_alone(tx: Tx, consumer: Consumer, work: Work, now: datetime) -> Letters:
    """Each event under a savepoint: what fails is undone and becomes a letter, the others stand."""
    letters: Letters = []
    blocked: set[tuple[str, str]] = set()
    for record, envelope in work:
        if (record.topic, record.key) in blocked:
            letters.append(_parked(record, envelope))
            continue
        emitted = tx.info.get(EMITTED, False)
        try:
            async with tx.begin_nested():
                await consumer.handlers[type(envelope.event)](tx, [envelope], now)
        except Exception as error:
            if is_transient(error):
                raise
            tx.info[EMITTED] = emitted
            reason = f"{type(error).__name__}: {error}"
            logger.exception("%s: %s is quarantined", consumer.group, record.place)
            letters.append((envelope.id, record, "quarantined", reason, TRIES + 1))
            if record.topic in consumer.adds_up:
                blocked.add((record.topic, record.key))
    return letters


async def _park(tx: Tx, consumer: Consumer, work: Work, letters: Letters) -> tuple[Work, Letters]:
    """Set aside events of keys behind a quarantined one, where facts add up."""
    topics = [t for t in consumer.adds_up if any(record.topic == t for record, _ in work)]
    if not topics:
        return work, []
    blocked = await dead_letters.blocked_keys(tx, consumer.group, topics)
    blocked |= {(r.topic, r.key) for _, r, *_ in letters if r.topic in consumer.adds_up}
    sound = [pair for pair in work if (pair[0].topic, pair[0].key) not in blocked]
    parked = [
        _parked(record, envelope)
        for record, envelope in work
        if (record.topic, record.key) in blocked
    ]
    return sound, parked


def _parked(record: Record, envelope: Envelope[Event]) -> tuple[UUID, Record, str, str, int]:
    return envelope.id, record, "parked", "an earlier message of this key is quarantined", 0


async def _quarantine(tx: Tx, consumer: Consumer, letters: Letters) -> None:
    """Dead letter, inbox mark and the row for `<topic>.dlq` commit together."""
    if not letters:
        return
    await dead_letters.keep(tx, consumer.group, letters)
    rows = [(new_id(), *letter[1:]) for letter in letters]
    await tx.exec_driver_sql(
        """
        WITH said AS (
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::text[])
                AS said (event_id, topic, key, headers, body)
        ), kept AS (
            INSERT INTO outbox (event_id, topic, key, type, headers, body, links)
            SELECT event_id, topic, key, 'takt.dead_letter', headers, body, '{}' FROM said
        )
        INSERT INTO outbox_unsent (event_id) SELECT event_id FROM said
        """,
        (
            [event_id for event_id, *_ in rows],
            [_dead(record.topic) for _, record, *_ in rows],
            [record.key for _, record, *_ in rows],
            [
                json.dumps(
                    {
                        **record.headers,
                        "takt-reason": reason,
                        "takt-from": record.place,
                        "takt-consumer": consumer.group,
                        "takt-attempts": str(attempts),
                    }
                )
                for _, record, _, reason, attempts in rows
            ],
            [
                record.value.decode(errors="replace").replace("\0", "\ufffd")
                for _, record, *_ in rows
            ],
        ),
    )
    tx.info[EMITTED] = True


def _dead(topic: str) -> str:
    return topic if topic.endswith(DEAD_LETTERS_SUFFIX) else topic + DEAD_LETTERS_SUFFIX


async def replay(
    tx: Tx, consumers: Mapping[str, Consumer], letter: int, now: datetime
) -> list[dict[str, Any]]:
    """Handle a dead letter, and what is parked behind it, again.

    Returns: the letters that were handled.
    Raises: StillUnreadable, or whatever the handler raises.
    """
    letters = await dead_letters.lock_chain(tx, letter)
    for row in letters:
        consumer = consumers[row["consumer"]]
        match decode(
            row["headers"],
            bytes(row["value"]),
            f"{row['topic']}/{row['partition']}/{row['position']}",
        ):
            case Envelope() as envelope if type(envelope.event) in consumer.handlers:
                await consumer.handlers[type(envelope.event)](tx, [envelope], now)
            case Unreadable(_, reason):
                raise StillUnreadable(reason)
            case _:
                raise StillUnreadable(
                    f"{row['headers'].get('ce_type')} is of no type that it handles"
                )
    await dead_letters.mark_replayed(tx, [row["id"] for row in letters])
    return letters


class StillUnreadable(Exception):
    """The dead letter is no readable event; mend it at its source and send it again."""


async def _wait(stop: asyncio.Event, pause: float) -> float:
    """Wait `pause` seconds with jitter, or until told to stop; returns the next pause."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), pause * random.uniform(0.5, 1.5))
    return min(pause * 2, 30)
