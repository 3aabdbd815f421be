from typing import Any

import httpx

from takt.common.bus.postgres import PostgresLog

from .company import week
from .test_api import frames, load

ASKED = {"week": str(week(2)), "quantity": "3"}


async def ask(client: httpx.AsyncClient, *lines: dict[str, Any]) -> dict[str, Any]:
    reply = await client.post("/v1/plans/needs", json={"lines": lines})
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def line(*weeks: dict[str, str], product: str = "bike", region: str = "north") -> dict[str, Any]:
    return {"product": product, "region": region, "weeks": weeks}


async def test_a_demand_draws_on_product_and_components_with_their_stock_and_orders(
    client: httpx.AsyncClient, log: PostgresLog
) -> None:
    await load(client)
    order = await frames(client, log)
    before = (await client.get("/v1/plans")).json()
    needs = await ask(client, line(ASKED, {"week": str(week(5)), "quantity": "0.5"}))
    assert needs["lines"] == [
        {"product": "bike", "region": "north", "quantity": "3.5", "unserved": "0"}
    ]
    bike, frame, wheel = needs["items"]
    assert (bike["item"], bike["level"], bike["source"], bike["quantity"]) == (
        "bike",
        0,
        "make",
        "3.5",
    )
    assert (bike["gross"], bike["on_hand"], bike["orders"]["count"]) == ("30", "5", 0)
    assert (frame["quantity"], frame["level"], frame["unit"]) == ("3.5", 1, "each")
    assert (frame["gross"], frame["on_hand"]) == ("25", "0")
    assert frame["orders"] == {
        "count": 1,
        "quantity": "25",
        "amount": "1000",
        "order_ids": [order["order_id"]],
    }
    assert (wheel["quantity"], wheel["gross"]) == ("7", "50")
    assert (await client.get("/v1/plans")).json() == before


async def test_what_no_site_serves_is_said_and_what_lies_after_the_horizon_is_left_out(
    client: httpx.AsyncClient,
) -> None:
    await load(client)
    late = {"week": str(week(26)), "quantity": "100"}
    past = {"week": str(week(-3)), "quantity": "1"}
    needs = await ask(client, line(late), line(ASKED, region="moon"), line(past, ASKED))
    assert [(one["quantity"], one["unserved"]) for one in needs["lines"]] == [
        ("0", "0"),
        ("3", "3"),
        ("4", "0"),
    ]
    assert [(one["item"], one["quantity"]) for one in needs["items"]] == [
        ("bike", "4"),
        ("frame", "4"),
        ("wheel", "8"),
    ]
    assert (await ask(client, line(late)))["items"] == []


async def test_asking_needs_the_scope_and_a_demand(client: httpx.AsyncClient, new_key: Any) -> None:
    reader = {"Authorization": f"Bearer {await new_key('supply:read')}"}
    other = {"Authorization": f"Bearer {await new_key('deals:read')}"}
    body = {"lines": [line(ASKED)]}
    assert (await client.post("/v1/plans/needs", json=body, headers=reader)).status_code == 200
    assert (await client.post("/v1/plans/needs", json=body, headers=other)).status_code == 403
    refused = await client.post("/v1/plans/needs", json={"lines": []})
    assert (refused.status_code, refused.json()["field"]) == (422, "lines")
    await load(client)
    most = {"week": str(week(0)), "quantity": "999999999999.999999"}
    for lines in ([line(most)], [line(most, most, product="boat")]):
        refused = await client.post("/v1/plans/needs", json={"lines": lines})
        assert refused.json()["type"] == "urn:takt:problem:demand-too-large"


async def test_orders_are_listed_by_any_of_several_items_and_statuses(
    client: httpx.AsyncClient, log: PostgresLog
) -> None:
    await load(client)
    order = await frames(client, log)
    headers = {"If-Match": "*"}
    await client.post(f"/v1/purchase-orders/{order['order_id']}/approve", headers=headers)

    async def listed(**params: Any) -> list[tuple[str, str]]:
        reply = await client.get("/v1/purchase-orders", params=params)
        assert reply.status_code == 200, reply.text
        return sorted((one["item"], one["status"]) for one in reply.json()["items"])

    both = [("frame", "approved"), ("wheel", "proposed")]
    assert await listed() == both
    assert await listed(item=["frame", "wheel"]) == both
    assert await listed(status=["approved", "proposed"]) == both
    assert await listed(item="wheel") == both[1:]
    assert await listed(item=["frame", "wheel"], status=["approved", "released"]) == both[:1]
    refused = await client.get("/v1/purchase-orders", params={"status": ["approved", "lost"]})
    assert refused.status_code == 422
