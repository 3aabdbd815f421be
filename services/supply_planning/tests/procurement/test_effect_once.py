"""X1: whatever comes twice, late or in another order, the plan is the same in the end."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from takt.common.contracts.forecast import ForecastChanged
from takt.common.contracts.inbound import InboundPurchaseOrder
from takt.common.db import Database, Tx
from takt.common.event import Cause, Envelope, wall_now
from takt.supply_planning.domain import orders as domain
from takt.supply_planning.service.purchase_orders import receive_answers, step_order
from takt.supply_planning.service.receive_forecasts import receive_forecasts
from takt.supply_planning.service.receive_sales import receive_sales
from takt.supply_planning.service.replan import replan_items
from takt.supply_planning.store.definitions import item_sites

from .company import (
    answered,
    ask,
    bought,
    count,
    forecast,
    found,
    made,
    orders_of,
    shipped,
    sold,
    week,
    whole_plan,
)

TOLERANT = [
    made("bike", tolerance_share="0.1"),
    bought("frame", tolerance_share="0.1", safety_stock="5"),
    bought("wheel", tolerance_days=7),
]


async def prepare(tx: Tx, now: datetime) -> tuple[UUID, UUID]:
    """A company with an approved and a sent order."""
    await found(tx, now, items=TOLERANT)
    await count(tx, now, bike=12, frame=3)
    await ask(tx, now, {5: 40, 9: 25}, time=wall_now() - timedelta(hours=1))
    approved, sent = (order["order_id"] for order in (await orders_of(tx, "frame"))[:2])
    for order, steps in ((approved, [domain.approve]), (sent, [domain.approve, domain.release])):
        for step in steps:
            await step_order(tx, order, step, None, now, Cause.start())
    return approved, sent


def facts(now: datetime, sent: UUID) -> list[Envelope[Any]]:
    """What happens afterwards, in its order."""
    start = wall_now() - timedelta(minutes=30)
    noise = random.Random(7)
    told: list[Envelope[Any]] = [
        forecast(
            now,
            {5: 40 + noise.randint(-9, 9), 9: noise.randint(10, 60), 12: noise.randint(0, 9)},
            pipeline={0: 12, 4: noise.randint(0, 20)},
            sequence=number,
            region=region,
            time=start + timedelta(seconds=number),
        )
        for number in range(2, 9)
        for region in ("north", "south")
    ]
    told += [shipped("a", 3, sequence=2), shipped("a", 9, sequence=3), shipped("b", 2)]
    told += [
        sold("c", 8, wanted=week(5), time=start + timedelta(seconds=4)),
        sold("c", 11, wanted=week(6), sequence=2),
        sold("c", 11, gone=4, wanted=week(6), sequence=3),
        sold("d", 6, wanted=week(-1), region="south"),
        sold("e", 5, wanted=week(9), time=start),
        sold("e", 0, wanted=week(9), sequence=2),
        sold("f", 9, wanted=week(4), time=start),
        sold("f", 9, wanted=week(4), sequence=2, deal="f", time=start + timedelta(seconds=5)),
        sold("g", 3, gone=3),
    ]
    told += [
        answered(sent, 1, "confirmed", 24),
        answered(sent, 2, "changed", 22, due_on="2027-01-20"),
        answered(sent, 3, "received", 10, received_on="2026-11-23"),
        answered(sent, 4, "received", 15, received_on="2026-11-23"),
    ]
    return told


async def deliver(tx: Tx, batch: Sequence[Envelope[Any]], now: datetime) -> None:
    """As the consumer does it: each use case gets its events of the batch."""
    answers = [e for e in batch if isinstance(e.event, InboundPurchaseOrder)]
    forecasts = [e for e in batch if isinstance(e.event, ForecastChanged)]
    sales = [e for e in batch if e not in answers and e not in forecasts]
    if sales:
        await receive_sales(tx, sales, now)
    if answers:
        await receive_answers(tx, answers, now)
    if forecasts:
        await receive_forecasts(tx, forecasts, now)


@pytest.mark.parametrize("seed", range(4))
async def test_three_deliveries_of_everything_shuffled_give_the_identical_plan(
    database: Database, now: datetime, seed: int
) -> None:
    dice = random.Random(seed)
    async with database.transaction() as tx:
        _, sent = await prepare(tx, now)
        told = facts(now, sent)
    plans = []
    for delivered in (told, dice.sample(told * 3, len(told) * 3)):
        async with database.engine.connect() as tx:
            tx.info["takt.source"] = "/takt/procurement"
            await tx.begin()
            rest = list(delivered)
            while rest:
                size = dice.randint(1, 6)
                await deliver(tx, rest[:size], now)
                rest = rest[size:]
            plans.append(await whole_plan(tx))
            everything = await item_sites(tx)
            await replan_items(tx, {key: [Cause.start()] for key in everything}, now)
            assert await whole_plan(tx) == plans[-1], "the complete plan is another one"
            await tx.rollback()
    assert plans[0] == plans[1]
    assert '"increase"' in plans[0] or '"decrease"' in plans[0] or '"defer"' in plans[0]
