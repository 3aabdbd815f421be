from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import httpx

from takt.common.db import Tx
from takt.common.event import Cause
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.schemas.network import Item
from takt.supply_planning.service import define
from takt.supply_planning.service.receive_forecasts import receive_forecasts
from takt.supply_planning.service.receive_sales import receive_sales
from takt.supply_planning.service.safety_stock import accept, propose

from .company import ask, forecast, found, made, plan_of, sold, week
from .test_api import load


async def banded(tx: Tx, now: datetime, error: Decimal, region: str) -> None:
    """A forecast of 10 bikes a week whose every week may be missed by this (1 deviation)."""
    envelope = forecast(now, dict.fromkeys(range(26), 10), region=region)
    edge = Decimal(10) + (error * Decimal("1.959964"))
    buckets = tuple(one.model_copy(update={"high95": edge}) for one in envelope.event.buckets)
    event = envelope.event.model_copy(update={"buckets": buckets})
    await receive_forecasts(tx, [replace(envelope, event=event)], now)


async def test_safety_stock_is_of_the_error_of_all_forecasts_that_a_site_serves(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await banded(tx, now, Decimal(3), "north")
    await banded(tx, now, Decimal(4), "south")
    (bike,) = await propose(tx, now, item="bike", limit=9)
    assert (bike.method, bike.lead_weeks, bike.review_weeks) == ("forecast_error", 1, 1)
    assert round(bike.sizing.deviation, 6) == round(5 * 2**0.5, 6)
    assert bike.proposed == 12
    frame, wheel = (await propose(tx, now, limit=9))[1:]
    assert (frame.method, frame.weekly_demand, frame.lead_weeks) == ("plan", 19.2, 2)
    assert wheel.current == 0


async def test_without_a_measured_error_sales_say_how_demand_varies(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await ask(tx, now, dict.fromkeys(range(26), 10))
    sales = [sold(str(n), 10 + 4 * (n % 2), wanted=week(-n), deal=f"d{n}") for n in range(1, 11)]
    await receive_sales(tx, sales, now)
    (bike,) = await propose(tx, now, item="bike", limit=9)
    assert (bike.method, round(bike.sizing.deviation, 3)) == ("sales", 2.981)


async def test_what_is_taken_over_is_planned_by(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    asked = made("bike", service_level="0.99", fill_rate="0.5")
    await define.define_items(tx, [Item.model_validate(asked)], now, Cause.start())
    await banded(tx, now, Decimal(5), "north")
    before = (await plan_of(tx, "bike"))["netting"]["planned"]
    taken = await accept(tx, ItemSite("bike", "plant"), now, Cause.start())
    assert taken.proposed == 17
    after = (await plan_of(tx, "bike"))["netting"]["planned"]
    assert sum(after) - sum(before) == 17_000_000
    (again,) = await propose(tx, now, item="bike", limit=1)
    assert again.current == again.proposed == 17


async def test_proposals_are_shown_with_their_reason_and_accepted_by_rest(
    client: httpx.AsyncClient,
) -> None:
    await load(client)
    page = (await client.get("/v1/safety-stock-proposals", params={"limit": 1})).json()
    assert [one["item"] for one in page["items"]] == ["bike"]
    assert page["next"]
    (bike,) = page["items"]
    assert (bike["proposed"], bike["method"], bike["factor"]) == ("0", "plan", "1.6449")
    assert bike["series"][0] == {"product": "bike", "region": "north", "share": "1"}
    assert "over 2 weeks (lead time 1, review 1)" in bike["reason"]
    reply = await client.post("/v1/safety-stock-proposals/bike/plant/acceptance")
    assert (reply.status_code, reply.json()["proposed"]) == (200, "0")
    missing = await client.post("/v1/safety-stock-proposals/car/plant/acceptance")
    assert (missing.status_code, missing.json()["field"]) == (404, "item")
    wrong = made("bike", service_level="1")
    refused = await client.put("/v1/items", json={"items": [wrong]})
    assert refused.json()["field"] == "items.0.sites.0.service_level"
