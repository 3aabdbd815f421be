import json
from decimal import Decimal
from typing import Any

import httpx
from fastapi import FastAPI

from takt.common.bus import Message
from takt.common.bus.postgres import PostgresLog
from takt.common.contracts import topics
from takt.common.db import Database
from takt.common.event import new_id
from takt.common.testing import eventually
from takt.deals.store.sales import read_sales
from takt.deals.store.views import page_deals

from .company import set_up


def deal_message(external_id: str, *, message: str | None = None, **more: Any) -> Message:
    body = {"external_id": external_id, "owner": "ann", "stage": "negotiation", **more}
    headers = {
        "ce_id": message or str(new_id()),
        "ce_source": "crm",
        "ce_type": "takt.inbound.deal.v1",
    }
    return Message(topics.INBOUND_DEALS, external_id, headers, json.dumps(body).encode())


def sale_message(order_line: str) -> Message:
    headers = {"ce_id": order_line, "ce_source": "erp", "ce_type": "takt.inbound.sale.v1"}
    body = (
        f'{{"order_line": "{order_line}", "product": "pump", "region": "north", "quantity": "2",'
        ' "price": "99.5", "sold_on": "2026-11-20"}'
    )
    return Message(topics.INBOUND_SALES, order_line, headers, body.encode())


async def test_messages_become_deals_and_sales_once_and_a_bad_one_is_set_aside(
    app: FastAPI, client: httpx.AsyncClient, database: Database, log: PostgresLog
) -> None:
    async with database.transaction() as tx:
        await set_up(tx)
    lines = [{"product": "pump", "quantity": "3", "price": "95"}]
    twice = deal_message("A1", message="m-1", region="north", lines=lines)
    await log.publish(
        [
            twice,
            twice,
            Message(topics.INBOUND_DEALS, "x", dict(twice.headers) | {"ce_id": "m-2"}, b"no json"),
            deal_message("A2", region="north", stage="moon"),
            deal_message(
                "A3", owner="eve", team="new", region="elsewhere", account="Unseen", lines=lines
            ),
            sale_message("4711-1"),
            sale_message("4711-1"),
        ]
    )

    async def arrived() -> bool:
        async with database.transaction() as tx:
            deals = {row["external_id"]: row for row in await page_deals(tx, {})}
            return {"A1", "A3"} <= deals.keys() and len(await read_sales(tx)) == 1

    await eventually(arrived)
    letters = (await client.get("/ops/dead-letters")).json()
    assert {letter["key"] for letter in letters} == {"x", "A2"}
    assert "moon" in next(one["reason"] for one in letters if one["key"] == "A2")
    async with database.transaction() as tx:
        deals = {row["external_id"]: row for row in await page_deals(tx, {})}
        [sale] = await read_sales(tx)
    assert deals.keys() == {"A1", "A3"}
    assert (deals["A3"]["account"], deals["A3"]["region"]) == ("Unseen", "elsewhere")
    assert (deals["A3"]["owner"], deals["A3"]["team"]) == ("eve", "new")
    assert {deal["changed_by"] for deal in deals.values()} == {"crm"}
    assert (sale.quantity, sale.price) == (2, Decimal("99.5"))


async def test_a_notice_by_webhook_and_by_topic_counts_once(
    client: httpx.AsyncClient, database: Database, log: PostgresLog
) -> None:
    async with database.transaction() as tx:
        await set_up(tx)
    deal = {"external_id": "A1", "owner": "ann", "region": "north", "name": "By webhook"}
    notice = {"source": "crm", "id": "m-1", "deal": deal}
    first = await client.post("/v1/inbound/deals", json=notice)
    assert (first.status_code, first.json()["result"]) == (200, "created")
    again = await client.post("/v1/inbound/deals", json=notice)
    assert again.json()["result"] == "repeated"
    await log.publish(
        [
            deal_message("A1", message="m-1", name="By topic"),
            deal_message("A2", region="north", name="Marker"),
        ]
    )

    async def marked() -> bool:
        async with database.transaction() as tx:
            return len(await page_deals(tx, {"external_id": "A2"})) == 1

    await eventually(marked)
    found = (await client.get("/v1/deals", params={"external_id": "A1"})).json()["items"]
    assert [one["name"] for one in found] == ["By webhook"]


IMPOSSIBLE: list[tuple[str, str, str]] = [
    ("3", "0", "lines[0].price"),
    ("2000000000", "1", "lines[0].quantity"),
    ("10000000", "1000000", "lines[0]"),
]


async def test_amounts_that_are_none_are_refused_at_both_doors(
    client: httpx.AsyncClient, database: Database, log: PostgresLog
) -> None:
    async with database.transaction() as tx:
        await set_up(tx)
    deal = {"external_id": "A1", "owner": "ann", "region": "north"}
    messages = []
    for quantity, price, field in IMPOSSIBLE:
        lines = [{"product": "pump", "quantity": quantity, "price": price}]
        notice = {"source": "crm", "id": field, "deal": {**deal, "lines": lines}}
        refused = await client.post("/v1/inbound/deals", json=notice)
        problem = refused.json()
        assert (refused.status_code, problem["field"]) == (422, field)
        assert problem["remedy"]
        messages.append(deal_message(field, region="north", lines=lines))
    sale = {
        "order_line": "4711-1",
        "product": "pump",
        "region": "north",
        "quantity": "10000000",
        "price": "1000000",
        "sold_on": "2026-11-20",
    }
    refused = await client.post(
        "/v1/inbound/sales", json={"source": "erp", "id": "s-1", "sale": sale}
    )
    assert (refused.status_code, refused.json()["field"]) == (422, "quantity")
    await log.publish(messages)

    async def set_aside() -> bool:
        letters = (await client.get("/ops/dead-letters")).json()
        return {letter["key"] for letter in letters} == {field for _, _, field in IMPOSSIBLE}

    await eventually(set_aside)
    assert (await client.get("/v1/deals")).json()["items"] == []
