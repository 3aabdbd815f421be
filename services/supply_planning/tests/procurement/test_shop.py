"""Resources, routings, and what stored plans load resources with."""

from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from takt.common.db import Database
from takt.common.testing import NOW

from .company import ask, bought, made, week
from .test_api import load
from .test_pegging import DEAL, deal, demand_of_deal, read

DAY_SHIFT = {"code": "day", "minutes": [480, 480, 480, 480, 480, 0, 0]}
SAW = {"code": "saw", "calendar": "day", "units": "0.5", "overtime_minutes": "60"}
LATHE = {"code": "lathe"}
BIKE = {
    "item": "bike",
    "site": "plant",
    "operations": [
        {"resource": "saw", "minutes": "50", "setup_minutes": "30"},
        {"resource": "lathe", "minutes": "0.5"},
    ],
}
PART = {"code": "kit", "name": "kit", "sites": [{"site": "plant", "source": "phantom"}]}


async def put(client: httpx.AsyncClient, noun: str, *things: dict[str, Any]) -> None:
    reply = await client.put(f"/v1/{noun}", json={"items": things})
    assert reply.status_code == 200, reply.text


async def shop(client: httpx.AsyncClient) -> None:
    await load(client)
    await put(client, "calendars", DAY_SHIFT)
    await put(client, "resources", SAW, LATHE)
    await put(client, "routings", BIKE)


async def test_resources_and_routings_are_read_as_they_were_written(
    client: httpx.AsyncClient,
) -> None:
    await shop(client)
    assert await read(client, "/v1/resources/saw") == {
        **SAW,
        "efficiency": "1",
        "overtime_cost": "1",
    }
    page = await read(client, "/v1/resources", limit=1)
    assert [one["code"] for one in page["items"]] == ["lathe"]
    found = await read(client, "/v1/routings/bike/plant")
    assert found["operations"][0] == BIKE["operations"][0]
    assert found["operations"][1]["setup_minutes"] == "0"
    await put(client, "routings", found)
    assert (await read(client, "/v1/routings", site="plant"))["items"] == [found]
    await put(client, "routings", {**BIKE, "operations": []})
    gone = await client.get("/v1/routings/bike/plant")
    assert (gone.status_code, gone.json()["field"]) == (404, "item")


@pytest.mark.parametrize(
    ("noun", "thing", "field", "says"),
    [
        ("resources", {**SAW, "calendar": "night"}, "items.0.calendar", "night"),
        ("resources", {**SAW, "efficiency": "0"}, "items.0.efficiency", "greater than 0"),
        ("resources", {**SAW, "efficiency": "90"}, "items.0.efficiency", "less than or equal to 5"),
        ("resources", {**SAW, "units": "-1"}, "items.0.units", "greater than 0"),
        ("routings", {**BIKE, "item": "car"}, "items.0.item", "car at plant"),
        ("routings", {**BIKE, "item": "frame"}, "items.0.item", "bought at plant"),
        ("routings", {**BIKE, "item": "kit"}, "items.0.item", "phantom at plant"),
        (
            "routings",
            {**BIKE, "operations": [{"resource": "press", "minutes": "1"}]},
            "items.0.operations.0.resource",
            "press",
        ),
        (
            "routings",
            {**BIKE, "operations": [{"resource": "saw", "minutes": "-1"}]},
            "items.0.operations.0.minutes",
            "greater than or equal to 0",
        ),
    ],
)
async def test_what_cannot_be_is_refused_by_field_value_and_remedy(
    client: httpx.AsyncClient, noun: str, thing: dict[str, Any], field: str, says: str
) -> None:
    await shop(client)
    await put(client, "items", PART, bought("frame"))
    reply = await client.put(f"/v1/{noun}", json={"items": [thing]})
    body = reply.json()
    assert (reply.status_code, body["field"]) == (422, field)
    assert says in reply.text
    assert body["remedy"]
    assert "value" in body


