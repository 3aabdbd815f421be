from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
from sqlalchemy import event

from takt.common.contracts.supply_planning import KanbanSignalled
from takt.common.db import Tx
from takt.common.event import Cause, Envelope
from takt.common.testing import emitted
from takt.supply_planning.domain import orders as domain
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.schemas.kanban import KanbanLoop
from takt.supply_planning.schemas.network import ScheduledReceipt
from takt.supply_planning.service import define
from takt.supply_planning.service.kanban import LoopState, define_loops, get_state
from takt.supply_planning.service.purchase_orders import (
    import_orders,
    receive_answers,
    step_order,
)
from takt.supply_planning.service.receive_sales import receive_sales

from .company import answered, ask, count, found, orders_of, shipped, week
from .test_api import load


def loop(item: str, container: int, **more: Any) -> dict[str, Any]:
    return {
        "item": item,
        "site": "plant",
        "container_quantity": str(container),
        "lead_time_days": 5,
        **more,
    }


async def begin(tx: Tx, now: datetime, item: str, container: int, **more: Any) -> None:
    body = KanbanLoop.model_validate(loop(item, container, **more))
    await define_loops(tx, [body], now, Cause.start())


async def signals(tx: Tx) -> list[Envelope[Any]]:
    return [one for one in await emitted(tx) if isinstance(one.event, KanbanSignalled)]


async def cards(tx: Tx) -> list[int]:
    return [one.event.cards for one in await signals(tx)]


async def state(tx: Tx, item: str) -> LoopState:
    return await get_state(tx, ItemSite(item, "plant"))


async def where(tx: Tx, item: str) -> tuple[int, int, int, int]:
    """Full, on order, free, overfull."""
    found = (await state(tx, item)).lying
    return found.full, found.on_order, found.free, found.overfull


