"""Procurement, finance and an ERP on one log: what the switch means for each of them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio
from fastapi import FastAPI

from takt.common.app import create_app
from takt.common.bus import Message, Record, Subscription
from takt.common.bus.postgres import PostgresLog
from takt.common.clock import Clock
from takt.common.contracts import topics
from takt.common.db import Database
from takt.common.settings import Settings
from takt.common.testing import NOW, NewKey, eventually, running, service_app, service_database
from takt.supply_planning.finance import FINANCE
from takt.supply_planning.procurement import PROCUREMENT

from .procurement.company import forecast
from .procurement.test_api import load

database = service_database(PROCUREMENT)
finance_database = service_database(FINANCE)
app = service_app(PROCUREMENT)


@pytest_asyncio.fixture
async def finance(
    finance_database: Database,
    log: PostgresLog,
    access_url: str,
    clock: Clock,
    new_key: NewKey,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of finance, on the log of procurement."""
    settings = Settings(database_url=finance_database.url, access_url=access_url)
    app: FastAPI = create_app(FINANCE, settings, log=log, clock=clock)
    async with running(app, await new_key()) as client:
        yield client


async def demand(log: PostgresLog, frames: int, sequence: int) -> None:
    envelope = forecast(NOW, {6: frames}, sequence=sequence)
    event = envelope.event
    await log.publish(
        [Message(event.topic, event.key, envelope.headers(), envelope.body().encode())]
    )


async def orders_of(client: httpx.AsyncClient, units: str) -> dict[str, Any] | None:
    """The proposal of frames, once it is for so many."""
    orders = (await client.get("/v1/purchase-orders", params={"item": "frame"})).json()["items"]
    return orders[0] if orders and orders[0]["quantity"] == units else None


async def paid_for(finance: httpx.AsyncClient, order: dict[str, Any]) -> bool:
    """Whether cash reckons with the order as it stands."""
    reply = await finance.get(f"/v1/cash/sources/order/{order['order_id']}")
    amounts = [one["amount"] for one in reply.json().get("contributions", ())]
    return amounts == [f"-{order['amount']}"]


async def heard(erp: Subscription) -> list[Record]:
    records = list(await erp.poll(0.2))
    await erp.commit(records)
    return records


async def test_cash_stays_true_while_an_erp_on_the_topic_hears_nothing(
    client: httpx.AsyncClient, finance: httpx.AsyncClient, log: PostgresLog
) -> None:
    erp = await log.subscribe("erp", [topics.PURCHASING])
    await load(client)
    await demand(log, 30, 1)
    order = await eventually(lambda: orders_of(client, "25"))
    await eventually(lambda: paid_for(finance, order))
    assert await heard(erp)
    assert not await heard(erp)

    off = {"state": "off", "reason": "the ERP is migrated"}
    assert (await client.put("/v1/erp-publishing", json=off)).status_code == 200
    for sequence, frames in enumerate((40, 50, 60), start=2):
        await demand(log, frames, sequence)
        order = await eventually(lambda frames=frames: orders_of(client, str(frames - 5)))
        await eventually(lambda order=order: paid_for(finance, order))
    assert not await heard(erp)

    on = {"state": "on", "reason": "it is there"}
    assert (await client.put("/v1/erp-publishing", json=on)).status_code == 200
    told = await eventually(lambda: heard(erp))
    of_frames = [one for one in told if one.key == order["order_id"]]
    assert [one.headers["ce_type"] for one in of_frames] == ["takt.purchase_order.revised.v1"]
    assert b'"quantity":"55"' in of_frames[0].value
    assert not await heard(erp)
    await erp.close()
