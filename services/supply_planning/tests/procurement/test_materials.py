"""Bills with dates and alternates, yields and phantoms, as they are written and planned."""

import random
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from takt.common.contracts.supply_planning import PlanChanged
from takt.common.db import Tx
from takt.common.event import Cause
from takt.common.testing import emitted
from takt.supply_planning.domain.quantity import ONE
from takt.supply_planning.schemas.network import BillOfMaterial, Item
from takt.supply_planning.service import define
from takt.supply_planning.service.replan import replan_items
from takt.supply_planning.store.definitions import item_sites

from .company import ask, bought, count, found, made, plan_of, whole_plan
from .test_api import load

BELLS = {
    "item": "bike",
    "components": [
        {
            "component": "frame",
            "quantity": "1",
            "valid_to": "2026-12-31",
            "alternates": [{"component": "wheel", "quantity": "0.5", "scrap": "0.2"}],
        },
        {"component": "frame", "quantity": "2", "scrap": "0.1", "valid_from": "2027-01-01"},
    ],
}
KIT = {"code": "kit", "name": "kit", "sites": [{"site": "plant", "source": "phantom"}]}


async def test_a_bill_is_read_as_it_was_written(client: httpx.AsyncClient) -> None:
    await load(client)
    for _ in range(2):
        reply = await client.put("/v1/bills-of-material", json={"items": [BELLS]})
        assert reply.status_code == 200, reply.text
    bill = (await client.get("/v1/bills-of-material/bike")).json()
    first, second = bill["components"]
    assert (first["valid_from"], first["valid_to"]) == (None, "2026-12-31")
    assert first["alternates"] == [{"component": "wheel", "quantity": "0.5", "scrap": "0.2"}]
    assert (second["valid_from"], second["quantity"]) == ("2027-01-01", "2")
    item = made("oven", yield_share="0.9")
    reply = await client.put("/v1/items", json={"items": [item, KIT]})
    assert reply.status_code == 200, reply.text
    kit = (await client.get("/v1/items/kit")).json()
    assert (await client.put("/v1/items", json={"items": [kit]})).status_code == 200
    (oven,) = (await client.get("/v1/items/oven")).json()["sites"]
    assert oven["yield_share"] == "0.9"


async def test_a_cycle_through_alternates_names_the_bill_that_closes_it(
    client: httpx.AsyncClient,
) -> None:
    await load(client)
    items = [{"code": code, "name": code} for code in ("car", "nut", "truck")]
    await client.put("/v1/items", json={"items": items})
    nuts = {"item": "car", "components": [{"component": "nut", "quantity": "1"}]}
    frame = {"component": "frame", "quantity": "1"}
    spare = {"component": "bike", "quantity": "1", "alternates": [frame]}
    truck = {"item": "truck", "components": [spare]}
    refused = await client.put("/v1/bills-of-material", json={"items": [nuts, truck]})
    assert (refused.json()["field"], refused.json()["value"]) == (
        "items.1.components",
        "bike > frame > bike",
    )


def bike_of(**line: Any) -> dict[str, Any]:
    return {"item": "bike", "components": [{"component": "frame", "quantity": "1", **line}]}


@pytest.mark.parametrize(
    ("noun", "thing", "says"),
    [
        ("bills-of-material", bike_of(valid_from="2027-02-01", valid_to="2027-01-01"), "ends"),
        (
            "bills-of-material",
            {"item": "bike", "components": [bike_of()["components"][0]] * 2},
            "frame is in the bill of bike twice",
        ),
        ("bills-of-material", bike_of(alternates=[{"component": "frm", "quantity": "1"}]), "frm"),
        ("bills-of-material", bike_of(alternates=[{"component": "frame", "quantity": "1"}]), "twi"),
        (
            "bills-of-material",
            bike_of(alternates=[{"component": "bike", "quantity": "1"}]),
            "bike > frame > bike",
        ),
        ("items", bought("frame", yield_share="0.9"), "yield_share 0.9"),
        ("items", made("bike", yield_share="0"), "yield_share"),
        (
            "items",
            {**KIT, "sites": [{"site": "plant", "source": "phantom", "lead_time_days": 3}]},
            "leave out lead_time_days",
        ),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    client: httpx.AsyncClient, noun: str, thing: dict[str, Any], says: str
) -> None:
    await load(client)
    reply = await client.put(f"/v1/{noun}", json={"items": [thing]})
    assert reply.status_code == 422, reply.text
    assert says in reply.text
    assert reply.json()["field"]


async def write(tx: Tx, now: datetime, bills: list[dict[str, Any]], *items: dict[str, Any]) -> None:
    cause = Cause.start()
    await define.define_items(tx, [Item.model_validate(one) for one in items], now, cause)
    written = [BillOfMaterial.model_validate(one) for one in bills]
    await define.define_bills(tx, written, now, cause)


async def gross(tx: Tx, item: str) -> dict[int, int]:
    netting = (await plan_of(tx, item))["netting"]
    return {bucket: units // ONE for bucket, units in enumerate(netting["gross"]) if units}


async def test_components_follow_the_dates_of_the_bill_and_the_yield_of_the_parent(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await write(tx, now, [BELLS], made("bike", yield_share="0.75"))
    await ask(tx, now, {4: 30, 9: 27})
    assert await gross(tx, "frame") == {3: 40, 8: 80}


async def test_a_phantom_is_never_ordered_and_its_components_are(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    kit = {"item": "kit", "components": [{"component": "wheel", "quantity": "3"}]}
    await write(tx, now, [kit], KIT)
    bike = {"item": "bike", "components": [{"component": "kit", "quantity": "1"}]}
    await write(tx, now, [bike])
    await count(tx, now, kit=10)
    await ask(tx, now, {0: 4, 4: 30})
    assert await gross(tx, "kit") == {0: 4, 3: 30}
    assert await gross(tx, "wheel") == {3: 72}
    assert (await plan_of(tx, "kit"))["messages"] == []


async def test_an_alternate_stands_in_and_both_plans_tell_it(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await write(tx, now, [BELLS])
    await count(tx, now, frame=10, wheel=20)
    await ask(tx, now, {1: 30})
    assert await gross(tx, "frame") == {0: 10}
    assert await gross(tx, "wheel") == {0: 12}
    plans = [one.event for one in await emitted(tx) if isinstance(one.event, PlanChanged)]
    told = {plan.item: plan for plan in plans}
    for item in ("frame", "wheel"):
        (move,) = told[item].stand_ins
        assert (move.alternate, move.parent_quantity) == ("wheel", 20)
        assert (move.spared, move.taken) == (20, Decimal("12.5"))


async def test_planning_a_part_is_planning_all_where_alternates_stand_in(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await write(tx, now, [BELLS], made("bike", yield_share="0.9", lead_time_days=3))
    dice = random.Random(5)
    for sequence in range(1, 6):
        await count(tx, now, frame=dice.randint(0, 30), wheel=dice.randint(0, 30))
        demand = {dice.randint(0, 7): dice.randint(1, 30) for _ in range(3)}
        await ask(tx, now, demand, sequence=sequence)
        before = await whole_plan(tx)
        everything = await item_sites(tx)
        await replan_items(tx, {key: [Cause.start()] for key in everything}, now)
        assert await whole_plan(tx) == before
