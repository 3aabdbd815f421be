from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.event import listen

from takt.common.db import Tx
from takt.common.event import wall_now
from takt.supply_planning.service.receive_sales import receive_sales

from .company import MONDAY, ask, count, found, orders_of, plan_of, shipped, sold, week


async def test_a_shipment_takes_demand_and_stock_together(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await count(tx, now, bike=20)
    await ask(tx, now, {6: 30}, pipeline={0: 20})
    before = await orders_of(tx, "frame")
    await receive_sales(tx, [shipped("a", 8)], now)
    plan = await plan_of(tx, "bike")
    assert plan["netting"]["on_hand"] == 12_000_000
    assert plan["netting"]["gross"][0] == 12_000_000
    assert await orders_of(tx, "frame") == before


async def test_a_newer_forecast_holds_the_shipped_units_no_more(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await count(tx, now, bike=20)
    await ask(tx, now, {}, pipeline={0: 20}, time=wall_now() - timedelta(minutes=5))
    await receive_sales(tx, [shipped("a", 8)], now)
    await ask(tx, now, {}, pipeline={0: 12}, sequence=2)
    assert (await plan_of(tx, "bike"))["netting"]["gross"][0] == 12_000_000


async def test_shipments_that_add_up_are_told_whole_each_time(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await count(tx, now, bike=20)
    part, rest = shipped("a", 3, sequence=2), shipped("a", 8, sequence=3)
    await receive_sales(tx, [part], now)
    await receive_sales(tx, [rest, part], now)
    assert (await plan_of(tx, "bike"))["netting"]["on_hand"] == 12_000_000


async def test_a_correction_gives_stock_back(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await count(tx, now, bike=20)
    await receive_sales(tx, [shipped("a", 8), shipped("a", 0, sequence=3)], now)
    assert (await plan_of(tx, "bike"))["netting"]["on_hand"] == 20_000_000


async def test_what_was_shipped_before_the_count_is_in_it(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await count(tx, now, bike=20)
    await receive_sales(tx, [shipped("a", 8, on=week(-1))], now)
    assert (await plan_of(tx, "bike"))["netting"]["on_hand"] == 20_000_000


async def test_history_that_is_told_late_plans_nothing(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await count(tx, now, bike=20)
    await ask(tx, now, {}, pipeline={0: 20}, time=wall_now() - timedelta(minutes=5))
    before = await plan_of(tx, "bike")
    await receive_sales(tx, [shipped("a", 8, on=week(-60))], now)
    assert await plan_of(tx, "bike") == before


def earlier(minutes: int) -> datetime:
    return wall_now() - timedelta(minutes=minutes)


async def gross(tx: Tx) -> Mapping[int, int]:
    """Gross demand for bikes by week, in units."""
    plan = await plan_of(tx, "bike")
    return {n: units // 1_000_000 for n, units in enumerate(plan["netting"]["gross"]) if units}


async def test_a_direct_order_is_demand_in_the_week_in_which_it_is_wanted(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await receive_sales(tx, [sold("a", 7, wanted=week(4)), sold("b", 3, wanted=week(-5))], now)
    assert await gross(tx) == {0: 3, 4: 7}
    assert [o["quantity"] for o in await orders_of(tx, "frame")] == [3, 7]


async def test_a_direct_order_is_counted_once_before_and_after_the_forecast_answers(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await ask(tx, now, {4: 20, 5: 20}, pipeline={4: 1}, time=earlier(9))
    await receive_sales(tx, [sold("a", 7, wanted=week(4), time=earlier(8))], now)
    assert await gross(tx) == {4: 21, 5: 20}
    await ask(tx, now, {4: 13, 5: 20}, pipeline={4: 1}, sequence=2, time=earlier(7))
    assert await gross(tx) == {4: 21, 5: 20}


async def test_an_order_above_the_baseline_adds_what_is_above_it(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await ask(tx, now, {4: 5}, pipeline={4: 6}, time=earlier(9))
    await receive_sales(tx, [sold("a", 30, wanted=week(4))], now)
    assert await gross(tx) == {4: 36}


async def test_a_direct_order_that_ships_takes_demand_and_stock_together(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await count(tx, now, bike=20)
    await receive_sales(tx, [sold("a", 12, wanted=week(4), time=earlier(8))], now)
    await ask(tx, now, {4: 5, 6: 30}, time=earlier(7))
    before = await orders_of(tx, "frame")
    for sequence, gone in ((2, 4), (3, 12)):
        await receive_sales(tx, [sold("a", 12, gone=gone, wanted=week(4), sequence=sequence)], now)
        plan = await plan_of(tx, "bike")
        assert plan["netting"]["on_hand"] == (20 - gone) * 1_000_000
        assert await gross(tx) == {4: 5 + 12 - gone, 6: 30}
        assert await orders_of(tx, "frame") == before


async def test_what_goes_over_the_counter_consumes_the_baseline_until_the_forecast_does(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await count(tx, now, bike=20)
    await ask(tx, now, {0: 9, 1: 9}, time=earlier(9))
    await receive_sales(tx, [sold("a", 4, gone=4, time=earlier(8))], now)
    assert await gross(tx) == {0: 5, 1: 9}
    await ask(tx, now, {0: 5, 1: 9}, sequence=2, time=earlier(7))
    assert await gross(tx) == {0: 5, 1: 9}


async def test_a_corrected_or_reversed_order_replaces_and_an_older_state_changes_nothing(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    first = sold("a", 7, wanted=week(4))
    await receive_sales(tx, [first, sold("a", 9, wanted=week(5), sequence=2)], now)
    assert await gross(tx) == {5: 9}
    await receive_sales(tx, [first], now)
    assert await gross(tx) == {5: 9}
    await receive_sales(tx, [sold("a", 0, wanted=week(5), sequence=3)], now)
    assert await gross(tx) == {}


async def test_an_order_that_moves_to_another_region_is_demand_there_only(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await receive_sales(tx, [sold("a", 7, wanted=week(4))], now)
    moved = sold("a", 7, wanted=week(4), sequence=2, region="nowhere")
    await receive_sales(tx, [moved], now)
    assert await gross(tx) == {}


async def test_a_sale_of_a_deal_is_left_to_the_pipeline(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await ask(tx, now, {4: 2}, pipeline={4: 7}, time=earlier(9))
    before = await plan_of(tx, "bike")
    await receive_sales(tx, [sold("a", 7, wanted=week(4), deal="d")], now)
    assert await plan_of(tx, "bike") == before


async def test_an_order_that_is_linked_to_its_deal_stays_demand_until_the_pipeline_has_it(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await receive_sales(tx, [sold("a", 7, wanted=week(4), time=earlier(9))], now)
    await ask(tx, now, {4: 13}, time=earlier(8))
    linked = sold("a", 7, wanted=week(4), sequence=2, deal="d", time=earlier(7))
    await receive_sales(tx, [linked], now)
    assert await gross(tx) == {4: 20}
    await ask(tx, now, {4: 20}, pipeline={4: 7}, sequence=2, time=earlier(6))
    assert await gross(tx) == {4: 27}


async def test_a_batch_of_direct_orders_takes_few_statements(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    statements: list[str] = []
    listen(tx.sync_connection, "before_cursor_execute", lambda *said: statements.append(said[2]))
    await receive_sales(tx, [sold("a", 7), sold("b", 9, wanted=MONDAY + timedelta(days=2))], now)
    assert len(statements) == 6  # keep, keep their lines, lock, read, write, tell
