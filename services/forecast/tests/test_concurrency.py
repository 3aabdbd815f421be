"""Batches, catalog changes, imports, signals and jobs at once: all have one order of locks."""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from takt.common.bus import Record
from takt.common.bus.consumer import Progress, handle_batch
from takt.common.contracts.deals import ProductChanged
from takt.common.event import Cause, Envelope
from takt.forecast import jobs
from takt.forecast.consumers import CONSUMERS
from takt.forecast.schemas_signals import SignalIn
from takt.forecast.service.import_history import import_history
from takt.forecast.service.publish_versions import publish_version
from takt.forecast.service.record_signals import record_signals

from .conftest import MONDAY, catalog, deal, envelope, opened, sale

ROUNDS = 8
PLACES = [(product, region) for product in ("P1", "P2") for region in ("DE", "FR")]


def news(random: Random, deals: Sequence[Any], number: int) -> list[Envelope[Any]]:
    """Changed products, moved and new deals, and sales of them, in any order."""
    products = [event for event in catalog() if isinstance(event, ProductChanged)]
    said = [envelope(event.model_copy(update={"sequence": number + 2})) for event in products]
    for state in random.sample(deals, 6):
        said.append(opened(state, sequence=number + 2))
        said.append(sale(f"{number}-{random.random()}", MONDAY, of=state))
    for product, region in PLACES:
        said.append(opened(deal(product=product, region=region)))
        past = MONDAY - timedelta(weeks=random.randrange(1, 9))
        said.append(
            sale(f"row-{random.randrange(20)}", past, product=product, region=region, shipped="5")
        )
    random.shuffle(said)
    return said


async def test_batches_catalog_changes_imports_jobs_and_versions_at_once_never_cross(database, now):
    random = Random(8)
    deals = [deal(product=product, region=region) for product, region in PLACES * 5]

    async def take(envelopes: Sequence[Envelope[Any]]) -> None:
        records = [
            Record(e.event.topic, 0, place, e.event.key, e.headers(), e.body().encode())
            for place, e in enumerate(envelopes)
        ]
        await handle_batch(CONSUMERS[0], records, database, now, Progress())

    async def import_rows() -> None:
        rows = [
            {
                "order_line": f"row-{row}",
                "product": random.choice(PLACES)[0],
                "region": random.choice(PLACES)[1],
                "date": str(MONDAY - timedelta(weeks=1 + row % 9)),
                "quantity": str(random.randrange(1, 9)),
            }
            for row in random.sample(range(20), 20)
        ]
        async with database.transaction() as tx:
            await import_history(
                tx, rows, source="erp", dry_run=False, now=now, cause=Cause.start()
            )

    async def publish() -> None:
        async with database.transaction() as tx:
            await publish_version(tx, name="now", published_by="ann", now=now, cause=Cause.start())

    async def signal(number: int) -> None:
        first = MONDAY + timedelta(weeks=number % 5)
        told = [
            SignalIn(
                source="shop",
                external_id=f"{place}",
                kind="promotion",
                product=product,
                region=region,
                begins=first,
                ends=first + timedelta(days=13),
                strength=Decimal(1 + number % 3),
            )
            for place, (product, region) in enumerate(random.sample(PLACES, 3))
        ]
        async with database.transaction() as tx:
            await record_signals(tx, told, by="ann", now=now, cause=Cause.start())

    await take([envelope(event) for event in catalog()])
    await take([opened(state) for state in deals])
    for number in range(ROUNDS):
        work: list[Awaitable[None]] = [
            take(news(random, deals, number)),
            take(news(random, deals, number)),
            import_rows(),
            import_rows(),
            jobs.refit_all(database, {}, now),
            jobs.refit_products(database, {"products": ["P2", "P1"]}, now),
            jobs.recalibrate_all(database, {}, now),
            jobs.refresh_pipeline(database, {}, now),
            publish(),
            publish(),
            signal(number),
            signal(number + 1),
        ]
        random.shuffle(work)
        await asyncio.gather(*work)
    async with database.transaction() as tx:
        crossed = await tx.exec_driver_sql(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        lines = await tx.exec_driver_sql("SELECT sum(x) FROM pipeline_lines, unnest(expected) AS x")
        series = await tx.exec_driver_sql("SELECT sum(x) FROM series, unnest(pipeline) AS x")
        assert crossed.scalar_one() == 0
        assert lines.scalar_one() == series.scalar_one() > 0
        torn = await tx.exec_driver_sql(
            """
            SELECT count(*) FROM version_series v JOIN forecast_revisions r
                USING (product, region, revision)
            WHERE (SELECT sum(x) FROM unnest(r.pipeline) AS x) IS DISTINCT FROM
                (SELECT coalesce(sum(x), 0) FROM version_lines l, unnest(l.expected) AS x
                WHERE (l.version, l.product, l.region) = (v.version, v.product, v.region))
            """
        )
        assert torn.scalar_one() == 0
