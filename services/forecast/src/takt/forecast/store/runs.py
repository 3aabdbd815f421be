"""Runs, their tasks, and the trials that they write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import numpy as np

from takt.common.contracts.forecast import RefitProgressed
from takt.common.db import Tx
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.intervals import LEVELS, Bands
from takt.forecast.domain.two_speeds import Outlook

State = Literal["waiting", "forecasting", "publishing", "done", "failed"]
Outcome = Literal["promoted", "kept", "unchanged"]
UNDER_WAY: tuple[State, ...] = ("waiting", "forecasting", "publishing")


@dataclass(frozen=True, slots=True)
class Run:
    """A run; a row is a forecast of one series from one origin."""

    id: UUID
    state: State
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None
    week: date | None
    series: int
    rows: int
    rows_done: int
    seconds: float
    sequence: int
    failure: str | None
    outcome: Outcome | None
    """Of one that is done: what it decided; `unchanged` where that would be what stands already."""

    @property
    def is_under_way(self) -> bool:
        """Whether it has not ended."""
        return self.state in UNDER_WAY

    @property
    def percent(self) -> int:
        """Of its rows, done."""
        return 100 * self.rows_done // self.rows if self.rows else 0

    @property
    def seconds_left(self) -> int | None:
        """At the pace so far; None before the first rows, and when it has failed."""
        if not self.is_under_way:
            return 0 if self.state == "done" else None
        if not self.rows_done:
            return None
        return round(self.seconds / self.rows_done * (self.rows - self.rows_done))

    def event(self) -> RefitProgressed:
        """The news of how far it is."""
        return RefitProgressed(
            sequence=self.sequence,
            run_id=self.id,
            state=self.state,
            requested_by=self.requested_by,
            series=self.series,
            rows=self.rows,
            rows_done=self.rows_done,
            seconds_left=self.seconds_left,
            failure=self.failure,
        )


_COLUMNS = """
    id, state, requested_by, requested_at, finished_at, week, series, rows, rows_done, seconds,
    sequence, failure, CASE WHEN state = 'done' AND series > 0 THEN coalesce(
        (SELECT d.outcome FROM model_decisions d WHERE d.run = refit_runs.id), 'unchanged'
    ) END AS outcome
