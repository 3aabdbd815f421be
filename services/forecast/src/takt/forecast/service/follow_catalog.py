"""Replicas of the catalog: time zone, products with their families, regions with their parents."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TypeVar

from takt.common.contracts.deals import CompanyChanged, ProductChanged, RegionChanged
from takt.common.db import Tx
from takt.common.event import Cause, Envelope, Event
from takt.common.jobs import enqueue
from takt.forecast.domain.views import NEW_WEEKS
from takt.forecast.service.follow_demand import REFIT_AFTER
from takt.forecast.service.publish import in_zone
from takt.forecast.store import catalog
from takt.forecast.store.series import any_series_of

E = TypeVar("E", bound=Event)


async def follow_company(tx: Tx, events: Sequence[Envelope[CompanyChanged]], now: datetime) -> None:
    """Keep the company's time zone."""
    for event in _newest(events):
        await catalog.save_company(tx, event)


async def follow_products(
    tx: Tx, events: Sequence[Envelope[ProductChanged]], now: datetime
) -> None:
    """Keep products: family, unit and list price. Their series are said anew by a job.

    The job marks them, not this: it shares a transaction with deals, which are locked before
    series. New products do not wait for a refit: a job of their own says them at once.
    """
    products = _newest(events)
    today = in_zone(now, await catalog.time_zone(tx)).date()
    saved = await catalog.save_products(tx, products, today)
    earliest = today - timedelta(weeks=NEW_WEEKS)
    new = {code for code, day in saved.items() if day is not None and day >= earliest}
    if new:
        cause = Cause.of(*(envelope for envelope in events if envelope.event.code in new))
        await enqueue(tx, "launch_products", {"products": sorted(new), **asdict(cause)})
    codes = [product.code for product in products if product.code not in new]
    if codes and await any_series_of(tx, codes):
        await enqueue(tx, "refit_products", {"products": codes}, after=REFIT_AFTER)


async def follow_regions(tx: Tx, events: Sequence[Envelope[RegionChanged]], now: datetime) -> None:
    """Keep regions and in which they lie."""
    await catalog.save_regions(tx, _newest(events))


def _newest(events: Sequence[Envelope[E]]) -> list[E]:
    """The newest event of each subject."""
    found: dict[str, E] = {}
    for envelope in events:
        known = found.get(envelope.event.subject)
        if known is None or known.sequence < envelope.event.sequence:
            found[envelope.event.subject] = envelope.event
    return list(found.values())
