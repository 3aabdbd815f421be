"""Deals and sales together: what is wanted, expected and delivered of each series.

One use case takes both, because a win and its sale come in one batch, and because of the one order
in which everything here is locked: demand, deals, series, each by its key, and the queue of jobs
last. Jobs keep to it too. Catalog handlers, which run in the same transaction, lock none of these.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from takt.common.contracts.deals import DealEvent, DealState, SaleEvent, SaleState
from takt.common.db import Tx
from takt.common.event import Envelope, Event
from takt.common.jobs import enqueue
from takt.forecast.domain.calendar import week_of
from takt.forecast.domain.history import SeriesKey
from takt.forecast.service.publish import in_zone
from takt.forecast.service.revise_deals import Changes, Why, revise_deals
from takt.forecast.store import calibrations, catalog, replicas

REFIT_AFTER = timedelta(seconds=5)
"""So long a refit waits for more sales: a bulk load is fitted once."""

Demand = DealEvent | SaleEvent


async def follow_demand(tx: Tx, events: Sequence[Envelope[Demand]], now: datetime) -> None:
    """Take over deals and sales as they now stand, and move the series that they touch.

    A batch of deals takes five statements: lock the deals; keep them and read their lines; lock the
    series; write lines, series and revisions; emit. Sales take two more.
    """
    deals: dict[UUID, DealEvent] = {}
    sales: dict[UUID, SaleEvent] = {}
    why: dict[UUID | SeriesKey, list[Envelope[Event]]] = {}
    for envelope in events:
        match envelope.event:
            case DealEvent() as event:
                known = deals.get(event.deal.deal_id)
                if known is None or known.sequence < event.sequence:
                    deals[event.deal.deal_id] = event
                why.setdefault(event.deal.deal_id, []).append(envelope)
            case SaleEvent() as event:
                sale = event.sale
                earlier = sales.get(sale.sale_id)
                if earlier is None or earlier.sequence < event.sequence:
                    sales[sale.sale_id] = event
                why.setdefault(SeriesKey(sale.product, sale.region), []).append(envelope)
                if sale.deal_id is not None:
                    why.setdefault(sale.deal_id, []).append(envelope)
    await keep_demand(
        tx,
        {identity: (event.deal, event.sequence) for identity, event in deals.items()},
        [(event.sale, event.sequence) for event in sales.values()],
        Why(why),
        now,
    )


async def keep_demand(
    tx: Tx,
    deals: Mapping[UUID, tuple[DealState, int]],
    sales: Sequence[tuple[SaleState, int]],
    why: Why,
    now: datetime,
) -> int:
    """Keep deals and sales that are newer than what was known, and do what follows.

    A sale counts once, at its requested date. Past weeks make their series stale, and one job fits
    them again. Orders for this week and later that were never deals consume the baseline at once.
    What was shipped of a deal leaves its pipeline demand.

    Returns: how many sales were newer.
    """
    effect = _Effect()
    if sales:
        week = week_of(in_zone(now, await catalog.time_zone(tx)).date())
        effect = _effect(await replicas.save_sales(tx, sales), week)
    deal_ids = sorted({*deals, *effect.deal_ids})
    loaded = replicas.NO_DEALS
    if deal_ids:
        await replicas.lock_deals(tx, deal_ids)
    if deals:
        loaded = await replicas.save_deals(tx, [deals[deal_id] for deal_id in sorted(deals)])
    said = {stored.deal.deal_id for stored in loaded.deals}
    touched = [deal_id for deal_id in effect.deal_ids if deal_id not in said]
    if touched:
        loaded = loaded.and_of(await replicas.load_deals(tx, touched))
    if not loaded.deals and not effect.past and not effect.coming:
        return effect.sales
    if not loaded.deals:
        loaded = await replicas.judged_by(tx)
    calibration = await calibrations.calibration_of(tx, loaded.calibration)
    changes = Changes(effect.coming, effect.past, frozenset(touched))
    await revise_deals(tx, loaded, why, calibration, now, changes)
    if effect.past:
        await enqueue(tx, "refit", after=REFIT_AFTER, once="refit")
    return effect.sales


@dataclass(frozen=True, slots=True)
class _Effect:
    """What sales touch: series by past and coming weeks, and deals."""

    sales: int = 0
    past: frozenset[SeriesKey] = frozenset()
    coming: frozenset[SeriesKey] = frozenset()
    deal_ids: tuple[UUID, ...] = ()


def _effect(saved: Sequence[replicas.SavedSale], week: date) -> _Effect:
    places = [(sale.series, sale.day, sale.deal_id) for sale in saved]
    places += [sale.before for sale in saved if sale.before is not None]
    return _Effect(
        len(saved),
        frozenset(series for series, day, _ in places if day < week),
        frozenset(series for series, day, deal in places if day >= week and deal is None),
        tuple(sorted({deal for _, _, deal in places if deal is not None})),
    )
