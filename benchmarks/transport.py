"""The outbox relay and the inbox against bare aiokafka, on a real broker and a real PostgreSQL."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.lab import Lab
from benchmarks.line import Line
from takt.common.bus.consumer import Consumer, Progress, consume
from takt.common.bus.kafka import PRODUCER, KafkaLog
from takt.common.clock import Clock
from takt.common.contracts.deals import SaleClosed, SaleState
from takt.common.db import Database, Tx
from takt.common.event import Cause, Envelope, new_id
from takt.common.outbox import emit, relay_unsent

EVENTS = 30_000


def sale(number: int) -> SaleClosed:
    """A sale as it is on the wire: about 600 bytes with its headers."""
    day = datetime(2026, 11, 23, tzinfo=UTC).date()
    state = SaleState(
        sale_id=new_id(), source="till", order_line=str(number), product=f"P{number % 50}",
        region="north", quantity=Decimal(number % 9 + 1), price=Decimal("19.9"), sold_on=day,
        requested_date=day, payment_days=30,
    )  # fmt: skip
    return SaleClosed(sequence=1, sale=state)


async def tally(tx: Tx, events: Sequence[Envelope[SaleClosed]], now: datetime) -> None:
    """A handler that writes: the sales of a batch, in one statement."""
    sales = [e.event.sale for e in events]
    await tx.exec_driver_sql(
        "INSERT INTO benchmark_sales SELECT * FROM unnest($1::uuid[], $2::text[], $3::numeric[])",
        ([s.sale_id for s in sales], [s.product for s in sales], [s.quantity for s in sales]),
    )


async def measure(lab: Lab) -> list[Line]:
    """Two lines: the relay and the inbox."""
    async with lab.database("deals") as url:
        database = Database("benchmark", url, pool_size=4)
        log = KafkaLog(lab.bootstrap)
        await log.start()
        await log.create_topics()
        async with database.transaction() as tx:
            await tx.exec_driver_sql(
                "CREATE TABLE benchmark_sales (id uuid PRIMARY KEY, product text, quantity numeric)"
            )
        for start in range(0, EVENTS, 1_000):
            async with database.transaction() as tx:
                pairs = [(sale(n), Cause.start()) for n in range(start, start + 1_000)]
                await emit(tx, *pairs)
        connection = await asyncpg.connect(url)
        await connection.execute("VACUUM ANALYZE outbox_unsent")
        began = time.perf_counter()
        await relay_unsent(connection, log, asyncio.Event())
        relayed = EVENTS / (time.perf_counter() - began)
        await connection.close()

        records = await _bare_consume(lab.bootstrap)
        produced = await _bare_produce(lab.bootstrap, records)

        stop, progress = asyncio.Event(), Progress()
        consumer = Consumer("benchmark", {SaleClosed: tally})
        began = time.perf_counter()
        running = asyncio.create_task(
            consume(
                consumer, database=database, log=log, clock=Clock(), stop=stop, progress=progress
            )
        )
        while progress.handled < EVENTS:  # noqa: ASYNC110 - a consumer has no event to wait for
            await asyncio.sleep(0.01)
        drained = EVENTS / (time.perf_counter() - began)
        stop.set()
        await running
        consumed = len(records) / await _consume_seconds(lab.bootstrap)
        await log.close()
        await database.close()
    return [
        Line(
            "outbox relay to acknowledged on Kafka", relayed, "events/s",
            "bare aiokafka producer, same messages", produced, 10_000, ratio_aim=False,
        ),
        Line(
            "inbox, drained through a handler that writes", drained, "events/s",
            "bare aiokafka consumer, same messages", consumed, 3_000, ratio_aim=False,
        ),
    ]  # fmt: skip


async def _bare_consume(bootstrap: str) -> list[tuple[bytes, bytes, list[tuple[str, bytes]]]]:
    consumer = AIOKafkaConsumer(
        "takt.sales.v1",
        bootstrap_servers=bootstrap,
        group_id="bare-read",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    found = []
    while len(found) < EVENTS:
        for batch in (await consumer.getmany(timeout_ms=1_000)).values():
            found += [(r.key, r.value, list(r.headers)) for r in batch]
    await consumer.stop()
    return found


async def _consume_seconds(bootstrap: str) -> float:
    """The bare consumer, with the same batches and commits."""
    consumer = AIOKafkaConsumer(
        "takt.sales.v1",
        bootstrap_servers=bootstrap,
        group_id="bare-timed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_records=500,
    )
    began = time.perf_counter()
    await consumer.start()
    seen = 0
    while seen < EVENTS:
        batches = await consumer.getmany(timeout_ms=1_000, max_records=500)
        seen += sum(map(len, batches.values()))
        if batches:
            await consumer.commit()
    seconds = time.perf_counter() - began
    await consumer.stop()
    return seconds


async def _bare_produce(
    bootstrap: str, records: list[tuple[bytes, bytes, list[tuple[str, bytes]]]]
) -> float:
    """The bare producer, set as the product's, the same messages, to a topic that nobody reads."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, **PRODUCER)
    await producer.start()
    began = time.perf_counter()
    for start in range(0, len(records), 1_000):
        sent = [
            await producer.send("takt.inbound.sales.v1.dlq", key=key, value=value, headers=headers)
            for key, value, headers in records[start : start + 1_000]
        ]
        await asyncio.gather(*sent)
    rate = len(records) / (time.perf_counter() - began)
    await producer.stop()
    return rate
