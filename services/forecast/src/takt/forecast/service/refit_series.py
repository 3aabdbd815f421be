"""Refit: series whose history changed, and all of them when a new week begins, by the fast path.

Where the combination is published, each fit is moved by what it saw otherwise at its last run.
Rare demand is said by its rate, new products with what products like them sell.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from takt.common.db import Database, Tx
from takt.common.event import Cause
from takt.forecast.domain.calendar import week_of
from takt.forecast.domain.demand_classes import Class
from takt.forecast.domain.history import SeriesKey, WeeklyHistory
from takt.forecast.domain.rare_smoothing import Common
from takt.forecast.domain.refit import Fit, KnownStates, refit
from takt.forecast.domain.series import Series
from takt.forecast.domain.two_speeds import Outlook
from takt.forecast.domain.views import NOTHING, TELLING_WEEKS, View, own_views
from takt.forecast.service.launch_products import blended, from_launch, launched
from takt.forecast.service.lift_series import lift_series
from takt.forecast.service.publish import in_zone, publish
from takt.forecast.service.revise_deals import recount_orders
from takt.forecast.service.shift_series import keep_shifts
from takt.forecast.store import calibrations, catalog, history, methods, new_products, runs
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
    week = week_of(in_zone(now, await catalog.time_zone(tx)).date())
    keys = await series_store.lock_due_series(tx, week, limit)
    if keys:
        await fit_anew(tx, keys, week, cause, now)
    return len(keys)


async def fit_anew(
    tx: Tx, keys: Sequence[SeriesKey], week: date, cause: Cause, now: datetime
) -> None:
    """Fit series and say them anew; those not there yet are made.

    Args:
        tx: the caller's transaction, which holds no locks of series, or those of all `keys`.
        keys: each once.
        week: the week in progress.
        cause: why.
        now: business time.
    """
    batch = await series_store.lock_series(tx, keys, week)
    known = await series_store.states_of(tx, keys)
    sold = {one.series: one for one in await history.weekly_histories(tx, keys, week)}
    launches = await launched(tx, keys, sold, week)
    histories = from_launch(sold, launches, week)
    prices = await history.expected_prices(tx, keys, week - timedelta(weeks=PRICE_WEEKS))
    common, by_rate = await methods.common(tx), await methods.by_rate(tx)
    outlooks = await runs.outlooks_of(tx, keys)
    fits, views = await asyncio.to_thread(
        _fitted, histories, known, outlooks, common, by_rate, week
    )
    views |= await blended(tx, views, launches, week)
    batch = [replace(series, price=prices.get(series.key, series.price)) for series in batch]
    batch = [_seen(s, views.get(s.key, NOTHING), sold=s.key in sold) for s in batch]
    batch = await keep_shifts(tx, batch, week)
    batch = await recount_orders(tx, batch, frozenset(keys))
    batch = await lift_series(tx, batch)
    await series_store.save_fits(tx, fits, keys)
    await methods.save_views(tx, {key: views.get(key, NOTHING) for key in keys}, week)
    await series_store.save_known(
        tx, {s.key: s.known.tolist() for s in batch if s.key in launches and s.key not in sold}
    )
    calibration = await calibrations.calibration_of(tx, await calibrations.latest(tx))
    await publish(tx, batch, dict.fromkeys(keys, cause), calibration, now)


def _fitted(
    histories: Sequence[WeeklyHistory],
    known: Mapping[SeriesKey, KnownStates],
    outlooks: Mapping[SeriesKey, Outlook],
    common: Common,
    by_rate: Collection[Class],
    week: date,
) -> tuple[list[Fit], dict[SeriesKey, View]]:
    fits = refit(histories, known, week)
    by_key = {fit.key: fit for fit in fits}
    return fits, own_views(histories, by_key, outlooks, common, by_rate, week)


def _seen(series: Series, view: View, *, sold: bool) -> Series:
    """The series with a new view; one never sold is known from deals as its analogues are."""
    seen = replace(series, model_changed=True, statistical=view.statistical, scale=view.scale)
    return seen if sold or view.new is None else replace(seen, known=view.new.known)


async def launch_products(
    database: Database, products: Sequence[str], cause: Cause, now: datetime
) -> None:
    """Say what is expected of new products, in every region in which their family is sold."""
    async with database.transaction() as tx:
        week = week_of(in_zone(now, await catalog.time_zone(tx)).date())
        keys = await new_products.series_of(tx, products, week, TELLING_WEEKS)
    for start in range(0, len(keys), CHUNK):
        async with database.transaction() as tx:
            await fit_anew(tx, keys[start : start + CHUNK], week, cause, now)
