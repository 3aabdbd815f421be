"""The cookie as a bearer, and what keeps other sites from using it."""

import ast
import base64

import httpx
import pytest

from ..browser import Browser, refused  # noqa: TID252 - the browser of this folder
from ..conftest import Ground, House, house_of  # noqa: TID252 - the house of this folder

ECHO = "/v1/deals/echo"


async def test_a_cookie_reaches_a_service_as_a_bearer_and_no_other_cookie_does(
    house: House, ground: Ground
) -> None:
    async with Browser(house) as browser:
        await browser.sign_in(key=ground.key)
        [token] = browser.client.cookies.values()
        browser.client.cookies.set("other", "of a neighbour")
        arrived = dict(ast.literal_eval((await browser.get(ECHO)).text)["headers"])
        assert arrived["authorization"] == f"Bearer {token}"
        assert "cookie" not in arrived
        written = await browser.write("POST", ECHO, content=b"x")
        assert dict(ast.literal_eval(written.text)["headers"])["authorization"] == f"Bearer {token}"
    bearer = await house.client.get(ECHO, headers={"Cookie": "a=1"})
    assert "cookie" not in dict(ast.literal_eval(bearer.text)["headers"])


async def test_it_opens_the_doors_own_routes_and_the_pages(together: House, ground: Ground) -> None:
    async with Browser(together) as browser:
        await browser.sign_in(key=ground.key)
        for path in ("/v1/status", "/v1/dead-letters", "/status", "/docs", "/openapi.json"):
            assert (await browser.get(path)).status_code == 200, path


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, False),
        ({"Origin": "{own}"}, True),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "https://127.0.0.1:{port}"}, False),
        ({"Origin": "http://127.0.0.1:1"}, False),
        ({"Origin": "http://127.0.0.1"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-site", "Origin": "{own}"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "{own}"}, False),
        ({"Sec-Fetch-Site": "none", "Origin": "{own}"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"}, True),
    ],
)
async def test_what_may_write_must_come_from_our_own_page(
    together: House, ground: Ground, headers: dict[str, str], passes: bool
) -> None:
    async with Browser(together) as browser:
        await browser.sign_in(key=ground.key)
        said = {
            name: value.format(own=together.url, port=browser.port)
            for name, value in headers.items()
        }
        for method, path, body in (
            ("POST", ECHO, None),
            ("POST", "/v1/session", {"key": ground.key}),
            ("DELETE", "/v1/session", None),
        ):
            answer = await browser.client.request(method, path, json=body, headers=said)
            if passes:
                assert answer.is_success, (path, answer.text)
            else:
                problem = refused(answer, 403, "cross-site-request")
                assert "Authorization: Bearer" in problem["remedy"]
                assert "correlation-id" in answer.headers
                assert "set-cookie" not in answer.headers
        # With a key a request speaks for itself, wherever it comes from.
        assert (await together.client.post(ECHO, headers=said)).status_code == 200


async def test_another_site_reads_nothing_with_the_cookie(together: House, ground: Ground) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    async with Browser(together) as browser:
        await browser.sign_in(key=ground.key)
        answer = await browser.client.get("/v1/status", headers=foreign)
        refused(answer, 403, "cross-site-request")
        assert (await browser.client.get("/status", headers=foreign)).status_code == 200
        typed = await browser.client.get("/v1/status", headers={"Sec-Fetch-Site": "none"})
        assert typed.status_code == 200
    assert (await together.client.get("/v1/status", headers=foreign)).status_code == 200


async def test_two_takts_on_one_machine_keep_a_session_each(ground: Ground) -> None:
    async with (
        house_of(ground, apart=False) as one,
        house_of(ground, apart=False) as two,
        httpx.AsyncClient() as client,
    ):
        for house in (one, two):
            signed_in = await client.post(
                f"{house.url}/v1/session", json={"key": ground.key}, headers={"Origin": house.url}
            )
            assert signed_in.status_code == 200
        assert len(client.cookies) == 2
        ended = await client.delete(f"{one.url}/v1/session", headers={"Origin": one.url})
        assert ended.status_code == 204
        assert (await client.get(f"{one.url}/v1/session")).status_code == 401
        assert (await client.get(f"{two.url}/v1/session")).status_code == 200


async def test_over_https_the_cookie_is_secure_and_has_the_port_of_https(
    together: House, ground: Ground
) -> None:
    # Behind a proxy on this machine that speaks https, as the server hears of it.
    https = {"X-Forwarded-Proto": "https", "Host": "takt.example"}
    async with httpx.AsyncClient(base_url=together.url) as client:
        answer = await client.post(
            "/v1/session",
            json={"key": ground.key},
            headers={**https, "Origin": "https://takt.example"},
        )
    assert answer.status_code == 200, answer.text
    assert answer.headers["set-cookie"].startswith("takt_session_443=")
    assert answer.headers["set-cookie"].endswith("; Secure")


async def test_a_bearer_goes_before_the_cookie_and_the_cookie_before_a_password(
    together: House, ground: Ground
) -> None:
    password = "Basic " + base64.b64encode(b"takt:takt_00000000_x").decode()
    async with Browser(together) as browser:
        await browser.sign_in(key=ground.key)
        assert (await browser.get(ECHO, Authorization=password)).status_code == 200
        wrong = await browser.get(ECHO, Authorization="Bearer takt_00000000_x")
        assert wrong.status_code == 401
        assert "set-cookie" not in wrong.headers, "the session is not to blame"


async def test_a_cookie_of_another_port_or_none_at_all_opens_nothing(
    together: House, ground: Ground
) -> None:
    async with httpx.AsyncClient(base_url=together.url) as client:
        for cookie in (f"takt_session_1={ground.key}", "takt_session_=x", "=;", "a"):
            answer = await client.get(ECHO, headers={"Cookie": cookie})
            assert "no key" in refused(answer, 401, "unauthenticated")["detail"]


async def test_on_a_trusted_machine_a_session_that_is_over_still_leaves_the_status(
    ground: Ground,
) -> None:
    async with house_of(ground, apart=False, page_key=ground.key) as house:
        stale = {"Cookie": f"takt_session_{house.url.rpartition(':')[2]}=takt_00000000_x"}
        async with httpx.AsyncClient(base_url=house.url) as client:
            assert (await client.get("/status", headers=stale)).status_code == 200
            assert (await client.get("/v1/status", headers=stale)).status_code == 401
            wrong = {"Authorization": "Bearer takt_00000000_x"}
            assert (await client.get("/status", headers=wrong)).status_code == 401
