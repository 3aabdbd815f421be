"""/v1/events over real HTTP."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from takt.common.testing import NewKey, eventually

from ..conftest import House  # noqa: TID252 - the house of this folder


@asynccontextmanager
async def following(
    house: House, **parameters: Any
) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """The documents of a stream."""
    async with house.client.stream("GET", "/v1/events", params=parameters, timeout=20) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/x-ndjson"

        async def documents() -> AsyncIterator[dict[str, Any]]:
            async for line in answer.aiter_lines():
                if line:
                    yield json.loads(line)

        yield documents()


async def sell(house: House, *products: str) -> None:
    lines = [{"product": product, "quantity": "1"} for product in products]
    answer = await house.client.post("/v1/sales/batches", json={"lines": lines})
    assert answer.status_code == 200, answer.text


async def test_events_come_as_they_happen_in_the_order_of_their_causes(together: House) -> None:
    async with following(together) as events:
        await sell(together, "lamp")
        sold, forecast = [await anext(events), await anext(events)]
    assert (sold["type"], forecast["type"]) == ("takt.sale.closed.v1", "takt.forecast.changed.v1")
    assert forecast["causes"] == [sold["id"]]
    assert forecast["correlations"] == sold["correlations"]
    assert forecast["service"] == "forecast"


async def test_a_stream_goes_on_after_the_cursor_of_any_line(together: House) -> None:
    await sell(together, "lamp", "shade", "bulb")
    async with following(together, type="takt.sale.*", since="start") as events:
        lines = [await anext(events) for _ in range(3)]
    async with following(together, type="takt.sale.*", after=lines[0]["cursor"]) as events:
        assert [(await anext(events))["id"] for _ in range(2)] == [line["id"] for line in lines[1:]]


async def test_a_key_follows_the_topics_that_its_scopes_open(
    together: House, new_key: NewKey
) -> None:
    await sell(together, "lamp")

    async def forecast_is_there() -> bool:
        return bool(together.door.state.events.forecasts)

    await eventually(forecast_is_there)
    key = await new_key("events:read", "forecast:read")
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx.AsyncClient(base_url=together.url, headers=headers) as client,
        client.stream("GET", "/v1/events?since=start", timeout=20) as answer,
    ):
        lines = answer.aiter_lines()
        assert json.loads(await anext(lines))["type"] == "takt.forecast.changed.v1"
    useless = {"Authorization": f"Bearer {await new_key('events:read')}"}
    async with httpx.AsyncClient(base_url=together.url, headers=useless) as client:
        refused = await client.get("/v1/events")
    assert refused.status_code == 403
    assert "deals:read" in refused.json()["remedy"]


async def test_wrong_parameters_are_named(together: House) -> None:
    for parameters, field in (({"after": "nonsense"}, "after"), ({"since": "noon"}, "query.since")):
        answer = await together.client.get("/v1/events", params=parameters)
        assert answer.status_code in (400, 422)
        assert answer.json()["field"] in (field, "cursor")
        assert answer.json()["remedy"]


async def test_who_hangs_up_gives_its_place_back(together: House) -> None:
    slots = together.door.state.streams
    before = slots._value
    async with following(together) as events:
        await sell(together, "lamp")
        await anext(events)
        assert slots._value == before - 1

    async def given_back() -> bool:
        return bool(slots._value == before)

    await eventually(given_back)


async def test_streams_end_with_a_word_when_the_door_stops(together: House) -> None:
    async with following(together) as events:
        together.door.state.events.end()
        assert "stopping" in (await anext(events))["end"]
