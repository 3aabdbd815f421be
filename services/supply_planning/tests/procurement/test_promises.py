import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import httpx

from takt.common.db import Database, Tx
from takt.common.event import new_id
from takt.common.testing import NOW, eventually, waits_for_a_lock
from takt.supply_planning.service import promises as service
from takt.supply_planning.service.promise_desk import PromiseDesk
from takt.supply_planning.service.quoting import Wish
from takt.supply_planning.service.receive_sales import receive_sales
from takt.supply_planning.store.promises import OrderLine, find_reservation

from .company import MONDAY, SALES, SOURCING, ask, sold, week
from .test_api import load

RECEIPTS = [
    {"reference": "r", "item": "bike", "site": "plant", "due_on": str(week(2)), "quantity": "20"}
]
DEAL = {"deal_id": str(uuid5(SALES, "a")), "line_id": str(uuid5(SALES, "a line"))}


async def company(client: httpx.AsyncClient) -> None:
    await load(client)
    stock = [{"item": "bike", "site": "plant", "on_hand": "10"}]
    for noun, things in (("stock", stock), ("scheduled-receipts", RECEIPTS)):
        reply = await client.put(f"/v1/{noun}", json={"items": things})
        assert reply.status_code == 200, reply.text


async def wish(
    client: httpx.AsyncClient, quantity: str, *, key: str | None = None, **more: Any
) -> httpx.Response:
    line = {} if "deal_id" in more else {"source": "erp", "order_line": str(new_id())}
    body = {"product": "bike", "region": "north", "quantity": quantity, "wanted_on": str(MONDAY)}
    headers = {"Idempotency-Key": key or str(new_id())}
    return await client.post("/v1/reservations", json=body | line | more, headers=headers)


async def free(client: httpx.AsyncClient) -> list[str]:
    reply = await client.get("/v1/available-to-promise/bike/plant")
    assert reply.status_code == 200, reply.text
    return [one["cumulative"] for one in reply.json()["weeks"][:4]]


def parts(reply: httpx.Response) -> list[tuple[str, str]]:
    assert reply.status_code == 201, reply.text
    return [(part["promised_on"], part["quantity"]) for part in reply.json()["parts"]]


async def tell(database: Database, *sales: Any) -> None:
    async with database.transaction() as tx:
        await receive_sales(tx, list(sales), NOW)


async def test_the_worked_numbers_of_s9_by_rest(
    client: httpx.AsyncClient, database: Database
) -> None:
    """On hand 10, orders 2 now and 25 in period 3, receipt 20 in period 3 -> 3 now, not 8."""
    await company(client)
    await tell(database, sold("now", 2), sold("later", 25, wanted=week(2), deal="later"))
    shown = (await client.get("/v1/available-to-promise/bike/plant")).json()["weeks"]
    assert [one["discrete"] for one in shown[:4]] == ["3", "0", "0", "0"]
    assert [one["bound"] for one in shown[:3]] == ["2", "0", "25"]
    reply = await wish(client, "8")
    assert parts(reply) == [(str(MONDAY), "3")]
    # A bike takes a week, its frames two before that.
    assert reply.json()["orderable_on"] == str(week(3))
    nothing = await wish(client, "1")
    assert (nothing.status_code, nothing.json()["type"]) == (
        409,
        "urn:takt:problem:nothing-to-promise",
    )
    assert nothing.json()["orderable_on"] == str(week(3))


async def test_forecasts_and_proposals_are_neither_bound_nor_free(
    client: httpx.AsyncClient, database: Database
) -> None:
    await company(client)
    async with database.transaction() as tx:
        await ask(tx, NOW, {0: 500})
    assert await free(client) == ["10", "10", "30", "30"]


