"""The door as an app; the only place that wires it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from takt.common import problems
from takt.common.app import log_of
from takt.common.auth import Access, check_routes
from takt.common.bus import Log
from takt.common.clock import Clock
from takt.common.http import Edge
from takt.console.api import dead_letters, events, health, pages, sessions, status, traces, web
from takt.console.api.access import PasswordNeeded
from takt.console.api.cookie import CookieSessions
from takt.console.domain.attempts import Attempts
from takt.console.service.backends import Backends, backend
from takt.console.service.documents import Documents
from takt.console.service.feed import Feed
from takt.console.service.proxy import Proxy
from takt.console.settings import ConsoleSettings

STOP_SECONDS = 5

GUARDS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def create(
    settings: ConsoleSettings | None = None,
    *,
    services: Mapping[str, ASGIApp | str] | None = None,
    log: Log | None = None,
    clock: Clock | None = None,
    static: Path = web.STATIC,
) -> FastAPI:
    """The door.

    Args:
        settings: from the environment when None.
        services: an app in this process, whose lifespan is already running, or a URL, by name;
            those of the settings when None.
        log: a log that is shared and already started, instead of the one of the settings.
        clock: business time, instead of the one of the settings.
        static: where the web page was built.
    """
    settings = settings or ConsoleSettings()
    given = settings.services if services is None else services
    backends = {name: backend(name, one, settings.answer_seconds) for name, one in given.items()}
    app = FastAPI(
        title="Takt console",
        version="1",
        lifespan=_lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=problems.RESPONSES,
    )
    state = app.state
    state.settings = settings
    state.clock = clock or Clock.as_of(settings.as_of)
    state.backends = backends
    state.events = Feed(log or log_of(settings), own=log is None)
    state.streams = asyncio.Semaphore(events.MAX_STREAMS)
    state.static = static
    state.attempts = Attempts()
    app.add_middleware(CookieSessions)
    app.add_middleware(Edge)
    app.add_middleware(Guards)
    problems.install(app)
    app.add_exception_handler(PasswordNeeded, pages.ask_for_password)
    app.add_exception_handler(web.PageNotBuilt, web.say_not_built)
    for module in (sessions, status, traces, dead_letters, events, health, pages, web):
        app.include_router(module.router)
    check_routes(app.routes)
    state.documents = Documents(backends, app.openapi())
    # First, since most requests are for services; they check keys and scopes themselves.
    app.router.routes.insert(0, Proxy(backends))
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = app.state
    settings: ConsoleSettings = state.settings
    state.access = Access(settings.access_url.get_secret_value(), rate=settings.rate_limit)
    feed: Feed = state.events
    reading = asyncio.create_task(feed.run(), name="console events")
    try:
        yield
    finally:
        feed.stop()
        _, late = await asyncio.wait({reading}, timeout=STOP_SECONDS)
        for task in late:
            task.cancel()
        await feed.close()
        backends: Backends = state.backends
        for one in backends.values():
            await one.client.aclose()
        await state.access.close()


class Guards:
    """Headers that keep a browser from doing with an answer what it was not made for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in GUARDS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, guarded if scope["type"] == "http" else send)
