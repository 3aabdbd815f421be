"""Calibration: win curves, interval bands, known shares and fulfilment time, measured anew.

Afterwards every open deal and every series is said again by the new measures; nothing is refitted.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from statistics import median
from uuid import UUID

from takt.common.contracts.deals import DealState
from takt.common.db import Database, Tx
from takt.common.event import Cause, new_id
from takt.common.jobs import enqueue
from takt.forecast.domain.calendar import HORIZON_WEEKS, week_of
from takt.forecast.domain.history import SeriesKey, WeeklyHistory
from takt.forecast.domain.intervals import Bands, calibrate_histories
from takt.forecast.domain.joining import PastSale, known_shares
from takt.forecast.domain.levels import SERIES
from takt.forecast.domain.pipeline import visits_of
from takt.forecast.domain.series import Floats
from takt.forecast.domain.win_curves import estimate
from takt.forecast.domain.win_model import CLOSED_NEEDED
from takt.forecast.service.measure_levels import (
    Shifts,
    allowed_by_scope,
    compare_published,
    measure_levels,
)
from takt.forecast.service.publish import in_zone, publish
from takt.forecast.service.revise_deals import Changes, Why, revise_deals
from takt.forecast.service.shift_series import shift_series
from takt.forecast.store import calibrations, catalog, history, replicas, runs
from takt.forecast.store import series as series_store
from takt.forecast.store.calibrations import DEFAULT_FULFILMENT_DAYS, Calibration
from takt.forecast.store.history import ReplayedSale

CHUNK = 50
FULFILMENTS_NEEDED = 20


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a calibration is measured on."""

    deals: Sequence[DealState]
    sales: Sequence[ReplayedSale]
    first_won: datetime | None
    histories: Sequence[WeeklyHistory]
    fulfilment_days: Sequence[int]
    counts: tuple[int, int]
    bands: Bands | None = None
    """The combination's, which its runs measure; None where the fast path is published."""
    allowed: Floats | None = None
    """The shares of misses that series' intervals are allowed, as they have adapted."""


def measure(evidence: Evidence, now: datetime) -> tuple[Calibration, dict[SeriesKey, list[float]]]:
    """The calibration, and the known shares of each series. Pure, and long for large companies."""
    closing = frozenset((d.pipeline, d.stage) for d in evidence.deals if d.status != "open")
    visits = [visit for deal in evidence.deals for visit in visits_of(deal, closing, now)]
    times = evidence.fulfilment_days
    calibration = Calibration(
        estimate(visits),
        evidence.bands
        or calibrate_histories(
            [one.quantities for one in evidence.histories], HORIZON_WEEKS, evidence.allowed
        ),
        round(median(times)) if len(times) >= FULFILMENTS_NEEDED else DEFAULT_FULFILMENT_DAYS,
        now,
        *evidence.counts,
    )
    return calibration, _known_shares(evidence)


def _known_shares(evidence: Evidence) -> dict[SeriesKey, list[float]]:
    keys = sorted({sale.series for sale in evidence.sales})
    if evidence.first_won is None or not keys:
        return {key: [0.0] * HORIZON_WEEKS for key in keys}
    places = {key: place for place, key in enumerate(keys)}
    sales = [
        PastSale(
            places[sale.series],
            int(_weeks(sale.day)),
            None if sale.opened_at is None else _weeks(sale.opened_at),
            float(sale.quantity),
        )
        for sale in evidence.sales
    ]
    shares = known_shares(sales, len(keys), HORIZON_WEEKS, _weeks(evidence.first_won))
    return {key: shares[place].tolist() for key, place in places.items()}


EPOCH = datetime(1970, 1, 5, tzinfo=UTC)
"""A Monday."""


def _weeks(moment: datetime | date) -> float:
    """Weeks since a Monday long ago; whole for a Monday."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, datetime.min.time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH).total_seconds() / (7 * 86_400)


async def recalibrate(database: Database, now: datetime) -> UUID:
    """Measure anew, keep it, and say every deal and series again by it. Returns its id."""
    async with database.transaction() as tx:
        await compare_published(tx, now)
        evidence = await _evidence(tx, now)
    calibration, known = await asyncio.to_thread(measure, evidence, now)
    identity = new_id()
    async with database.transaction() as tx:
        # The win model that speaks goes on until its own job has tried another.
        known_before = await calibrations.calibration_of(tx, await calibrations.latest(tx))
        calibration = replace(calibration, challenge=known_before.challenge)
        await calibrations.save_calibration(tx, identity, calibration)
        await series_store.save_known(tx, known)
        if calibration.closed_deals >= CLOSED_NEEDED:
            named = {"calibration": str(identity)}
            await enqueue(tx, "fit_win_model", named, once=f"fit_win_model {identity}")
    shifts = await measure_levels(database, evidence.histories, now)
    await refresh_pipeline(database, now)
    await rejoin_all(database, now, shifts)
    return identity


async def _evidence(tx: Tx, now: datetime) -> Evidence:
    week = week_of(in_zone(now, await catalog.time_zone(tx)).date())
    keys: list[SeriesKey] = []
    while page := await series_store.series_after(tx, keys[-1] if keys else None, 1_000):
        keys += page
    sales, first_won = await history.replayed_sales(tx, week)
    return Evidence(
        await replicas.deal_states(tx),
        sales,
        first_won,
        await history.weekly_histories(tx, keys, week),
        await history.fulfilment_times(tx),
        await history.evidence(tx),
        await runs.combination_bands(tx),
        (await allowed_by_scope(tx)).get(SERIES),
    )


async def refresh_pipeline(database: Database, now: datetime) -> None:
    """Say open and unshipped deals anew: they are older than they were. Only changes are told."""
    after: UUID | None = None
    while True:
        async with database.transaction() as tx:
            deal_ids = await replicas.deals_with_demand(tx, after, CHUNK)
            if not deal_ids:
                return
            after = deal_ids[-1]
            await replicas.lock_deals(tx, deal_ids)
            loaded = await replicas.load_deals(tx, deal_ids)
            calibration = await calibrations.calibration_of(tx, loaded.calibration)
            why = Why({}, Cause.start())
            await revise_deals(
                tx, loaded, why, calibration, now, Changes(maybe=frozenset(deal_ids))
            )


async def rejoin_all(database: Database, now: datetime, shifts: Shifts | None) -> None:
    """Put every forecast together anew: bands, known shares and shifts have changed.

    Args:
        database: the service's.
        now: business time.
        shifts: by what series are moved to be reconciled; None to leave that as it is.
    """
    after: SeriesKey | None = None
    while True:
        async with database.transaction() as tx:
            keys = await series_store.series_after(tx, after, CHUNK)
            if not keys:
                return
            after = keys[-1]
            week = week_of(in_zone(now, await catalog.time_zone(tx)).date())
            batch = await series_store.lock_series(tx, keys, week)
            if shifts is not None:
                batch = await shift_series(tx, batch, shifts, week)
            calibration = await calibrations.calibration_of(tx, await calibrations.latest(tx))
            await publish(tx, batch, dict.fromkeys(keys, Cause.start()), calibration, now)
