import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from takt.common.bus.postgres import PostgresLog
from takt.common.contracts import topics
from takt.common.contracts.supply_planning import PurchaseOrderEvent, PurchaseOrderState
from takt.common.db import Database, Tx
from takt.common.event import Cause, Envelope
from takt.common.outbox import relay_unsent
from takt.common.testing import NOW, NewKey, emitted, eventually, running
from takt.supply_planning.domain import orders as domain
from takt.supply_planning.service.problems import PublishingIsOff
from takt.supply_planning.service.publishing import switch_publishing
from takt.supply_planning.service.purchase_orders import (
    receive_answers,
    release_order,
    step_order,
)
from takt.supply_planning.service.telling import state_of
from takt.supply_planning.store.orders import find_orders
from takt.supply_planning.store.publishing import count_held

from .company import answered, ask, found, orders_of, plan_of
from .test_api import frames, load


async def switch(tx: Tx, state: Any) -> None:
    await switch_publishing(tx, state, "the ERP is migrated", "ann", Cause.start())


async def relayed(tx: Tx) -> None:
    """Everything so far has left the outbox."""
    await tx.exec_driver_sql("DELETE FROM outbox_unsent")


async def on_topic(tx: Tx, topic: str) -> list[Envelope[Any]]:
    return [envelope for envelope in await emitted(tx) if envelope.event.topic == topic]


async def to_the_erp(tx: Tx) -> list[PurchaseOrderEvent]:
    return [envelope.event for envelope in await on_topic(tx, topics.PURCHASING)]


async def inside(tx: Tx) -> list[PurchaseOrderState]:
    return [envelope.event.order for envelope in await on_topic(tx, topics.PURCHASING_HELD)]


async def present(tx: Tx) -> dict[UUID, PurchaseOrderState]:
    rows = await tx.exec_driver_sql("SELECT order_id FROM purchase_orders")
    orders = await find_orders(tx, list(rows.scalars()))
    return {order_id: state_of(order) for order_id, order in orders.items()}


async def test_while_it_is_off_nothing_goes_to_the_erp_and_planning_goes_on(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30})
    await relayed(tx)
    await switch(tx, "off")
    await ask(tx, now, {6: 45}, sequence=2)
    (frame,) = await orders_of(tx, "frame")
    await step_order(tx, frame["order_id"], domain.approve, None, now, Cause.start())
    assert await to_the_erp(tx) == []
    assert (await plan_of(tx, "frame"))["netting"]["planned"]
    told = [order for order in await inside(tx) if order.item == "frame"]
    assert [(order.status, order.quantity) for order in told] == [
        ("proposed", 45),
        ("approved", 45),
    ]


async def test_on_again_the_erp_is_told_the_present_state_once(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30})
    await relayed(tx)
    await switch(tx, "off")
    await ask(tx, now, {6: 40, 9: 10}, sequence=2)  # a new proposal that is gone with the next
    await ask(tx, now, {6: 45, 12: 20}, sequence=3)
    (frame, later) = [o for o in await orders_of(tx, "frame") if o["status"] == "proposed"]
    await relayed(tx)
    await switch(tx, "on")
    told = {event.order.order_id: event for event in await to_the_erp(tx)}
    assert len(told) == len(await to_the_erp(tx))
    revised, proposed = told[frame["order_id"]], told[later["order_id"]]
    assert (revised.event_type, proposed.event_type) == (
        "takt.purchase_order.revised.v1",
        "takt.purchase_order.proposed.v1",
    )
    assert revised.model_dump()["changed"] == ("quantity",)
    assert "cancelled" not in {event.order.status for event in told.values()}
    now_known = await present(tx)
    assert all(event.order == now_known[order_id] for order_id, event in told.items())
    assert await inside(tx) == []
    await relayed(tx)
    await switch(tx, "off")
    await switch(tx, "on")
    assert await to_the_erp(tx) == []


async def test_an_order_that_came_back_to_what_the_erp_has_is_no_news(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30})
    await relayed(tx)
    await switch(tx, "off")
    await ask(tx, now, {6: 0}, sequence=2)
    await ask(tx, now, {6: 30}, sequence=3)
    await relayed(tx)
    await switch(tx, "on")
    assert await to_the_erp(tx) == []


async def test_what_the_erp_answers_is_taken_while_it_is_off(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30})
    (frame,) = await orders_of(tx, "frame")
    await step_order(tx, frame["order_id"], domain.approve, None, now, Cause.start())
    await release_order(tx, frame["order_id"], None, now, Cause.start())
    await relayed(tx)
    await switch(tx, "off")
    await receive_answers(tx, [answered(frame["order_id"], 1, "received", 30)], now)
    assert (await plan_of(tx, "frame"))["netting"]["on_hand"] == 30_000_000
    assert await to_the_erp(tx) == []
    await switch(tx, "on")
    (told,) = [e for e in await to_the_erp(tx) if e.order.item == "frame"]
    assert (told.event_type, told.order.received_quantity) == (
        "takt.purchase_order.received.v1",
        30,
    )


async def test_what_still_waits_in_the_outbox_is_held_too(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30})
    waiting = {event.order.order_id for event in await to_the_erp(tx)}
    await switch(tx, "off")
    assert await to_the_erp(tx) == []
    assert {order.order_id for order in await inside(tx)} == waiting
    await ask(tx, now, {6: 45}, sequence=2)
    await relayed(tx)
    await switch(tx, "on")
    told = await to_the_erp(tx)
    assert {(event.event_type, event.order.order_id) for event in told} == {
        ("takt.purchase_order.proposed.v1", order_id) for order_id in waiting
    }


