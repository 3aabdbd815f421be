"""Orders that consume forecast, and demand time fences, in a company that runs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from takt.common.contracts.forecast import OrderedWeek
from takt.common.db import Tx
from takt.common.event import Cause, wall_now
from takt.supply_planning.domain.consumption import Windows
from takt.supply_planning.schemas.network import Item
from takt.supply_planning.service import define
from takt.supply_planning.service.receive_forecasts import receive_forecasts
from takt.supply_planning.service.receive_sales import receive_sales
from takt.supply_planning.service.replan import replan_items
from takt.supply_planning.store.definitions import item_sites
from takt.supply_planning.store.network import current_network
from takt.supply_planning.store.series_demand import read_still_forecast

from .company import ask, forecast, found, made, plan_of, sold, week, whole_plan
from .test_api import load


async def gross(tx: Tx) -> Mapping[int, int]:
    """Gross demand for bikes by week, in units."""
    plan = await plan_of(tx, "bike")
    return {n: units // 1_000_000 for n, units in enumerate(plan["netting"]["gross"]) if units}


async def told(
    tx: Tx,
    now: datetime,
    demand: Mapping[int, int],
    orders: Mapping[int, tuple[int, int, int]],
    **more: Any,
) -> None:
    """A forecast that knows orders: won, direct, and what direct ones consumed."""
    envelope = forecast(now, demand, **more)
    known = tuple(
        OrderedWeek(
            week=week(n), won=Decimal(won), direct=Decimal(direct), consumed=Decimal(consumed)
        )
        for n, (won, direct, consumed) in orders.items()
    )
    event = envelope.event.model_copy(update={"orders": known})
    await receive_forecasts(tx, [replace(envelope, event=event)], now)


async def test_a_large_order_takes_the_place_of_what_was_forecast_around_it(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await define.define_windows(tx, Windows(7, 14), now, Cause.start())
    earlier = wall_now() - timedelta(minutes=9)
    await ask(tx, now, {3: 5, 4: 5, 5: 5, 6: 5, 7: 5}, pipeline={4: 1}, time=earlier)
    await receive_sales(tx, [sold("a", 18, wanted=week(4))], now)
    assert await gross(tx) == {4: 19, 6: 2, 7: 5}
    await define.define_windows(tx, Windows(), now, Cause.start())
    assert await gross(tx) == {3: 5, 4: 19, 5: 5, 6: 5, 7: 5}


async def test_what_the_forecast_has_netted_already_is_consumed_once(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await define.define_windows(tx, Windows(7, 14), now, Cause.start())
    earlier = wall_now() - timedelta(minutes=9)
    await receive_sales(tx, [sold("a", 18, wanted=week(4), time=earlier)], now)
    await told(tx, now, {3: 5, 5: 5, 6: 5, 7: 5}, {4: (0, 18, 5)}, pipeline={4: 1})
    assert await gross(tx) == {4: 19, 6: 2, 7: 5}
    before = await whole_plan(tx)
    keys = {key: [Cause.start()] for key in await item_sites(tx)}
    await replan_items(tx, keys, now)
    assert await whole_plan(tx) == before


async def test_inside_the_demand_time_fence_orders_alone_count(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    cause = Cause.start()
    bike = Item.model_validate(made("bike", demand_fence_days=15))
    await define.define_items(tx, [bike], now, cause)
    earlier = wall_now() - timedelta(minutes=9)
    await told(
        tx, now, dict.fromkeys(range(5), 10), {1: (2, 0, 0)}, pipeline={1: 6, 3: 6}, time=earlier
    )
    assert await gross(tx) == {1: 2, 3: 16, 4: 10}
    await receive_sales(tx, [sold("a", 7, wanted=week(2)), sold("b", 4, wanted=week(-3))], now)
    assert await gross(tx) == {0: 4, 1: 2, 2: 7, 3: 16, 4: 10}


async def test_what_is_consumed_is_shown_with_who_consumed_it(
    client: httpx.AsyncClient,
) -> None:
    await load(client)
    reply = await client.put("/v1/forecast-consumption", json={"early_days": 7})
    assert reply.json() == {"early_days": 7, "late_days": 0}
    assert (await client.get("/v1/forecast-consumption")).json() == reply.json()
    refused = await client.put("/v1/forecast-consumption", json={"late_days": -1})
    assert (refused.status_code, refused.json()["field"]) == (422, "late_days")
    missing = await client.get("/v1/forecast-consumption/bike/north")
    assert (missing.status_code, missing.json()["field"]) == (404, "product")


async def test_a_week_shows_its_forecast_orders_and_what_found_none(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await define.define_windows(tx, Windows(7, 0), now, Cause.start())
    await ask(tx, now, {3: 5, 4: 5}, pipeline={4: 9}, time=wall_now() - timedelta(minutes=9))
    await receive_sales(tx, [sold("a", 13, wanted=week(4))], now)
    known = await read_still_forecast(tx, ("bike", "north"), await current_network(tx))
    assert known is not None
    assert (known.baseline[3:5], known.ordered[3:5]) == ((5_000_000,) * 2, (0, 13_000_000))
    assert known.consumption.net[3:5] == (0, 0)
    assert [one[:2] for one in known.consumption.taken] == [(4, 4), (4, 3)]
    assert known.weeks[4].quantity == 9_000_000
