"""/v1/status and /health."""

import httpx

from ..conftest import House  # noqa: TID252 - the house of this folder


async def test_the_status_tells_how_every_service_is(house: House) -> None:
    status = (await house.client.get("/v1/status")).json()
    assert [service["name"] for service in status["services"]] == ["deals", "forecast"]
    forecast = status["services"][1]
    assert (forecast["up"], forecast["problem"], forecast["dead_letters"]) == (True, None, 0)
    assert forecast["consumers"][0]["group"] == "forecast.sales"
    assert forecast["version"]
    assert status["now"].startswith("2026-11-23T09:00")
    assert status["waiting_for"] is None


async def test_a_service_that_is_away_is_down_with_its_reason(composed: House) -> None:
    await composed.stop("deals")
    status = (await composed.client.get("/v1/status")).json()
    deals, forecast = status["services"]
    assert (deals["up"], forecast["up"]) == (False, True)
    assert "cannot be reached" in deals["problem"]


async def test_health_is_open_to_everyone_and_nothing_else_is(together: House) -> None:
    async with httpx.AsyncClient(base_url=together.url) as client:
        assert (await client.get("/health/live")).json() == {"status": "live"}
        assert (await client.get("/health/ready")).json() == {"status": "ready", "not_ready": []}
        open_paths = ("/health/live", "/health/ready", "/style.css", "/icon.svg")
        for route in together.door.openapi()["paths"]:
            if route not in open_paths:
                answer = await client.get(route.replace("{correlation_id}", "x"))
                assert answer.status_code in (401, 405), route
