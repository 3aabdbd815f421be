"""Fixtures for every service's tests: its database, empty and migrated, logs, keys, a running app.

The root conftest provides `postgres_url` (an administrator's URL) and `kafka_bootstrap`; the root
pyproject loads this module as a plugin. A service's conftest says:

    database = service_database(PART)
    app = service_app(PART)
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from takt.common import auth
from takt.common.app import Part, create_app, equip
from takt.common.bus.postgres import SCHEMA as LOG_SCHEMA
from takt.common.bus.postgres import PostgresLog
from takt.common.clock import Clock
from takt.common.db import Database, Tx
from takt.common.event import Envelope, Event, decode, wall_now
from takt.common.migrations import head, migrate
from takt.common.retention import keep_partitions
from takt.common.settings import Settings
from takt.common.testing_databases import (
    drop_databases,
    execute,
    remember_builtin_types,
    temporary_database,
    with_database,
)

remember_builtin_types()

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday: the business time of tests."""

__all__ = [
    "NOW",
    "NewKey",
    "emitted",
    "eventually",
    "execute",
    "running",
    "service_app",
    "service_database",
    "temporary_database",
    "temporary_service_database",
    "with_database",
]


@pytest_asyncio.fixture(scope="session")
async def database_server(postgres_url: str) -> AsyncIterator[str]:
    """An administrator's URL; the databases that tests make there are dropped at the end."""
    yield postgres_url
    await drop_databases(postgres_url)


@asynccontextmanager
async def no_survivors() -> AsyncIterator[None]:
    """Refuse (AssertionError) to end with tasks that were begun inside; they are cancelled."""
    before = asyncio.all_tasks()
    yield
    left = [task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    assert not left, f"tasks survive the test: {sorted(task.get_name() for task in left)}"


@pytest_asyncio.fixture
async def nothing_survives() -> AsyncIterator[None]:
    """Fail a test that leaves a task behind: it would write into the next one's database."""
    async with no_survivors():
        yield


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
    async def database(database_server: str, nothing_survives: None) -> AsyncIterator[Database]:
        async with temporary_service_database(database_server, part.migrations, part.schema) as url:
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
async def log_url(database_server: str, nothing_survives: None) -> AsyncIterator[str]:
    """The URL of an empty PostgreSQL log."""
    async with temporary_database(database_server, "log", _prepare_log) as url:
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
async def access_url(database_server: str, nothing_survives: None) -> AsyncIterator[str]:
    """The URL of an empty database of keys."""
    async with temporary_database(database_server, "access", _prepare_access) as url:
        yield url


NewKey = Callable[..., Awaitable[str]]


@pytest.fixture
def new_key(access_url: str) -> NewKey:
    """A maker of keys: call it with scopes (admin when none), and what is wrong with the key."""

    async def make(
        *scopes: str,
        name: str = "test",
        expires_in: timedelta | None = None,
        revoked: bool = False,
    ) -> str:
        key, prefix, digest = auth.make_key()
        connection = await asyncpg.connect(access_url)
        await connection.execute(
            "INSERT INTO keys (name, prefix, digest, scopes, expires_at, revoked_at)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            name,
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
    """A fixture: the part's app on this test's database, log, keys and clock; not yet started.

    Its routes are made once for all tests, which takes longer than most of them.
    """
    made: list[FastAPI] = []

    @pytest.fixture
    def app(database: Database, log: PostgresLog, access_url: str, clock: Clock) -> FastAPI:
        settings = Settings(database_url=database.url, access_url=access_url)
        if made:
            equip(made[0], part, settings, log=log, clock=clock)
        else:
            made.append(create_app(part, settings, log=log, clock=clock))
        return made[0]

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


async def waits_for_a_lock(database: Database) -> bool:
    """Whether some connection to this database is held up by another one's transaction."""
    async with database.transaction() as tx:
        found = await tx.exec_driver_sql(
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return bool(found.scalar_one())


async def eventually(
    check: Callable[[], Awaitable[Any]], *, within: float = 20, every: float = 0.05
) -> Any:
    """Wait until `check` answers something true, and return it.

    Raises:
        AssertionError: not within `within` seconds; it shows the last answer.
    """
    deadline = asyncio.get_running_loop().time() + within
    while True:
        answer = await check()
        if answer:
            return answer
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {within} s; the last answer was {answer!r}")
        await asyncio.sleep(every)
