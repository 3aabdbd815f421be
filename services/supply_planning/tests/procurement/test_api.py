from typing import Any

import httpx
import pytest

from takt.common.bus import Message
from takt.common.bus.postgres import PostgresLog
from takt.common.http import encode_cursor
from takt.common.testing import NOW, eventually

from .company import BILLS, ITEMS, SITES, SOURCING, SUPPLIERS, forecast

COMPANY = [
    ("sites", SITES),
    ("items", ITEMS),
    ("bills-of-material", BILLS),
    ("suppliers", SUPPLIERS),
    ("sourcing", SOURCING),
    ("stock", [{"item": "bike", "site": "plant", "on_hand": "5"}]),
]


async def load(client: httpx.AsyncClient) -> None:
    for noun, things in COMPANY:
        reply = await client.put(f"/v1/{noun}", json={"items": things})
        assert reply.status_code == 200, reply.text


async def frames(client: httpx.AsyncClient, log: PostgresLog) -> dict[str, Any]:
    """The proposal for frames, after a forecast has come over the log."""
    envelope = forecast(NOW, {6: 30})
    await log.publish(
        [
            Message(
                envelope.event.topic,
                envelope.event.key,
                envelope.headers(),
                envelope.body().encode(),
            )
        ]
    )

    async def proposals() -> list[dict[str, Any]]:
        reply = await client.get("/v1/purchase-orders", params={"item": "frame"})
        orders: list[dict[str, Any]] = reply.json()["items"]
        return orders

    (order,) = await eventually(proposals)
    return dict(order)


async def test_what_was_written_is_listed_as_it_was_written(client: httpx.AsyncClient) -> None:
    await load(client)
    items = (await client.get("/v1/items")).json()["items"]
    assert [item["code"] for item in items] == ["bike", "frame", "wheel"]
    supplier = (await client.get("/v1/suppliers/acme")).json()
    assert supplier["offers"][1]["price_breaks"] == [
        {"quantity": "0", "price": "9"},
        {"quantity": "100", "price": "8"},
    ]
    bill = (await client.get("/v1/bills-of-material/bike")).json()
    assert [one["quantity"] for one in bill["components"]] == ["1", "2"]
    stock = (await client.get("/v1/stock")).json()["items"]
    assert stock[0] == {
        "item": "bike",
        "site": "plant",
        "on_hand": "5",
        "counted_on": "2026-11-23",
    }
    rules = (await client.get("/v1/sourcing", params={"limit": 1})).json()
    assert rules["items"][0]["shares"] == [{"site": "plant", "share": "1"}]
    more = (await client.get("/v1/sourcing", params={"cursor": rules["next"]})).json()
    assert [rule["region"] for rule in more["items"]] == ["south"]


async def test_a_forecast_on_the_log_becomes_an_order_that_goes_its_way_by_rest(
    client: httpx.AsyncClient, log: PostgresLog
) -> None:
    await load(client)
    order = await frames(client, log)
    assert (order["status"], order["quantity"]) == ("proposed", "25")
    address = f"/v1/purchase-orders/{order['order_id']}"
    match = (await client.get(address)).headers["etag"]
    for step, body, status in (
        ("approve", None, "approved"),
        ("release", None, "released"),
        ("confirm", {"quantity": "24", "order_revision": 1}, "confirmed"),
        ("receive", {"quantity": "24", "order_revision": 2}, "received"),
    ):
        reply = await client.post(f"{address}/{step}", json=body, headers={"If-Match": match})
        assert reply.status_code == 200, reply.text
        assert reply.json()["status"] == status
        match = reply.headers["etag"]
    assert [one["outcome"] for one in (await client.get(address)).json()["answers"]] == [
        "applied",
        "applied",
    ]
    plan = (await client.get("/v1/plans/frame/plant")).json()
    assert plan["on_hand"] == "24"
    assert plan["buckets"][5]["gross"] == "25"
    path = await client.get(
        "/v1/bills-of-material/bike/critical-path",
        params={"site": "plant", "due_on": "2027-01-04"},
    )
    assert path.json()["steps"] == [
        {"item": "bike", "begins_on": "2026-12-28"},
        {"item": "frame", "begins_on": "2026-12-14"},
    ]


