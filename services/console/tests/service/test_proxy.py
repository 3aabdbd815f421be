"""What goes through the door goes through as it is."""

import ast
import asyncio
from collections.abc import AsyncIterator

import httpx

from takt.common.testing import NewKey
from takt.console.app import create
from takt.console.settings import ConsoleSettings

from .. import small_services  # noqa: TID252 - the services of this folder
from ..conftest import Ground, House, served  # noqa: TID252


async def test_a_noun_has_one_address_however_takt_is_deployed(house: House) -> None:
    body = {"lines": [{"product": "lamp", "quantity": "2"}]}
    answer = await house.client.post("/v1/sales", json=body, headers={"Idempotency-Key": "a"})
    assert answer.status_code == 201, answer.text
    again = await house.client.post("/v1/sales", json=body, headers={"Idempotency-Key": "a"})
    assert again.content == answer.content
    assert again.headers["idempotent-replay"] == "true"


async def test_path_query_body_and_headers_arrive_as_they_were_sent(house: House) -> None:
    given = "0192f0c1-2d3e-7000-8000-000000000001"
    answer = await house.client.post(
        "/v1/deals/echo?a=%2Fb&a=%C3%A9&c=",
        content=b"\x00bytes",
        headers={"Correlation-Id": given, "X-Own": "kept", "Te": "trailers"},
    )
    said = ast.literal_eval(answer.text)
    headers = dict(said["headers"])
    assert said["query"] == "a=%2Fb&a=%C3%A9&c="
    assert said["body"] == "\x00bytes"
    assert headers["correlation-id"] == given
    assert headers["x-own"] == "kept"
    assert headers["authorization"] == house.client.headers["authorization"]
    assert answer.headers["correlation-id"] == given
    assert answer.headers["etag"] == '"7"'
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


async def test_an_encoded_path_stays_encoded(composed: House) -> None:
    # Not a route: the service's own answer shows that it arrived there.
    answer = await composed.client.get("/v1/deals/%2e%2e%2f")
    assert answer.status_code == 404
    assert (await composed.client.get("/v1/deals/echo/../echo")).status_code == 200


async def test_what_belongs_to_one_connection_alone_is_left_out(composed: House) -> None:
    answer = await composed.client.get(
        "/v1/deals/echo",
        headers={
            "Connection": "close, X-Private",
            "X-Private": "1",
            "Keep-Alive": "timeout=5",
            "Proxy-Authorization": "Basic x",
            "Te": "trailers",
        },
    )
    arrived = dict(ast.literal_eval(answer.text)["headers"])
    assert arrived.keys().isdisjoint({"x-private", "keep-alive", "proxy-authorization", "te"})
    assert {"x-only-here", "keep-alive"}.isdisjoint(answer.headers)
    assert len(answer.headers.get_list("date")) == 1
    assert len(answer.headers.get_list("server")) == 1


async def test_dots_do_not_lead_past_the_table(composed: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(composed.url.split(":")[-1]))
    key = composed.client.headers["authorization"]
    writer.write(
        f"GET /v1/deals/../../ops/status HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n"
        "Connection: close\r\n\r\n".encode()
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 404")
    writer.close()


async def test_an_answer_goes_through_as_it_comes(house: House) -> None:
    async with house.client.stream("GET", "/v1/deals/export") as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == "first"
        small_services.go_on.set()
        assert await anext(lines) == "second"


async def test_an_unknown_address_is_a_problem(together: House) -> None:
    for path in ("/v1/nothing", "/v1", "/v1/", "/v2/deals", "/ops/status", "/x"):
        answer = await together.client.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert "/docs" in answer.json()["remedy"]


async def test_a_bad_key_opens_nothing(house: House, new_key: NewKey) -> None:
    keys = {
        "none": {},
        "wrong": {"Authorization": "Bearer takt_00000000_x"},
        "a password, which is for pages": {"Authorization": "Basic dGFrdDp4"},
        "revoked": {"Authorization": f"Bearer {await new_key(revoked=True)}"},
        "another scope": {"Authorization": f"Bearer {await new_key('cash:read')}"},
    }
    answers: dict[str, set[int]] = {}
    async with httpx.AsyncClient(base_url=house.url) as client:
        for name, headers in keys.items():
            answers[name] = set()
            for path in ("/v1/deals/echo", "/v1/status", "/v1/events", "/v1/dead-letters"):
                answer = await client.get(path, headers=headers)
                assert answer.headers["content-type"] == "application/problem+json"
                answers[name].add(answer.status_code)
    assert answers == {
        "none": {401}, "wrong": {401}, "a password, which is for pages": {401}, "revoked": {401},
        "another scope": {403},
    }  # fmt: skip


async def test_a_stopped_service_is_named_and_the_others_go_on(composed: House) -> None:
    await composed.stop("forecast")
    answer = await composed.client.get("/v1/forecasts/lamp")
    assert answer.status_code == 503
    assert answer.json()["service"] == "forecast"
    assert "forecast cannot be reached" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) > 0
    assert (await composed.client.get("/v1/deals/echo")).status_code == 200
    assert (await composed.client.get("/health/ready")).json()["not_ready"] == ["forecast"]


async def test_a_service_that_is_no_part_of_this_takt_is_named(together: House) -> None:
    answer = await together.client.get("/v1/cash")
    assert (answer.status_code, answer.json()["service"]) == (503, "finance")


async def test_a_service_that_is_too_slow_is_a_timeout(composed: House) -> None:
    answer = await composed.client.get("/v1/deals/sleep")
    assert answer.status_code == 504
    assert "did not answer within 4 s" in answer.json()["detail"]
    assert answer.json()["remedy"]


async def test_a_service_that_hangs_up_is_said_so(ground: Ground) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    settings = ConsoleSettings(access_url=ground.access_url)
    door = create(settings, services={"deals": address}, log=ground.log, clock=ground.clock)
    async with server, served(door) as url, httpx.AsyncClient(base_url=url) as client:
        answer = await client.get("/v1/deals")
    assert (answer.status_code, answer.json()["service"]) == (502, "deals")


async def test_a_fault_of_a_service_is_its_own_answer(house: House) -> None:
    answer = await house.client.get("/v1/deals/fault")
    assert (answer.status_code, answer.json()["title"]) == (500, "Takt has a fault")
    assert (await house.client.get("/health/live")).status_code == 200


async def test_a_body_that_is_too_large_is_refused_by_the_door(house: House) -> None:
    async def much() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 1_000_000

    answer = await house.client.post("/v1/deals/echo", content=much())
    assert answer.status_code == 413
