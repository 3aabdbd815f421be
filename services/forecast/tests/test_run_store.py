"""What a run has to do, as it is kept."""

from datetime import timedelta

from sqlalchemy import event

from takt.common.event import new_id
from takt.forecast.domain.history import SeriesKey
from takt.forecast.store import runs

from .conftest import MONDAY


async def test_a_plan_is_kept_in_two_statements_however_many_tasks_it_has(database, now):
    keys = [SeriesKey(f"P{number % 7}", f"R{number:02}") for number in range(30)]
    tasks = [
        (MONDAY - timedelta(weeks=weeks), keys[weeks : weeks + size])
        for weeks, size in ((8, 3), (4, 1), (4, 22), (0, 2))
    ]
    run = new_id()
    statements = []
    async with database.transaction() as tx:
        await runs.insert_run(tx, run, "ann", now)
        event.listen(
            database.engine.sync_engine,
            "before_cursor_execute",
            lambda connection, cursor, statement, *rest: statements.append(statement),
        )
        planned = await runs.save_plan(tx, run, MONDAY, 30, tasks)
        assert len(statements) == 2
        kept = await runs.waiting_tasks(tx, run)
    assert (planned.state, planned.rows) == ("forecasting", 28)
    assert [(task.number, task.origin, list(task.keys)) for task in kept] == [
        (number, origin, wanted) for number, (origin, wanted) in enumerate(tasks)
    ]
