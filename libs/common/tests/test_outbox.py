"""The outbox on real PostgreSQL and the PostgreSQL log."""

import asyncio

import asyncpg
import pytest

from takt.common.bus.postgres import PostgresLog
from takt.common.contracts.deals import SaleClosed
from takt.common.db import Database, Tx
from takt.common.event import Cause, Envelope, decode
from takt.common.outbox import EventTooLarge, emit, relay, relay_unsent
from takt.common.testing import emitted, eventually

from .conftest import pair, sale


async def test_an_event_is_rolled_back_with_its_state(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as tx:
            await emit(tx, pair(sale()))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.transaction() as tx:
        assert await emitted(tx) == []


async def test_events_come_out_as_they_went_in_and_in_order(tx: Tx) -> None:
    pairs = [pair(sale(quantity=n + 1)) for n in range(3)]
    sent = await emit(tx, *pairs)
    assert await emitted(tx) == sent


async def test_the_relay_publishes_in_order_and_forgets(
    database: Database, log: PostgresLog
) -> None:
    async with database.transaction() as tx:
        sent = await emit(tx, *[pair(sale(quantity=n + 1)) for n in range(25)])
    connection = await asyncpg.connect(database.url)
    assert await relay_unsent(connection, log, asyncio.Event(), chunk=10) == 25
    assert await relay_unsent(connection, log, asyncio.Event(), chunk=10) == 0
    await connection.close()
    records = await log.read({("takt.sales.v1", 0): -1}, 1)
    received = [decode(r.headers, r.value, r.place) for r in records]
    assert received == sent


async def test_the_relay_wakes_after_a_commit(database: Database, log: PostgresLog) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(relay(database, log, stop))
    async with database.transaction() as tx:
        await emit(tx, pair(sale()))
    await eventually(lambda: log.read({("takt.sales.v1", 0): -1}, 0.1))
    stop.set()
    database.emitted.set()
    await running


async def test_two_relays_never_publish_at_once(database: Database, log: PostgresLog) -> None:
    stop = asyncio.Event()
    relays = [asyncio.create_task(relay(database, log, stop)) for _ in range(2)]
    for n in range(20):
        async with database.transaction() as tx:
            await emit(tx, pair(sale(quantity=n + 1)))

    async def all_there() -> list[int]:
        records = await log.read({("takt.sales.v1", 0): -1}, 0.1)
        envelopes = [decode(r.headers, r.value, r.place) for r in records]
        quantities = [
            int(e.event.sale.quantity)
            for e in envelopes
            if isinstance(e, Envelope) and isinstance(e.event, SaleClosed)
        ]
        return quantities if len(quantities) >= 20 else []

    assert await eventually(all_there) == list(range(1, 21))
    stop.set()
    database.emitted.set()
    await asyncio.gather(*relays)


async def test_a_cause_names_64_correlations_and_counts_the_rest(tx: Tx) -> None:
    first = await emit(tx, *[pair(sale()) for _ in range(100)])
    together = Cause.of(*first)
    assert len(together.causes) == 100
    assert len(together.correlations) == 64
    assert together.more == 36


@pytest.mark.parametrize(("character", "length"), [("x", 900_001), ("\u96ea", 300_001)])
async def test_an_event_over_the_log_s_limit_is_refused_before_it_is_written(
    tx: Tx, character: str, length: int
) -> None:
    event = sale()
    name = character * length
    large = event.model_copy(update={"sale": event.sale.model_copy(update={"source": name})})
    with pytest.raises(EventTooLarge, match=r"takt\.sale\.closed\.v1"):
        await emit(tx, pair(large))
    assert await emitted(tx) == []