async def test_a_cancelling_that_waits_in_the_outbox_is_told_when_it_is_on_again(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30})
    await relayed(tx)
    await ask(tx, now, {6: 0}, sequence=2)
    await switch(tx, "off")
    await relayed(tx)
    await switch(tx, "on")
    assert {event.order.status for event in await to_the_erp(tx)} == {"cancelled"}


async def test_no_order_can_be_released_while_it_is_off(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30})
    (frame,) = await orders_of(tx, "frame")
    await step_order(tx, frame["order_id"], domain.approve, None, now, Cause.start())
    await switch(tx, "off")
    with pytest.raises(PublishingIsOff, match="switched off"):
        await release_order(tx, frame["order_id"], None, now, Cause.start())


async def test_an_erp_ends_with_every_order_as_it_stands_however_often_it_is_switched(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    erp: dict[UUID, PurchaseOrderState] = {}
    heard = 0
    for step in range(24):
        state = "off" if step % 8 in (2, 3, 5) else "on"
        await switch(tx, state)
        before = len(await to_the_erp(tx))
        await ask(tx, now, {6: step % 5 * 10, 9: step % 3 * 20}, sequence=step + 1)
        if state == "off":
            assert len(await to_the_erp(tx)) == before
        if step % 4 == 1:
            for event in await to_the_erp(tx):
                erp[event.order.order_id] = event.order
                heard += 1
            await relayed(tx)
    await switch(tx, "on")
    for event in await to_the_erp(tx):
        erp[event.order.order_id] = event.order
    known = await present(tx)
    assert heard > 0
    assert await count_held(tx) == 0
    assert erp == {key: order for key, order in known.items() if key in erp}
    assert {known[key].status for key in known.keys() - erp.keys()} <= {"cancelled"}


async def test_off_waits_for_what_is_being_written_and_holds_it(
    database: Database, log: PostgresLog
) -> None:
    async with database.transaction() as tx:
        await found(tx, NOW)
        await relayed(tx)

    async def move() -> None:
        async with database.transaction() as tx:
            await switch(tx, "off")

    async def waits() -> bool:
        async with database.transaction() as tx:
            found = await tx.exec_driver_sql(
                "SELECT EXISTS (SELECT FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database())"
            )
            return bool(found.scalar_one())

    async with database.transaction() as tx:
        await ask(tx, NOW, {6: 30})
        moving = asyncio.create_task(move())
        await eventually(waits)
        assert not moving.done()
    await moving
    connection = await asyncpg.connect(
        database.url, server_settings={"search_path": database.schema}
    )
    await relay_unsent(connection, log, asyncio.Event())
    await connection.close()
    ends = await log.ends([topics.PURCHASING, topics.PURCHASING_HELD])
    assert {topic: end >= 0 for (topic, _), end in ends.items()} == {
        topics.PURCHASING: False,
        topics.PURCHASING_HELD: True,
    }


async def test_the_switch_is_kept_with_who_when_and_why(
    client: httpx.AsyncClient, log: PostgresLog
) -> None:
    await load(client)
    order = await frames(client, log)
    assert (await client.get("/v1/erp-publishing")).json() == {
        "state": "on",
        "held_orders": 0,
        "changes": [],
    }
    off = {"state": "off", "reason": " Cut-over of the ERP "}
    assert (await client.put("/v1/erp-publishing", json=off)).json()["state"] == "off"
    again = {"state": "off", "reason": "to be sure"}
    (change,) = (await client.put("/v1/erp-publishing", json=again)).json()["changes"]
    assert (change["state"], change["reason"], change["changed_by"]) == (
        "off",
        "Cut-over of the ERP",
        "test",
    )
    place, match = f"/v1/purchase-orders/{order['order_id']}", {"If-Match": "*"}
    assert (await client.post(f"{place}/approve", headers=match)).json()["status"] == "approved"
    refused = await client.post(f"{place}/release", headers=match)
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:takt:problem:erp-publishing-off",
    )
    assert (await client.get(place)).json()["status"] == "approved"
    assert (await client.get("/v1/erp-publishing")).json()["held_orders"] == 1
    on = await client.put("/v1/erp-publishing", json={"state": "on", "reason": "done"})
    assert [one["state"] for one in on.json()["changes"]] == ["on", "off"]
    assert (await client.post(f"{place}/release", headers=match)).json()["status"] == "released"


@pytest.mark.parametrize(
    "body", [{"state": "off"}, {"state": "off", "reason": " "}, {"state": "x"}]
)
async def test_a_switch_without_a_reason_or_a_state_is_refused(
    client: httpx.AsyncClient, body: dict[str, str]
) -> None:
    assert (await client.put("/v1/erp-publishing", json=body)).status_code == 422
    assert (await client.get("/v1/erp-publishing")).json()["state"] == "on"


async def test_who_may_approve_orders_may_move_the_switch(app: Any, new_key: NewKey) -> None:
    async with running(app) as client:
        for scope, status in (("supply:read", 403), ("supply:write", 200)):
            key = await new_key(scope)
            reply = await client.put(
                "/v1/erp-publishing",
                json={"state": "off", "reason": "a test"},
                headers={"Authorization": f"Bearer {key}"},
            )
            assert reply.status_code == status
