from datetime import datetime, timedelta

from takt.common.db import Tx
from takt.common.event import wall_now
from takt.supply_planning.service.receive_shipments import receive_shipments

from .company import ask, count, found, orders_of, plan_of, shipped, week


async def test_a_shipment_takes_demand_and_stock_together(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await count(tx, now, bike=20)
    await ask(tx, now, {0: 20, 6: 30})
    before = await orders_of(tx, "frame")
    await receive_shipments(tx, [shipped("a", 8)], now)
    plan = await plan_of(tx, "bike")
    assert plan["netting"]["on_hand"] == 12_000_000
    assert plan["netting"]["gross"][0] == 12_000_000
    assert await orders_of(tx, "frame") == before


async def test_a_newer_forecast_holds_the_shipped_units_no_more(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await count(tx, now, bike=20)
    await ask(tx, now, {0: 20}, time=wall_now() - timedelta(minutes=5))
    await receive_shipments(tx, [shipped("a", 8)], now)
    await ask(tx, now, {0: 12}, sequence=2)
    assert (await plan_of(tx, "bike"))["netting"]["gross"][0] == 12_000_000


async def test_shipments_that_add_up_are_told_whole_each_time(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await count(tx, now, bike=20)
    part, rest = shipped("a", 3, sequence=2), shipped("a", 8, sequence=3)
    await receive_shipments(tx, [part], now)
    await receive_shipments(tx, [rest, part], now)
    assert (await plan_of(tx, "bike"))["netting"]["on_hand"] == 12_000_000


async def test_a_correction_gives_stock_back(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await count(tx, now, bike=20)
    await receive_shipments(tx, [shipped("a", 8), shipped("a", 0, sequence=3)], now)
    assert (await plan_of(tx, "bike"))["netting"]["on_hand"] == 20_000_000


async def test_what_was_shipped_before_the_count_is_in_it(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await count(tx, now, bike=20)
    await receive_shipments(tx, [shipped("a", 8, on=week(-1))], now)
    assert (await plan_of(tx, "bike"))["netting"]["on_hand"] == 20_000_000


async def test_history_that_is_told_late_plans_nothing(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await count(tx, now, bike=20)
    await ask(tx, now, {0: 20}, time=wall_now() - timedelta(minutes=5))
    before = await plan_of(tx, "bike")
    await receive_shipments(tx, [shipped("a", 8, on=week(-60))], now)
    assert await plan_of(tx, "bike") == before