async def test_a_reservation_is_had_once_replaced_and_given_back(client: httpx.AsyncClient) -> None:
    await company(client)
    first = await wish(client, "12", key="one", **DEAL)
    assert parts(first) == [(str(MONDAY), "10"), (str(week(2)), "2")]
    again = await wish(client, "12", key="one", **DEAL)
    assert again.json() == first.json()
    assert await free(client) == ["0", "0", "18", "18"]
    second = await wish(client, "4", **DEAL)
    assert parts(second) == [(str(MONDAY), "4")]
    assert await free(client) == ["6", "6", "26", "26"]
    listed = (await client.get("/v1/reservations", params={"deal_id": DEAL["deal_id"]})).json()
    assert [one["state"] for one in listed["items"]] == ["released", "open"]
    page = (await client.get("/v1/reservations", params={"limit": 1})).json()
    rest = (await client.get("/v1/reservations", params={"cursor": page["next"]})).json()
    assert [one["reservation_id"] for one in page["items"] + rest["items"]] == [
        one["reservation_id"] for one in listed["items"]
    ]
    address = f"/v1/reservations/{second.json()['reservation_id']}"
    for _ in range(2):
        assert (await client.post(f"{address}/release")).json()["state"] == "released"
    assert (await client.get(address)).json()["state"] == "released"
    assert await free(client) == ["10", "10", "30", "30"]


async def test_what_has_expired_is_free_again(
    client: httpx.AsyncClient, database: Database
) -> None:
    await company(client)
    made = (await wish(client, "10", **DEAL)).json()
    async with database.transaction() as tx:
        await tx.exec_driver_sql("UPDATE reservations SET expires_at = now()")
    assert await free(client) == ["10", "10", "30", "30"]
    address = f"/v1/reservations/{made['reservation_id']}"
    assert (await client.get(address)).json()["state"] == "expired"
    refused = await client.post(f"{address}/release")
    assert (refused.status_code, refused.json()["detail"]) == (409, "it is expired")
    assert parts(await wish(client, "10", **DEAL)) == [(str(MONDAY), "10")]


async def test_a_sale_takes_the_place_of_its_promise_and_keeps_its_dates(
    client: httpx.AsyncClient, database: Database
) -> None:
    await company(client)
    made = (await wish(client, "12", **DEAL)).json()
    await tell(database, sold("a", 12, deal="a"))
    address = f"/v1/reservations/{made['reservation_id']}"
    assert (await client.get(address)).json()["state"] == "consumed"
    assert await free(client) == ["0", "0", "18", "18"]
    twice = await wish(client, "1", **DEAL)
    assert twice.json()["type"] == "urn:takt:problem:line-sold"
    await tell(database, sold("a", 12, gone=10, sequence=2, deal="a"))
    shown = (await client.get("/v1/available-to-promise/bike/plant")).json()
    assert (shown["on_hand"], shown["weeks"][2]["bound"]) == ("0", "2")
    assert await free(client) == ["0", "0", "18", "18"]


async def test_a_new_sale_of_a_deal_binds_stock_and_moves_no_plan(
    client: httpx.AsyncClient, database: Database
) -> None:
    await company(client)
    before = (await client.get("/v1/plans")).json()
    await tell(database, sold("a", 7, deal="a"))
    assert await free(client) == ["3", "3", "23", "23"]
    assert (await client.get("/v1/plans")).json() == before


async def test_many_at_once_are_promised_what_there_is_and_nothing_more(
    client: httpx.AsyncClient,
) -> None:
    await company(client)
    replies = await asyncio.gather(*(wish(client, "2") for _ in range(25)))
    assert sorted(reply.status_code for reply in replies) == [201] * 15 + [409] * 10
    promised = [part for reply in replies if reply.status_code == 201 for part in parts(reply)]
    assert sorted(promised) == [(str(MONDAY), "2")] * 5 + [(str(week(2)), "2")] * 10
    assert await free(client) == ["0"] * 4


