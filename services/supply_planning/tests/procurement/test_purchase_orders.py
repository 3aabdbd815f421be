from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest

from takt.common.contracts.supply_planning import PurchaseOrderEvent
from takt.common.db import Tx
from takt.common.event import Cause
from takt.common.http import Stale
from takt.common.testing import emitted
from takt.supply_planning.domain import orders as domain
from takt.supply_planning.service.problems import OrderNotFound, OrderStateRefused
from takt.supply_planning.service.purchase_orders import (
    answer_order,
    get_order,
    import_orders,
    receive_answers,
    step_order,
)
from takt.supply_planning.store.orders import list_answers

from .company import MONDAY, answered, ask, found, orders_of, plan_of, week


async def frames(tx: Tx, now: datetime) -> UUID:
    """The proposal for thirty frames."""
    await found(tx, now)
    await ask(tx, now, {6: 30})
    (order,) = await orders_of(tx, "frame")
    order_id: UUID = order["order_id"]
    return order_id


async def step(tx: Tx, order_id: UUID, what: object, now: datetime) -> domain.PurchaseOrder:
    return await step_order(tx, order_id, what, None, now, Cause.start())  # type: ignore[arg-type]


async def test_an_order_goes_from_proposal_to_stock(tx: Tx, now: datetime) -> None:
    order_id = await frames(tx, now)
    await step(tx, order_id, domain.approve, now)
    await step(tx, order_id, domain.release, now)
    await receive_answers(tx, [answered(order_id, 1, "confirmed", 30)], now)
    await receive_answers(tx, [answered(order_id, 2, "received", 12, received_on=str(MONDAY))], now)
    assert (await plan_of(tx, "frame"))["netting"]["on_hand"] == 12_000_000
    await receive_answers(tx, [answered(order_id, 3, "received", 30, received_on=str(MONDAY))], now)
    plan = await plan_of(tx, "frame")
    assert plan["netting"]["on_hand"] == 30_000_000
    assert sum(plan["netting"]["scheduled"]) == 0
    told = [e.event for e in await emitted(tx) if isinstance(e.event, PurchaseOrderEvent)]
    mine = [event for event in told if event.order.order_id == order_id]
    assert [event.order.status for event in mine] == [
        "proposed",
        "approved",
        "released",
        "confirmed",
        "confirmed",
        "received",
    ]
    assert [event.sequence for event in mine] == [1, 2, 3, 4, 5, 6]


async def test_an_approved_order_only_gets_messages(tx: Tx, now: datetime) -> None:
    order_id = await frames(tx, now)
    await step(tx, order_id, domain.approve, now)
    await ask(tx, now, {6: 45}, sequence=2)
    (order,) = await orders_of(tx, "frame")
    assert order["quantity"] == 30
    (message,) = (await plan_of(tx, "frame"))["messages"]
    assert message[1:3] == ["increase", "demand_rose"]
    assert message[5:] == [30_000_000, 45_000_000, "600.000000", False]


async def test_more_need_beside_a_sent_order_is_a_proposal_of_its_own(
    tx: Tx, now: datetime
) -> None:
    order_id = await frames(tx, now)
    await step(tx, order_id, domain.approve, now)
    await step(tx, order_id, domain.release, now)
    await ask(tx, now, {6: 45}, sequence=2)
    assert [(o["status"], o["quantity"]) for o in await orders_of(tx, "frame")] == [
        ("released", 30),
        ("proposed", 15),
    ]


async def test_an_older_answer_changes_nothing_and_is_kept(tx: Tx, now: datetime) -> None:
    order_id = await frames(tx, now)
    newer, older = answered(order_id, 2, "changed", 28), answered(order_id, 1, "confirmed", 30)
    await receive_answers(tx, [newer], now)
    before = await get_order(tx, order_id)
    await receive_answers(tx, [older], now)
    assert await get_order(tx, order_id) == before
    assert [(row["revision"], row["outcome"]) for row in await list_answers(tx, order_id)] == [
        (1, "older"),
        (2, "applied"),
    ]


ORDER = domain.PurchaseOrder(
    item="frame",
    site="plant",
    supplier="acme",
    due_period=week(5),
    generation=0,
    due_on=week(5),
    release_on=week(3),
    quantity=Decimal(1),
    price=Decimal(1),
    payment_days=30,
)


