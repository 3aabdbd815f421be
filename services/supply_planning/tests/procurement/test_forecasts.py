from datetime import datetime

from sqlalchemy.event import listen

from takt.common.contracts.supply_planning import (
    PlanChanged,
    PurchaseOrderCancelled,
    PurchaseOrderProposed,
    PurchaseOrderRevised,
)
from takt.common.db import Tx
from takt.common.testing import emitted
from takt.supply_planning.service.receive_forecasts import receive_forecasts

from .company import ask, count, forecast, found, orders_of, plan_of, week


async def test_a_forecast_becomes_proposals_for_the_components_of_what_is_made(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30})
    (frames,), (wheels,) = await orders_of(tx, "frame"), await orders_of(tx, "wheel")
    assert (frames["status"], frames["quantity"], frames["due_on"]) == ("proposed", 30, week(5))
    assert frames["release_on"] == week(3)
    assert (wheels["quantity"], wheels["price"]) == (60, 9)
    assert await orders_of(tx, "bike") == []


async def test_regions_add_up_and_stock_is_used_first(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await count(tx, now, bike=15, frame=5)
    await receive_forecasts(
        tx, [forecast(now, {6: 30}), forecast(now, {6: 20}, region="south")], now
    )
    (frames,) = await orders_of(tx, "frame")
    assert frames["quantity"] == 30 + 20 - 15 - 5


async def test_a_changed_forecast_revises_the_proposal_in_place_and_zero_cancels_it(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30})
    await ask(tx, now, {6: 31}, sequence=2)
    await ask(tx, now, {}, sequence=3)
    told = [e.event for e in await emitted(tx) if e.event.subject == str(await _frame(tx))]
    assert [type(event) for event in told] == [
        PurchaseOrderProposed,
        PurchaseOrderRevised,
        PurchaseOrderCancelled,
    ]
    assert [event.sequence for event in told] == [1, 2, 3]
    revised = told[1]
    assert isinstance(revised, PurchaseOrderRevised)
    assert revised.changed == ("quantity",)


async def _frame(tx: Tx) -> object:
    (order,) = await orders_of(tx, "frame")
    return order["order_id"]


async def test_an_older_or_equal_forecast_changes_nothing(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30}, sequence=5)
    before = len(await emitted(tx))
    await ask(tx, now, {6: 99}, sequence=4)
    await ask(tx, now, {6: 99}, sequence=5)
    assert len(await emitted(tx)) == before


async def test_a_change_that_the_lot_takes_up_says_so(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 28})
    await ask(tx, now, {6: 29}, sequence=2)
    wheel = await plan_of(tx, "wheel")
    assert (wheel["outcome"], wheel["because"]) == ("unchanged", "lot")
    (order,) = await orders_of(tx, "wheel")
    assert (order["quantity"], order["sequence"]) == (60, 1)


async def test_a_change_that_stock_takes_up_says_so(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await count(tx, now, bike=100)
    await ask(tx, now, {6: 30})
    await ask(tx, now, {6: 40}, sequence=2)
    bike = await plan_of(tx, "bike")
    assert (bike["outcome"], bike["because"]) == ("unchanged", "stock")
    assert await orders_of(tx, "frame") == []


async def test_every_deal_of_a_batch_stays_in_the_cause_of_what_it_changed(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    first, second = forecast(now, {6: 30}), forecast(now, {7: 20}, region="south")
    before = len(await emitted(tx))
    await receive_forecasts(tx, [first, second], now)
    told = (await emitted(tx))[before:]
    assert {type(e.event) for e in told} == {PlanChanged, PurchaseOrderProposed}
    for envelope in told:
        assert set(envelope.cause.causes) == {first.id, second.id}
        assert set(envelope.cause.correlations) == {
            *first.cause.correlations,
            *second.cause.correlations,
        }


async def test_a_forecast_that_came_before_its_sourcing_is_planned_when_that_comes(
    tx: Tx, now: datetime
) -> None:
    await ask(tx, now, {6: 30})
    await found(tx, now)
    (frames,) = await orders_of(tx, "frame")
    assert frames["quantity"] == 30


async def test_a_batch_takes_few_statements(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30})
    statements: list[str] = []
    connection = tx.sync_connection
    listen(connection, "before_cursor_execute", lambda *said: statements.append(said[2]))
    await ask(tx, now, {6: 35}, sequence=2)
    assert len(statements) == 5  # keep, lock, read, write, tell


async def test_a_newer_forecast_of_the_same_demand_says_that_it_stops_here(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30})
    before = len(await emitted(tx))
    await ask(tx, now, {6: 30}, sequence=2)
    (told,) = (await emitted(tx))[before:]
    assert isinstance(told.event, PlanChanged)
    assert (told.event.item, told.event.outcome) == ("bike", "unchanged")
