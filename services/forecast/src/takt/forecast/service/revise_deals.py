"""Pipeline demand (F7): what deals ask for moves their series by arithmetic, never by a refit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import numpy as np

from takt.common.amounts import probability
from takt.common.contracts.forecast import PipelineDemandChanged
from takt.common.db import Tx
from takt.common.event import Cause, Envelope, Event
from takt.forecast.domain.calendar import HORIZON_WEEKS, week_of, weeks_between
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.pipeline import MILLION, Millionths, lines_outlook, outlook
from takt.forecast.domain.series import Series, Share, move_to_week
from takt.forecast.service.publish import demand_event, in_zone, publish
from takt.forecast.store.calibrations import Calibration
from takt.forecast.store.history import direct_orders
from takt.forecast.store.replicas import LoadedDeals, StoredDeal
from takt.forecast.store.series import DealDemand, lock_series, mark_stale


@dataclass(frozen=True, slots=True)
class Why:
    """The events behind each deal or series; a job has none, and a cause of its own."""

    envelopes: Mapping[UUID | SeriesKey, Sequence[Envelope[Event]]]
    job: Cause | None = None

    def of(self, *things: UUID | SeriesKey) -> Cause:
        """The cause of what follows from these together."""
        if self.job is not None:
            return self.job
        found = {e.id: e for thing in things for e in self.envelopes.get(thing, ())}
        return Cause.of(*found.values())


@dataclass(frozen=True, slots=True)
class Changes:
    """What else changes with deals.

    `recount`: series in which orders that were never deals changed. `stale`: series whose history
    changed. `maybe`: deals that are left alone when the same would be said of them again.
    """

    recount: frozenset[SeriesKey] = frozenset()
    stale: frozenset[SeriesKey] = frozenset()
    maybe: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class _Revision:
    before: StoredDeal
    after: DealDemand
    event: PipelineDemandChanged


async def revise_deals(
    tx: Tx,
    loaded: LoadedDeals,
    why: Why,
    calibration: Calibration,
    now: datetime,
    changes: Changes,
) -> None:
    """Say anew what deals ask for, and move the series that their lines touch.

    Args:
        tx: the caller's transaction, holding the locks of the deals.
        loaded: deals with the lines that are counted now.
        why: what led to it.
        calibration: by which curves and bands.
        now: business time.
        changes: what else changes, and which deals may be left alone.
    """
    local = in_zone(now, loaded.time_zone)
    week = week_of(local.date())
    revisions = [_revise(stored, calibration, now, local) for stored in loaded.deals]
    revisions = [
        revision
        for revision in revisions
        if revision.after.deal_id not in changes.maybe or _says_something_new(revision)
    ]
    gone: dict[SeriesKey, list[Share]] = {}
    come: dict[SeriesKey, list[Share]] = {}
    touched: dict[SeriesKey, list[UUID | SeriesKey]] = {key: [key] for key in changes.recount}
    for revision in revisions:
        deal_id = revision.before.deal.deal_id
        for line in revision.before.lines:
            gone.setdefault(line.series, []).append(line.share)
            touched.setdefault(line.series, []).append(deal_id)
        for planned in revision.after.lines:
            won = probability(planned.probability) == 1
            share = Share(planned.first_week, planned.expected, planned.variance, won)
            come.setdefault(planned.series, []).append(share)
            touched.setdefault(planned.series, []).append(deal_id)
    keys = {*touched, *changes.stale}
    batch = await lock_series(tx, list(keys), week) if keys else []
    batch = [
        series.with_lines(gone.get(series.key, ()), come.get(series.key, ()))
        for series in batch
        if series.key in touched
    ]
    if changes.recount:
        batch = await recount_orders(tx, batch, changes.recount)
    if changes.stale:
        await mark_stale(tx, changes.stale)
    await publish(
        tx,
        batch,
        {key: why.of(*things) for key, things in touched.items()},
        calibration,
        now,
        [revision.after for revision in revisions],
        [(revision.event, why.of(revision.after.deal_id)) for revision in revisions],
    )


def _revise(
    stored: StoredDeal, calibration: Calibration, now: datetime, local: datetime
) -> _Revision:
    deal = stored.deal
    view = outlook(deal, calibration.model, local, calibration.challenge.model)
    lines = lines_outlook(deal, view, stored.deliveries, calibration.fulfilment_days, local)
    after = DealDemand(deal.deal_id, stored.demand_sequence + 1, view, tuple(lines))
    return _Revision(stored, after, demand_event(deal, stored.sequence, after, now))


def _says_something_new(revision: _Revision) -> bool:
    if revision.before.probability != probability(revision.after.outlook.probability):
        return True
    before = {line.line_id: line for line in revision.before.lines}
    after = {line.line.line_id: line for line in revision.after.lines}
    return before.keys() != after.keys() or any(
        before[line_id].series != line.series
        or not np.array_equal(
            move_to_week(
                before[line_id].share.expected, before[line_id].share.first_week, line.first_week
            ),
            line.expected,
        )
        for line_id, line in after.items()
    )


async def recount_orders(
    tx: Tx, batch: Sequence[Series], keys: frozenset[SeriesKey]
) -> list[Series]:
    """Series with the orders that were never deals, counted anew from demand."""
    if not batch:
        return []
    week = batch[0].first_week
    orders = await direct_orders(tx, sorted(keys), week)
    return [
        replace(series, ordered=_by_week(orders.get(series.key, ()), series))
        if series.key in keys
        else series
        for series in batch
    ]


def _by_week(orders: Sequence[tuple[date, Decimal]], series: Series) -> Millionths:
    counted = np.zeros(HORIZON_WEEKS, dtype=np.int64)
    for week, quantity in orders:
        position = weeks_between(series.first_week, week)
        if position < HORIZON_WEEKS:
            counted[position] += int(quantity * MILLION)
    return counted
