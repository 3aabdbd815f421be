"""Runs: every series forecast by the combination, in tasks over worker processes.

    request_run   begin one, or join the one that is under way
    go_on         plan, forecast, judge, publish: each step where the last one ended

Every step is kept in the transaction that marks it done, so that a run which is killed goes on
where it was. What a run publishes are stale series, which the fast path says anew, moved by the
run's outlook; a series is stale once, so nothing is published twice.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import isnan
from uuid import UUID

from takt.common.db import Database, Tx, is_transient
from takt.common.event import Cause, new_id
from takt.common.outbox import emit
from takt.forecast.domain.calendar import week_of
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.two_speeds import (
    RECIPE,
    REPLAYS,
    SHORTEST,
    forecast_all,
    past_trials,
)
from takt.forecast.service.judge_run import judge_run
from takt.forecast.service.publish import in_zone
from takt.forecast.service.refit_series import refit_due
from takt.forecast.service.workers import Workers
from takt.forecast.store import catalog, history, runs
from takt.forecast.store.arrays import literal
from takt.forecast.store.runs import Run, Task, WrittenTrials

TASK_SERIES = 250
"""Series that a task forecasts together: the learner sees them all, a few seconds."""


async def request_run(tx: Tx, requested_by: str, now: datetime) -> tuple[Run, bool]:
    """Begin a run, unless one is under way; returns it, and whether it was joined.

    A run that is under way is joined, not refused: what has changed since it read is said at once
    by the fast path, which moves the run's outlook too.
    """
    made = await runs.insert_run(tx, new_id(), requested_by, now)
    if made is not None:
        await _tell(tx, made)
        return made, False
    under_way = await runs.under_way(tx)
    assert under_way is not None, "what keeps another from beginning is under way"
    return under_way, True


async def go_on(database: Database, run_id: UUID, now: datetime, stop: asyncio.Event) -> bool:
    """Take a run to its end from wherever it is; returns whether it got there.

    Told to stop, it leaves the rest for later. What makes it fail is kept in it.
    """
    began = time.monotonic()

    def then() -> datetime:
        return now + timedelta(seconds=time.monotonic() - began)

    try:
        async with database.transaction() as tx:
            run = await runs.lock_run(tx, run_id)
            if run is not None and run.state == "waiting":
                run = await _plan(tx, run, now)
        if run is None or not run.is_under_way:
            return True
        async with Workers() as workers:
            if run.state == "forecasting":
                await _forecast(database, run, workers, stop)
                if stop.is_set():
                    return False
                await judge_run(database, run, workers, then())
        await refit_due(database, then())
        async with database.transaction() as tx:
            ended = await runs.end_run(tx, run_id, "done", then())
            if ended is not None:
                await _tell(tx, ended)
        return True
    except Exception as error:
        if is_transient(error):
            raise
        async with database.transaction() as tx:
            said = f"{type(error).__name__}: {error}"
            failed = await runs.end_run(tx, run_id, "failed", then(), failure=said[:2_000])
            if failed is not None:
                await _tell(tx, failed)
        raise


async def _plan(tx: Tx, run: Run, now: datetime) -> Run:
    """Write down what has to be forecast: past trials that are missing, then the present."""
    week = week_of(in_zone(now, await catalog.time_zone(tx)).date())
    begun = await history.first_weeks(tx, week)
    known = await runs.known_trials(tx, past_trials(week, REPLAYS), RECIPE)
    tasks = await asyncio.to_thread(_tasks, week, begun, known, TASK_SERIES)
    planned = await runs.save_plan(tx, run.id, week, len(begun), tasks)
    await _tell(tx, planned)
    return planned


def _tasks(
    week: date,
    begun: Sequence[tuple[SeriesKey, date]],
    known: Mapping[tuple[SeriesKey, date], date],
    size: int,
) -> list[tuple[date, list[SeriesKey]]]:
    """What to forecast from which origin; a trial that saw a shorter history is replayed anew.

    Args:
        week: the week in progress.
        begun: every series and its first week.
        known: the first week that each trial saw.
        size: series of a task at most.
    """
    tasks = []
    for origin in past_trials(week, REPLAYS):
        latest = origin - timedelta(weeks=SHORTEST)
        keys = [
            key
            for key, first in begun
            if first <= latest and known.get((key, origin), week) > first
        ]
        tasks += [(origin, part) for part in _parts(keys, size)]
    return tasks + [(week, part) for part in _parts([key for key, _ in begun], size)]


def _parts(keys: Sequence[SeriesKey], size: int) -> Iterator[list[SeriesKey]]:
    """Parts of about one size, at most `size`: a learner gains from company."""
    count = -(-len(keys) // size)
    for part in range(count):
        yield list(keys[part * len(keys) // count : (part + 1) * len(keys) // count])


async def _forecast(database: Database, run: Run, workers: Workers, stop: asyncio.Event) -> None:
    """Do the tasks that are not done, as many at a time as there are workers."""
    async with database.transaction() as tx:
        waiting = iter(await runs.waiting_tasks(tx, run.id))
    last = [time.monotonic()]

    async def work() -> None:
        for task in waiting:
            if stop.is_set():
                return
            async with database.transaction() as tx:
                histories = await history.weekly_units(tx, task.keys, task.origin)
            trials = None  # where what was sold has been taken back since
            if histories:
                trials = await workers.run(forecast_task, histories, task.origin)
            async with database.transaction() as tx:
                await _keep(tx, run.id, task, trials, time.monotonic() - last[0])
            last[0] = time.monotonic()

    tasks: list[asyncio.Task[None]] = [asyncio.create_task(work()) for _ in range(workers.count)]
    ending = asyncio.create_task(_wait(stop))
    try:
        while not ending.done() and (left := [task for task in tasks if not task.done()]):
            await asyncio.wait([ending, *left], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
    finally:
        for task in (ending, *tasks):
            task.cancel()
        await asyncio.gather(ending, *tasks, return_exceptions=True)


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


async def _keep(
    tx: Tx, run_id: UUID, task: Task, trials: WrittenTrials | None, seconds: float
) -> None:
    """Keep what a task found, and that it is done; tell it when another percent is."""
    before = await runs.lock_run(tx, run_id)
    after = await runs.finish_task(tx, run_id, task, seconds)
    if before is None or after is None:
        return  # another worker has done it
    if trials is not None:
        await runs.save_trials(tx, trials)
    if after.percent != before.percent:
        await _tell(tx, after)


async def _tell(tx: Tx, run: Run) -> None:
    told = await runs.count_told(tx, run)
    await emit(tx, (told.event(), Cause.start(run.id)))


def forecast_task(histories: Sequence[history.WeeklyUnits], origin: date) -> WrittenTrials:
    """Forecast series from an origin by every method, ready to be written. Runs in a worker."""
    said = forecast_all([units.whole(origin) for units in histories])
    return WrittenTrials(
        [units.key.product for units in histories],
        [units.key.region for units in histories],
        origin,
        RECIPE,
        [units.first_week for units in histories],
        ", ".join(said.methods),
        said.unit.tolist(),
        said.scale.tolist(),
        [literal(row) for row in said.naive],
        [literal(row) for row in said.fast],
        [literal(row) for row in said.combination],
        [None if isnan(rate) else rate for rate in said.rate.tolist()],
    )
