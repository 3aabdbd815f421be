"""Switch off one defence at a time and see the suite go red: so much each one is worth.

The story: sales are committed with their events, relayed, and tallied by a consumer that dies once
between its commit and the log's. The ledger is what was asked for; the tally is the effect.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from takt.common import outbox
from takt.common.bus import Record
from takt.common.bus import consumer as consuming
from takt.common.bus.consumer import Progress, handle_batch
from takt.common.bus.postgres import PostgresLog
from takt.common.contracts.topics import SALES
from takt.common.db import Database, Tx
from takt.common.outbox import emit, relay_unsent
from takt.common.testing import NOW

from .conftest import TALLY, pair, sale

LEDGER = 40
Story = Callable[[], Awaitable[Decimal]]


class Killed(Exception):
    """The process ends here."""


@pytest.fixture
async def committed(database: Database, log: PostgresLog) -> None:
    """Sales, committed with their events and relayed."""
    async with database.transaction() as tx:
        await emit(tx, *[pair(sale()) for _ in range(LEDGER)])
    connection = await asyncpg.connect(database.url)
    await relay_unsent(connection, log, asyncio.Event())
    await connection.close()


async def consume_dying_once(
    database: Database, log: PostgresLog, *, offset_first: bool
) -> Decimal:
    """Consume all; die once between the transaction and the offset (or the other way round)."""
    dead = False
    while True:
        subscription = await log.subscribe(TALLY.group, TALLY.topics)
        try:
            records: Sequence[Record] = await subscription.poll(0.2)
            if not records:
                break
            if offset_first:
                await subscription.commit(records)
                if not dead:
                    raise Killed
            await handle_batch(TALLY, records, database, NOW, Progress())
            if not dead:
                raise Killed
            await subscription.commit(records)
        except Killed:
            dead = True
        finally:
            await subscription.close()
    async with database.transaction() as tx:
        rows = await tx.exec_driver_sql("SELECT coalesce(sum(quantity), 0) FROM tally")
        return Decimal(rows.scalar_one())


@pytest.mark.usefixtures("committed")
async def test_with_every_defence_the_effect_is_the_ledger(
    database: Database, log: PostgresLog
) -> None:
    assert await consume_dying_once(database, log, offset_first=False) == LEDGER


@pytest.mark.usefixtures("committed")
async def test_without_the_inbox_a_repeat_is_counted_twice(
    database: Database, log: PostgresLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def everything_is_new(tx: Tx, name: str, events: Collection[UUID]) -> set[UUID]:
        return set(events)

    monkeypatch.setattr(consuming, "claim", everything_is_new)
    assert await consume_dying_once(database, log, offset_first=False) == 2 * LEDGER


@pytest.mark.usefixtures("committed")
async def test_with_the_offset_before_the_commit_a_crash_loses_the_batch(
    database: Database, log: PostgresLog
) -> None:
    assert await consume_dying_once(database, log, offset_first=True) == 0


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
