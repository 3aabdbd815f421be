from typing import Any

import httpx

from takt.common.db import Database
from takt.common.event import new_id
from takt.common.testing import NOW

from .company import MONDAY, SOURCING, ask, bought, week
from .test_api import load

FRAME = bought("frame")
FRAME["sites"].append({"site": "depot", "source": "buy"})
DEPOT = [
    ("sites", [{"code": "depot", "name": "Depot"}]),
    ("items", [FRAME]),
    ("stock", [{"item": "frame", "site": "depot", "on_hand": "40"}]),
    (
        "sourcing",
        [SOURCING[0] | {"product": "frame", "shares": [{"site": "depot", "share": "1"}]}],
    ),
]


async def company(client: httpx.AsyncClient, database: Database) -> None:
    """30 bikes in a later week, 5 of them there: the plant lacks 25 frames, the depot has 40."""
    await load(client)
    for noun, things in DEPOT:
        reply = await client.put(f"/v1/{noun}", json={"items": things})
        assert reply.status_code == 200, reply.text
    async with database.transaction() as tx:
        await ask(tx, NOW, {6: 30})


async def got(client: httpx.AsyncClient, noun: str, **params: Any) -> dict[str, Any]:
    reply = await client.get(f"/v1/{noun}", params=params)
    assert reply.status_code == 200, reply.text
    page: dict[str, Any] = reply.json()
    return page


def places(page: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["item"], one["site"]) for one in page["items"]]


async def test_inventory_is_listed_in_pages_with_the_sums_of_all(
    client: httpx.AsyncClient, database: Database
) -> None:
    await company(client, database)
    first = await got(client, "inventory", limit=3)
    bike, depot, frame = first["items"]
    (wheel,) = (await got(client, "inventory", cursor=first["next"]))["items"]
    assert (bike["on_hand"], bike["value"], bike["abc"], bike["xyz"]) == ("5", None, None, "Z")
    # 5 of the 30 of a week: they last one day of its seven, and go on the second.
    assert (bike["cover"], bike["days_of_cover"], bike["used_up_on"]) == ("ends", 43, "2027-01-05")
    assert (bike["annual_demand"], bike["annual_consumption"]) == ("60", None)
    assert (depot["excess"], depot["excess_value"], depot["obsolete"]) == ("40", "1600", "40")
    assert (depot["cover"], depot["days_of_cover"], depot["turns"]) == ("beyond", None, "0")
    assert (frame["unit_cost"], frame["annual_consumption"], frame["abc"]) == ("40", "2000", "A")
    assert (wheel["unit_cost"], wheel["annual_consumption"], wheel["abc"]) == ("9", "900", "A")
    assert (frame["days_of_cover"], frame["turns"]) == (0, None)
    assert first["totals"] == {
        "count": 4,
        "without_cost": 1,
        "value": "1600",
        "excess_value": "1600",
        "obsolete_value": "1600",
        "annual_consumption": "2900",
        "average_stock_value": "1600",
        "turns": "1.8125",
    }
    for asked, found in (
        ({"item": "frame"}, [("frame", "depot"), ("frame", "plant")]),
        ({"site": "depot"}, [("frame", "depot")]),
        ({"class": "AZ"}, [("frame", "plant"), ("wheel", "plant")]),
        ({"class": "C"}, [("frame", "depot")]),
        ({"class": "A", "a_share": "0.5", "b_share": "0.6"}, [("frame", "plant")]),
        ({"only": "excess"}, [("frame", "depot")]),
        ({"only": "obsolete", "item": "bike"}, []),
    ):
        page = await got(client, "inventory", **asked)
        assert (places(page), page["totals"]["count"]) == (found, len(found)), asked
    for wrong, field in (
        ({"a_share": "0.9", "b_share": "0.5"}, "a_share"),
        ({"x_variation": "2"}, "x_variation"),
        ({"class": "AB"}, "class"),
        ({"only": "all"}, "only"),
    ):
        refused = (await client.get("/v1/inventory", params=wrong)).json()
        assert (refused["status"], refused["field"]) == (422, f"query.{field}")


async def test_what_a_site_has_left_and_has_not_promised_is_proposed_to_another(
    client: httpx.AsyncClient, database: Database
) -> None:
    await company(client, database)
    page = await got(client, "transfer-proposals")
    assert page["items"] == [
        {
            "item": "frame",
            "from_site": "depot",
            "to_site": "plant",
            "quantity": "25",
            "needed_by": str(week(5)),
            "ship_on": str(week(4)),
            "arrives_on": str(week(5)),
            "why": "purchase",
            "spared": "25",
            "saved": "1000",
        }
    ]
    assert page["totals"] == {"count": 1, "saved": "1000", "without_cost": 0}
    assert (page["lead_time_days"], page["next"]) == (7, None)
    slow = await got(client, "transfer-proposals", lead_time_days=35, item="frame", site="depot")
    assert [one["ship_on"] for one in slow["items"]] == [str(MONDAY)]
    for asked in ({"lead_time_days": 36}, {"item": "bike"}, {"site": "moon"}):
        none = await got(client, "transfer-proposals", **asked)
        assert (none["items"], none["totals"]["saved"]) == ([], "0"), asked
    wish = {"product": "frame", "region": "north", "quantity": "30", "wanted_on": str(MONDAY)}
    reply = await client.post(
        "/v1/reservations",
        json=wish | {"source": "erp", "order_line": "1"},
        headers={"Idempotency-Key": str(new_id())},
    )
    assert reply.status_code == 201, reply.text
    (left,) = (await got(client, "transfer-proposals"))["items"]
    assert (left["quantity"], left["saved"]) == ("10", "400")
    fenced = bought("frame", fence_days=70)
    fenced["sites"] += FRAME["sites"][1:]
    await client.put("/v1/items", json={"items": [fenced]})
    (left,) = (await got(client, "transfer-proposals"))["items"]
    assert (left["needed_by"], left["why"]) == (str(week(5)), "shortage")
    refused = (await client.get("/v1/transfer-proposals", params={"lead_time_days": -1})).json()
    assert (refused["status"], refused["field"]) == (422, "query.lead_time_days")
