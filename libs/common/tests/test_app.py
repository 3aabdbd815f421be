"""What every service answers: keys, problems, idempotency, preconditions, status."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from takt.common.app import CannotStart, Part, create_app
from takt.common.bus import Subscription
from takt.common.bus.postgres import PostgresLog
from takt.common.db import Database
from takt.common.outbox import emit
from takt.common.settings import Settings
from takt.common.testing import NewKey, eventually, running, with_database

from .conftest import FOLDER, TALLY, pair, sale


async def test_a_committed_event_travels_to_the_consumer(
    client: httpx.AsyncClient, database: Database, app: FastAPI
) -> None:
    ours: Database = app.state.database
    async with ours.transaction() as tx:
        sent = await emit(tx, pair(sale()))

    async def counted() -> bool:
        async with database.transaction() as tx:
            return bool((await tx.exec_driver_sql("SELECT 1 FROM tally")).scalar())

    await eventually(counted)
    status = (await client.get("/ops/status")).json()
    assert status["consumers"][0]["handled"] == 1
    assert status["outbox_unsent"] == 0
    trace = await client.post("/ops/traces", json={"ids": [str(sent[0].cause.correlations[0])]})
    assert [step["id"] for step in trace.json()["steps"]] == [str(sent[0].id)]
    handled = await client.post("/ops/traces", json={"ids": [str(sent[0].id)]})
    assert handled.json()["handled"][0]["consumer"] == "shop.tally"


async def test_every_route_declares_a_scope_or_the_app_does_not_start(
    database: Database, access_url: str, log: PostgresLog
) -> None:
    router = APIRouter()

    @router.get("/v1/open-door")
    async def open_door() -> None: ...

    settings = Settings(database_url=database.url, access_url=access_url)
    with pytest.raises(RuntimeError, match="open-door declares no scope"):
        create_app(Part("x", "X", FOLDER, routers=[router]), settings, log=log)


async def test_keys_open_what_their_scopes_say(app: FastAPI, new_key: NewKey) -> None:
    keys = {
        "missing": None,
        "malformed": "hello",
        "unknown": "takt_00000000_x",
        "expired": await new_key("deals:write", expires_in=timedelta(seconds=-1)),
        "revoked": await new_key("deals:write", revoked=True),
        "wrong": (await new_key("deals:write"))[:-3] + "abc",
        "other scope": await new_key("cash:read"),
        "right": await new_key("deals:write"),
    }
    answers = {}
    async with running(app) as client:
        for name, key in keys.items():
            headers = {"If-Match": '"3"'} | ({"Authorization": f"Bearer {key}"} if key else {})
            answer = await client.put("/v1/orders/3", headers=headers)
            answers[name] = answer.status_code
            if answer.status_code != 200:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["remedy"]
    assert answers == {
        "missing": 401, "malformed": 401, "unknown": 401, "expired": 401, "revoked": 401,
        "wrong": 401, "other scope": 403, "right": 200,
    }  # fmt: skip


async def test_preconditions(client: httpx.AsyncClient) -> None:
    assert (await client.put("/v1/orders/3")).status_code == 428
    assert (await client.put("/v1/orders/3", headers={"If-Match": '"2"'})).status_code == 412
    assert (await client.put("/v1/orders/3", headers={"If-Match": "nonsense"})).status_code == 412
    assert (await client.put("/v1/orders/3", headers={"If-Match": "*"})).status_code == 200


async def test_a_repeated_request_has_its_effect_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    body = {"product": "lamp", "quantity": "2"}
    assert (await client.post("/v1/orders", json=body)).status_code == 400
    headers = {"Idempotency-Key": "a"}
    first = await client.post("/v1/orders", json=body, headers=headers)
    again = await client.post("/v1/orders", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again.headers["idempotent-replay"] == "true"
    other = await client.post("/v1/orders", json={**body, "quantity": "3"}, headers=headers)
    assert other.status_code == 422
    async with database.transaction() as tx:
        assert (await tx.exec_driver_sql("SELECT quantity FROM tally")).scalar() == 2


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "Infinity", "1e30", "0.0000001", None, "x"])
async def test_a_wrong_quantity_is_named_with_its_remedy(
    client: httpx.AsyncClient, quantity: str | None
) -> None:
    answer = await client.post(
        "/v1/orders",
        json={"product": "lamp", "quantity": quantity},
        headers={"Idempotency-Key": "q"},
    )
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["field"] == "quantity"
    assert problem["remedy"]


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(
    client: httpx.AsyncClient,
) -> None:
    declared = await client.post("/v1/orders", content=b"x" * 20_000_000)
    assert (declared.status_code, declared.json()["type"]) == (
        413,
        "urn:takt:problem:body-too-large",
    )

    async def stream():  # type: ignore[no-untyped-def]
        for _ in range(20):
            yield b"x" * 1_000_000

    undeclared = await client.post("/v1/orders", content=stream())
    assert undeclared.status_code == 413


async def test_a_correlation_id_is_kept_or_made(client: httpx.AsyncClient) -> None:
    given = "0192f0c1-2d3e-7000-8000-000000000001"
    assert (await client.get("/health/live", headers={"Correlation-Id": given})).headers[
        "correlation-id"
    ] == given
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    answer = await client.get("/health/live", headers={"traceparent": trace})
    assert answer.headers["correlation-id"].replace("-", "") == trace[3:35]
    assert (await client.get("/health/live")).headers["correlation-id"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://shop:s3cr3t@127.0.0.1:1/takt_shop", "cannot be reached.*start PostgreSQL"),
        ("absent", "refuses.*does not exist"),
        ("empty", "is not migrated yet; run takt migrate"),
    ],
)
async def test_a_database_that_is_not_there_or_not_ready_is_said_at_start(
    url: str, reason: str, access_url: str, log: PostgresLog
) -> None:
    urls = {"absent": with_database(access_url, "no_such_database"), "empty": access_url}
    settings = Settings(database_url=urls.get(url, url), access_url=access_url)
    app = create_app(Part("shop", "Shop", FOLDER), settings, log=log)
    with pytest.raises(CannotStart, match=reason) as refused:
        await app.router.lifespan_context(app).__aenter__()
    assert "shop: its database postgresql://" in str(refused.value)
    assert "s3cr3t" not in str(refused.value)


async def test_without_its_log_a_service_starts_answers_and_stops(
    database: Database, access_url: str, new_key: NewKey
) -> None:
    settings = Settings(
        database_url=database.url,
        access_url=access_url,
        log_url="postgresql://takt:x@127.0.0.1:1/takt_log",
    )
    part = Part("shop", "Shop", FOLDER, consumers=[TALLY])
    loop = asyncio.get_running_loop()
    async with running(create_app(part, settings), await new_key()) as client:
        status = (await client.get("/ops/status")).json()
        assert status["consumers"][0]["lag"] is None
        began = loop.time()
    assert loop.time() - began < 3


async def test_a_consumer_that_fails_by_a_fault_begins_anew_and_does_not_spin(
    database: Database, access_url: str, log: PostgresLog, caplog: pytest.LogCaptureFixture
) -> None:
    tries = 0

    class Faulty(PostgresLog):
        async def subscribe(self, group: str, topics: Sequence[str]) -> Subscription:
            nonlocal tries
            tries += 1
            raise RuntimeError("a fault of the log's client")

    settings = Settings(database_url=database.url, access_url=access_url)
    part = Part("shop", "Shop", FOLDER, consumers=[TALLY])
    async with running(create_app(part, settings, log=Faulty("postgresql://nowhere"))):
        await asyncio.sleep(1.2)
    assert 1 <= tries <= 3
    assert "shop.tally failed; it starts anew" in caplog.text
