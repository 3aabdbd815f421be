"""The loops that carry events, under what befalls them: lost connections, zombies, stops."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from takt.common import dead_letters
from takt.common.bus import LogUnavailable, Message
from takt.common.bus.consumer import Consumer, Progress, consume, handle_batch
from takt.common.bus.postgres import PostgresLog
from takt.common.clock import Clock
from takt.common.contracts.deals import ProductChanged, SaleClosed
from takt.common.contracts.topics import CATALOG, SALES
from takt.common.db import Database, Tx
from takt.common.event import Cause, Envelope, decode, new_id, wall_now
from takt.common.outbox import emit, relay, republish
from takt.common.retention import keep_partitions
from takt.common.testing import NOW, eventually

from .conftest import TALLY, pair, sale, tally
from .test_consumer import record, sealed, total

END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def end_every_connection(url: str) -> None:
    """As an administrator's restart does."""
    connection = await asyncpg.connect(url)
    await connection.execute(END_OTHERS)
    await connection.close()


async def publish(log: PostgresLog, events: Sequence[Envelope[SaleClosed]]) -> None:
    await log.publish([Message(SALES, e.event.key, e.headers(), e.body().encode()) for e in events])


Run = Callable[[Consumer], contextlib.AbstractAsyncContextManager[Progress]]


@pytest.fixture
def consuming(database: Database, log: PostgresLog, clock: Clock) -> Run:
    @contextlib.asynccontextmanager
    async def run(consumer: Consumer) -> AsyncIterator[Progress]:
        stop, progress = asyncio.Event(), Progress()
        task = asyncio.create_task(
            consume(consumer, database=database, log=log, clock=clock, stop=stop, progress=progress)
        )
        try:
            yield progress
        finally:
            stop.set()
            await task

    return run


def until(check: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return check()

    return asked


async def test_a_connection_lost_in_a_batch_is_waited_out_and_the_batch_counts_once(
    consuming: Run, database: Database, log: PostgresLog
) -> None:
    losses = 3

    async def losing(tx: Tx, events: Sequence[Envelope[SaleClosed]], now: datetime) -> None:
        nonlocal losses
        await tally(tx, events, now)
        if losses:
            losses -= 1
            await end_every_connection(database.url)

    await publish(log, sealed(*[sale() for _ in range(50)]))
    async with consuming(Consumer("shop.tally", {SaleClosed: losing})) as progress:
        await eventually(until(lambda: progress.handled == 50))
    assert losses == 0
    assert await total(database) == 50
    assert progress.quarantined == 0


async def test_a_log_lost_for_a_while_is_joined_again(
    consuming: Run, database: Database, log: PostgresLog, log_url: str
) -> None:
    await publish(log, sealed(sale()))
    async with consuming(TALLY) as progress:
        await eventually(until(lambda: progress.handled == 1))
        await end_every_connection(log_url)
        await publish_again(log, sealed(sale()))
        await eventually(until(lambda: progress.handled == 2))
    assert await total(database) == 2


async def publish_again(log: PostgresLog, events: Sequence[Envelope[SaleClosed]]) -> None:
    """Publish as the relay does: again until it is acknowledged."""
    while True:
        with contextlib.suppress(LogUnavailable):
            return await publish(log, events)
        await asyncio.sleep(0.05)


async def test_poison_among_sound_events_is_set_aside_after_its_tries(
    consuming: Run, database: Database, log: PostgresLog
) -> None:
    await publish(log, sealed(sale(), sale("poison"), sale("lamp", 4)))
    async with consuming(TALLY) as progress:
        await eventually(until(lambda: progress.quarantined == 1))
        await publish(log, sealed(sale()))
        await eventually(until(lambda: progress.handled == 3))
    assert await total(database) == 6
    async with database.transaction() as tx:
        (letter,) = await dead_letters.waiting(tx)
    assert letter["attempts"] == 4, "three tries together, one alone"


async def test_a_zombie_with_the_same_batch_waits_and_adds_nothing(database: Database) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Tx, events: Sequence[Envelope[SaleClosed]], now: datetime) -> None:
        await tally(tx, events, now)
        inside.set()
        await go_on.wait()

    records = [record(e, n) for n, e in enumerate(sealed(*[sale() for _ in range(10)]))]
    first, zombie = Progress(), Progress()
    active = asyncio.create_task(
        handle_batch(Consumer("shop.tally", {SaleClosed: slow}), records, database, NOW, first)
    )
    await inside.wait()
    late = asyncio.create_task(handle_batch(TALLY, records[::-1], database, NOW, zombie))
    done, _ = await asyncio.wait([late], timeout=0.3)
    assert not done, "it waits on the claim of the other"
    go_on.set()
    await asyncio.gather(active, late)
    assert (first.handled, zombie.handled, zombie.repeated) == (10, 0, 10)
    assert await total(database) == 10


async def test_a_batch_that_has_begun_is_finished_before_a_stop(
    database: Database, log: PostgresLog, clock: Clock
) -> None:
    inside, go_on, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(tx: Tx, events: Sequence[Envelope[SaleClosed]], now: datetime) -> None:
        inside.set()
        await go_on.wait()
        await tally(tx, events, now)

    await publish(log, sealed(sale(), sale()))
    consumer = Consumer("shop.tally", {SaleClosed: slow})
    running = asyncio.create_task(
        consume(consumer, database=database, log=log, clock=clock, stop=stop, progress=Progress())
    )
    await inside.wait()
    stop.set()
    await asyncio.sleep(0.1)
    go_on.set()
    await running
    assert await total(database) == 2
    subscription = await log.subscribe("shop.tally", [SALES])
    assert await subscription.poll(0.1) == [], "its place is remembered"
    await subscription.close()


