"""Keys: what they open, how fast, and without their database."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from takt.common import auth
from takt.common.auth import SCOPES, Access, Caller, TooManyRequests, Unauthenticated
from takt.common.event import wall_now
from takt.common.problems import Unavailable
from takt.common.testing import NewKey


async def test_a_key_may_ask_twice_its_rate_at_once_and_then_at_its_rate(
    access_url: str, new_key: NewKey
) -> None:
    access = Access(access_url, rate=20)
    bearer = f"Bearer {await new_key()}"
    other = f"Bearer {await new_key()}"
    for _ in range(40):
        await access.caller(bearer)

    async def go_on() -> None:
        for _ in range(100):
            await access.caller(bearer)

    with pytest.raises(TooManyRequests) as refused:
        await go_on()
    assert refused.value.headers["Retry-After"] == "1"
    await access.caller(other)  # another key has its own allowance
    await asyncio.sleep(0.3)
    for _ in range(4):
        await access.caller(bearer)
    await access.close()


async def begin_session(
    url: str, key: str, expires_in: timedelta = timedelta(hours=1), ended: bool = False
) -> str:
    """The token of a new session of a key."""
    token, prefix, digest = auth.make_key()
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO sessions (prefix, digest, key_prefix, expires_at, ended_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        prefix,
        digest,
        key.split("_")[1],
        wall_now() + expires_in,
        wall_now() if ended else None,
    )
    await connection.close()
    return token


async def test_a_session_opens_what_its_key_opens_and_ends_with_the_earlier_of_the_two(
    access_url: str, new_key: NewKey
) -> None:
    access = Access(access_url)
    key = await new_key("deals:read", expires_in=timedelta(minutes=5))
    short = await begin_session(access_url, key, timedelta(minutes=1))
    long = await begin_session(access_url, key, timedelta(hours=9))
    by_key = await access.caller(f"Bearer {key}")
    by_short, by_long = [await access.caller(f"Bearer {token}") for token in (short, long)]
    assert (by_long.name, by_long.scopes) == (by_key.name, by_key.scopes)
    assert (by_key.session, by_long.session) == (False, True)
    assert by_long.expires_at == by_key.expires_at
    assert by_short.expires_at is not None
    assert by_key.expires_at is not None
    assert by_short.expires_at < by_key.expires_at
    await access.close()


@pytest.mark.parametrize(
    ("key", "session", "why"),
    [
        ({}, {"expires_in": timedelta(seconds=-1)}, "the session is over: it expired at"),
        ({}, {"ended": True}, "the session is over: it was ended"),
        ({"revoked": True}, {}, "the session is over: its key was revoked"),
        ({"expires_in": timedelta(seconds=-1)}, {}, "the session is over: it expired at"),
    ],
)
async def test_a_session_that_is_over_is_told_why(
    access_url: str, new_key: NewKey, key: Any, session: Any, why: str
) -> None:
    access = Access(access_url)
    token = await begin_session(access_url, await new_key(**key), **session)
    with pytest.raises(Unauthenticated, match=why) as refused:
        await access.caller(f"Bearer {token}")
    assert "takt open" in str(refused.value.remedy)
    await access.close()


async def test_a_session_ends_with_its_key_within_seconds(
    access_url: str, new_key: NewKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "CACHE_SECONDS", 0.05)
    access = Access(access_url)
    bearer = f"Bearer {await begin_session(access_url, await new_key())}"
    await access.caller(bearer)
    connection = await asyncpg.connect(access_url)
    await connection.execute("UPDATE keys SET revoked_at = now()")
    await connection.close()
    await asyncio.sleep(0.1)
    with pytest.raises(Unauthenticated, match="its key was revoked"):
        await access.caller(bearer)
    await access.close()


async def test_many_first_requests_at_once_share_one_pool(access_url: str, new_key: NewKey) -> None:
    access = Access(access_url)
    bearer = f"Bearer {await new_key('deals:read')}"
    callers = await asyncio.gather(*[access.caller(bearer) for _ in range(20)])
    assert {caller.scopes for caller in callers} == {frozenset({"deals:read"})}
    await access.close()


async def test_a_revoked_key_is_refused_within_seconds(
    access_url: str, new_key: NewKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "CACHE_SECONDS", 0.05)
    access = Access(access_url)
    bearer = f"Bearer {await new_key()}"
    await access.caller(bearer)
    connection = await asyncpg.connect(access_url)
    await connection.execute("UPDATE keys SET revoked_at = now()")
    await connection.close()
    await asyncio.sleep(0.1)
    with pytest.raises(Unauthenticated, match="revoked"):
        await access.caller(bearer)
    await access.close()


async def test_a_known_key_opens_while_its_database_is_away_and_an_unknown_one_does_not() -> None:
    access = Access("postgresql://takt:x@127.0.0.1:1/takt_access")
    key, _, _ = auth.make_key()
    with pytest.raises(Unavailable):
        await access.caller(f"Bearer {key}")
    await access.close()


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Basic dGFrdA==", "Bearer takt", "Bearer x_y_z", "takt_a_b"],
)
async def test_a_header_that_holds_no_key_is_refused_without_a_look(header: str | None) -> None:
    access = Access("postgresql://takt:x@127.0.0.1:1/takt_access")
    with pytest.raises(Unauthenticated):
        await access.caller(header)


async def test_an_expired_key_says_when(access_url: str, new_key: NewKey) -> None:
    access = Access(access_url)
    key = await new_key(expires_in=timedelta(seconds=-1))
    with pytest.raises(Unauthenticated, match="it expired at"):
        await access.caller(f"Bearer {key}")
    await access.close()


@pytest.mark.parametrize(
    ("scopes", "scope", "may"),
    [
        ({"deals:read"}, "deals:read", True),
        ({"deals:read"}, "deals:write", False),
        ({"deals:write"}, "deals:read", True),
        ({"deals:write"}, "cash:read", False),
        ({"admin"}, "cash:write", True),
        (set(), "deals:read", False),
    ],
)
def test_writing_includes_reading_and_admin_all(scopes: set[str], scope: str, may: bool) -> None:
    assert scope in SCOPES
    assert Caller("x", "y", frozenset(scopes)).may(scope) is may