async def test_an_overload_names_its_orders_and_deals_in_minutes_that_sum(
    client: httpx.AsyncClient, database: Database
) -> None:
    await shop(client)
    await deal(database, demand_of_deal({6: 10}))
    async with database.transaction() as tx:
        await ask(tx, NOW, {6: 20, 8: 3}, pipeline={6: 12})
    page = await read(client, "/v1/capacity-loads", only="overloads")
    (over,) = page["items"]
    # Five of 32 bikes lie in stock; 27 are begun a week before they are due.
    assert (over["resource"], over["week"]) == ("saw", str(week(5)))
    assert (over["load"], over["capacity"], over["missing"]) == ("1380", "1200", "180")
    assert over["overtime"] == "60"
    (order,) = over["orders"]
    assert (order["item"], order["kind"], order["started"]) == ("bike", "planned", "27")
    assert (order["release_on"], order["due_on"]) == (str(week(5)), str(week(6)))
    assert [(one["kind"], one["deal_id"]) for one in order["parts"]] == [
        ("baseline", None),
        ("deal", str(DEAL)),
        ("pipeline", None),
    ]
    minutes = [Decimal(one["minutes"]) for one in order["parts"]]
    assert sum(minutes) == 1380
    assert minutes[1] == round(Decimal(1380) * 5 / 27, 6)
    assert over["demands"] == order["parts"]
    assert [(one["deal_id"], one["stage"]) for one in over["deals"]] == [(str(DEAL), "offer")]


async def test_loads_of_a_resource_are_listed_by_week_from_a_day_on(
    client: httpx.AsyncClient, database: Database
) -> None:
    await shop(client)
    async with database.transaction() as tx:
        await ask(tx, NOW, {6: 20, 8: 3})
    place = {"resource": "saw", "from": str(week(5)), "weeks": "3", "limit": "2"}
    page = await read(client, "/v1/capacity-loads", **place)
    more = await read(client, "/v1/capacity-loads", **place, cursor=page["next"])
    assert more["next"] is None
    listed = [*page["items"], *more["items"]]
    assert [(one["week"], one["load"]) for one in listed] == [
        (str(week(5)), "780"),
        (str(week(6)), "0"),
        (str(week(7)), "180"),
    ]
    assert all(one["orders"] == [] for one in listed)


async def test_overloads_come_a_page_at_a_time_the_most_missing_first(
    client: httpx.AsyncClient, database: Database
) -> None:
    await shop(client)
    async with database.transaction() as tx:
        await ask(tx, NOW, {6: 40, 10: 60})
    asked = {"only": "overloads", "limit": "1"}
    first = await read(client, "/v1/capacity-loads", **asked)
    second = await read(client, "/v1/capacity-loads", **asked, cursor=first["next"])
    found = [(one["week"], one["missing"]) for one in (*first["items"], *second["items"])]
    assert found == [(str(week(9)), "1830"), (str(week(5)), "580")]
    assert second["next"] is None


async def test_open_orders_of_what_is_made_load_too_and_what_is_bought_by_now_does_not(
    client: httpx.AsyncClient,
) -> None:
    await shop(client)
    receipt = {"item": "bike", "site": "plant", "due_on": str(week(3)), "quantity": "10"}
    await put(
        client,
        "scheduled-receipts",
        {**receipt, "reference": "a", "kind": "firm", "release_on": str(week(2))},
        {**receipt, "reference": "b", "release_on": str(week(1))},
    )
    saw = {"resource": "saw", "weeks": "4"}
    page = await read(client, "/v1/capacity-loads", **saw)
    assert [one["load"] for one in page["items"]] == ["0", "530", "530", "0"]
    await put(client, "items", {**made("bike"), "sites": [{"site": "plant", "source": "buy"}]})
    page = await read(client, "/v1/capacity-loads", **saw)
    assert [one["load"] for one in page["items"]] == ["0"] * 4


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"resource": "press"}, "resource"),
        ({"from": "2020-01-01"}, "from"),
        ({"from": "2030-01-01"}, "from"),
    ],
)
async def test_loads_that_there_cannot_be_are_refused(
    client: httpx.AsyncClient, asked: dict[str, str], field: str
) -> None:
    await shop(client)
    reply = await client.get("/v1/capacity-loads", params=asked)
    body = reply.json()
    assert (reply.status_code, body["field"]) == (422, field)
    assert body["value"] == asked[field]
    assert body["remedy"]


async def test_a_plan_asks_nothing_more_where_there_are_resources(
    client: httpx.AsyncClient, database: Database
) -> None:
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    async def counted(units: int) -> int:
        said.clear()
        async with database.transaction() as tx:
            await ask(tx, NOW, {6: units}, sequence=units)
        return len(said)

    await load(client)
    await counted(1)
    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        before = await counted(2)
        await put(client, "resources", LATHE)
        await put(
            client,
            "routings",
            {**BIKE, "operations": [{"resource": "lathe", "minutes": "1"}]},
        )
        assert await counted(3) == before
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert not [one for one in said if "resources" in one or "routings" in one]
