"""Refit: series whose history changed, and all of them when a new week begins, by the fast path.

Where the combination is published, each fit is moved by what it saw otherwise at its last run.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from takt.common.db import Database, Tx
from takt.common.event import Cause
from takt.forecast.domain.calendar import HORIZON_WEEKS, week_of
from takt.forecast.domain.refit import Fit, refit
from takt.forecast.domain.series import Series
from takt.forecast.domain.two_speeds import Outlook, adjusted
from takt.forecast.service.lift_series import lift_series
from takt.forecast.service.publish import in_zone, publish
from takt.forecast.service.revise_deals import recount_orders
from takt.forecast.service.shift_series import keep_shifts
from takt.forecast.store import calibrations, history, replicas, runs
from takt.forecast.store import series as series_store

CHUNK = 50
"""Series a transaction: it holds their locks while it fits them, about 15 ms."""
PRICE_WEEKS = 13
"""The expected price is what was paid on average in so many weeks, else the list price."""


async def refit_due(database: Database, now: datetime) -> int:
    """Fit what is due until nothing is; returns how many series were."""
    total = 0
    while True:
        async with database.transaction() as tx:
            done = await refit_some(tx, now, Cause.start())
        total += done
        if not done:
            return total


async def refit_some(tx: Tx, now: datetime, cause: Cause, limit: int = CHUNK) -> int:
    """Bring some of the due series up to the week in progress; returns how many."""
    week = week_of(in_zone(now, await replicas.time_zone(tx)).date())
    keys = await series_store.lock_due_series(tx, week, limit)
    if not keys:
        return 0
    batch = await series_store.lock_series(tx, keys, week)
    known = await series_store.states_of(tx, keys)
    histories = await history.weekly_histories(tx, keys, week)
    prices = await history.expected_prices(tx, keys, week - timedelta(weeks=PRICE_WEEKS))
    fits = {fit.key: fit for fit in await asyncio.to_thread(refit, histories, known, week)}
    batch = [replace(series, price=prices.get(series.key, series.price)) for series in batch]
    outlooks = await runs.outlooks_of(tx, keys)
    batch = [_fitted(s, fits.get(s.key), outlooks.get(s.key)) for s in batch]
    batch = await keep_shifts(tx, batch, week)
    batch = await recount_orders(tx, batch, frozenset(keys))
    batch = await lift_series(tx, batch)
    await series_store.save_fits(tx, list(fits.values()), keys)
    calibration = await calibrations.calibration_of(tx, await calibrations.latest(tx))
    await publish(tx, batch, dict.fromkeys(keys, cause), calibration, now)
    return len(keys)


def _fitted(series: Series, fit: Fit | None, outlook: Outlook | None) -> Series:
    """The series with a new model; one whose history was taken back expects nothing."""
    if fit is None:
        nothing = np.zeros(HORIZON_WEEKS)
        return replace(series, model_changed=True, statistical=nothing, scale=0.0)
    baseline = adjusted(fit.statistical, outlook, series.first_week)
    return replace(series, model_changed=True, statistical=baseline, scale=fit.scale)
