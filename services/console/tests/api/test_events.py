"""/v1/events over real HTTP."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from takt.common import auth
from takt.common.contracts import topics
from takt.common.testing import NewKey, eventually
from takt.console.api import events as events_api
from takt.console.service.stream import cursor_of

from ..browser import Browser  # noqa: TID252 - the browser of this folder
from ..conftest import Ground, House  # noqa: TID252 - the house of this folder
from ..event_source import EventSource, Sent  # noqa: TID252 - the browser of these tests


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


@asynccontextmanager
async def listening(
    client: httpx.AsyncClient, source: EventSource, **parameters: Any
) -> AsyncIterator[AsyncIterator[Sent]]:
    """The server-sent events that a browser gets."""
    headers = {"Accept": "text/event-stream", "Sec-Fetch-Site": "same-origin"}
    if source.last_id:
        headers["Last-Event-ID"] = source.last_id
    async with client.stream(
        "GET", "/v1/events", params=parameters, headers=headers, timeout=20
    ) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        yield source.read(answer.aiter_lines())


async def test_a_browser_is_sent_the_same_events_and_goes_on_where_it_was(
    together: House,
) -> None:
    await sell(together, "lamp", "shade", "bulb")
    async with following(together, type="takt.sale.*", since="start") as events:
        lines = [await anext(events) for _ in range(3)]
    source = EventSource()
    sales: Any = {"type": "takt.sale.*"}
    async with listening(together.client, source, since="start", **sales) as sent:
        state, first = await anext(sent), await anext(sent)
        assert (state.type, state.data) == ("state", {"state": "catching-up"})
        cursor = lines[0].pop("cursor")
        assert (first.type, first.data, first.id) == ("message", lines[0], cursor)
    # The header goes before what the page's address says.
    async with listening(together.client, source, after=lines[2]["cursor"], **sales) as sent:
        events_sent = [await anext(sent) for _ in range(3)]
    assert [e.data["id"] for e in events_sent if e.type == "message"] == [
        line["id"] for line in lines[1:]
    ]


async def test_recent_begins_with_what_the_ring_still_holds(together: House) -> None:
    await sell(together, *["lamp"] * 70)
    feed = together.door.state.events

    async def is_read() -> bool:
        return len([r for r in feed.last([topics.SALES], 100)]) == 70

    await eventually(is_read)
    recent: Any = {"type": "takt.sale.*", "since": "recent"}
    async with listening(together.client, EventSource(), **recent) as sent:
        while (event := await anext(sent)).type != "message":
            pass
    assert event.data["id"] == feed.last([topics.SALES], 100)[-1].headers["ce_id"]


async def test_a_place_that_is_none_is_a_problem_with_a_slug_of_its_own(together: House) -> None:
    ahead = cursor_of({(topics.SALES, 0): 10_000})
    for given in ("nonsense", ahead):
        answer = await together.client.get(
            "/v1/events", headers={"Accept": "text/event-stream", "Last-Event-ID": given}
        )
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["type"] == "urn:takt:problem:bad-cursor"
        assert problem["field"] == "Last-Event-ID"
        assert problem["remedy"]


async def test_the_stream_of_a_session_ends_when_its_key_is_revoked(
    together: House, ground: Ground, new_key: NewKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "CACHE_SECONDS", 0.05)
    monkeypatch.setattr(events_api, "HEARTBEAT_SECONDS", 0.1)
    key = await new_key("events:read", "deals:read")
    async with Browser(together) as browser:
        await browser.sign_in(key=key)
        async with listening(browser.client, EventSource()) as sent:
            assert (await anext(sent)).data == {"state": "live"}
            assert (await anext(sent)).type == "heartbeat"
            connection = await asyncpg.connect(ground.access_url)
            await connection.execute(
                "UPDATE keys SET revoked_at = now() WHERE prefix = $1", key.split("_")[1]
            )
            await connection.close()
            told = [event async for event in sent]
    assert told[-1].type == "end"
    assert "its key was revoked" in told[-1].data["why"]


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
