from datetime import datetime
from typing import Any

import httpx

from takt.common.bus import Message
from takt.common.bus.postgres import PostgresLog
from takt.common.db import Tx
from takt.common.event import Cause
from takt.common.testing import NOW, eventually
from takt.supply_planning.schemas.network import Site, Sourcing
from takt.supply_planning.service import define
from takt.supply_planning.service.receive_sales import receive_sales
from takt.supply_planning.store.reading import list_missing_sourcing

from .company import MONDAY, ask, forecast, found, sold, week


async def missing(tx: Tx, after: list[str] | None = None) -> list[tuple[Any, ...]]:
    rows = await list_missing_sourcing(tx, today=MONDAY, after=after, limit=10)
    return [tuple(row.values()) for row in rows]


async def test_what_is_sourced_and_planned_is_not_missing(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30})
    await receive_sales(tx, [sold("a", 7)], now)
    assert await missing(tx) == []


async def test_a_series_that_nobody_serves_is_named_with_what_is_wanted(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await ask(tx, now, {5: 20, 6: 10}, region="west")
    await receive_sales(
        tx, [sold("a", 7, region="west", wanted=week(-9)), sold("b", 2, region="east")], now
    )
    east = ("bike", "east", "no_sourcing", 2, MONDAY, [])
    west = ("bike", "west", "no_sourcing", 37, MONDAY, [])
    assert await missing(tx) == [east, west]
    assert await missing(tx, ["bike", "east", "no_sourcing"]) == [west]


async def test_a_site_that_should_serve_but_does_not_plan_the_item_is_named(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30})
    await define.define_sites(tx, [Site(code="annex", name="Annex")], now, Cause.start())
    shares = [{"site": "plant", "share": "0.8"}, {"site": "annex", "share": "0.2"}]
    rule = {"product": "bike", "region": "north", "valid_from": "2026-02-01", "shares": shares}
    await define.define_sourcing(tx, [Sourcing.model_validate(rule)], now, Cause.start())
    assert await missing(tx) == [
        ("bike", "north", "not_planned_at_site", 6, week(6), ["annex"]),
    ]


async def test_missing_sourcing_is_listed_by_rest(
    client: httpx.AsyncClient, log: PostgresLog
) -> None:
    told = forecast(NOW, {6: 30}, region="west")
    body = told.body().encode()
    await log.publish([Message(told.event.topic, told.event.key, told.headers(), body)])

    async def listed() -> list[dict[str, Any]]:
        reply = await client.get("/v1/sourcing/missing", params={"limit": 1})
        found: list[dict[str, Any]] = reply.json()["items"]
        return found

    assert await eventually(listed) == [
        {
            "product": "bike",
            "region": "west",
            "reason": "no_sourcing",
            "quantity": "30",
            "first_wanted_on": str(week(6)),
            "sites": [],
        }
    ]
