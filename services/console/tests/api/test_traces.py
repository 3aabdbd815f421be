"""A trace over several services, whole for each chain of a batch."""

from typing import Any
from uuid import UUID

import httpx

from takt.common.event import new_id
from takt.common.testing import NewKey, eventually

from ..conftest import House  # noqa: TID252 - the house of this folder


async def sell_in_a_batch(house: House, products: list[str]) -> list[str]:
    """The correlation ids of sales that are emitted together, and so handled together."""
    lines = [{"product": product, "quantity": "1"} for product in products]
    answer = await house.client.post("/v1/sales/batches", json={"lines": lines})
    correlations: list[str] = answer.json()
    return correlations


async def trace_of(house: House, correlation: str, steps: int) -> dict[str, Any]:
    """The trace, once it has so many steps and each sale is handled."""

    async def complete() -> dict[str, Any] | None:
        answer = await house.client.get(f"/v1/traces/{correlation}")
        found: dict[str, Any] = answer.json()
        whole = (
            answer.status_code == 200
            and len(found["steps"]) >= steps
            and all(s["handled"] for s in found["steps"] if s["type"] == "takt.sale.closed.v1")
        )
        return found if whole else None

    trace: dict[str, Any] = await eventually(complete)
    return trace


async def test_a_trace_shows_every_step_of_every_service(house: House) -> None:
    (correlation,) = await sell_in_a_batch(house, ["lamp"])
    trace = await trace_of(house, correlation, 2)
    sold, forecast = trace["steps"]
    assert (sold["service"], sold["type"], sold["ms"]) == ("deals", "takt.sale.closed.v1", 0)
    assert (forecast["service"], forecast["topic"]) == ("forecast", "takt.forecasts.v1")
    assert forecast["ms"] > 0
    assert forecast["data"]["product"] == "lamp"
    assert trace["edges"] == [{"from": sold["id"], "to": forecast["id"]}]
    (mark,) = sold["handled"]
    assert (mark["service"], mark["consumer"]) == ("forecast", "forecast.sales")
    assert 0 < mark["ms"] <= forecast["ms"] + 1_000
    assert (trace["missing"], trace["truncated"]) == ([], False)


async def test_the_chain_of_each_in_a_coalesced_batch_is_whole(together: House) -> None:
    correlations = await sell_in_a_batch(together, ["lamp"] * 150)
    # One forecast names 64 of them at most; the last is found through its causes.
    for correlation in (correlations[0], correlations[-1]):
        trace = await trace_of(together, correlation, 2)
        assert [step["type"] for step in trace["steps"]] == [
            "takt.sale.closed.v1",
            "takt.forecast.changed.v1",
        ]
        forecast = trace["steps"][-1]
        assert len(forecast["causes"]) == 150
        assert (len(forecast["correlations"]), forecast["more"]) == (64, 86)
    assert correlations[-1] not in forecast["correlations"]


async def test_an_event_shows_what_followed_from_it(together: House) -> None:
    (correlation,) = await sell_in_a_batch(together, ["lamp"])
    trace = await trace_of(together, correlation, 2)
    followed = await trace_of(together, trace["steps"][0]["id"], 2)
    assert followed["steps"] == trace["steps"]


async def test_an_unknown_id_is_a_problem(together: House) -> None:
    answer = await together.client.get(f"/v1/traces/{new_id()}")
    assert answer.status_code == 404
    assert answer.json()["remedy"]
    assert (await together.client.get("/v1/traces/x")).status_code == 422


async def test_a_service_that_does_not_answer_is_named(composed: House) -> None:
    (correlation,) = await sell_in_a_batch(composed, ["lamp"])
    await trace_of(composed, correlation, 2)
    await composed.stop("forecast")
    found = (await composed.client.get(f"/v1/traces/{correlation}")).json()
    assert [step["service"] for step in found["steps"]] == ["deals"]
    assert found["missing"] == ["forecast"]
    unknown = await composed.client.get(f"/v1/traces/{new_id()}")
    assert (unknown.status_code, unknown.json()["missing"]) == (503, ["forecast"])


async def test_data_is_shown_of_topics_that_the_key_opens(together: House, new_key: NewKey) -> None:
    (correlation,) = await sell_in_a_batch(together, ["lamp"])
    await trace_of(together, correlation, 2)
    key = await new_key("events:read", "deals:read")
    async with httpx.AsyncClient(
        base_url=together.url, headers={"Authorization": f"Bearer {key}"}
    ) as client:
        sold, forecast = (await client.get(f"/v1/traces/{UUID(correlation)}")).json()["steps"]
    assert sold["data"]["sale"]["product"] == "lamp"
    assert forecast["data"] is None
    assert forecast["subject"] == "lamp|north"
