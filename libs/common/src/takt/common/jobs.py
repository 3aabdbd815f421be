"""Durable jobs and schedules in PostgreSQL, on pgqueuer: refits, imports, webhooks, daily checks.

A job runs at least once: a worker that dies leaves it to another after 30 s, so a job is written to
be repeated. One that fails by a transient error runs again after 1 to 60 s; one that fails
otherwise is kept as failed and shown in the log. Schedules take the clock as an argument, so that a
month of them is tested in a second; the row of a schedule is the guard that makes one of several
replicas enqueue it.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from pgqueuer import AsyncpgDriver, Job, Queries, QueueManager
from pgqueuer.errors import RetryRequested
from sqlalchemy import text

from takt.common.clock import Clock
from takt.common.db import LOST, Database, Tx, is_transient

logger = logging.getLogger(__name__)

JobHandler = Callable[[Database, dict[str, Any], datetime], Awaitable[None]]
"""`async def job(database, payload, now)`: opens its own transactions; may run again."""

SLOWEST_RETRY = 60

_stop: ContextVar[asyncio.Event] = ContextVar("stop")


def stopping() -> asyncio.Event:
    """Set when whoever runs the present job is told to stop: a long job leaves the rest for later.

    Outside a worker it is never set.
    """
    return _stop.get(asyncio.Event())


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job that the clock starts.

    Args:
        job: the job's name.
        every: the distance, counted from the epoch; or
        at: a time of day in `zone`, on `weekday` (0 is Monday) or every day.
    """

    job: str
    every: timedelta | None = None
    at: time | None = None
    zone: str = "UTC"
    weekday: int | None = None

    def last_due(self, now: datetime) -> datetime:
        """The latest instant at or before `now` at which it was due."""
        if self.every is not None:
            epoch = datetime(1970, 1, 1, tzinfo=UTC)
            return epoch + (now - epoch) // self.every * self.every
        assert self.at is not None, "a schedule has every or at"
        local = now.astimezone(ZoneInfo(self.zone))
        due = local.replace(
            hour=self.at.hour, minute=self.at.minute, second=self.at.second, microsecond=0
        )
        if due > local:
            due -= timedelta(days=1)
        while self.weekday is not None and due.weekday() != self.weekday:
            due -= timedelta(days=1)
        return due.astimezone(UTC)


async def enqueue(
    tx: Tx,
    job: str,
    payload: Mapping[str, Any] | None = None,
    *,
    after: timedelta | None = None,
    once: str | None = None,
) -> None:
    """Enqueue a job inside the caller's transaction.

    Args:
        tx: the caller's transaction.
        job: its name in the service's table of jobs.
        payload: JSON.
        after: how long to wait first.
        once: a key; while a job with it waits or runs, another is not added.
    """
    # pgqueuer writes on the raw connection, which has a transaction only once SQLAlchemy has sent a
    # statement.
    await tx.execute(text("SELECT 1"))
    raw = await tx.get_raw_connection()
    assert raw.driver_connection is not None
    queries = Queries(AsyncpgDriver(raw.driver_connection))
    await queries.enqueue(
        [job],
        [json.dumps(payload or {}, default=str).encode()],
        [0],
        [after or timedelta()],
        [once],
        [None],
        on_conflict="skip",
    )


async def run_due(tx: Tx, schedules: Sequence[Schedule], now: datetime) -> list[str]:
    """Enqueue every schedule that has become due since it last ran; returns the jobs' names.

    A clock that was set back makes it due too: what ran on a later day was not of this one.
    """
    due = [(s.job, s.last_due(now)) for s in schedules]
    if not due:
        return []
    rows = await tx.exec_driver_sql(
        """
        INSERT INTO schedules (job, last_due)
        SELECT * FROM unnest($1::text[], $2::timestamptz[])
        ON CONFLICT (job) DO UPDATE SET last_due = excluded.last_due
        WHERE schedules.last_due <> excluded.last_due RETURNING job
        """,
        ([job for job, _ in due], [at for _, at in due]),
    )
    names = [row[0] for row in rows]
    for name in names:
        await enqueue(tx, name, once=f"schedule:{name}")
    return names


async def keep_schedule(
    database: Database, schedules: Sequence[Schedule], clock: Clock, stop: asyncio.Event
) -> None:
    """Look every second at what is due, until told to stop."""
    while schedules and not stop.is_set():
        try:
            latest = {s.job: s.last_due(clock.now()) for s in schedules}
            async with database.transaction() as tx:
                await run_due(tx, schedules, clock.now())
            while not stop.is_set() and latest == {
                s.job: s.last_due(clock.now()) for s in schedules
            }:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 1)
        except Exception as error:
            if not is_transient(error):
                raise
            logger.warning("schedules wait: %s", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1)


async def work(
    database: Database,
    handlers: Mapping[str, JobHandler],
    clock: Clock,
    stop: asyncio.Event,
) -> None:
    """Run jobs until told to stop; a lost connection is made anew."""
    _stop.set(stop)
    while handlers and not stop.is_set():
        try:
            await _work_while_connected(database, handlers, clock, stop)
        except LOST as error:
            logger.warning("jobs wait: %s: %s", type(error).__name__, error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1)


async def _work_while_connected(
    database: Database, handlers: Mapping[str, JobHandler], clock: Clock, stop: asyncio.Event
) -> None:
    connection = await asyncpg.connect(
        database.url, server_settings={"search_path": database.schema}, timeout=10
    )
    try:
        manager = QueueManager(Queries(AsyncpgDriver(connection)))
        for name, handler in handlers.items():
            manager.entrypoint(name, on_failure="hold", accepts_context=False)(
                _entrypoint(database, handler, clock)
            )
        stopping = asyncio.create_task(_stop_when(stop, manager))
        # A lost connection brings no more notices: else nobody would see it for half a minute.
        connection.add_termination_listener(lambda _: manager.shutdown.set())
        try:
            await manager.run(max_concurrent_tasks=20, shutdown_on_listener_failure=True)
        finally:
            stopping.cancel()
    finally:
        await connection.close(timeout=5)


async def _stop_when(stop: asyncio.Event, manager: QueueManager) -> None:
    await stop.wait()
    manager.shutdown.set()


def _entrypoint(
    database: Database, handler: JobHandler, clock: Clock
) -> Callable[[Job], Awaitable[None]]:
    async def run(job: Job) -> None:
        try:
            await handler(database, json.loads(job.payload or b"{}"), clock.now())
        except Exception as error:
            if not is_transient(error):
                raise
            delay = timedelta(seconds=min(2**job.attempts, SLOWEST_RETRY))
            raise RetryRequested(delay, f"{type(error).__name__}: {error}") from error

    return run