async def test_an_answer_that_comes_before_its_order_waits_for_it(tx: Tx, now: datetime) -> None:
    order_id = ORDER.order_id
    await receive_answers(tx, [answered(order_id, 1, "confirmed", 25)], now)
    await found(tx, now)
    await ask(tx, now, {6: 30})
    orders = await orders_of(tx, "frame")
    assert [(o["status"], o["confirmed_quantity"]) for o in orders] == [
        ("confirmed", 25),
        ("proposed", None),
    ]
    assert orders[1]["quantity"] == 5
    assert [row["outcome"] for row in await list_answers(tx, order_id)] == ["applied"]


async def test_a_receipt_that_comes_before_its_order_is_in_stock_with_it(
    tx: Tx, now: datetime
) -> None:
    told = answered(ORDER.order_id, 1, "received", 25, received_on=str(MONDAY))
    await receive_answers(tx, [told], now)
    await found(tx, now)
    await ask(tx, now, {6: 30})
    netting = (await plan_of(tx, "frame"))["netting"]
    assert (netting["on_hand"], sum(netting["scheduled"])) == (25_000_000, 5_000_000)
    (order,) = await orders_of(tx, "frame")
    assert (order["status"], order["received_quantity"]) == ("confirmed", 25)


async def test_an_imported_order_hears_what_was_said_before_it(tx: Tx, now: datetime) -> None:
    order = replace(ORDER, stage="released", quantity=Decimal(30))
    await found(tx, now)
    for revision, kind, units in ((2, "received", 12), (1, "confirmed", 28)):
        said = answered(order.order_id, revision, kind, units, received_on=str(MONDAY))
        await receive_answers(tx, [said], now)
    await import_orders(tx, [order], now, Cause.start())
    known = await get_order(tx, order.order_id)
    assert (known.status, known.confirmed_quantity, known.received_quantity) == (
        "confirmed",
        28,
        12,
    )
    netting = (await plan_of(tx, "frame"))["netting"]
    assert (netting["on_hand"], sum(netting["scheduled"])) == (12_000_000, 16_000_000)
    assert {row["outcome"] for row in await list_answers(tx, order.order_id)} == {"applied"}


async def test_a_stale_or_impossible_step_is_refused(tx: Tx, now: datetime) -> None:
    order_id = await frames(tx, now)
    with pytest.raises(OrderStateRefused, match="approve it first"):
        await step(tx, order_id, domain.release, now)
    with pytest.raises(Stale):
        await step_order(tx, order_id, domain.approve, 7, now, Cause.start())
    with pytest.raises(OrderNotFound):
        await step(tx, UUID(int=1), domain.approve, now)


async def test_what_is_said_by_rest_is_an_answer_too(tx: Tx, now: datetime) -> None:
    order_id = await frames(tx, now)
    said = domain.Answer(0, "confirmed", Decimal(29))
    order = await answer_order(tx, order_id, said, "erp", None, now, Cause.start())
    assert (order.status, order.agreed_quantity, order.erp_revision) == ("confirmed", 29, 1)


async def test_a_whole_receipt_is_what_was_agreed_when_it_was_said(tx: Tx, now: datetime) -> None:
    order_id = await frames(tx, now)
    await receive_answers(tx, [answered(order_id, 1, "confirmed", 24)], now)
    said = domain.Answer(0, "received")
    order = await answer_order(tx, order_id, said, "erp", None, now, Cause.start())
    assert (order.status, order.received_quantity) == ("received", 24)
    assert (await list_answers(tx, order_id))[-1]["quantity"] == 24


async def test_a_receipt_that_does_not_say_how_much_is_not_guessed(tx: Tx, now: datetime) -> None:
    order_id = await frames(tx, now)
    with pytest.raises(domain.ReceiptWithoutQuantityError, match="send the sum"):
        await receive_answers(tx, [answered(order_id, 1, "received")], now)
    assert (await get_order(tx, order_id)).received_quantity == 0


async def test_an_order_that_another_system_placed_is_supply_and_is_taken_over_once(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    order = domain.PurchaseOrder(
        item="frame",
        site="plant",
        supplier="acme",
        due_period=week(4),
        generation=0,
        due_on=week(4),
        release_on=week(-2),
        quantity=Decimal(20),
        price=Decimal(40),
        payment_days=30,
        stage="released",
        reference="4711",
    )
    for _ in range(2):
        await import_orders(tx, [order], now, Cause.start())
    await ask(tx, now, {6: 30})
    assert [(o["reference"], o["quantity"]) for o in await orders_of(tx, "frame")] == [
        ("4711", 20),
        (None, 10),
    ]
