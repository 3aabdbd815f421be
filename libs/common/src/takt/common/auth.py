"""Who is calling, and with which scopes.

Everything is closed until a route declares the scope that opens it.

A key is `takt_` + 8 characters that name it + `_` + 43 characters of secret (256 bits). Its SHA-256
lies in the database `takt_access`, which `takt keys` and the door write and the services only read.
Scopes are `noun:read`, `noun:write`, and `admin`, which includes all.

A session is a second way to say a key, for a while: its token has the form of a key and opens what
that key opens, until it expires, is ended, or the key does. A ticket, of the same form, is turned
into a session once; it opens nothing by itself.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import asyncpg
from fastapi import Request, Security
from fastapi.openapi.models import HTTPBase, HTTPBearer
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from starlette.routing import BaseRoute

from takt.common.db import LOST
from takt.common.event import wall_now
from takt.common.problems import Problem, Unavailable

SCOPES = {
    "deals:read": "accounts, products, pipelines, deals, sales",
    "deals:write": "change them",
    "deals:approve": "approve prices, terms and offers by a role",
    "forecast:read": "demand history, forecasts, versions, win probabilities",
    "forecast:write": "import history, publish versions",
    "supply:read": "items, plans, purchase orders",
    "supply:write": "change them, approve and release orders",
    "cash:read": "the cash projection",
    "cash:write": "opening balance, fixed payments, terms",
    "alerts:read": "deviations, alerts, reviews",
    "alerts:write": "decide and close reviews",
    "webhooks:write": "webhook endpoints and their secrets",
    "events:read": "follow events, traces and status",
    "operate": "dead letters and jobs",
    "admin": "everything",
}

SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
    name text NOT NULL,
    prefix text PRIMARY KEY,
    digest bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
CREATE TABLE IF NOT EXISTS tickets (
    prefix text PRIMARY KEY,
    digest bytea NOT NULL,
    key_prefix text NOT NULL REFERENCES keys (prefix),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE TABLE IF NOT EXISTS sessions (
    prefix text PRIMARY KEY,
    digest bytea NOT NULL,
    key_prefix text NOT NULL REFERENCES keys (prefix),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
"""

FIND = """
SELECT name, digest, scopes, expires_at, revoked_at, NULL::timestamptz AS ended_at, false AS session
FROM keys WHERE prefix = $1
UNION ALL
SELECT name, s.digest, scopes, least(s.expires_at, k.expires_at), revoked_at, ended_at, true
FROM sessions s JOIN keys k ON k.prefix = s.key_prefix WHERE s.prefix = $1
"""
"""A key, or a session with the name and scopes of its key; the earlier end of the two counts."""

CACHE_SECONDS = 5.0


class Unauthenticated(Problem):
    """A valid key is needed."""

    status, slug = 401, "unauthenticated"
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Bearer realm="takt"'}


class Forbidden(Problem):
    """The key does not open this."""

    status, slug = 403, "forbidden"


class TooManyRequests(Problem):
    """The key asks faster than it may."""

    status, slug = 429, "too-many-requests"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling.

    Args:
        name: of the key.
        prefix: of the key, or of the session.
        scopes: of the key.
        expires_at: when what the caller showed opens nothing any more.
        session: whether that was a session's token instead of the key itself.
    """

    name: str
    prefix: str
    scopes: frozenset[str]
    expires_at: datetime | None = None
    session: bool = False

    def may(self, scope: str) -> bool:
        """Whether one of the caller's scopes opens `scope`; writing includes reading."""
        if "admin" in self.scopes or scope in self.scopes:
            return True
        noun, _, verb = scope.partition(":")
        return verb == "read" and f"{noun}:write" in self.scopes


def make_key() -> tuple[str, str, bytes]:
    """A new key, session or ticket: its whole text (shown once), its prefix, its digest."""
    prefix = secrets.token_hex(4)
    key = f"takt_{prefix}_{secrets.token_urlsafe(32)}"
    return key, prefix, digest(key)


def digest(key: str) -> bytes:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).digest()


@dataclass(slots=True)
class _Known:
    caller: Caller
    digest: bytes
    over: str | None
    """Why it opens nothing any more, other than by its age."""
    read_at: float
    allowance: float
    refilled_at: float


