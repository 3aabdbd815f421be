"""Switch off one defence at a time and see the suite go red: so much each one is worth.

The story: sales are committed with their events, relayed, and tallied by the product's own
consumer, which dies once between its commit and the log's. The ledger is what was asked for; the
tally is the effect.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from takt.common import outbox
from takt.common.bus import Record, Subscription
from takt.common.bus import consumer as consuming
from takt.common.bus.consumer import Consumer, Progress, consume
from takt.common.bus.postgres import PostgresLog
from takt.common.clock import Clock
from takt.common.contracts.topics import SALES
from takt.common.db import Database, Tx
from takt.common.outbox import emit, relay_unsent
from takt.common.testing import eventually

from .conftest import TALLY, pair, sale

LEDGER = 40


class Killed(BaseException):
    """The process ends here: nothing catches it."""


@pytest.fixture
async def committed(database: Database, log: PostgresLog) -> None:
    """Sales, committed with their events and relayed."""
    async with database.transaction() as tx:
        await emit(tx, *[pair(sale()) for _ in range(LEDGER)])
    connection = await asyncpg.connect(database.url)
    await relay_unsent(connection, log, asyncio.Event())
    await connection.close()


@dataclass
class Life:
    """How far a process has come; it ends at once after the first step, and only once."""

    over: bool = False

    def step(self) -> None:
        if not self.over:
            self.over = True
            raise Killed


class Offsets:
    """The product's subscription, and a process that may die right after its commit."""

    def __init__(self, inner: Subscription, life: Life) -> None:
        self._inner, self._life = inner, life
        self.poll, self.lag, self.close = inner.poll, inner.lag, inner.close

    async def commit(self, records: Sequence[Record]) -> None:
        await self._inner.commit(records)
        self._life.step()


async def consume_dying_once(
    database: Database, log: PostgresLog, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Decimal:
    """The product's consumer, killed between its two steps, whichever it takes first; the tally."""
    life, progress, stop = Life(), Progress(), asyncio.Event()
    subscribe, handle = log.subscribe, consuming.handle_batch

    async def subscribed(group: str, topics: Sequence[str]) -> Offsets:
        return Offsets(await subscribe(group, topics), life)

    async def handled(*arguments: Any, **options: Any) -> None:
        await handle(*arguments, **options)
        life.step()

    monkeypatch.setattr(log, "subscribe", subscribed)
    monkeypatch.setattr(consuming, "handle_batch", handled)
    work = partial(
        consume, TALLY, database=database, log=log, clock=clock, stop=stop, progress=progress
    )
    with pytest.raises(Killed):
        await work()
    again = asyncio.create_task(work())

    async def drained() -> bool:
        return progress.subscription is not None and await progress.subscription.lag() == 0

    await eventually(drained)
    stop.set()
    await again
    async with database.transaction() as tx:
        rows = await tx.exec_driver_sql("SELECT coalesce(sum(quantity), 0) FROM tally")
        return Decimal(rows.scalar_one())


@pytest.mark.usefixtures("committed")
async def test_with_every_defence_the_effect_is_the_ledger(
    database: Database, log: PostgresLog, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await consume_dying_once(database, log, clock, monkeypatch) == LEDGER


@pytest.mark.usefixtures("committed")
async def test_without_the_inbox_a_repeat_is_counted_twice(
    database: Database, log: PostgresLog, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def everything_is_new(tx: Tx, name: str, events: Collection[UUID]) -> set[UUID]:
        return set(events)

    monkeypatch.setattr(consuming, "claim", everything_is_new)
    assert await consume_dying_once(database, log, clock, monkeypatch) == 2 * LEDGER


@pytest.mark.usefixtures("committed")
async def test_with_the_offset_before_the_commit_a_crash_loses_the_batch(
    database: Database, log: PostgresLog, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle_until_done = consuming._handle_until_done

    async def offset_first(consumer: Consumer, records: Sequence[Record], *others: Any) -> bool:
        progress: Progress = others[-1]
        assert progress.subscription is not None
        await progress.subscription.commit(records)
        return await handle_until_done(consumer, records, *others)

    monkeypatch.setattr(consuming, "_handle_until_done", offset_first)
    assert await consume_dying_once(database, log, clock, monkeypatch) == 0


async def relay_twice_at_once(database: Database, log: PostgresLog) -> int:
    """Two relays of one outbox; returns how many messages lie on the topic."""
    async with database.transaction() as tx:
        await emit(tx, *[pair(sale()) for _ in range(LEDGER)])
    slow = SlowLog(log)
    stop = asyncio.Event()
    relays = [asyncio.create_task(outbox.relay(database, slow, stop)) for _ in range(2)]
    await asyncio.sleep(1)
    stop.set()
    database.emitted.set()
    await asyncio.gather(*relays)
    return (await log.ends([SALES]))[SALES, 0] + 1


class SlowLog(PostgresLog):
    """The log, an instant later: long enough for a second relay to read the same rows."""

    def __init__(self, inner: PostgresLog) -> None:
        self._inner = inner

    async def publish(self, messages: Sequence[outbox.Message]) -> None:
        await asyncio.sleep(0.2)
        await self._inner.publish(messages)


async def test_with_the_relay_s_lock_each_event_lies_on_the_topic_once(
    database: Database, log: PostgresLog
) -> None:
    assert await relay_twice_at_once(database, log) == LEDGER


async def test_without_the_relay_s_lock_events_lie_there_twice(
    database: Database, log: PostgresLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = iter(range(2))
    monkeypatch.setattr(outbox, "_lock", lambda _: outbox.RELAY_LOCK - next(locks))
    assert await relay_twice_at_once(database, log) == 2 * LEDGER
