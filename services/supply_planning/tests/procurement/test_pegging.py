from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import httpx

from takt.common.contracts.deals import ProductChanged, RegionChanged
from takt.common.contracts.forecast import (
    DatedQuantity,
    ForecastBucket,
    ForecastVersionPublished,
    FrozenSeries,
    LineDemand,
    PipelineDemandChanged,
    SignalRecorded,
    SignalState,
    SignalWithdrawn,
)
from takt.common.db import Database
from takt.common.testing import NOW
from takt.supply_planning.service import receive_behind
from takt.supply_planning.service.receive_sales import receive_sales

from .company import SALES, ask, orders_of, sealed, sold, week
from .test_api import load
from .test_promises import wish

DEAL, LINE = uuid5(SALES, "a"), uuid5(SALES, "a line")


def demand_of_deal(
    units: dict[int, int], *, sequence: int = 1, status: Any = "open"
) -> PipelineDemandChanged:
    line = LineDemand(
        line_id=LINE,
        product="bike",
        region="north",
        quantity=Decimal(20),
        price=Decimal(100),
        expected=tuple(
            DatedQuantity(week=week(number), quantity=Decimal(count))
            for number, count in units.items()
        ),
    )
    return PipelineDemandChanged(
        sequence=sequence,
        deal_id=DEAL,
        deal_sequence=sequence,
        stage="offer",
        status=status,
        probability=Decimal("0.6"),
        as_of=NOW,
        lines=(line,) if units else (),
        expected_value=Decimal(0),
    )


def signal(number: int, **scope: Any) -> SignalState:
    return SignalState(
        signal_id=UUID(int=number),
        kind="promotion",
        source="test",
        external_id=str(number),
        begins=week(5),
        ends=week(6),
        **scope,
    )


async def deal(database: Database, *states: PipelineDemandChanged) -> None:
    async with database.transaction() as tx:
        await receive_behind.receive_deals(tx, [sealed(one) for one in states], NOW)


async def company(client: httpx.AsyncClient, database: Database) -> UUID:
    """Ten bikes by a deal and twenty by the baseline, in a week that one order of frames is for."""
    await load(client)
    await deal(database, demand_of_deal({6: 10}))
    async with database.transaction() as tx:
        await ask(tx, NOW, {6: 20}, pipeline={6: 12})
        (order,) = await orders_of(tx, "frame")
    found: UUID = order["order_id"]
    return found