class Access:
    """The keys and sessions, read from `takt_access` and remembered for five seconds.

    Args:
        url: `postgresql://…/takt_access`; of a service, a role that may only read.
        rate: requests a second that a key may make; twice as many at once.
    """

    def __init__(self, url: str, *, rate: float = 2_000) -> None:
        self._url = url
        self._rate = rate
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()
        self._known: dict[str, _Known] = {}

    async def caller(self, authorization: str | None) -> Caller:
        """Who an `Authorization: Bearer` header stands for.

        Raises:
            Unauthenticated: no key, a malformed, unknown, expired or revoked one.
            TooManyRequests: over the rate.
        """
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Unauthenticated(
                "the request has no key",
                field="Authorization",
                remedy="send the header Authorization: Bearer takt_…; takt keys create makes one",
            )
        parts = key.split("_", 2)
        if len(parts) != 3 or parts[0] != "takt":
            raise _refuse("it does not look like a key of Takt")
        known = await self._find(parts[1])
        if known is None or not hmac.compare_digest(known.digest, digest(key)):
            raise _refuse("it is not known here")
        refuse = _over if known.caller.session else _refuse
        if known.over is not None:
            raise refuse(known.over)
        expires_at = known.caller.expires_at
        if expires_at is not None and expires_at <= wall_now():
            raise refuse(f"it expired at {expires_at.isoformat()}")
        self._spend(known)
        return known.caller

    def _spend(self, known: _Known) -> None:
        now = time.monotonic()
        refill = (now - known.refilled_at) * self._rate
        known.allowance = min(2 * self._rate, known.allowance + refill)
        known.refilled_at = now
        if known.allowance < 1:
            raise TooManyRequests(
                f"more than {self._rate:g} requests a second", remedy="wait, or use a bulk route"
            )
        known.allowance -= 1

    async def _find(self, prefix: str) -> _Known | None:
        known = self._known.get(prefix)
        now = time.monotonic()
        if known is not None and now - known.read_at < CACHE_SECONDS:
            return known
        try:
            async with self.connection() as connection:
                row = await connection.fetchrow(FIND, prefix)
        except Unavailable:
            if known is not None:
                return known
            raise
        if row is None:
            self._known.pop(prefix, None)
            return None
        if known is None:
            self._forget_expired()
        caller = Caller(
            row["name"], prefix, frozenset(row["scopes"]), row["expires_at"], row["session"]
        )
        over = None
        if row["revoked_at"] is not None:
            over = "its key was revoked" if caller.session else "it was revoked"
        elif row["ended_at"] is not None:
            over = "it was ended"
        found = _Known(
            caller,
            row["digest"],
            over,
            now,
            known.allowance if known else 2 * self._rate,
            known.refilled_at if known else now,
        )
        self._known[prefix] = found
        return found

    def _forget_expired(self) -> None:
        """Sessions come and go for as long as the process lives; those that are over go here."""
        now = wall_now()
        ends = {prefix: known.caller.expires_at for prefix, known in self._known.items()}
        for prefix, end in ends.items():
            if end is not None and end <= now:
                del self._known[prefix]

    def forget(self, prefix: str) -> None:
        """Read this key or session anew when it is next shown."""
        self._known.pop(prefix, None)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection to `takt_access`. Raises Unavailable."""
        try:
            async with self._opening:
                if self._pool is None:
                    self._pool = await asyncpg.create_pool(
                        self._url,
                        min_size=0,
                        max_size=2,
                        timeout=5,
                        max_inactive_connection_lifetime=30,
                    )
            async with self._pool.acquire() as connection:
                yield connection
        except LOST as error:
            raise Unavailable("the keys cannot be read now", remedy="try again") from error

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.close()


def _refuse(why: str) -> Unauthenticated:
    return Unauthenticated(
        f"the key is refused: {why}",
        field="Authorization",
        remedy="use a valid key; takt keys list shows them, takt keys create makes one",
    )


def _over(why: str) -> Unauthenticated:
    return Unauthenticated(
        f"the session is over: {why}",
        field="Authorization",
        remedy="sign in again: takt open makes a link for it, or give a key",
    )


class Scope(SecurityBase):
    """The declaration of a route's scope: found by `check_routes`, told in its OpenAPI."""

    model: HTTPBase = HTTPBearer(
        description="a key of Takt, `takt_…`, with the scope that the route names"
    )
    scheme_name = "key"

    def __init__(self, scope: str) -> None:
        if scope not in SCOPES:
            raise ValueError(f"scope {scope!r} is not declared in takt.common.auth.SCOPES")
        self.scope = scope

    async def __call__(self, request: Request) -> Caller:
        """The caller, when the key's scopes open this. Raises Unauthenticated, Forbidden."""
        access: Access = request.app.state.access
        caller = await access.caller(request.headers.get("authorization"))
        if not caller.may(self.scope):
            raise Forbidden(
                f"the key {caller.name!r} has no scope {self.scope}",
                field="Authorization",
                remedy=f"use a key with the scope {self.scope}: {SCOPES[self.scope]}",
                scopes=sorted(caller.scopes),
            )
        return caller


def requires(scope: str) -> Any:
    """The dependency that a route declares: `dependencies=[requires("deals:read")]`."""
    return Security(Scope(scope), scopes=[scope])


PUBLIC: set[Callable[..., Awaitable[Any]]] = set()


def public(route: Any) -> Any:
    """Mark an endpoint as open to everyone: health and the like."""
    PUBLIC.add(route)
    return route


def check_routes(routes: Iterable[BaseRoute]) -> None:
    """Refuse to start when a route declares no scope and is not marked public.

    Raises:
        RuntimeError: it names the route.
    """
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            check_routes(included.routes)
        elif isinstance(route, APIRoute) and route.endpoint not in PUBLIC:
            scopes = [d for d in route.dependant.dependencies if isinstance(d.call, Scope)]
            if not scopes:
                methods = ",".join(sorted(route.methods or ()))
                raise RuntimeError(f"{methods} {route.path} declares no scope")
