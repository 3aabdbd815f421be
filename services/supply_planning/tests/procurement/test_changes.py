from datetime import datetime
from typing import Any
from uuid import uuid5

import httpx

from takt.common.db import Database, Tx
from takt.common.testing import NOW
from takt.supply_planning.service.receive_sales import receive_sales

from .company import SALES, ask, bought, found, sold, week
from .test_api import load
from .test_pegging import DEAL, deal, demand_of_deal, read


async def parts(client: httpx.AsyncClient, item: str, **params: Any) -> list[tuple[Any, ...]]:
    """What each reason moves, with what names it."""
    found = await read(client, f"/v1/plans/{item}/plant/change", **params)
    return [
        (one["kind"] or one["reason"], {at["week"]: at["quantity"] for at in one["weeks"]})
        for one in found["parts"]
    ]


async def test_a_deal_that_fell_is_named_at_every_level(
    client: httpx.AsyncClient, database: Database
) -> None:
    await load(client)
    await deal(database, demand_of_deal({6: 10}))
    async with database.transaction() as tx:
        await ask(tx, NOW, {6: 20}, pipeline={6: 10})
    later = demand_of_deal({6: 4}, sequence=2).model_copy(update={"as_of": NOW.replace(hour=10)})
    async with database.transaction() as tx:
        await ask(tx, NOW.replace(hour=10), {6: 20}, pipeline={6: 4}, sequence=2)
    # The deal may be told after the plan that it moved: both name the time at which it was.
    await deal(database, later)
    assert await parts(client, "bike") == [("deal", {str(week(6)): "-6"})]
    assert await parts(client, "wheel") == [("deal", {str(week(5)): "-10"})]
    found = await read(client, "/v1/plans/frame/plant/change")
    assert [one["deal_id"] for one in found["parts"]] == [str(DEAL)]
    assert found["parts"][0]["quantity"] == "-6"


async def test_stock_sales_and_parameters_have_their_parts_over_several_plans(
    client: httpx.AsyncClient, database: Database
) -> None:
    await load(client)
    async with database.transaction() as tx:
        await ask(tx, NOW, {6: 20})
    first = (await read(client, "/v1/plans/frame/plant"))["sequence"]
    async with database.transaction() as tx:
        await receive_sales(tx, [sold("direct", 4, wanted=week(6))], NOW)
    count = {"items": [{"item": "frame", "site": "plant", "on_hand": "3"}]}
    await client.put("/v1/stock", json=count)
    item = bought("frame", safety_stock="2")
    assert (await client.put("/v1/items", json={"items": [item]})).status_code == 200
    found = await read(client, "/v1/plans/frame/plant/change", since=first)
    assert [(one["kind"] or one["reason"], one["quantity"]) for one in found["parts"]] == [
        ("sale", "4"),
        ("baseline", "-4"),
        ("stock", "-3"),
        ("safety_stock", "2"),
    ]
    assert found["parts"][0]["sale_id"] == str(uuid5(SALES, "direct"))
    assert [one["sequence"] for one in found["kept"]][-1] == 1
    assert [kind for kind, _ in await parts(client, "frame")] == ["safety_stock"]


async def test_less_need_of_an_open_order_is_explained(
    client: httpx.AsyncClient, database: Database
) -> None:
    await load(client)
    await deal(database, demand_of_deal({6: 30}))
    async with database.transaction() as tx:
        await ask(tx, NOW, {}, pipeline={6: 30})
    (order,) = (await read(client, "/v1/purchase-orders", item="frame"))["items"]
    address = f"/v1/purchase-orders/{order['order_id']}"
    await client.post(f"{address}/approve", headers={"If-Match": "*"})
    async with database.transaction() as tx:
        await ask(tx, NOW.replace(hour=10), {}, pipeline={6: 18}, sequence=2)
    lost = demand_of_deal({6: 18}, sequence=2)
    await deal(database, lost.model_copy(update={"as_of": NOW.replace(hour=10)}))
    (part,) = (await read(client, "/v1/plans/frame/plant/change"))["parts"]
    assert (part["kind"], part["deal_id"], part["weeks"]) == ("deal", str(DEAL), [])
    assert part["needs"] == [
        {"order_id": order["order_id"], "quantity": "-12", "week": str(week(5))}
    ]


async def test_plans_and_forecasts_of_long_ago_are_dropped_at_each_tenth(
    tx: Tx, now: datetime
) -> None:
    async def kept() -> list[set[int]]:
        plans = await tx.exec_driver_sql("SELECT sequence FROM plan_states WHERE item = 'frame'")
        forecasts = await tx.exec_driver_sql("SELECT sequence FROM forecast_states")
        return [set(plans.scalars()), set(forecasts.scalars())]

    await found(tx, now)
    await tx.exec_driver_sql("DELETE FROM plan_states")
    for sequence in (1, 9, 10, 12, 59):
        await tx.exec_driver_sql("UPDATE plans SET sequence = $1", (sequence - 1,))
        await ask(tx, now, {6: sequence}, sequence=sequence)
    assert [{9, 10, 12, 59} <= sequences for sequences in await kept()] == [True, True]
    await ask(tx, now, {6: 60}, sequence=60)
    assert await kept() == [{12, 59, 60}, {12, 59, 60}]


async def test_a_plan_that_is_not_kept_is_refused_by_name(
    client: httpx.AsyncClient, database: Database
) -> None:
    await load(client)
    address = "/v1/plans/frame/plant/change"
    for params, field in (({"since": 77}, "since"), ({"until": 77}, "until")):
        refused = await client.get(address, params=params)
        assert (refused.status_code, refused.json()["field"]) == (404, field)
    assert (await client.get("/v1/plans/boat/plant/change")).status_code == 404
    assert (await client.get(address, params={"since": -1})).status_code == 422