async def test_each_container_that_ships_is_signalled_once_under_what_shipped_it(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await count(tx, now, bike=100)
    await begin(tx, now, "bike", 10, cards=10)
    assert await signals(tx) == []
    gone = shipped("a", 25)
    await receive_sales(tx, [gone], now)
    (told,) = await signals(tx)
    assert told.cause.causes == (gone.id,)
    assert told.event.model_dump(exclude={"sequence"}) == {
        "item": "bike",
        "site": "plant",
        "cards": 2,
        "container_quantity": Decimal(10),
        "quantity": Decimal(20),
        "due_on": now.date() + timedelta(days=5),
        "on_hand": Decimal(75),
        "loop_cards": 10,
        "full": 8,
        "on_order": 0,
        "free": 2,
    }
    await receive_sales(tx, [shipped("b", 4)], now)
    assert await cards(tx) == [2]
    await receive_sales(tx, [shipped("c", 1), shipped("d", 10)], now)
    assert await cards(tx) == [2, 2]


async def test_what_comes_back_and_ships_again_is_not_signalled_again(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await count(tx, now, bike=30)
    await begin(tx, now, "bike", 10, cards=3)
    await receive_sales(tx, [shipped("a", 20)], now)
    await receive_sales(tx, [shipped("a", 5, sequence=3)], now)
    assert await where(tx, "bike") == (3, 0, 2, 2)
    await receive_sales(tx, [shipped("a", 20, sequence=4)], now)
    assert await cards(tx) == [2]
    assert await where(tx, "bike") == (1, 0, 2, 0)


def placed(number: str, units: int) -> domain.PurchaseOrder:
    return domain.PurchaseOrder(
        item="frame",
        site="plant",
        supplier="acme",
        due_period=week(1),
        generation=0,
        due_on=week(1),
        release_on=week(0),
        quantity=Decimal(units),
        price=Decimal(40),
        payment_days=30,
        stage="released",
        reference=number,
    )


async def test_an_order_answers_a_signal_and_its_receipt_fills_the_container(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await count(tx, now, frame=100)
    await begin(tx, now, "frame", 50, cards=2)
    await count(tx, now, frame=40)
    assert await where(tx, "frame") == (1, 0, 1, 0)
    await import_orders(tx, [order := placed("1", 50)], now, Cause.start())
    assert await where(tx, "frame") == (1, 1, 0, 0)
    some = answered(order.order_id, 1, "received", 20, received_on=now.date())
    await receive_answers(tx, [some], now)
    assert await where(tx, "frame") == (2, 0, 0, 0)
    rest = answered(order.order_id, 2, "received", 50, received_on=now.date())
    await receive_answers(tx, [rest], now)
    assert await where(tx, "frame") == (2, 0, 0, 0)
    assert await cards(tx) == [1]


async def test_a_card_whose_order_is_cancelled_is_signalled_anew(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 50})
    (proposed,) = await orders_of(tx, "frame")
    await begin(tx, now, "frame", 50, cards=1)
    assert await cards(tx) == [1]
    await step_order(tx, proposed["order_id"], domain.approve, None, now, Cause.start())
    assert await where(tx, "frame") == (0, 1, 0, 0)
    await receive_answers(tx, [answered(proposed["order_id"], 1, "cancelled")], now)
    assert await cards(tx) == [1, 1]
    assert (await signals(tx))[1].event.sequence > (await signals(tx))[0].event.sequence


async def test_counts_alone_signal_and_clear(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await count(tx, now, frame=100)
    await begin(tx, now, "frame", 50, cards=2)
    for on_hand, seen in ((50, [1]), (100, [1]), (60, [1]), (0, [1, 2])):
        await count(tx, now, frame=on_hand)
        assert await cards(tx) == seen
    assert await where(tx, "frame") == (0, 0, 2, 0)


async def test_a_scheduled_receipt_answers_a_signal_until_it_is_counted(
    tx: Tx, now: datetime
) -> None:
    async def schedule(units: int) -> None:
        receipt = ScheduledReceipt(
            reference="r", item="frame", site="plant", due_on=week(1), quantity=Decimal(units)
        )
        await define.schedule_receipts(tx, [receipt], now, Cause.start())

    await found(tx, now)
    await count(tx, now, frame=50)
    await begin(tx, now, "frame", 50, cards=2)
    await schedule(30)
    await schedule(50)
    assert await where(tx, "frame") == (1, 1, 0, 0)
    await count(tx, now, frame=100)
    await schedule(0)
    assert await where(tx, "frame") == (2, 0, 0, 0)
    await count(tx, now, frame=50)
    assert await cards(tx) == [1, 1]


async def test_cards_follow_from_the_planned_weeks_after_this_one(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await ask(tx, now, {0: 500} | dict.fromkeys(range(1, 26), 70))
    await begin(tx, now, "bike", 25, safety_share="0.2", demand_weeks=2)
    kept = await state(tx, "bike")
    assert (kept.demand, kept.computed, kept.row["cards"]) == (10, 3, 3)
    await ask(tx, now, dict.fromkeys(range(26), 140), sequence=2)
    kept = await state(tx, "bike")
    assert (kept.demand, kept.computed, kept.row["cards"]) == (20, 5, 3)


async def test_a_forecast_has_no_statement_more_for_loops(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await begin(tx, now, "bike", 10, cards=3)
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        statements.append(statement)

    event.listen(tx.sync_connection, "before_cursor_execute", note)
    await ask(tx, now, {3: 30})
    event.remove(tx.sync_connection, "before_cursor_execute", note)
    assert statements
    assert not [one for one in statements if "kanban" in one]


async def test_loops_are_written_listed_and_removed_by_rest(client: httpx.AsyncClient) -> None:
    await load(client)
    items = [
        loop("bike", 50, demand_per_day="100", safety_share="0.2"),
        loop("frame", 21, demand_per_day="70", lead_time_days=3, safety_share="0.1", cards=12),
    ]
    reply = await client.put("/v1/kanban-loops", json={"items": items})
    assert (reply.status_code, reply.json()) == (200, {"written": 2}), reply.text
    page = (await client.get("/v1/kanban-loops", params={"limit": 1, "signalled": True})).json()
    (bike,) = page["items"]
    assert (bike["cards"], bike["cards_given"], bike["difference"]) == (12, False, None)
    assert (bike["on_hand"], bike["full"], bike["free"], bike["unsignalled"]) == ("5", 1, 11, 0)
    assert bike["sequence"] > 0
    more = (await client.get("/v1/kanban-loops", params={"cursor": page["next"]})).json()
    assert [one["item"] for one in more["items"]] == ["frame"]
    frame = (await client.get("/v1/kanban-loops/frame/plant")).json()
    assert (frame["cards"], frame["computed_cards"], frame["cards_given"]) == (12, 11, True)
    assert frame["difference"].startswith("1 more than the 11")
    gone = await client.delete("/v1/kanban-loops/frame/plant")
    assert gone.status_code == 204
    for verb in (client.get, client.delete):
        reply = await verb("/v1/kanban-loops/frame/plant")
        assert (reply.status_code, reply.json()["value"]) == (404, "frame")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"item": "car"}, "item"),
    ({"container_quantity": "0"}, "container_quantity"),
    ({"container_quantity": "-5"}, "container_quantity"),
    ({"container_quantity": "1e30"}, "container_quantity"),
    ({"safety_share": "-0.1"}, "safety_share"),
    ({"safety_share": "20"}, "safety_share"),
    ({"lead_time_days": 0}, "lead_time_days"),
    ({"cards": 100_001}, "cards"),
    ({"cards": 0}, "cards"),
    ({"demand_per_day": "0"}, "demand_per_day"),
    ({"demand_per_day": "1000000", "container_quantity": "1"}, "container_quantity"),
    ({"cards": 100_000, "container_quantity": "10000001"}, "container_quantity"),
    ({}, "demand_weeks"),
    ({"demand_weeks": 26}, "demand_weeks"),
]


async def test_what_makes_no_loop_is_refused_by_name(client: httpx.AsyncClient) -> None:
    await load(client)
    for more, field in REFUSED:
        reply = await client.put("/v1/kanban-loops", json={"items": [loop("wheel", 10) | more]})
        problem = reply.json()
        assert (reply.status_code, problem["field"]) == (422, f"items.0.{field}"), reply.text
        assert problem["remedy"]
    assert (await client.get("/v1/kanban-loops")).json()["items"] == []
