"""Demand history (F1): a sale counts once, at its requested date, whoever tells it how often."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from takt.common.contracts.deals import SaleEvent, SaleState
from takt.common.db import Tx
from takt.common.event import Envelope, Event
from takt.common.jobs import enqueue
from takt.forecast.domain.calendar import week_of
from takt.forecast.domain.history import SeriesKey
from takt.forecast.service.follow_deals import Why, revise_deals
from takt.forecast.service.publish import in_zone
from takt.forecast.store import calibrations, replicas
from takt.forecast.store.replicas import LoadedDeals
from takt.forecast.store.series import mark_stale

REFIT_AFTER = timedelta(seconds=5)
"""So long a refit waits for more sales: a bulk load is fitted once."""


async def record_sales(tx: Tx, events: Sequence[Envelope[SaleEvent]], now: datetime) -> None:
    """Keep sales as demand; what was shipped of a deal leaves its pipeline demand.

    Past weeks make their series stale, and one job fits them again. Orders for this week and later
    that were never deals consume the baseline at once.
    """
    newest: dict[tuple[str, str], SaleEvent] = {}
    envelopes: dict[tuple[str, str], list[Envelope[Event]]] = {}
    for envelope in events:
        sale = envelope.event.sale
        identity = sale.source, sale.order_line
        known = newest.get(identity)
        if known is None or known.sequence < envelope.event.sequence:
            newest[identity] = envelope.event
        envelopes.setdefault(identity, []).append(envelope)
    await keep_sales(
        tx,
        [(event.sale, event.sequence) for event in newest.values()],
        _why(newest, envelopes),
        now,
    )


def _why(
    newest: dict[tuple[str, str], SaleEvent],
    envelopes: dict[tuple[str, str], list[Envelope[Event]]],
) -> Why:
    found: dict[UUID | SeriesKey, list[Envelope[Event]]] = {}
    for identity, event in newest.items():
        sale = event.sale
        found.setdefault(SeriesKey(sale.product, sale.region), []).extend(envelopes[identity])
        if sale.deal_id is not None:
            found.setdefault(sale.deal_id, []).extend(envelopes[identity])
    return Why(found)


async def keep_sales(
    tx: Tx, sales: Sequence[tuple[SaleState, int]], why: Why, now: datetime
) -> int:
    """Keep sales that are newer than what was known, and do what follows. Returns how many were."""
    zone = await replicas.time_zone(tx)
    week = week_of(in_zone(now, zone).date())
    saved = await replicas.save_sales(tx, sales)
    places = [(s.series, s.day, s.deal_id) for s in saved]
    places += [(*s.before, s.deal_id) for s in saved if s.before is not None]
    past = {series for series, day, _ in places if day < week}
    coming = frozenset(series for series, day, deal_id in places if day >= week and deal_id is None)
    deal_ids = sorted({s.deal_id for s in saved if s.deal_id is not None})
    loaded = LoadedDeals([], None, None)
    if deal_ids:
        await replicas.lock_deals(tx, deal_ids)
        loaded = await replicas.load_deals(tx, deal_ids)
    if loaded.deals or coming:
        calibration = await calibrations.calibration_of(tx, await calibrations.latest(tx))
        await revise_deals(
            tx,
            LoadedDeals(loaded.deals, None, zone),
            why,
            calibration,
            now,
            recount=coming,
            only_changes=True,
        )
    if past:
        await mark_stale(tx, sorted(past), week)
        await enqueue(tx, "refit", after=REFIT_AFTER, once="refit")
    return len(saved)
