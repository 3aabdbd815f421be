"""What ends a run's forecasting: methods judged by all trials, and the better one published."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from takt.common.db import Database, Tx
from takt.common.event import new_id
from takt.forecast.domain.calendar import HORIZON_WEEKS, week_of, weeks_between
from takt.forecast.domain.demand_classes import Class, classify
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.judging import Evidence, Judged, judge
from takt.forecast.domain.levels import SERIES
from takt.forecast.domain.two_speeds import (
    COMBINATION,
    JUDGED,
    METHODS,
    STEP_WEEKS,
    past_trials,
)
from takt.forecast.service.measure_levels import allowed_by_scope
from takt.forecast.service.publish import in_zone
from takt.forecast.service.workers import Workers
from takt.forecast.store import calibrations, catalog, history, methods, models, runs
from takt.forecast.store.runs import Run
from takt.forecast.store.series import mark_all_stale

PAGE = 100
"""Series read at a time."""
TRIALS_KEPT = 26

Singles = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Page:
    """Trials of some series as they go to a worker: half the memory of what it reckons with."""

    keys: Sequence[SeriesKey]
    classes: Sequence[Class]
    actual: Singles
    forecasts: Sequence[Singles]
    unit: Singles
    scale: Singles


async def judge_run(database: Database, run: Run, workers: Workers, now: datetime) -> None:
    """Judge the methods and keep what was found; then what is published by it is stale."""
    assert run.week is not None, "a run that was planned has a week"
    origins = judged_origins(run.week)
    async with database.transaction() as tx:
        zone = await catalog.time_zone(tx)
        families = await catalog.families_of_products(tx)
        keys = sorted(key for key, _ in await history.first_weeks(tx, run.week))
    pages = []
    for start in range(0, len(keys), PAGE):
        async with database.transaction() as tx:
            pages.append(await _page(tx, keys[start : start + PAGE], origins, run.week))
    kept = not pages
    while not kept:
        async with database.transaction() as tx:
            champion = await models.champion(tx)
            since = await models.last_undone(tx)
            allowed = (await allowed_by_scope(tx)).get(SERIES)
        undone = date.min if since is None else week_of(in_zone(since, zone).date())
        counted = [origin >= undone for origin in origins]
        judged = await workers.run(judge_pages, pages, families, counted, champion, allowed)
        async with database.transaction() as tx:
            await models.lock_decisions(tx)
            kept = await models.champion(tx) == champion  # else somebody has undone it meanwhile
            if kept:
                await _keep(tx, run, keys, judged, champion, now)


def judged_origins(week: date) -> list[date]:
    """The trials by which a run judges: a year's, and the one whose weeks still come in."""
    past = past_trials(week, JUDGED)
    coming = past[-1] + timedelta(weeks=STEP_WEEKS)
    return [*past, coming] if coming < week else past


async def _page(tx: Tx, keys: Sequence[SeriesKey], origins: Sequence[date], week: date) -> Page:
    units = await history.weekly_units(tx, keys, week)
    rows = await runs.trials_of(tx, keys, origins)
    shape = (len(keys), len(origins))
    places = {key: place for place, key in enumerate(keys)}
    actual = np.full((*shape, HORIZON_WEEKS), np.nan, np.float32)
    longest = max((weeks_between(one.first_week, week) for one in units), default=1)
    whole = np.full((len(keys), longest), np.nan)
    for one in units:
        row = whole[places[one.key], longest - weeks_between(one.first_week, week) :]
        row[:] = 0.0
        row[one.weeks] = one.quantities
        for place, origin in enumerate(origins):
            if origin >= one.first_week:
                came = row[weeks_between(one.first_week, origin) :][:HORIZON_WEEKS]
                actual[places[one.key], place, : len(came)] = came
    return Page(keys, classify(whole), actual, *_trials(rows, places, origins, shape))


def _trials(
    rows: Sequence[Any],
    places: dict[SeriesKey, int],
    origins: Sequence[date],
    shape: tuple[int, int],
) -> tuple[list[Singles], Singles, Singles]:
    forecasts = [np.full((*shape, HORIZON_WEEKS), np.nan, np.float32) for _ in METHODS]
    unit, scale = np.full(shape, np.nan, np.float32), np.full(shape, np.nan, np.float32)
    columns = {origin: column for column, origin in enumerate(origins)}
    for row in rows:
        place = places[SeriesKey(row.product, row.region)], columns[row.origin]
        for method, ahead in zip(METHODS, forecasts, strict=True):
            ahead[place] = getattr(row, method)  # None is not known
        unit[place] = row.unit or np.nan
        scale[place] = row.scale
    return forecasts, unit, scale


def judge_pages(
    pages: Sequence[Page],
    families: dict[str, str | None],
    counted: Sequence[bool],
    champion: str,
    allowed: npt.NDArray[np.float64] | None,
) -> Judged:
    """Judge what was read page by page. Runs in a worker: sorting the scores takes seconds."""
    keys = [key for page in pages for key in page.keys]
    scale = np.concatenate([page.scale for page in pages])
    tried = ~np.isnan(scale).all(axis=0)

    def whole(parts: Sequence[Singles]) -> npt.NDArray[np.float64]:
        return np.concatenate(parts)[:, tried].astype(np.float64)

    evidence = Evidence(
        keys,
        [name for page in pages for name in page.classes],
        [families.get(key.product) for key in keys],
        whole([page.actual for page in pages]),
        {
            method: whole([page.forecasts[place] for page in pages])
            for place, method in enumerate(METHODS)
        },
        whole([page.unit for page in pages]),
        scale[:, tried].astype(np.float64),
        np.array(counted)[tried],
        allowed,
    )
    return judge(evidence, champion)


async def _keep(
    tx: Tx, run: Run, keys: Sequence[SeriesKey], judged: Judged, before: str, now: datetime
) -> None:
    """Keep the measures and the decision; the series that it publishes anew are stale."""
    locked = await runs.lock_run(tx, run.id)
    if locked is None or locked.state != "forecasting":
        return  # another worker has done it
    assert run.week is not None, "a run that was planned has a week"
    decision = judged.decision
    await models.save_judged(
        tx, run.id, judged.groups, keys, judged.series, judged.bands[COMBINATION]
    )
    await models.save_decision(tx, decision, run.id, now)
    by_rate = await methods.by_rate(tx)
    await methods.save_class_decisions(tx, judged.classes, run.id, now)
    kept = past_trials(run.week + timedelta(weeks=STEP_WEEKS), TRIALS_KEPT)
    await runs.forget_trials(tx, kept, run.week)
    if COMBINATION in (decision.champion, before):
        known = await calibrations.calibration_of(tx, await calibrations.latest(tx))
        measured = replace(known, bands=judged.bands[decision.champion], at=now)
        await calibrations.save_calibration(tx, new_id(), measured)
        await mark_all_stale(tx)
    elif by_rate != await methods.by_rate(tx):
        await mark_all_stale(tx)
