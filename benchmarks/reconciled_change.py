"""A deal's stage change in a company whose forecasts of 18,000 nodes are reconciled."""

import statistics
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np

from benchmarks.lab import Lab
from benchmarks.line import Line
from takt.common.contracts.deals import (
    DealLine,
    DealOpened,
    DealStageChanged,
    DealState,
    StageInterval,
)
from takt.common.db import Database
from takt.common.event import Cause, Envelope, Event, new_id, wall_now
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.levels import company
from takt.forecast.service.follow_demand import follow_demand

FAMILIES, PRODUCTS, AREAS, REGIONS = 20, 980, 5, 20
SOLD = 0.6
DEALS, CHANGES, WARM_UP = 500, 200, 20
SEED = 9
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def series() -> list[SeriesKey]:
    """Which products are sold in which regions."""
    random = np.random.default_rng(SEED)
    return [
        SeriesKey(f"P{p}", f"R{r}")
        for p in range(PRODUCTS)
        for r in range(REGIONS)
        if random.random() < SOLD
    ]


def nodes(keys: list[SeriesKey]) -> int:
    """How many sums and series there are."""
    families = {f"P{p}": f"F{p % FAMILIES}" for p in range(PRODUCTS)}
    parents = {f"R{r}": f"A{r % AREAS}" for r in range(REGIONS)}
    return len(company(keys, families, parents).nodes)


async def measure(lab: Lab) -> list[Line]:
    """One line: wall milliseconds from the event until what it changes is committed."""
    keys = series()
    async with lab.database("forecast") as url:
        database = Database("benchmark", url, pool_size=2)
        await _fill(database, keys)
        deals = [_deal(keys, number) for number in range(DEALS)]
        for start in range(0, DEALS, 50):
            async with database.transaction() as tx:
                said = [DealOpened(sequence=1, deal=deal) for deal in deals[start : start + 50]]
                await follow_demand(tx, [_envelope(one) for one in said], NOW)
        took = []
        for number in range(WARM_UP + CHANGES):
            deal = deals[number].model_copy(update={"stage": "offer", "stage_entered_at": NOW})
            event = DealStageChanged(sequence=2, deal=deal, from_stage="lead", to_stage="offer")
            began = time.perf_counter()
            async with database.transaction() as tx:
                await follow_demand(tx, [_envelope(event)], NOW)
            took.append(1000 * (time.perf_counter() - began))
        async with database.transaction() as tx:
            wrong = await tx.exec_driver_sql(
                """
                SELECT count(*) FROM series s JOIN forecast_revisions r
                    USING (product, region, revision)
                WHERE s.shift IS NULL OR s.pipeline <> r.pipeline
                """
            )
            assert wrong.scalar_one() == 0
        await database.close()
    took = sorted(took[WARM_UP:])
    note = f"{len(keys):,} series, {CHANGES} changes, median {statistics.median(took):.1f} ms"
    return [
        Line(
            f"stage change to a reconciled forecast of {nodes(keys):,} nodes, p95",
            took[int(0.95 * len(took))], "ms", None, None, 50.0, better="less",
            note=note,
        )
    ]  # fmt: skip


async def _fill(database: Database, keys: list[SeriesKey]) -> None:
    """Series as a measurement of all levels leaves them: with a view, a shift and a revision."""
    async with database.transaction() as tx:
        await tx.exec_driver_sql(
            """
            INSERT INTO series (product, region, revision, price, first_week, statistical, known,
                scale, ordered, pipeline, variance, shift, shift_week)
            SELECT product, region, 1, 40, $3, array_fill(9::float8, ARRAY[26]),
                array_fill(.3::float8, ARRAY[26]), 2, array_fill(0::bigint, ARRAY[26]),
                array_fill(0::bigint, ARRAY[26]), array_fill(0::float8, ARRAY[26]),
                array_fill(.5::float8, ARRAY[26]), $3
            FROM unnest($1::text[], $2::text[]) AS k (product, region)
            """,
            ([key.product for key in keys], [key.region for key in keys], NOW.date()),
        )
        await tx.exec_driver_sql(
            """
            INSERT INTO forecast_revisions (product, region, revision, as_of, price, first_week,
                baseline, pipeline, bands)
            SELECT product, region, 1, $1, price, first_week,
                array_fill(6300000::bigint, ARRAY[26]), pipeline,
                array_fill(6300000::bigint, ARRAY[104])
            FROM series
            """,
            (NOW,),
        )
        await tx.exec_driver_sql("ANALYZE")


def _deal(keys: list[SeriesKey], number: int) -> DealState:
    """An open deal of two products in one region."""
    identity = UUID(int=10_000 + number)
    first = keys[number * 7 % len(keys)]
    here = [key for key in keys if key.region == first.region]
    lines = [
        DealLine(
            line_id=UUID(int=(number + 1) * 1_000 + place),
            product=key.product,
            quantity=Decimal(10),
            price=Decimal(40),
        )
        for place, key in enumerate((first, here[number % len(here)]))
    ]
    entered = NOW - timedelta(days=3)
    return DealState(
        deal_id=identity, name="Pumps", owner="ann", region=first.region, pipeline="direct",
        stage="lead", status="open", opened_at=entered, stage_entered_at=entered, payment_days=30,
        lines=tuple(lines), history=(StageInterval(stage="lead", entered_at=entered),),
    )  # fmt: skip


def _envelope(event: Event) -> Envelope[Event]:
    return Envelope(event, new_id(), wall_now(), Cause.start(), "/takt/benchmark")
