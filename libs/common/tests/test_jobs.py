"""Jobs and schedules on the real queue."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from takt.common.clock import Clock
from takt.common.db import Database, Tx
from takt.common.jobs import JobHandler, Schedule, enqueue, keep_schedule, run_due, work
from takt.common.testing import NOW, eventually

Working = Callable[[Mapping[str, JobHandler]], contextlib.AbstractAsyncContextManager[None]]


@pytest.fixture
def working(database: Database, clock: Clock) -> Working:
    @contextlib.asynccontextmanager
    async def run(handlers: Mapping[str, JobHandler]) -> AsyncIterator[None]:
        stop = asyncio.Event()
        task = asyncio.create_task(work(database, handlers, clock, stop))
        try:
            yield
        finally:
            stop.set()
            await task

    return run


class Done:
    """A job that notes what it was given."""

    def __init__(self) -> None:
        self.payloads: list[dict[str, Any]] = []

    async def __call__(self, database: Database, payload: dict[str, Any], now: datetime) -> None:
        self.payloads.append(payload)

    async def times(self, count: int) -> None:
        async def enough() -> bool:
            return len(self.payloads) >= count

        await eventually(enough)


async def queued(database: Database) -> int:
    async with database.transaction() as tx:
        return int((await tx.exec_driver_sql("SELECT count(*) FROM pgqueuer")).scalar_one())


async def test_a_job_is_enqueued_with_its_transaction_or_not_at_all(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as tx:
            await enqueue(tx, "refit")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await queued(database) == 0
    async with database.transaction() as tx:
        await enqueue(tx, "refit")
    assert await queued(database) == 1


async def test_a_job_gets_its_payload_and_the_business_time(
    database: Database, working: Working
) -> None:
    got: list[tuple[dict[str, Any], datetime]] = []

    async def refit(_: Database, payload: dict[str, Any], now: datetime) -> None:
        got.append((payload, now))

    async with database.transaction() as tx:
        await enqueue(tx, "refit", {"product": "lamp"})

    async def run() -> bool:
        return bool(got)

    async with working({"refit": refit}):
        await eventually(run)
    assert got[0][0] == {"product": "lamp"}
    assert abs(got[0][1] - NOW) < timedelta(minutes=2)
    assert await queued(database) == 0


async def test_a_job_with_a_key_waits_once(tx: Tx) -> None:
    for key in ("a", "a", "b", None, None):
        await enqueue(tx, "refit", once=key)
    rows = await tx.exec_driver_sql("SELECT count(*) FROM pgqueuer")
    assert rows.scalar_one() == 4


async def test_a_key_is_free_again_when_its_job_is_done(
    database: Database, working: Working
) -> None:
    done = Done()
    async with working({"refit": done}):
        for count in (1, 2):
            async with database.transaction() as tx:
                await enqueue(tx, "refit", once="lamp")
            await done.times(count)

            async def empty() -> bool:
                return await queued(database) == 0

            await eventually(empty)


async def test_a_deferred_job_waits_its_time(database: Database, working: Working) -> None:
    done = Done()
    async with database.transaction() as tx:
        await enqueue(tx, "attempt", {"n": 2}, after=timedelta(seconds=1))
        await enqueue(tx, "attempt", {"n": 1})
        await enqueue(tx, "attempt", {"n": 3}, after=timedelta(hours=1))
    async with working({"attempt": done}):
        await done.times(1)
        assert done.payloads == [{"n": 1}]
        await done.times(2)
    assert done.payloads == [{"n": 1}, {"n": 2}]
    assert await queued(database) == 1


async def test_a_job_whose_worker_died_is_taken_by_another(
    database: Database, working: Working
) -> None:
    done = Done()
    async with database.transaction() as tx:
        await enqueue(tx, "refit", {"n": 1})
        await tx.exec_driver_sql(
            "UPDATE pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid(),"
            " heartbeat = now() - interval '31 seconds'"
        )
    async with working({"refit": done}):
        await done.times(1)


async def test_a_job_that_fails_by_a_lost_connection_runs_again_and_another_failure_is_kept(
    database: Database, working: Working
) -> None:
    tries = {"flaky": 0, "broken": 0}

    async def flaky(database: Database, _: dict[str, Any], now: datetime) -> None:
        tries["flaky"] += 1
        if tries["flaky"] == 1:
            async with database.transaction() as tx:
                await tx.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    async def broken(*_: object) -> None:
        tries["broken"] += 1
        raise ValueError("no such product")

    async with database.transaction() as tx:
        await enqueue(tx, "flaky")
        await enqueue(tx, "broken")

    async def twice() -> bool:
        return tries["flaky"] == 2

    async with working({"flaky": flaky, "broken": broken}):
        await eventually(twice)
    assert tries["broken"] == 1
    async with database.transaction() as tx:
        rows = await tx.exec_driver_sql("SELECT entrypoint, status::text FROM pgqueuer")
        assert [tuple(row) for row in rows] == [("broken", "failed")]


async def test_a_worker_whose_connection_is_lost_begins_anew(
    database: Database, working: Working
) -> None:
    done = Done()
    async with working({"refit": done}):
        for n in (1, 2):
            async with database.transaction() as tx:
                await enqueue(tx, "refit", {"n": n})
            await done.times(n)
            async with database.transaction() as tx:
                await tx.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )


DAILY = Schedule("check", at=time(6, 30), zone="Europe/Berlin")
WEEKLY = Schedule("publish", at=time(5), weekday=0)
OFTEN = Schedule("sweep", every=timedelta(hours=6))


async def test_schedules_over_a_month_in_a_second(database: Database) -> None:
    begun: dict[str, list[datetime]] = {"check": [], "publish": [], "sweep": []}
    now = datetime(2026, 10, 12, 7, tzinfo=UTC)
    async with database.transaction() as tx:
        while now < datetime(2026, 11, 9, 7, tzinfo=UTC):
            now += timedelta(hours=1)
            for job in await run_due(tx, [DAILY, WEEKLY, OFTEN], now):
                begun[job].append(now)
                await tx.exec_driver_sql("DELETE FROM pgqueuer")
    first = {job: times[0] for job, times in begun.items()}
    assert set(first.values()) == {datetime(2026, 10, 12, 8, tzinfo=UTC)}, "at once when new"
    # 06:30 in Berlin is 04:30 UTC in summer, 05:30 after 25 October; looked at on the hour.
    assert [t.hour for t in begun["check"][1:]] == [5] * 12 + [6] * 16
    assert [t.date().isoformat() for t in begun["publish"][1:]] == [
        "2026-10-19",
        "2026-10-26",
        "2026-11-02",
        "2026-11-09",
    ]
    assert {t.hour for t in begun["sweep"][1:]} == {0, 6, 12, 18}
    assert len(begun["sweep"]) == 1 + 28 * 4


async def test_a_clock_set_to_another_time_starts_what_is_due_there_and_on_its_return(
    database: Database,
) -> None:
    then = datetime(2017, 12, 31, tzinfo=UTC)
    begun = []
    async with database.transaction() as tx:
        for now in (NOW, then, then, then + timedelta(days=1), NOW, NOW):
            begun.append(await run_due(tx, [DAILY], now))
            await tx.exec_driver_sql("DELETE FROM pgqueuer")
    assert begun == [["check"], ["check"], [], ["check"], ["check"], []]


async def test_of_several_replicas_one_enqueues(database: Database) -> None:
    async def replica() -> list[str]:
        async with database.transaction() as tx:
            return await run_due(tx, [DAILY], NOW)

    answers = await asyncio.gather(*[replica() for _ in range(5)])
    assert sorted(answers) == [[], [], [], [], ["check"]]


async def test_the_clock_starts_what_is_due(database: Database, clock: Clock) -> None:
    stop = asyncio.Event()
    often = Schedule("sweep", every=timedelta(seconds=1))
    keeping = asyncio.create_task(keep_schedule(database, [often], clock, stop))

    async def enqueued() -> bool:
        return await queued(database) == 1

    await eventually(enqueued)
    stop.set()
    await keeping
