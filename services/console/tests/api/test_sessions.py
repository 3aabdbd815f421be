"""/v1/session: keys and tickets become sessions."""

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from takt.common import auth
from takt.common.auth import make_key
from takt.common.contracts.deals import CompanyChanged
from takt.common.testing import NewKey, eventually
from takt.console.domain.attempts import AT_ONCE
from takt.standalone.access import create_ticket

from ..browser import Browser, refused  # noqa: TID252 - the browser of this folder
from ..conftest import Ground, House, house_of  # noqa: TID252 - the house of this folder
from ..small_services import publish  # noqa: TID252 - the builders of this folder


async def run(ground: Ground, statement: str, *values: object) -> None:
    connection = await asyncpg.connect(ground.access_url)
    await connection.execute(statement, *values)
    await connection.close()


async def ticket_of(ground: Ground, key: str) -> str:
    connection = await asyncpg.connect(ground.access_url)
    ticket = await create_ticket(connection, key)
    await connection.close()
    return ticket


async def test_a_key_becomes_a_session_that_says_who_and_what_it_opens(
    together: House, new_key: NewKey
) -> None:
    key = await new_key("deals:write", "events:read")
    async with Browser(together) as browser:
        answer = await browser.sign_in(key=key)
        assert answer.status_code == 200
        said = answer.json()
        assert (said["name"], said["scopes"]) == (
            "test",
            ["deals:read", "deals:write", "events:read"],
        )
        assert said["version"]
        assert said["expires_at"] > said["now"]
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"takt_session_{browser.port}=takt_")
        for part in ("HttpOnly", "SameSite=Strict", "Path=/"):
            assert f"; {part}" in cookie
        assert "Secure" not in cookie
        assert 43_000 < int(cookie.partition("Max-Age=")[2].partition(";")[0]) <= 43_200
        assert key not in cookie
        shown = (await browser.get("/v1/session")).json()
        assert shown.pop("now") > said.pop("now")
        assert shown == said
        assert answer.headers["cache-control"] == "no-store"


async def test_whatever_the_key_opens_it_is_told_currency_and_time_zone(
    ground: Ground, new_key: NewKey
) -> None:
    async with house_of(ground, apart=False) as house, Browser(house) as browser:
        assert (await browser.sign_in(key=await new_key("cash:read"))).json()["company"] is None
        await publish(
            ground.log, CompanyChanged(sequence=1, name="K", currency="CHF", time_zone="Asia/Seoul")
        )

        async def told() -> dict[str, str] | None:
            company: dict[str, str] | None = (await browser.get("/v1/session")).json()["company"]
            return company

        assert await eventually(told) == {
            "name": "K", "currency": "CHF", "time_zone": "Asia/Seoul",
        }  # fmt: skip


async def test_an_administrator_has_every_scope(together: House, ground: Ground) -> None:
    async with Browser(together) as browser:
        said = (await browser.sign_in(key=ground.key)).json()
    assert set(said["scopes"]) == set(auth.SCOPES)


async def test_a_ticket_signs_in_once(together: House, ground: Ground) -> None:
    ticket = await ticket_of(ground, ground.key)
    async with Browser(together) as browser, Browser(together) as other:
        assert (await browser.sign_in(ticket=ticket)).json()["name"] == "test"
        assert (await browser.get("/v1/deals/echo")).status_code == 200
        problem = refused(await other.sign_in(ticket=ticket), 401, "sign-in-refused")
        assert "used already" in problem["detail"]
        assert "takt open" in problem["remedy"]
        assert (await other.get("/v1/deals/echo")).status_code == 401
        assert (await browser.get("/v1/session")).status_code == 200


async def test_an_expired_ticket_and_one_of_a_revoked_key_are_told_apart(
    together: House, ground: Ground, new_key: NewKey
) -> None:
    expired = await ticket_of(ground, ground.key)
    await run(ground, "UPDATE tickets SET expires_at = now() - interval '1 s'")
    orphaned = await ticket_of(ground, await new_key(revoked=True))
    unknown, _, _ = make_key()
    async with Browser(together) as browser:
        for ticket, why in (
            (expired, "expired at"),
            (orphaned, "was revoked or has expired"),
            (unknown, "not known here"),
            ("x" * 300, "does not look like"),
        ):
            problem = refused(await browser.sign_in(ticket=ticket), 401, "sign-in-refused")
            assert why in problem["detail"]
            assert "takt open" in problem["remedy"]
            assert ticket not in str(problem)