async def read(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    reply = await client.get(path, params=params)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_a_purchase_order_names_the_deal_and_the_baseline_it_is_for(
    client: httpx.AsyncClient, database: Database
) -> None:
    order_id = await company(client, database)
    found = await read(client, f"/v1/purchase-orders/{order_id}/pegging")
    # Five bikes lie in stock: the surest demand has them.
    assert found["quantity"] == "27"
    assert [(one["kind"], one["quantity"]) for one in found["parts"]] == [
        ("deal", "5"),
        ("pipeline", "2"),
        ("baseline", "20"),
    ]
    first = found["parts"][0]
    assert (first["deal_id"], first["line_id"], first["week"]) == (
        str(DEAL),
        str(LINE),
        str(week(6)),
    )
    assert [(via["item"], via["site"]) for via in first["via"]] == [("bike", "plant")]
    assert found["deals"] == [
        {"deal_id": str(DEAL), "stage": "offer", "status": "open", "probability": "0.6"}
    ]
    (series,) = found["series"]
    assert (series["product"], series["region"], series["revision"]) == ("bike", "north", 1)


async def test_down_from_the_deal_there_is_stock_and_an_order_at_each_level(
    client: httpx.AsyncClient, database: Database
) -> None:
    order_id = await company(client, database)
    found = await read(client, "/v1/pegging", deal_id=DEAL)
    assert [(one["item"], one["kind"], one["quantity"]) for one in found["covers"]] == [
        ("bike", "stock", "5"),
        ("bike", "planned", "5"),
        ("frame", "planned", "5"),
        ("wheel", "planned", "10"),
    ]
    assert found["covers"][2]["order_id"] == str(order_id)
    all_of_it = await read(client, "/v1/pegging", product="bike", region="north")
    bikes = [Decimal(one["quantity"]) for one in all_of_it["covers"] if one["item"] == "bike"]
    assert sum(bikes) == 32
    refused = await client.get("/v1/pegging", params={"product": "bike"})
    assert (refused.status_code, refused.json()["field"]) == (422, "deal_id")


async def test_a_week_of_a_plan_both_ways(client: httpx.AsyncClient, database: Database) -> None:
    await company(client, database)
    async with database.transaction() as tx:
        await receive_sales(tx, [sold("direct", 4, wanted=week(5))], NOW)
    found = await read(client, "/v1/plans/bike/plant/pegging", week=str(week(6)))
    assert [(one["kind"], one["quantity"]) for one in found["supplies"]] == [("planned", "31")]
    deal_part = found["demands"][0]
    assert (deal_part["kind"], deal_part["short"]) == ("deal", "0")
    # The sale is wanted before, so stock has one bike left for the deal.
    assert [(one["kind"], one["quantity"]) for one in deal_part["covered_by"]] == [
        ("stock", "1"),
        ("planned", "9"),
    ]
    before = await read(client, "/v1/plans/bike/plant/pegging", week=str(week(5)))
    assert [one["sale_id"] for one in before["demands"]] == [str(uuid5(SALES, "direct"))]
    sale = await read(client, "/v1/pegging", sale_id=uuid5(SALES, "direct"))
    assert [(one["item"], one["kind"]) for one in sale["covers"]] == [("bike", "stock")]
    late = await client.get("/v1/plans/bike/plant/pegging", params={"week": str(week(99))})
    assert late.json()["type"] == "urn:takt:problem:outside-horizon"
    assert (await client.get("/v1/plans/boat/plant/pegging")).status_code == 404


async def test_version_and_signals_behind_an_order_are_named(
    client: httpx.AsyncClient, database: Database
) -> None:
    order_id = await company(client, database)
    frozen = FrozenSeries(
        product="bike", region="north", revision=7, price=Decimal(1), buckets=buckets()
    )
    published = [
        ForecastVersionPublished(
            sequence=1,
            version=number,
            name=f"W{number}",
            as_of=NOW,
            published_by="test",
            part=1,
            parts=1,
            series=(frozen,),
        )
        for number in (3, 2)
    ]
    holding = [
        signal(1, family="two-wheelers", region="world"),
        signal(2, product="bike", region="south"),
        signal(3, family="boats"),
        signal(4),
        signal(5, product="bike"),
    ]
    product = {"name": "b", "list_price": Decimal(1), "cost": Decimal(1)}
    async with database.transaction() as tx:
        await receive_behind.receive_versions(tx, [sealed(one) for one in published], NOW)
        recorded = [
            SignalRecorded(sequence=1, signal=one, recorded_by="t", as_of=NOW) for one in holding
        ]
        gone = SignalWithdrawn(sequence=2, signal=holding[4], withdrawn_by="t", as_of=NOW)
        told = [sealed(gone), *map(sealed, recorded)]
        await receive_behind.receive_signals(tx, told, NOW)
        bike = ProductChanged(sequence=1, code="bike", family="two-wheelers", **product)
        await receive_behind.receive_families(tx, [sealed(bike)], NOW)
        regions = [
            RegionChanged(sequence=1, code="north", name="n", parent="world"),
            RegionChanged(sequence=1, code="world", name="w"),
        ]
        await receive_behind.receive_regions(tx, [sealed(one) for one in regions], NOW)
    (series,) = (await read(client, f"/v1/purchase-orders/{order_id}/pegging"))["series"]
    assert (series["version"], series["version_name"], series["version_revision"]) == (3, "W3", 7)
    assert [one["external_id"] for one in series["signals"]] == ["1", "4"]


async def test_what_was_reserved_for_a_deal_is_free_when_it_is_lost(
    client: httpx.AsyncClient, database: Database
) -> None:
    await load(client)
    await deal(database, demand_of_deal({6: 10}))
    made = await wish(client, "5", deal_id=str(DEAL), line_id=str(LINE))
    address = f"/v1/reservations/{made.json()['reservation_id']}"
    await deal(database, demand_of_deal({5: 10}, sequence=2), demand_of_deal({6: 9}))
    assert (await read(client, address))["state"] == "open"
    await deal(database, demand_of_deal({}, sequence=3, status="lost"))
    assert (await read(client, address))["state"] == "released"


async def test_a_line_that_a_deal_has_no_more_gives_up_what_was_reserved_but_no_newer_one(
    client: httpx.AsyncClient, database: Database
) -> None:
    await load(client)
    old = demand_of_deal({6: 10})
    await deal(database, old)
    added = UUID(int=7)
    made = await wish(client, "5", deal_id=str(DEAL), line_id=str(added))
    address = f"/v1/reservations/{made.json()['reservation_id']}"
    # The news of a stage that was left before the line was added comes late.
    await deal(database, old.model_copy(update={"sequence": 2}))
    assert (await read(client, address))["state"] == "open"
    both = (*old.lines, old.lines[0].model_copy(update={"line_id": added}))
    await deal(database, old.model_copy(update={"sequence": 3, "lines": both}))
    assert (await read(client, address))["state"] == "open"
    await deal(database, old.model_copy(update={"sequence": 4}))
    assert (await read(client, address))["state"] == "released"


async def test_what_has_arrived_is_for_nobody_any_more(
    client: httpx.AsyncClient, database: Database
) -> None:
    order_id = await company(client, database)
    address = f"/v1/purchase-orders/{order_id}"
    for step in ("approve", "release"):
        await client.post(f"{address}/{step}", headers={"If-Match": "*"})
    open_ = await read(client, f"{address}/pegging")
    assert sum(Decimal(one["quantity"]) for one in open_["parts"]) == 27
    await client.post(f"{address}/receive", json={"everything": True}, headers={"If-Match": "*"})
    assert (await read(client, f"{address}/pegging"))["parts"] == []


def buckets() -> tuple[ForecastBucket, ...]:
    zero = Decimal(0)
    numbers = {"quantity": zero, "baseline": zero, "pipeline": zero}
    ends = {"low80": zero, "high80": zero, "low95": zero, "high95": zero}
    return (ForecastBucket(week=date(2026, 11, 23), **numbers, **ends),)