async def test_lines_that_are_quoted_together_share_what_is_free(client: httpx.AsyncClient) -> None:
    await company(client)
    await wish(client, "4", **DEAL)
    wanted = {"product": "bike", "region": "north"}
    lines = [
        wanted | {"quantity": "7", "line_id": DEAL["line_id"]},
        wanted | {"quantity": "5"},
        wanted | {"quantity": "30", "region": "moon"},
    ]
    reply = await client.post("/v1/available-to-promise/quotes", json={"lines": lines})
    assert reply.status_code == 200, reply.text
    own, other, unserved = reply.json()["lines"]
    # What the line has reserved itself is free for it.
    assert (own["promised"], own["promised_on"]) == ("7", str(MONDAY))
    assert other["parts"] == [
        {"site": "plant", "promised_on": str(MONDAY), "quantity": "3"},
        {"site": "plant", "promised_on": str(week(2)), "quantity": "2"},
    ]
    assert (unserved["promised"], unserved["parts"], unserved["orderable_on"]) == ("0", [], None)


async def test_a_region_is_promised_what_every_site_can_give_its_share_of(
    client: httpx.AsyncClient,
) -> None:
    await company(client)
    asked = {"product": "bike", "region": "north"}
    shown = (await client.get("/v1/available-to-promise", params=asked)).json()
    assert [one["cumulative"] for one in shown["weeks"][:3]] == ["10", "10", "30"]
    assert [one["site"] for one in shown["sites"]] == ["plant"]
    shared = {
        "product": "bike",
        "region": "north",
        "valid_from": str(week(1)),
        "shares": [{"site": "plant", "share": "0.4"}, {"site": "depot", "share": "0.6"}],
    }
    await client.put("/v1/sites", json={"items": [{"code": "depot", "name": "Depot"}]})
    assert (await client.put("/v1/sourcing", json={"items": [shared]})).status_code == 200
    shown = (await client.get("/v1/available-to-promise", params=asked)).json()
    # The depot does not plan bikes: it can give nothing of what it is to ship.
    assert [one["cumulative"] for one in shown["weeks"][:3]] == ["10", "0", "0"]
    assert parts(await wish(client, "10", wanted_on=str(week(1)))) == [(str(week(1)), "4")]


async def test_a_senseless_wish_is_refused_by_name(client: httpx.AsyncClient, new_key: Any) -> None:
    await company(client)
    past = (NOW - timedelta(days=9000)).isoformat()
    refusals = [
        ({"region": "moon"}, "not-served", "region"),
        ({"expires_at": past}, "expiry-passed", "expires_at"),
        ({"deal_id": DEAL["deal_id"]}, "invalid-request", "body"),
        ({"quantity": "0"}, "invalid-request", "quantity"),
        ({"wanted_on": "soon"}, "invalid-request", "wanted_on"),
        ({"order_line": "a\0b"}, "invalid-request", "order_line"),
    ]
    for change, slug, field in refusals:
        refused = await wish(client, change.pop("quantity", "1"), **change)
        assert refused.status_code == 422, refused.text
        assert (refused.json()["type"], refused.json()["field"]) == (
            f"urn:takt:problem:{slug}",
            field,
        )
    missing = await client.get(f"/v1/reservations/{UUID(int=1)}")
    assert missing.json()["type"] == "urn:takt:problem:reservation-not-found"
    assert (await client.get("/v1/available-to-promise/boat/plant")).status_code == 404
    reader = {"Authorization": f"Bearer {await new_key('supply:read')}"}
    body = {"product": "bike", "region": "north", "quantity": "1", "wanted_on": str(MONDAY)}
    denied = await client.post("/v1/reservations", json=body | DEAL, headers=reader)
    assert denied.status_code == 403


async def test_a_correction_that_came_first_keeps_the_promise_of_its_line(tx: Tx) -> None:
    newer = sold("a", 5, sequence=2, deal="a")
    await receive_sales(tx, [newer, sold("a", 9, deal="a")], NOW)
    rows = await tx.exec_driver_sql("SELECT sequence, deal_id FROM sale_lines")
    assert rows.one() == (2, UUID(DEAL["deal_id"]))


async def test_a_promise_that_was_made_while_its_line_was_sold_binds_nothing_beside_the_sale(
    client: httpx.AsyncClient, database: Database
) -> None:
    await company(client)
    async with database.transaction() as tx:
        await receive_sales(tx, [sold("a", 4, deal="a")], NOW)
        assert (await wish(client, "3", **DEAL)).status_code == 201
    assert await free(client) == ["6", "6", "26", "26"]
    line = {"product": "bike", "region": "north", "quantity": "9", "line_id": DEAL["line_id"]}
    reply = await client.post("/v1/available-to-promise/quotes", json={"lines": [line]})
    assert reply.json()["lines"][0]["parts"][0]["quantity"] == "6"


