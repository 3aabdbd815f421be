"""`takt up --kafka`: a deal reaches its forecast over a given broker, and over one of our own."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from takt.common.event import new_id
from takt.common.testing import eventually
from takt.standalone.home import Home
from takt.standalone.ports import free_ports

from .story_company import REGION, post, put
from .system import client_of, forget_other_tests

pytestmark = pytest.mark.kafka

TAKT = Path(sys.executable).with_name("takt")
START_SECONDS = 90


@pytest.fixture
def home() -> Iterator[Home]:
    """A home with a short path (a Unix socket must fit), which the database's user can pass."""
    folder = Path(tempfile.mkdtemp(prefix="t-"))
    folder.chmod(0o711)
    yield Home(folder / "home")
    shutil.rmtree(folder)


@asynccontextmanager
async def takt_up(home: Home, *arguments: str) -> AsyncIterator[tuple[str, httpx.AsyncClient]]:
    """A Takt of its own, empty: what its banner says, and a client with its first key."""
    process = await asyncio.create_subprocess_exec(
        TAKT, "up", "--home", str(home.path), "--port", str(free_ports()[0]), "--empty", *arguments,
        stderr=asyncio.subprocess.PIPE,
        env={k: v for k, v in os.environ.items() if not k.startswith("TAKT_")},
    )  # fmt: skip
    assert process.stderr is not None
    said: list[str] = []
    try:
        async with asyncio.timeout(START_SECONDS):
            while not said or "Ctrl-C ends it" not in said[-1]:
                line = (await process.stderr.readline()).decode()
                assert line, said
                said.append(line)
        running = home.running()
        assert running is not None
        async with client_of(running.url, home.key() or "") as client:
            yield "".join(said), client
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        await process.communicate()
    assert process.returncode == 0


async def a_deal_moves(client: httpx.AsyncClient) -> str:
    """A company of one product with one deal, which moves; the correlation id of the move."""
    await put(client, "/v1/company", {"name": "Lumen", "currency": "EUR", "time_zone": "UTC"})
    await put(client, f"/v1/regions/{REGION}", {"name": "North"})
    await put(client, "/v1/teams/ONE", {"name": "Team one", "region": REGION})
    await put(client, "/v1/owners/ann", {"name": "Ann", "team": "ONE"})
    lamp = {"name": "Lamp", "family": "Lamps", "list_price": "100", "cost": "40"}
    await put(client, "/v1/products/LAMP", lamp)
    deal = {
        "source": "crm", "external_id": "1", "name": "A deal", "owner": "ann", "region": REGION,
        "stage": "lead-qualification",
        "lines": [{"product": "LAMP", "quantity": "40", "price": "100"}],
    }  # fmt: skip
    answer = await post(client, "/v1/deals/upserts", {"items": [deal]})
    assert answer["failed"] == 0, answer
    correlation = str(new_id())
    await post(
        client, f"/v1/deals/{answer['items'][0]['id']}/stage", {"stage": "needs-confirmation"},
        **{"If-Match": "*", "Correlation-Id": correlation},
    )  # fmt: skip
    return correlation


async def reaches_its_forecast(client: httpx.AsyncClient) -> None:
    correlation = await a_deal_moves(client)

    async def told() -> Any:
        trace = await client.get(f"/v1/traces/{correlation}")
        types = {step["type"] for step in trace.json().get("steps", [])}
        return {"takt.deal.stage_changed.v1", "takt.forecast.changed.v1"} <= types

    await eventually(told, within=60)
    [forecast] = (await client.get("/v1/forecasts")).json()["items"]
    assert forecast["product"] == "LAMP"
    assert any(float(bucket["pipeline"]) > 0 for bucket in forecast["buckets"])


async def test_over_a_given_broker(home: Home, kafka_bootstrap: str) -> None:
    await forget_other_tests(kafka_bootstrap)
    async with takt_up(home, "--kafka", kafka_bootstrap) as (said, client):
        assert f"events   Kafka at {kafka_bootstrap}" in said
        await reaches_its_forecast(client)
    assert not home.kafka.exists()


async def test_over_a_broker_of_its_own(home: Home) -> None:
    async with takt_up(home, "--kafka") as (said, client):
        assert "events   Kafka at 127.0.0.1:" in said
        await reaches_its_forecast(client)
    assert (home.kafka / "data" / "meta.properties").exists()