async def test_an_approved_order_without_need_has_a_message(
    client: httpx.AsyncClient, log: PostgresLog
) -> None:
    await load(client)
    order = await frames(client, log)
    address = f"/v1/purchase-orders/{order['order_id']}"
    await client.post(f"{address}/approve", headers={"If-Match": "*"})
    count = {"items": [{"item": "frame", "site": "plant", "on_hand": "500"}]}
    await client.put("/v1/stock", json=count)
    (message,) = (await client.get("/v1/action-messages")).json()["items"]
    assert (message["kind"], message["item"], message["order_id"]) == (
        "cancel",
        "frame",
        order["order_id"],
    )


PLANNED = {"site": "plant", "source": "buy"}
RECEIPT = {"reference": "r", "item": "bike", "due_on": "2026-12-01", "quantity": "1"}


@pytest.mark.parametrize(
    ("noun", "thing", "field", "value"),
    [
        (
            "items",
            {"code": "x", "name": "x", "sites": [PLANNED | {"lead_time_days": -3}]},
            "items.0.sites.0.lead_time_days",
            -3,
        ),
        (
            "items",
            {"code": "x", "name": "x", "sites": [PLANNED | {"site": "moon"}]},
            "items.0.sites.0.site",
            "moon",
        ),
        (
            "stock",
            {"item": "bike", "site": "plant", "on_hand": "-1"},
            "items.0.on_hand",
            "-1",
        ),
        (
            "stock",
            {"item": "bike", "site": "plant", "on_hand": "NaN"},
            "items.0.on_hand",
            "NaN",
        ),
        (
            "stock",
            {"item": "bike", "site": "plant", "on_hand": "1.1234567"},
            "items.0.on_hand",
            "1.1234567",
        ),
        (
            "stock",
            {"item": "bike", "site": "plant", "on_hand": "1e30"},
            "items.0.on_hand",
            "1e30",
        ),
        (
            "stock",
            {"item": "car", "site": "plant", "on_hand": "1"},
            "items.0.item",
            "car at plant",
        ),
        (
            "bills-of-material",
            {"item": "wheel", "components": [{"component": "bike", "quantity": "1"}]},
            "items.0.components",
            "bike > wheel > bike",
        ),
        (
            "bills-of-material",
            {"item": "bike", "components": [{"component": "sadle", "quantity": "1"}]},
            "items.0.components.0.component",
            "sadle",
        ),
        (
            "bills-of-material",
            {"item": "bike", "components": [{"component": "wheel", "quantity": "0"}]},
            "items.0.components.0.quantity",
            "0",
        ),
        (
            "suppliers",
            {"code": "b", "name": "b", "payment_days": 1, "calendar": "never"},
            "items.0.calendar",
            "never",
        ),
        (
            "calendars",
            {"code": "c", "minutes": [1, 2, 3]},
            "items.0.minutes",
            None,
        ),
        (
            "scheduled-receipts",
            {
                "reference": "r",
                "item": "bike",
                "site": "moon",
                "due_on": "2026-12-01",
                "quantity": "1",
            },
            "items.0.item",
            "bike at moon",
        ),
    ],
)
async def test_bad_input_is_named_and_leaves_nothing_half_done(
    client: httpx.AsyncClient, noun: str, thing: dict[str, Any], field: str, value: object
) -> None:
    await load(client)
    before = (await client.get(f"/v1/{noun}")).json()
    reply = await client.put(f"/v1/{noun}", json={"items": [thing]})
    problem = reply.json()
    assert reply.status_code == 422, reply.text
    assert problem["field"] == field
    assert problem["remedy"]
    if value is not None:
        assert problem["value"] == value
    assert (await client.get(f"/v1/{noun}")).json() == before


async def test_shares_that_do_not_sum_to_one_are_refused(client: httpx.AsyncClient) -> None:
    await load(client)
    rule = SOURCING[0] | {"shares": [{"site": "plant", "share": "0.9"}]}
    reply = await client.put("/v1/sourcing", json={"items": [rule]})
    assert reply.status_code == 422
    assert "sum to 1" in reply.json()["detail"]


async def test_the_same_thing_twice_in_a_set_is_refused(client: httpx.AsyncClient) -> None:
    reply = await client.put("/v1/sites", json={"items": [SITES[0], SITES[0]]})
    assert (reply.status_code, reply.json()["value"]) == (422, "plant")