"""


def _run(row: Any) -> Run:
    return Run(**row._mapping)


async def insert_run(tx: Tx, run_id: UUID, requested_by: str, now: datetime) -> Run | None:
    """Begin a run; None when one is under way."""
    rows = await tx.exec_driver_sql(
        f"""
        INSERT INTO refit_runs (id, state, requested_by, requested_at)
        VALUES ($1, 'waiting', $2, $3) ON CONFLICT DO NOTHING RETURNING {_COLUMNS}
        """,
        (run_id, requested_by, now),
    )
    row = rows.one_or_none()
    return None if row is None else _run(row)


async def under_way(tx: Tx) -> Run | None:
    """The run that has not ended."""
    rows = await tx.exec_driver_sql(
        f"SELECT {_COLUMNS} FROM refit_runs WHERE state = ANY($1::text[])", (list(UNDER_WAY),)
    )
    row = rows.one_or_none()
    return None if row is None else _run(row)


async def get_run(tx: Tx, run_id: UUID) -> Run | None:
    """A run."""
    rows = await tx.exec_driver_sql(f"SELECT {_COLUMNS} FROM refit_runs WHERE id = $1", (run_id,))
    row = rows.one_or_none()
    return None if row is None else _run(row)


async def lock_run(tx: Tx, run_id: UUID) -> Run | None:
    """A run, kept from others until the transaction ends."""
    rows = await tx.exec_driver_sql(
        f"SELECT {_COLUMNS} FROM refit_runs WHERE id = $1 FOR UPDATE", (run_id,)
    )
    row = rows.one_or_none()
    return None if row is None else _run(row)


async def list_runs(tx: Tx, before: UUID | None, limit: int) -> list[Run]:
    """Runs, the newest first."""
    rows = await tx.exec_driver_sql(
        f"""
        SELECT {_COLUMNS} FROM refit_runs WHERE $1::uuid IS NULL OR id < $1
        ORDER BY id DESC LIMIT $2
        """,
        (before, limit),
    )
    return [_run(row) for row in rows]


async def known_trials(
    tx: Tx, origins: Sequence[date], recipe: int
) -> dict[tuple[SeriesKey, date], date]:
    """The first week of the history that each trial of this recipe saw."""
    rows = await tx.exec_driver_sql(
        """
        SELECT product, region, origin, observed_from FROM trials
        WHERE origin = ANY($1::date[]) AND recipe = $2
        """,
        (list(origins), recipe),
    )
    return {(SeriesKey(r.product, r.region), r.origin): r.observed_from for r in rows}


@dataclass(frozen=True, slots=True)
class Task:
    """Series to be forecast together from one origin."""

    number: int
    origin: date
    keys: tuple[SeriesKey, ...]


async def save_plan(
    tx: Tx,
    run_id: UUID,
    week: date,
    series: int,
    tasks: Sequence[tuple[date, Sequence[SeriesKey]]],
) -> Run:
    """Keep what a run has to do; it begins. Two statements, whatever the number of its tasks."""
    said = [(number, origin, key) for number, (origin, keys) in enumerate(tasks) for key in keys]
    await tx.exec_driver_sql(
        """
        INSERT INTO refit_tasks (run, task, origin, products, regions)
        SELECT $1, task, origin, array_agg(product ORDER BY place), array_agg(region ORDER BY place)
        FROM unnest($2::int[], $3::date[], $4::text[], $5::text[])
            WITH ORDINALITY AS said (task, origin, product, region, place)
        GROUP BY task, origin
        """,
        (
            run_id,
            [number for number, _, _ in said],
            [origin for _, origin, _ in said],
            [key.product for _, _, key in said],
            [key.region for _, _, key in said],
        ),
    )
    rows = await tx.exec_driver_sql(
        f"""
        UPDATE refit_runs SET state = 'forecasting', week = $2, series = $3, rows = $4
        WHERE id = $1 RETURNING {_COLUMNS}
        """,
        (run_id, week, series, sum(len(keys) for _, keys in tasks)),
    )
    return _run(rows.one())


async def waiting_tasks(tx: Tx, run_id: UUID) -> list[Task]:
    """The tasks of a run that are not done, in order."""
    rows = await tx.exec_driver_sql(
        "SELECT * FROM refit_tasks WHERE run = $1 AND NOT done ORDER BY task", (run_id,)
    )
    return [
        Task(row.task, row.origin, tuple(map(SeriesKey, row.products, row.regions))) for row in rows
    ]


async def finish_task(tx: Tx, run_id: UUID, task: Task, seconds: float) -> Run | None:
    """Mark a task done; None when it was, or when the run is not forecasting any more."""
    rows = await tx.exec_driver_sql(
        f"""
        WITH ended AS (
            UPDATE refit_tasks SET done = true WHERE run = $1 AND task = $2 AND NOT done
            RETURNING run
        )
        UPDATE refit_runs SET rows_done = rows_done + $3, seconds = seconds + $4
        FROM ended WHERE id = ended.run AND state = 'forecasting' RETURNING {_COLUMNS}
        """,
        (run_id, task.number, len(task.keys), seconds),
    )
    row = rows.one_or_none()
    return None if row is None else _run(row)


async def count_told(tx: Tx, run: Run) -> Run:
    """The run with the sequence of what is told of it next."""
    rows = await tx.exec_driver_sql(
        f"""
        UPDATE refit_runs SET sequence = sequence + 1 WHERE id = $1 RETURNING {_COLUMNS}
        """,
        (run.id,),
    )
    return _run(rows.one())


async def end_run(
    tx: Tx, run_id: UUID, state: State, now: datetime, *, failure: str | None = None
) -> Run | None:
    """End a run that is under way; its tasks are gone. None when it has ended."""
    rows = await tx.exec_driver_sql(
        f"""
        WITH gone AS (DELETE FROM refit_tasks WHERE run = $1)
        UPDATE refit_runs SET state = $2, finished_at = $3, failure = $4
        WHERE id = $1 AND state = ANY($5::text[]) RETURNING {_COLUMNS}
        """,
        (run_id, state, now, failure, list(UNDER_WAY)),
    )
    row = rows.one_or_none()
    return None if row is None else _run(row)


@dataclass(frozen=True, slots=True)
class WrittenTrials:
    """Trials of some series from one origin, arrays as they are written."""

    products: Sequence[str]
    regions: Sequence[str]
    origin: date
    recipe: int
    observed_from: Sequence[date]
    methods: str
    unit: Sequence[float]
    scale: Sequence[float]
    naive: Sequence[str]
    fast: Sequence[str]
    combination: Sequence[str]
    rate: Sequence[float | None]
    """None where demand is not rare."""


async def save_trials(tx: Tx, trials: WrittenTrials) -> None:
    """Keep trials; they take the place of those from the same origin."""
    await tx.exec_driver_sql(
        """
        INSERT INTO trials (product, region, origin, recipe, observed_from, methods, unit, scale,
            naive, fast, combination, rate)
        SELECT product, region, $1, $2, observed_from, $3, unit, scale, naive::float8[],
            fast::float8[], combination::float8[], rate
        FROM unnest($4::text[], $5::text[], $6::date[], $7::float8[], $8::float8[], $9::text[],
            $10::text[], $11::text[], $12::float8[])
            AS t (product, region, observed_from, unit, scale, naive, fast, combination, rate)
        ON CONFLICT (product, region, origin) DO UPDATE SET recipe = excluded.recipe,
            observed_from = excluded.observed_from, methods = excluded.methods,
            unit = excluded.unit, scale = excluded.scale, naive = excluded.naive,
            fast = excluded.fast, combination = excluded.combination, rate = excluded.rate
        """,
        (
            trials.origin,
            trials.recipe,
            trials.methods,
            trials.products,
            trials.regions,
            trials.observed_from,
            trials.unit,
            trials.scale,
            trials.naive,
            trials.fast,
            trials.combination,
            trials.rate,
        ),
    )


async def trials_of(tx: Tx, keys: Sequence[SeriesKey], origins: Sequence[date]) -> list[Any]:
    """The trials of some series from some origins, as rows."""
    rows = await tx.exec_driver_sql(
        """
        SELECT product, region, origin, unit, scale, naive, fast, combination, rate FROM trials
        WHERE (product, region) IN (SELECT * FROM unnest($1::text[], $2::text[]))
            AND origin = ANY($3::date[])
        """,
        ([key.product for key in keys], [key.region for key in keys], list(origins)),
    )
    return list(rows.all())


async def trials_in(tx: Tx, key: SeriesKey) -> list[Any]:
    """All trials of one series, the latest first, as rows."""
    rows = await tx.exec_driver_sql(
        """
        SELECT origin, methods, naive, fast, combination, rate FROM trials
        WHERE (product, region) = ($1, $2) ORDER BY origin DESC
        """,
        (key.product, key.region),
    )
    return list(rows.all())


async def forget_trials(tx: Tx, kept: Sequence[date], week: date) -> None:
    """Forget trials from before this week whose origins are not kept."""
    await tx.exec_driver_sql(
        "DELETE FROM trials WHERE origin < $1 AND NOT origin = ANY($2::date[])", (week, list(kept))
    )


async def outlooks_of(tx: Tx, keys: Sequence[SeriesKey]) -> Mapping[SeriesKey, Outlook]:
    """By what published forecasts differ from the fast path's; empty where that is published."""
    rows = await tx.exec_driver_sql(
        """
        SELECT product, region, origin, fast, combination FROM outlooks
        WHERE (product, region) IN (SELECT * FROM unnest($1::text[], $2::text[]))
        """,
        ([key.product for key in keys], [key.region for key in keys]),
    )
    return {
        SeriesKey(row.product, row.region): Outlook(
            row.origin, np.array(row.fast), np.array(row.combination)
        )
        for row in rows
    }


async def combination_bands(tx: Tx) -> Bands | None:
    """The combination's intervals by the latest run; None where it is not published."""
    rows = await tx.exec_driver_sql(
        """
        SELECT bands, band_scores FROM refit_runs
        WHERE bands IS NOT NULL AND state IN ('publishing', 'done')
            AND (SELECT champion FROM model_decisions ORDER BY decision DESC LIMIT 1)
                = 'combination'
        ORDER BY id DESC LIMIT 1
        """
    )
    row = rows.one_or_none()
    if row is None:
        return None
    return Bands(np.array(row.bands).reshape(len(LEVELS), -1), tuple(row.band_scores))
