"""The door in front of two small services, in one process and over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from takt.common.app import create_app
from takt.common.bus.postgres import PostgresLog
from takt.common.clock import Clock
from takt.common.db import Database
from takt.common.settings import Settings
from takt.common.testing import NewKey, eventually, service_database
from takt.console.api.web import STATIC
from takt.console.app import create
from takt.console.settings import ConsoleSettings

from . import small_services
from .small_services import DEALS, FORECAST

deals_database = service_database(DEALS)
forecast_database = service_database(FORECAST)


@asynccontextmanager
async def served(app: ASGIApp, lifespan: str = "on") -> AsyncIterator[str]:
    """The URL of an app, served on a free port."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        log_config=None,
        lifespan=lifespan,  # type: ignore[arg-type]
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started or serving.done()

    await eventually(started, every=0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


@dataclass
class House:
    """A running Takt of two small services behind the door."""

    door: FastAPI
    url: str
    client: httpx.AsyncClient
    """With an administrator's key."""
    databases: Mapping[str, Database]
    servers: dict[str, AsyncExitStack] = field(default_factory=dict)

    async def stop(self, service: str) -> None:
        """Stop a service that is reached over HTTP."""
        await self.servers.pop(service).aclose()


@dataclass(frozen=True)
class Ground:
    """What the services and the door stand on."""

    databases: Mapping[str, Database]
    log: PostgresLog
    access_url: str
    clock: Clock
    key: str


@pytest_asyncio.fixture
async def ground(
    deals_database: Database,
    forecast_database: Database,
    log: PostgresLog,
    access_url: str,
    clock: Clock,
    new_key: NewKey,
) -> Ground:
    databases = {"deals": deals_database, "forecast": forecast_database}
    return Ground(databases, log, access_url, clock, await new_key())


async def reads(door: FastAPI) -> bool:
    """Whether the door has found its place in the log."""
    return bool(door.state.events.head)


@asynccontextmanager
async def house_of(
    ground: Ground, *, apart: bool, page_key: str | None = None, static: Path = STATIC
) -> AsyncIterator[House]:
    """Both services and the door.

    Args:
        ground: databases, log, keys.
        apart: reached over real HTTP, else in this process.
        page_key: of the door.
        static: where the door's web page was built.
    """
    small_services.go_on.clear()
    async with AsyncExitStack() as stack:
        services: dict[str, ASGIApp | str] = {}
        servers: dict[str, AsyncExitStack] = {}
        for part in (DEALS, FORECAST):
            url = ground.databases[part.name].url
            settings = Settings(database_url=url, access_url=ground.access_url)
            app = create_app(part, settings, log=ground.log, clock=ground.clock)
            if apart:
                servers[part.name] = await stack.enter_async_context(AsyncExitStack())
                services[part.name] = await servers[part.name].enter_async_context(served(app))
            else:
                await stack.enter_async_context(app.router.lifespan_context(app))
                services[part.name] = app
        console = ConsoleSettings(access_url=ground.access_url, page_key=page_key, answer_seconds=4)
        door = create(console, services=services, log=ground.log, clock=ground.clock, static=static)
        url = await stack.enter_async_context(served(door))
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {ground.key}"})
        )
        await eventually(lambda: reads(door))
        yield House(door, url, client, ground.databases, servers)


@pytest_asyncio.fixture(params=["in one process", "over HTTP"])
async def house(request: pytest.FixtureRequest, ground: Ground) -> AsyncIterator[House]:
    async with house_of(ground, apart=request.param == "over HTTP") as house:
        yield house


@pytest_asyncio.fixture
async def composed(ground: Ground) -> AsyncIterator[House]:
    """The services apart only."""
    async with house_of(ground, apart=True) as house:
        yield house


@pytest_asyncio.fixture
async def together(ground: Ground) -> AsyncIterator[House]:
    """All in one process only."""
    async with house_of(ground, apart=False) as house:
        yield house
