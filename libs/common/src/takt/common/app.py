"""create_app: what makes a FastAPI app a service of Takt.

A service's own app.py says what it is made of as a `Part`; this file gives it database, log, clock,
keys, problems, health, and runs its relay, consumers, jobs and schedules for as long as the app
lives.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.datastructures import State

from takt.common import ops, problems, retention
from takt.common.auth import Access, check_routes
from takt.common.bus import Log, LogUnavailable
from takt.common.bus.consumer import Consumer, Progress, consume
from takt.common.clock import Clock
from takt.common.db import Database, is_transient, sqlstate
from takt.common.event import wall_now
from takt.common.http import Edge
from takt.common.jobs import JobHandler, Schedule, keep_schedule, work
from takt.common.ops import TraceSteps
from takt.common.outbox import relay
from takt.common.settings import Settings, SharedSettings
from takt.common.telemetry import redact

logger = logging.getLogger(__name__)

STOP_DEADLINE = 25
RETAIN_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Part:
    """A service, or one of the parts that a service is run in, as its app.py wires it.

    Args:
        name: as in addresses and events, such as `deals` or `procurement`.
        title: for people.
        migrations: the folder of its Alembic files.
        routers: its routes.
        consumers: its tables of event type to use case.
        jobs: its jobs by name.
        schedules: which of them the clock starts.
        schema: the schema of its tables.
        trace_steps: steps of a trace that are no events.
        start: called with the app when the database and the log are there, before anything runs.
        stop: called with the app when everything has stopped.
    """

    name: str
    title: str
    migrations: Path
    routers: Sequence[APIRouter] = ()
    consumers: Sequence[Consumer] = ()
    jobs: Mapping[str, JobHandler] = field(default_factory=dict)
    schedules: Sequence[Schedule] = ()
    schema: str = "public"
    trace_steps: TraceSteps | None = None
    start: Callable[[FastAPI], Awaitable[None]] | None = None
    stop: Callable[[FastAPI], Awaitable[None]] | None = None


def create_app(
    part: Part, settings: Settings, *, log: Log | None = None, clock: Clock | None = None
) -> FastAPI:
    """The app of a part.

    Args:
        part: what it is made of.
        settings: where its database, keys and log are.
        log: a log that is shared and already started, instead of the one of the settings.
        clock: business time, instead of the one of the settings.

    Raises:
        RuntimeError: a route declares no scope.
    """
    app = FastAPI(
        title=f"Takt {part.title}",
        version="1",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        responses=problems.RESPONSES,
    )
    equip(app, part, settings, log=log, clock=clock)
    app.add_middleware(Edge)
    problems.install(app)
    for router in (*part.routers, ops.router):
        app.include_router(router)
    check_routes(app.routes)
    return app


def equip(
    app: FastAPI, part: Part, settings: Settings, *, log: Log | None, clock: Clock | None
) -> None:
    """Give an app what it runs with next, and take away what it ran with before."""
    app.state = State(
        {
            "part": part,
            "settings": settings,
            "shared_log": log,
            "clock": clock or Clock.as_of(settings.as_of),
            "progress": {consumer.group: Progress() for consumer in part.consumers},
        }
    )


def log_of(settings: SharedSettings) -> Log:
    """The log that the settings name. Raises ValueError when they name none."""
    if settings.kafka is not None:
        from takt.common.bus.kafka import KafkaLog

        return KafkaLog(
            settings.kafka,
            replication=settings.kafka_replication,
            security=settings.kafka_connection(),
        )
    if settings.log_url is not None:
        from takt.common.bus.postgres import PostgresLog

        return PostgresLog(settings.log_url.get_secret_value())
    raise ValueError("no log is named: set TAKT_KAFKA, or TAKT_LOG_URL for one machine")


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = app.state
    part: Part = state.part
    settings: Settings = state.settings
    shared: Log | None = state.shared_log
    state.database = Database(
        part.name,
        settings.database_url.get_secret_value(),
        schema=part.schema,
        pool_size=settings.pool_size,
    )
    state.access = Access(settings.access_url.get_secret_value(), rate=settings.rate_limit)
    state.log = shared or log_of(settings)
    state.lag = _lag(app)
    stop = asyncio.Event()
    tasks: list[asyncio.Task[None]] = []
    try:
        await _look_at_database(state.database)
        if part.start is not None:
            await part.start(app)
        tasks = _run(app, part, stop, own_log=shared is None)
        yield
    finally:
        stop.set()
        state.database.emitted.set()
        await _end(tasks)
        if tasks and part.stop is not None:
            await part.stop(app)
        if shared is None:
            await state.log.close()
        await state.access.close()
        await state.database.close()


class CannotStart(RuntimeError):
    """What keeps a service from starting, and the remedy."""


async def _look_at_database(database: Database) -> None:
    """See that the database is there and migrated. Raises CannotStart."""
    try:
        async with database.transaction() as tx:
            await retention.keep_partitions(tx, wall_now().date())
    except Exception as error:
        place = f"{database.name}: its database {redact(database.url)}"
        reason = next(iter(str(getattr(error, "orig", error)).splitlines()), type(error).__name__)
        match sqlstate(error):
            case "42P01":  # undefined table
                raise CannotStart(f"{place} is not migrated yet; run takt migrate") from error
            case "28P01" | "28000" | "3D000":  # password, role, database
                raise CannotStart(f"{place} refuses: {reason}; mend its database_url") from error
        if is_transient(error):
            remedy = "start PostgreSQL, or mend its database_url"
            raise CannotStart(f"{place} cannot be reached: {reason}; {remedy}") from error
        raise


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait for what was told to stop; cancel what does not in time."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=STOP_DEADLINE)
    for task in late:
        logger.warning("%s did not stop in %d s", task.get_name(), STOP_DEADLINE)
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=1)


def _run(
    app: FastAPI, part: Part, stop: asyncio.Event, *, own_log: bool
) -> list[asyncio.Task[None]]:
    """Start relay, consumers, jobs and schedules; one that fails is logged and begins anew."""
    state = app.state
    ready = asyncio.Event()
    loops: dict[str, Callable[[], Awaitable[None]]] = {
        "jobs": lambda: work(state.database, part.jobs, state.clock, stop),
        "schedule": lambda: keep_schedule(state.database, part.schedules, state.clock, stop),
        "retention": lambda: _retain(state.database, state.log, stop),
        "relay": lambda: relay(state.database, state.log, stop),
    }
    need_log = {"relay", *(consumer.group for consumer in part.consumers)}
    for consumer in part.consumers:
        loops[consumer.group] = partial(
            consume,
            consumer,
            database=state.database,
            log=state.log,
            clock=state.clock,
            stop=stop,
            progress=state.progress[consumer.group],
        )
    if own_log:
        loops["log"] = lambda: _connect(state.log, ready, stop)
    else:
        ready.set()
    return [
        asyncio.create_task(
            _keep_running(name, loop, stop, after=ready if name in need_log else None),
            name=f"{part.name} {name}",
        )
        for name, loop in loops.items()
    ]


async def _connect(log: Log, ready: asyncio.Event, stop: asyncio.Event) -> None:
    """Connect to the log, however long it takes: the API answers meanwhile."""
    pause = 0.2
    while not stop.is_set():
        try:
            await log.start()
            await log.create_topics()
            ready.set()
            return
        except LogUnavailable as error:
            logger.warning("the log is not there yet: %s", error)
            await _sleep(stop, pause)
            pause = min(pause * 2, 5)


async def _keep_running(
    name: str,
    loop: Callable[[], Awaitable[None]],
    stop: asyncio.Event,
    *,
    after: asyncio.Event | None,
) -> None:
    if after is not None:
        waits = [asyncio.create_task(event.wait()) for event in (after, stop)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for waiting in waits:
            waiting.cancel()
    while not stop.is_set():
        try:
            await loop()
            return
        except Exception:
            logger.exception("%s failed; it starts anew", name)
            await _sleep(stop, 1)


async def _retain(database: Database, log: Log, stop: asyncio.Event) -> None:
    """Once an hour (the start did it first), so that a day never begins without its partition."""
    await _sleep(stop, RETAIN_SECONDS)
    while not stop.is_set():
        async with database.transaction() as tx:
            await retention.keep_partitions(tx, wall_now().date())
        with suppress(LogUnavailable):
            await log.retain()
        await _sleep(stop, RETAIN_SECONDS)


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


def _lag(app: FastAPI) -> Callable[[str], Awaitable[int | None]]:
    async def lag(group: str) -> int | None:
        progress: Progress = app.state.progress[group]
        subscription = progress.subscription
        if subscription is None:
            return None
        try:
            return await subscription.lag()
        except LogUnavailable:
            return None

    return lag