async def test_a_stop_does_not_wait_for_a_quiet_log(consuming: Run) -> None:
    loop = asyncio.get_running_loop()
    async with consuming(TALLY) as progress:
        await eventually(until(lambda: progress.subscription is not None))
        began = loop.time()
    assert loop.time() - began < 0.3


class Failing:
    """A log that refuses, or loses its answer after it has written, as often as told."""

    def __init__(self, log: PostgresLog, refusals: list[str]) -> None:
        self._log = log
        self._refusals = refusals

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    async def publish(self, messages: Sequence[Message]) -> None:
        refusal = self._refusals.pop() if self._refusals else ""
        if refusal != "before":
            await self._log.publish(messages)
        if refusal:
            raise LogUnavailable(refusal)


async def lying_there(log: PostgresLog) -> list[tuple[str, int]]:
    """First deliveries on the topic of sales: key and quantity."""
    found: dict[UUID, tuple[str, int]] = {}
    after = -1
    while records := await log.read({(SALES, 0): after}, 0):
        after = records[-1].position
        for r in records:
            body = SaleClosed.model_validate_json(r.value)
            found.setdefault(UUID(r.headers["ce_id"]), (r.key, int(body.sale.quantity)))
    return list(found.values())


async def test_the_relay_outlives_its_connections_and_its_log_and_keeps_order(
    database: Database, log: PostgresLog
) -> None:
    ids = [new_id() for _ in range(3)]
    stop = asyncio.Event()
    failing = Failing(log, ["before", "after", "before", "after"])
    running = asyncio.create_task(relay(database, failing, stop))  # type: ignore[arg-type]
    for n in range(60):
        while True:
            # A commit of ours may be lost with the connections: asked again, as a client would.
            with contextlib.suppress(Exception):
                async with database.transaction() as tx:
                    await emit(tx, *[pair(sale(quantity=n + 1, sale_id=i)) for i in ids])
                break
        if n % 20 == 10:
            await end_every_connection(database.url)

    async def all_there() -> list[tuple[str, int]]:
        found = await lying_there(log)
        return found if len(found) >= 180 else []

    found = await eventually(all_there)
    stop.set()
    database.emitted.set()
    await running
    for i in ids:
        quantities = [quantity for key, quantity in found if key == str(i)]
        assert quantities == sorted(quantities)
        assert set(quantities) == set(range(1, 61)), "nothing lost"


async def test_after_a_lost_log_everything_is_published_again_in_order(
    database: Database, log: PostgresLog, log_url: str
) -> None:
    before = wall_now() - timedelta(minutes=1)
    stop = asyncio.Event()
    running = asyncio.create_task(relay(database, log, stop))
    for n in range(30):
        async with database.transaction() as tx:
            await emit(tx, pair(sale(quantity=n + 1)))

    async def all_there() -> bool:
        return [quantity for _, quantity in await lying_there(log)] == list(range(1, 32))

    connection = await asyncpg.connect(log_url)
    await eventually(until_sent(database))
    await connection.execute("TRUNCATE log; UPDATE topics SET next = 0")
    await connection.close()
    async with database.transaction() as tx:
        assert await republish(tx, before) == 30
    async with database.transaction() as tx:
        await emit(tx, pair(sale(quantity=31)))
    await eventually(all_there)
    async with database.transaction() as tx:
        assert await republish(tx, wall_now() + timedelta(days=1)) == 0
    stop.set()
    database.emitted.set()
    await running


async def test_after_a_lost_log_a_state_of_months_ago_lies_on_its_compacted_topic_again(
    database: Database, log: PostgresLog
) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(relay(database, log, stop))
    said = [
        ProductChanged(sequence=n, code=code, name="Lamp", list_price=Decimal(n), cost=Decimal(1))
        for code, n in (("LAMP-A", 1), ("LAMP-B", 1), ("LAMP-A", 2))
    ]
    async with database.transaction() as tx:
        await emit(tx, *[(event, Cause.start()) for event in said], pair(sale()))
    await eventually(until_sent(database))
    before = await log.ends([CATALOG, SALES])
    async with database.transaction() as tx:
        await keep_partitions(tx, wall_now().date() + timedelta(days=90))
        assert await republish(tx, wall_now()) == 2
    await eventually(until_sent(database))
    again = [decode(r.headers, r.value, r.place) for r in await log.read(before, 1)]
    assert [e.event for e in again if isinstance(e, Envelope)] == said[1:]
    stop.set()
    database.emitted.set()
    await running


def until_sent(database: Database) -> Callable[[], Awaitable[bool]]:
    async def sent() -> bool:
        async with database.transaction() as tx:
            rows = await tx.exec_driver_sql("SELECT NOT EXISTS (SELECT FROM outbox_unsent)")
            return bool(rows.scalar_one())

    return sent


async def test_a_dead_letter_of_bytes_that_are_no_text_goes_to_its_topic_too(
    consuming: Run, database: Database, log: PostgresLog
) -> None:
    (envelope,) = sealed(sale())
    await log.publish([Message(SALES, "k", envelope.headers(), b"\xff" * 1000)])
    async with consuming(TALLY) as progress:
        await eventually(until(lambda: progress.quarantined == 1))
    assert await total(database) == Decimal(0)
    stop = asyncio.Event()
    running = asyncio.create_task(relay(database, log, stop))
    (dead,) = await eventually(lambda: log.read({(f"{SALES}.dlq", 0): -1}, 0.1))
    stop.set()
    database.emitted.set()
    await running
    assert dead.headers["takt-consumer"] == "shop.tally"
