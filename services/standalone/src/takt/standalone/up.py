"""`takt up`: all of Takt in one process and one event loop, with a PostgreSQL of its own beside it.

A start goes: home, port, PostgreSQL, databases, migrations, log, services, door, banner; then, the
first time, the demonstration company, while the page is served already. The end goes backwards and
leaves nothing running.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from takt.common import telemetry
from takt.common.bus import Log, LogUnavailable
from takt.common.clock import Clock
from takt.common.serving import spare_collector
from takt.standalone import access, provision, services
from takt.standalone.commands.output import say
from takt.standalone.commands.progress import Progress
from takt.standalone.errors import StartError
from takt.standalone.greeting import Wishes, banner
from takt.standalone.home import Home, home_at
from takt.standalone.ports import DEFAULT_PORT, asked_port, listen, who_holds
from takt.standalone.postgres import Postgres
from takt.standalone.provision import ACCESS, LOG, Databases
from takt.standalone.temporary import temporary_folder

if TYPE_CHECKING:
    from fastapi import FastAPI

    from takt.standalone.kafka import Kafka

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
OWN_KAFKA = "own"
"""What --kafka without an address means."""
KAFKA_PORT = 9092
KAFKA_SECONDS = 15
WATCH_SECONDS = 1.0
POLL_SECONDS = 2.0
"""All that is emitted is emitted in this process, and wakes its relay and its readers at once."""
GRACE_SECONDS = 2
LOG_BYTES = 10_000_000


class Server(uvicorn.Server):
    """A server whose end is decided by Takt: it takes no signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to whoever has them."""
        yield


def up(wishes: Wishes) -> None:
    """Bring Takt up and keep it up until a signal ends it.

    Raises: StartError: something that it needs is not there; what was up already is down again.
    """
    os.umask(0o077)  # what Takt writes is for its user alone
    with home_for(wishes) as home:
        if wishes.database is None:
            Postgres(home.postgres).check_place()
        bring_up(wishes, home)


def bring_up(wishes: Wishes, home: Home) -> None:
    """Bring Takt up in a home where it can live."""
    import uvloop

    with home.taken(), listening(wishes) as listener:
        log_into(home.log)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(until_signal(serve(wishes, home, listener)))


@contextlib.contextmanager
def home_for(wishes: Wishes) -> Iterator[Home]:
    """The home of this Takt: a temporary one when nothing is to be kept."""
    if not wishes.ephemeral:
        yield home_at(wishes.home)
        return
    with temporary_folder() as folder:
        yield Home(folder / "home")


@contextlib.contextmanager
def listening(wishes: Wishes) -> Iterator[socket.socket]:
    """The socket of the door, taken before anything dear is started."""
    asked = asked_port(wishes.port)
    with listen(HOST, asked) as listener:
        port = listener.getsockname()[1]
        if asked is None and port != DEFAULT_PORT:
            say(f"Port {DEFAULT_PORT} is taken by {who_holds(DEFAULT_PORT)}; Takt takes {port}.")
        yield listener


def log_into(file: Path) -> None:
    """Keep what the services say in a file that does not grow for ever."""
    handler = RotatingFileHandler(file, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    telemetry.configure(stream_is_terminal=True, handler=handler)
    logging.captureWarnings(True)
    logging.getLogger("alembic").setLevel(logging.WARNING)


async def until_signal(work: Awaitable[None]) -> None:
    """Do some work until it is done, or until Ctrl-C, SIGTERM or a closed terminal cancels it."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    stopped = False

    def stop() -> None:
        # Only the first signal counts: a second would tear apart the orderly end.
        nonlocal stopped
        if not stopped:
            stopped = True
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not stopped:
            raise


async def serve(wishes: Wishes, home: Home, listener: socket.socket) -> None:
    """Bring everything up, say so, and stay until cancelled."""
    async with contextlib.AsyncExitStack() as stack:
        admin_url = wishes.database or await own_postgres(stack, home, wishes.ephemeral)
        databases = Databases(admin_url, passwords(home))
        made = await provision.make_databases(databases)
        if made and not wishes.empty:
            home.loading_file.touch()
        await provision.migrate(databases)
        clock = Clock.as_of(wishes.as_of)
        log, events = await log_for(stack, wishes.kafka, home, databases)
        surroundings = services.Surroundings(databases, log, clock, home.secret)
        apps = services.create(surroundings)
        await stack.enter_async_context(running(apps))
        for app in apps.values():
            app.state.database.outbox_poll_seconds = POLL_SECONDS
        await access.keep_first_keys(home, databases.url(ACCESS))
        door = services.create_door(apps, surroundings, page_key=home.page_key() or "")
        url = f"http://{HOST}:{listener.getsockname()[1]}"
        await stack.enter_async_context(served(door, listener))
        stack.enter_context(home.announced(url))
        link = await access.first_link(home, databases.url(ACCESS), url)
        say(banner(wishes, home, url, link, events, clock))
        if home.loading_file.exists():
            await load_company(home, url)
        await asyncio.Event().wait()


async def own_postgres(stack: contextlib.AsyncExitStack, home: Home, disposable: bool) -> str:
    """Start our own PostgreSQL and keep it running; the administrator's URL."""
    postgres = Postgres(home.postgres, disposable=disposable)
    if not postgres.data.exists():
        say(f"Making a database in {home.postgres} ...")
    stack.push_async_callback(postgres.stop_async)
    await postgres.start_async()
    await stack.enter_async_context(kept_running("PostgreSQL", postgres))
    return postgres.admin_url


