"""Jobs of the forecast service, and when the clock starts them.

refit              every minute, and soon after sales of past weeks: what is due, and what follows
refit_products     soon after products changed: their series
launch_products    at once when products come: what those like them sell
refit_all          when somebody asks: every series
refresh_pipeline   every hour: deals grow older
recalibrate        every night: every series fitted anew; intervals of series and sums, known
                   shares and win curves measured; sums reconciled where that is better
fit_win_model      after that: a win model tried beside the curves, with 200 closed deals or more
refit_run          every night, and when somebody asks: every series by the combination
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from takt.common.db import Database
from takt.common.event import Cause
from takt.common.jobs import JobHandler, Schedule, enqueue, stopping
from takt.forecast.service import fit_win_model as fitting
from takt.forecast.service import publish_versions, recalibrate, refit_runs, refit_series
from takt.forecast.service.follow_demand import REFIT_AFTER
from takt.forecast.service.measure_rare import measure_rare
from takt.forecast.store import calibrations, history
from takt.forecast.store.series import mark_all_stale, mark_products_stale

GROWTH = 1.25
"""Evidence that has grown by a quarter is measured before the night."""
SETTLED = 1.02
"""Evidence that has hardly grown since it was last looked at: no load is under way."""


async def refit(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Fit what is due; measure, if evidence has grown; publish, if the week has no version.

    While a load goes on it waits: a load is fitted, measured and published once, at its end.
    """
    async with database.transaction() as turn:
        seen = await history.evidence(turn)
        known = await calibrations.calibration_of(turn, await calibrations.latest(turn))
        measured = (known.sales, known.closed_deals)
        loading = _grown(seen, measured, SETTLED) and _grown(
            seen, payload.get("seen", (0, 0)), SETTLED
        )
        if loading or not await calibrations.take_turn(turn):
            once = f"refit at {seen}"
            await enqueue(turn, "refit", {"seen": seen}, after=REFIT_AFTER, once=once)
            return
        if _grown(seen, measured, GROWTH):
            await measure_rare(database, now)
        await refit_series.refit_due(database, now)
        due = any(seen) and await publish_versions.version_is_due(turn, now)
        if _grown(seen, measured, SETTLED if due else GROWTH):
            await recalibrate.recalibrate(database, now)
        elif due:
            await recalibrate.refresh_pipeline(database, now)
        if due:
            async with database.transaction() as tx:
                await publish_versions.publish_version(
                    tx, name=None, published_by="schedule", now=now, cause=Cause.start()
                )


def _grown(seen: Sequence[int], before: Sequence[int], by: float) -> bool:
    """Whether sales or closed deals are more than `by` times what they were."""
    return any(count > known * by for count, known in zip(seen, before, strict=True))


async def refit_products(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Say the series of some products anew: their unit or list price changed."""
    async with database.transaction() as tx:
        await mark_products_stale(tx, payload["products"])
    await refit(database, payload, now)


async def launch_products(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Say what is expected of new products."""
    causes, correlations = (tuple(map(UUID, payload[name])) for name in ("causes", "correlations"))
    cause = Cause(causes, correlations, payload["more"])
    await refit_series.launch_products(database, payload["products"], cause, now)


async def refit_all(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Fit every series anew, now: who asks knows that everything is there."""
    async with database.transaction() as tx:
        await mark_all_stale(tx)
        seen = await history.evidence(tx)
    await refit(database, {"seen": seen}, now)


async def refresh_pipeline(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Say deals anew by their age."""
    await recalibrate.refresh_pipeline(database, now)


async def recalibrate_all(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Fit every series anew, then measure."""
    async with database.transaction() as tx:
        await mark_all_stale(tx)
    await measure_rare(database, now)
    await refit_series.refit_due(database, now)
    await recalibrate.recalibrate(database, now)


async def refit_run(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Begin a run, or take the one that is named to its end from where it is.

    A worker that stops leaves the rest of it to the next one.
    """
    stop = stopping()
    if "run" in payload:
        run = UUID(payload["run"])
    else:
        async with database.transaction() as tx:
            if not any(await history.evidence(tx)):
                return
            run = (await refit_runs.request_run(tx, "schedule", now))[0].id
    if not await refit_runs.go_on(database, run, now, stop):
        async with database.transaction() as tx:
            await enqueue(tx, "refit_run", {"run": run})


async def fit_win_model(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Try a win model beside the curves of a calibration."""
    await fitting.fit_win_model(database, UUID(payload["calibration"]), now)


JOBS: Mapping[str, JobHandler] = {
    "refit": refit,
    "refit_products": refit_products,
    "launch_products": launch_products,
    "refit_all": refit_all,
    "refresh_pipeline": refresh_pipeline,
    "recalibrate": recalibrate_all,
    "refit_run": refit_run,
    "fit_win_model": fit_win_model,
}

SCHEDULES = (
    Schedule("refit", every=timedelta(minutes=1)),
    Schedule("refresh_pipeline", every=timedelta(hours=1)),
    Schedule("recalibrate", at=time(2, 30)),
    Schedule("refit_run", at=time(3)),
)