async def test_a_key_that_opens_nothing_is_told_why(together: House, new_key: NewKey) -> None:
    unknown, _, _ = make_key()
    async with Browser(together) as browser:
        for key, why in (
            (unknown, "not known here"),
            (await new_key(expires_in=timedelta(seconds=-1)), "expired at"),
            (await new_key(revoked=True), "was revoked"),
            ("hunter2", "does not look like"),
        ):
            answer = await browser.sign_in(key=key)
            problem = refused(answer, 401, "sign-in-refused")
            assert why in problem["detail"]
            assert "takt keys create" in problem["remedy"]
            assert key not in answer.text
            assert "www-authenticate" not in answer.headers, "a browser would ask for a password"


async def test_a_session_cannot_prolong_itself(together: House, ground: Ground) -> None:
    async with Browser(together) as browser:
        await browser.sign_in(key=ground.key)
        [token] = browser.client.cookies.values()
        problem = refused(await browser.sign_in(key=token), 401, "sign-in-refused")
    assert "not a key" in problem["detail"]


@pytest.mark.parametrize(
    "body", [{}, {"key": None}, {"key": "a", "ticket": "b"}, {"password": "x"}, {"key": 7}, [], "x"]
)
async def test_anything_else_is_no_way_to_sign_in(together: House, body: Any) -> None:
    async with Browser(together) as browser:
        answer = await browser.client.post(
            "/v1/session", json=body, headers={"Origin": together.url}
        )
        assert answer.status_code == 422
        assert answer.json()["remedy"]
        assert "set-cookie" not in answer.headers


async def test_without_a_session_there_is_none_to_show_or_to_end(
    together: House, ground: Ground
) -> None:
    async with Browser(together) as browser:
        problem = refused(await browser.get("/v1/session"), 401, "no-session")
        assert "takt open" in problem["remedy"]
    refused(await together.client.get("/v1/session"), 401, "no-session")
    refused(await together.client.delete("/v1/session"), 401, "no-session")


async def test_signing_out_ends_the_session_wherever_its_token_has_got_to(
    together: House, ground: Ground
) -> None:
    async with Browser(together) as browser:
        await browser.sign_in(key=ground.key)
        [token] = browser.client.cookies.values()
        answer = await browser.write("DELETE", "/v1/session")
        assert answer.status_code == 204
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert not browser.client.cookies
    async with httpx.AsyncClient(base_url=together.url) as client:
        answer = await client.get("/v1/status", headers={"Authorization": f"Bearer {token}"})
    assert "it was ended" in refused(answer, 401, "unauthenticated")["detail"]


async def test_a_session_that_is_over_answers_401_and_clears_the_cookie(
    house: House, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "CACHE_SECONDS", 0.05)
    async with Browser(house) as browser:
        await browser.sign_in(key=ground.key)
        assert (await browser.get("/v1/deals/echo")).status_code == 200
        await run(ground, "UPDATE sessions SET expires_at = now()")

        async def over() -> httpx.Response | None:
            answer = await browser.get("/v1/deals/echo")
            return None if answer.status_code == 200 else answer

        answer: httpx.Response = await eventually(over)
        assert "the session is over" in refused(answer, 401, "unauthenticated")["detail"]
        assert f"takt_session_{browser.port}" not in browser.client.cookies
        problem = refused(await browser.get("/v1/deals/echo"), 401, "unauthenticated")
        assert "no key" in problem["detail"]


async def test_a_revoked_key_ends_its_sessions(
    together: House, new_key: NewKey, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "CACHE_SECONDS", 0.05)
    key = await new_key()
    async with Browser(together) as browser:
        await browser.sign_in(key=key)
        await run(ground, "UPDATE keys SET revoked_at = now() WHERE prefix = $1", key.split("_")[1])

        async def told() -> bool:
            answer = await browser.get("/v1/session")
            return answer.status_code == 401 and "its key was revoked" in answer.text

        await eventually(told)


async def test_wrong_attempts_are_bounded_and_good_ones_are_not(
    together: House, ground: Ground
) -> None:
    unknown, _, _ = make_key()
    async with Browser(together) as browser:
        for _ in range(AT_ONCE + 5):
            assert (await browser.sign_in(key=ground.key)).status_code == 200
        answers = [await browser.sign_in(key=unknown) for _ in range(AT_ONCE + 5)]
    assert [answer.status_code for answer in answers[:AT_ONCE]] == [401] * AT_ONCE
    assert refused(answers[-1], 429, "too-many-attempts")["remedy"]
    assert int(answers[-1].headers["retry-after"]) > 0