async def log_for(
    stack: contextlib.AsyncExitStack, kafka: str | None, home: Home, databases: Databases
) -> tuple[Log, str]:
    """The log that was asked for, started, and in words."""
    if kafka is None:
        from takt.common.bus.postgres import PostgresLog

        log: Log = PostgresLog(databases.url(LOG), slowest_poll=POLL_SECONDS)
        words = "a log in PostgreSQL"
    else:
        from takt.common.bus.kafka import KafkaLog

        if kafka == OWN_KAFKA:
            address, security = await own_kafka(stack, home), {}
        else:
            address, security = kafka, kafka_connection()
        log = KafkaLog(address, security=security)
        words = f"Kafka at {address}"
    stack.push_async_callback(log.close)
    try:
        async with asyncio.timeout(KAFKA_SECONDS):
            await log.start()
            await log.create_topics()
    except (LogUnavailable, TimeoutError) as error:
        raise StartError(
            f"No log answers: {error or f'{words} did not within {KAFKA_SECONDS} s'}.",
            "Is the address of --kafka right and the broker running? Without an address Takt "
            "starts a broker of its own; without --kafka it keeps the events in PostgreSQL.",
        ) from error
    return log, words


def kafka_connection() -> dict[str, Any]:
    """How a given Kafka is entered, by the TAKT_KAFKA_* of the environment."""
    from pydantic import ValidationError

    from takt.common.settings import KafkaSecurity

    try:
        return KafkaSecurity().kafka_connection()
    except ValidationError as error:
        said = "; ".join(
            str(found["msg"]).removeprefix("Value error, ") for found in error.errors()
        )
        raise StartError(
            f"Kafka cannot be entered: {said}.", "Mend that, and start again."
        ) from None


async def own_kafka(stack: contextlib.AsyncExitStack, home: Home) -> str:
    """Start our own broker and keep it running; where it listens."""
    from takt.standalone.kafka import Kafka
    from takt.standalone.ports import holder_of

    port = KAFKA_PORT if holder_of(KAFKA_PORT) is None else 0
    broker = Kafka(home.kafka, port=port)
    say("Starting Kafka (the first time its programs are fetched) ...")
    stack.push_async_callback(broker.stop_async)
    await broker.start_async()
    await stack.enter_async_context(kept_running("Kafka", broker))
    return broker.bootstrap


@contextlib.asynccontextmanager
async def kept_running(name: str, server: "Postgres | Kafka") -> AsyncIterator[None]:
    """Start a server anew when it ends while Takt runs."""

    async def watch() -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if server.pid is None:
                logger.error("%s ended by itself; it is started anew", name)
                try:
                    await server.start_async()
                except StartError as error:
                    logger.error("%s: %s %s", name, error.problem, error.remedy)

    watcher = asyncio.create_task(watch(), name=f"watch {name}")
    try:
        yield
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher


@contextlib.asynccontextmanager
async def running(apps: "Mapping[str, FastAPI]") -> AsyncIterator[None]:
    """Have all services run until the end of the block; they start together and end together."""
    over = asyncio.Event()
    ready = {name: asyncio.get_running_loop().create_future() for name in apps}

    async def run(name: str, app: "FastAPI") -> None:
        try:
            async with app.router.lifespan_context(app):
                if not ready[name].cancelled():  # interrupted while it began
                    ready[name].set_result(None)
                await over.wait()
        except Exception as error:
            if ready[name].done():
                raise
            ready[name].set_exception(error)

    tasks = [asyncio.create_task(run(name, app), name=name) for name, app in apps.items()]
    try:
        await asyncio.gather(*ready.values())
        yield
    finally:
        over.set()
        await asyncio.wait(tasks)
        for task in tasks:
            if error := task.exception():
                logger.error("%s did not end well", task.get_name(), exc_info=error)


@contextlib.asynccontextmanager
async def served(door: "FastAPI", listener: socket.socket) -> AsyncIterator[None]:
    """Answer requests until the end of the block; open streams get two seconds to end."""
    config = uvicorn.Config(
        door, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_SECONDS
    )
    server = Server(config)
    spare_collector()
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="door")
    try:
        while not server.started:
            if serving.done():
                await serving
                raise RuntimeError("the door ended before it began")
            await asyncio.sleep(0.01)
        yield
    finally:
        door.state.events.end()  # whoever follows events is told that this is the end
        server.should_exit = True
        await asyncio.wait([serving])


def passwords(home: Home) -> dict[str, str]:
    """The passwords of the database's roles, which nobody needs to know."""
    return {role: home.secret(f"database role {role}") for role in provision.ROLES}


async def load_company(home: Home, url: str) -> None:
    """Load the demonstration company; interrupted, the next start goes on."""
    import httpx

    from takt.standalone.company import LoadFailed, load

    say("Loading the demonstration company; the page is there already.")
    progress = Progress()
    try:
        await load(url, home.key() or "", progress)
    except (LoadFailed, httpx.HTTPError) as error:
        logger.exception("the demonstration company was not loaded")
        say(f"It was not wholly loaded: {error}. Takt runs on; the next start goes on with it.")
    else:
        home.loading_file.unlink()
        say("The demonstration company is there.")
    finally:
        progress.end()
