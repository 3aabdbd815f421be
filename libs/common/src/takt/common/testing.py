"""Fixtures for every service's tests: a migrated database of its own for each test, the logs, keys, a running app.

The root conftest provides `postgres_url` (an administrator's URL) and `kafka_bootstrap`; the root
pyproject loads this module as a plugin. A service's conftest says:

    database = service_database(PART)
    app = service_app(PART)
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from takt.common import auth
from takt.common.app import Part, create_app
from takt.common.bus.postgres import SCHEMA as LOG_SCHEMA
from takt.common.bus.postgres import PostgresLog
from takt.common.clock import Clock
from takt.common.db import Database, Tx
from takt.common.event import Envelope, Event, decode, new_id, wall_now
from takt.common.migrations import head, migrate
from takt.common.retention import keep_partitions
from takt.common.settings import Settings

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday: the business time of tests."""

_templates: dict[str, str] = {}


def with_database(url: str, name: str) -> str:
    """The URL with another database."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


async def execute(url: str, sql: str) -> None:
    """Run statements outside a transaction."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def _template(url: str, key: str, prepare: Callable[[str], Awaitable[object]]) -> str:
    """A database that is made once a server and copied for each test."""
    if key not in _templates:
        name = "template_" + hashlib.sha256(f"{key} {id(_templates)}".encode()).hexdigest()[:16]
        await execute(url, f"CREATE DATABASE {name}")
        await prepare(with_database(url, name))
        _templates[key] = name
    return _templates[key]


@asynccontextmanager
async def temporary_database(
    url: str, key: str, prepare: Callable[[str], Awaitable[object]]
) -> AsyncIterator[str]:
    """A fresh copy of a prepared database; yields its URL and drops it at the end."""
    template = await _template(url, key, prepare)
    name = f"test_{new_id().hex}"
    await execute(url, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield with_database(url, name)
    finally:
        await execute(url, f"DROP DATABASE {name} WITH (FORCE)")


def temporary_service_database(
    url: str, folder: Path, schema: str = "public"
) -> AbstractAsyncContextManager[str]:
    """A fresh, migrated database of a service."""

    async def prepare(target: str) -> None:
        await migrate(target, folder, schema)
        database = Database("test", target, schema=schema)
        async with database.transaction() as tx:
            await keep_partitions(tx, wall_now().date())
        await database.close()

    return temporary_database(url, f"{folder}:{head(folder)}:{schema}", prepare)


def service_database(part: Part) -> Any:
    """A fixture: the migrated, empty `Database` of a part, another for each test."""

    @pytest_asyncio.fixture
    async def database(postgres_url: str) -> AsyncIterator[Database]:
        async with temporary_service_database(postgres_url, part.migrations, part.schema) as url:
            database = Database(part.name, url, schema=part.schema)
            yield database
            await database.close()

    return database


@pytest_asyncio.fixture
async def tx(database: Database) -> AsyncIterator[Tx]:
    """A transaction that is rolled back at the end of the test."""
    async with database.engine.connect() as connection:
        connection.info["takt.source"] = f"/takt/{database.name}"
        await connection.begin()
        yield connection
        await connection.rollback()


@pytest.fixture
def now() -> datetime:
    """Monday 23 November 2026, 09:00 UTC."""
    return NOW


@pytest.fixture
def clock() -> Clock:
    """A ticking clock that reads `NOW`."""
    return Clock.as_of(NOW)


async def _prepare_log(url: str) -> None:
    await execute(url, LOG_SCHEMA)


async def _prepare_access(url: str) -> None:
    await execute(url, auth.SCHEMA)


@pytest_asyncio.fixture
async def log_url(postgres_url: str) -> AsyncIterator[str]:
    """The URL of an empty PostgreSQL log."""
    async with temporary_database(postgres_url, "log", _prepare_log) as url:
        yield url


@pytest_asyncio.fixture
async def log(log_url: str) -> AsyncIterator[PostgresLog]:
    """An empty PostgreSQL log with its topics."""
    log = PostgresLog(log_url)
    await log.start()
    await log.create_topics()
    yield log
    await log.close()


@pytest_asyncio.fixture
async def access_url(postgres_url: str) -> AsyncIterator[str]:
    """The URL of an empty database of keys."""
    async with temporary_database(postgres_url, "access", _prepare_access) as url:
        yield url


NewKey = Callable[..., Awaitable[str]]


@pytest.fixture
def new_key(access_url: str) -> NewKey:
    """A maker of keys: `await new_key("deals:read", expires_in=timedelta(days=1))`."""

    async def make(*scopes: str, expires_in: timedelta | None = None, revoked: bool = False) -> str:
        key, prefix, digest = auth.make_key()
        connection = await asyncpg.connect(access_url)
        await connection.execute(
            "INSERT INTO keys (name, prefix, digest, scopes, expires_at, revoked_at)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            "test",
            prefix,
            digest,
            list(scopes or ("admin",)),
            wall_now() + expires_in if expires_in is not None else None,
            wall_now() if revoked else None,
        )
        await connection.close()
        return key

    return make


@asynccontextmanager
async def running(app: FastAPI, key: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app that runs, lifespan and all."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://takt", headers=headers
        ) as client:
            yield client


def service_app(part: Part) -> Any:
    """A fixture: the part's app on this test's database, log, keys and clock; not yet started."""

    @pytest.fixture
    def app(database: Database, log: PostgresLog, access_url: str, clock: Clock) -> FastAPI:
        settings = Settings(database_url=database.url, access_url=access_url)
        return create_app(part, settings, log=log, clock=clock)

    return app


@pytest_asyncio.fixture
async def client(app: FastAPI, new_key: NewKey) -> AsyncIterator[httpx.AsyncClient]:
    """A client with an administrator's key, of the running `app`."""
    async with running(app, await new_key()) as client:
        yield client


async def emitted(tx: Tx) -> list[Envelope[Event]]:
    """The events in the outbox, in the order in which they will be relayed."""
    rows = await tx.exec_driver_sql(
        "SELECT o.headers, o.body FROM outbox_unsent u JOIN outbox o USING (event_id) ORDER BY u.id"
    )
    found = []
    for row in rows.mappings():
        envelope = decode(row["headers"], row["body"].encode(), "outbox")
        assert isinstance(envelope, Envelope), envelope
        found.append(envelope)
    return found


async def eventually(
    check: Callable[[], Awaitable[Any]], *, within: float = 20, every: float = 0.05
) -> Any:
    """Wait until `check` answers something true, and return it. Fails after `within` seconds with the last answer."""
    deadline = asyncio.get_running_loop().time() + within
    while True:
        answer = await check()
        if answer:
            return answer
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {within} s; the last answer was {answer!r}")
        await asyncio.sleep(every)
