"""Runs that are stopped, killed, or fail, and go on: on real worker processes."""

import asyncio
import json
import multiprocessing
import os
import signal
import sys

import pytest

from takt.common.contracts.forecast import ForecastChanged, RefitProgressed
from takt.common.testing import eventually
from takt.forecast.service import refit_runs
from takt.forecast.store import runs

from .test_refit_runs import ROWS, go_on, promote, published, read, request, sold, told


@pytest.fixture
def small_tasks(monkeypatch):
    """Tasks of two series: a run has many."""
    monkeypatch.setattr(refit_runs, "TASK_SERIES", 2)


async def test_a_run_told_to_stop_goes_on_where_it_was(database, now, small_tasks):
    await sold(database, now)
    run, _ = await request(database, now)
    stop = asyncio.Event()

    async def some_done():
        rows = await read(database, "SELECT rows_done FROM refit_runs")
        return rows[0].rows_done

    going = asyncio.create_task(refit_runs.go_on(database, run, now, stop))
    done = await eventually(some_done, every=0.002)
    stop.set()
    assert await going is (done == ROWS)
    assert not multiprocessing.active_children()
    assert await go_on(database, run, now)
    async with database.transaction() as tx:
        assert (await runs.get_run(tx, run)).rows_done == ROWS


async def test_a_worker_that_is_killed_is_replaced(database, now, small_tasks):
    await sold(database, now)
    run, _ = await request(database, now)
    going = asyncio.create_task(go_on(database, run, now))

    async def worker():
        return multiprocessing.active_children()

    for victim in await eventually(worker, every=0.002):
        os.kill(victim.pid, signal.SIGKILL)
    assert await going
    async with database.transaction() as tx:
        found = await runs.get_run(tx, run)
    assert (found.state, found.rows_done) == ("done", ROWS)
    assert not multiprocessing.active_children()


async def test_a_run_that_fails_says_why_and_another_can_begin(database, now, monkeypatch):
    await sold(database, now, weeks=30)
    run, _ = await request(database, now)
    monkeypatch.setattr(refit_runs, "forecast_task", refuse)
    with pytest.raises(ValueError, match="no forecast"):
        await go_on(database, run, now)
    async with database.transaction() as tx:
        found = await runs.get_run(tx, run)
    assert (found.state, found.failure) == ("failed", "ValueError: no forecast today")
    assert (await told(database, RefitProgressed))[-1].failure == found.failure
    assert await go_on(database, run, now)
    assert (await request(database, now))[1] is False


def refuse(*_):
    raise ValueError("no forecast today")


KILLED = """
import asyncio, json, os, signal, sys
from datetime import datetime
from multiprocessing import active_children
from uuid import UUID
from takt.common.db import Database
from takt.forecast.service import refit_runs
from takt.forecast.store import runs

async def main(url, run, now, function, calls):
    left = [int(calls)]
    module = refit_runs if hasattr(refit_runs, function) else runs
    whole = getattr(module, function)

    async def counted(*arguments, **named):
        found = await whole(*arguments, **named)
        left[0] -= 1
        if not left[0]:
            print(json.dumps([child.pid for child in active_children()]), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    setattr(module, function, counted)
    refit_runs.TASK_SERIES = 2
    database = Database("forecast", url)
    await refit_runs.go_on(database, UUID(run), datetime.fromisoformat(now), asyncio.Event())

if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("function", "calls"),
    [("finish_task", 5), ("judge_run", 1), ("end_run", 1)],
)
async def test_a_killed_service_leaves_no_worker_and_its_run_goes_on_and_publishes_once(
    database, now, tmp_path, function, calls
):
    await sold(database, now)
    await promote(database, now)
    before = {key: revision.revision for key, revision in (await published(database)).items()}
    run, _ = await request(database, now)
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    killed = await asyncio.create_subprocess_exec(
        sys.executable,
        script,
        database.url,
        str(run),
        now.isoformat(),
        function,
        str(calls),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    children = json.loads(output)

    async def gone():
        return not any(alive(pid) for pid in children)

    await eventually(gone)
    (kept,) = await read(database, "SELECT state, rows_done FROM refit_runs")
    assert kept.state in ("waiting", "forecasting", "publishing")
    assert await go_on(database, run, now)
    (ended,) = await read(database, "SELECT state, rows, rows_done FROM refit_runs")
    assert (ended.state, ended.rows_done) == ("done", ended.rows)
    assert ended.rows == ROWS
    after = {key: revision.revision for key, revision in (await published(database)).items()}
    assert after == {key: revision + 1 for key, revision in before.items()}
    (decision,) = await read(database, "SELECT * FROM model_decisions WHERE run = $1", run)
    assert decision.champion in ("combination", "fast")
    events = await told(database, ForecastChanged)
    last = [event.sequence for event in events if (event.product, event.region) == ("P1", "DE")]
    assert last == sorted(set(last))


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