async def test_a_sale_of_another_product_keeps_no_dates_of_its_lines_promise(
    client: httpx.AsyncClient, database: Database
) -> None:
    await company(client)
    await wish(client, "12", **DEAL)
    other = sold("a", 4, deal="a")
    sale = other.event.sale.model_copy(update={"product": "frame"})
    event = other.event.model_copy(update={"sale": sale})
    async with database.transaction() as tx:
        await receive_sales(tx, [replace(other, event=event)], NOW)
        kept = await tx.exec_driver_sql("SELECT promised FROM sale_lines")
        assert kept.scalar_one() == []
    assert await free(client) == ["10", "10", "30", "30"]


async def test_what_a_line_holds_is_given_to_one_of_its_wishes(client: httpx.AsyncClient) -> None:
    await company(client)
    await wish(client, "30", **DEAL)
    line = {"product": "bike", "region": "north", "quantity": "10", "line_id": DEAL["line_id"]}
    reply = await client.post("/v1/available-to-promise/quotes", json={"lines": [line] * 4})
    assert [one["promised"] for one in reply.json()["lines"]] == ["10", "10", "10", "0"]


async def test_as_soon_as_can_be_is_today_where_the_company_is(
    client: httpx.AsyncClient, database: Database
) -> None:
    await company(client)
    async with database.transaction() as tx:
        await tx.exec_driver_sql(
            "UPDATE network_revision SET time_zone = 'Etc/GMT+12',"
            " revision = nextval('network_revisions')"
        )
    line = {"product": "bike", "region": "north", "quantity": "1"}
    reply = await client.post("/v1/available-to-promise/quotes", json={"lines": [line]})
    shown = reply.json()["lines"][0]
    yesterday = str((NOW - timedelta(hours=12)).date())
    assert (shown["wanted_on"], shown["promised_on"]) == (yesterday, yesterday)


async def test_a_wish_that_fails_brings_no_other_down(
    client: httpx.AsyncClient, monkeypatch: Any
) -> None:
    await company(client)
    decide = service.reserve

    async def fails(tx: Tx, asked: Any, now: Any) -> Any:
        if any(one.wish.quantity == 13 for one in asked):
            raise RuntimeError("this one")
        return await decide(tx, asked, now)

    monkeypatch.setattr("takt.supply_planning.service.promise_desk.reserve", fails)
    replies = await asyncio.gather(*(wish(client, str(units)) for units in (1, 13, 2)))
    assert [reply.status_code for reply in replies] == [201, 500, 201]


async def test_who_is_overtaken_by_another_process_is_answered_after_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    """The line's promises lie in stock of different items, whose plans hold nobody up."""
    await company(client)
    spare = {**SOURCING[0], "product": "frame"}
    stock = {"item": "frame", "site": "plant", "on_hand": "10"}
    for noun, one in (("stock", stock), ("sourcing", spare)):
        assert (await client.put(f"/v1/{noun}", json={"items": [one]})).status_code == 200
    line = OrderLine(source="erp", order_line="1")

    def asked(product: str, request: bytes) -> service.Asked:
        wanted = Wish(product, "north", Decimal(2), MONDAY, line)
        return service.Asked(wanted, None, None, "ann", request, b"")

    async with database.transaction() as tx:
        [first] = await service.reserve(tx, [asked("bike", b"1")], NOW)
        desk = PromiseDesk(database)
        second = asyncio.create_task(desk.ask(asked("frame", b"2"), NOW))
        await eventually(lambda: waits_for_a_lock(database))
    promise = await second
    assert (promise.product, promise.state) == ("frame", "open")
    async with database.transaction() as tx:
        before = await find_reservation(tx, first.reservation_id)
    assert before is not None
    assert before.state == "released"