async def test_steps_need_the_version_that_was_read(
    client: httpx.AsyncClient, log: PostgresLog
) -> None:
    await load(client)
    order = await frames(client, log)
    address = f"/v1/purchase-orders/{order['order_id']}/approve"
    assert (await client.post(address)).status_code == 428
    assert (await client.post(address, headers={"If-Match": '"9"'})).status_code == 412
    assert (await client.post(address, headers={"If-Match": '"1"'})).status_code == 200
    refused = await client.post(address, headers={"If-Match": '"2"'})
    assert refused.status_code == 409
    assert refused.json()["value"] == "approved"


@pytest.mark.parametrize(
    "noun", ["purchase-orders", "plans", "action-messages", "items", "sourcing/missing"]
)
async def test_a_forged_cursor_is_named(client: httpx.AsyncClient, noun: str) -> None:
    for place in ([1], [1, 2], [1, 2, 3], ["a\0"], ["a\0", "b"], ["a", "b", "c\0"], [{}, []]):
        reply = await client.get(f"/v1/{noun}", params={"cursor": encode_cursor(*place)})
        assert (reply.status_code, reply.json()["field"]) == (400, "cursor"), place


async def test_a_receipt_says_how_much_or_that_it_is_everything(
    client: httpx.AsyncClient, log: PostgresLog
) -> None:
    await load(client)
    order = await frames(client, log)
    address = f"/v1/purchase-orders/{order['order_id']}"
    for step in ("approve", "release"):
        await client.post(f"{address}/{step}", headers={"If-Match": "*"})
    for body in ({}, {"quantity": "3", "everything": True}):
        reply = await client.post(f"{address}/receive", json=body, headers={"If-Match": "*"})
        assert reply.status_code == 422
        assert "everything" in reply.json()["detail"]
    reply = await client.post(
        f"{address}/receive", json={"everything": True}, headers={"If-Match": "*"}
    )
    assert (reply.json()["status"], reply.json()["received_quantity"]) == ("received", "25")


async def test_an_approved_order_is_changed_by_rest(
    client: httpx.AsyncClient, log: PostgresLog
) -> None:
    await load(client)
    order = await frames(client, log)
    address = f"/v1/purchase-orders/{order['order_id']}"
    await client.post(f"{address}/approve", headers={"If-Match": "*"})
    body = {"quantity": "26", "due_on": "2027-01-18"}
    reply = await client.post(f"{address}/change", json=body, headers={"If-Match": "*"})
    changed = reply.json()
    assert (changed["quantity"], changed["due_on"]) == ("26", "2027-01-18")
    assert changed["release_on"] == "2027-01-04"


async def test_an_order_that_is_not_there_is_named(client: httpx.AsyncClient) -> None:
    reply = await client.get("/v1/purchase-orders/00000000-0000-0000-0000-000000000001")
    assert (reply.status_code, reply.json()["field"]) == (404, "order_id")


async def test_an_order_that_costs_more_than_money_can_say_is_refused(
    client: httpx.AsyncClient,
) -> None:
    await load(client)
    placed = {
        "number": "4500000001",
        "item": "frame",
        "site": "plant",
        "supplier": "acme",
        "quantity": "1000000",
        "price": "999999",
        "payment_days": 30,
        "ordered_on": "2026-11-20",
        "due_on": "2026-12-01",
    }
    largest = {**placed, "number": "4500000002", "price": "1000000000"}
    refused = await client.put("/v1/purchase-orders", json={"items": [placed, largest]})
    problem = refused.json()
    assert (refused.status_code, problem["field"]) == (422, "items.1.quantity")
    assert problem["remedy"]
    written = await client.put("/v1/purchase-orders", json={"items": [placed]})
    assert written.status_code == 200, written.text
    [order] = (await client.get("/v1/purchase-orders")).json()["items"]
    assert order["amount"] == "999999000000"
    address = f"/v1/purchase-orders/{order['order_id']}"
    refused = await client.post(
        f"{address}/confirm", json={"quantity": "100000000000"}, headers={"If-Match": "*"}
    )
    assert (refused.status_code, refused.json()["field"]) == (422, "quantity")
    assert (await client.get(address)).json()["answers"] == []
