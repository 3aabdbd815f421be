"""Replicas of the catalog: time zone, products with their families, regions with their parents."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from takt.common.contracts.deals import CompanyChanged, ProductChanged, RegionChanged
from takt.common.db import Tx
from takt.common.event import Envelope, Event
from takt.common.jobs import enqueue
from takt.forecast.service.follow_demand import REFIT_AFTER
from takt.forecast.store import replicas
from takt.forecast.store.series import any_series_of

E = TypeVar("E", bound=Event)


async def follow_company(tx: Tx, events: Sequence[Envelope[CompanyChanged]], now: datetime) -> None:
    """Keep the company's time zone."""
    for event in _newest(events):
        await replicas.save_company(tx, event)


async def follow_products(
    tx: Tx, events: Sequence[Envelope[ProductChanged]], now: datetime
) -> None:
    """Keep products: family, unit and list price. Their series are said anew by a job.

    The job marks them, not this: it shares a transaction with deals, which are locked before
    series.
    """
    products = _newest(events)
    await replicas.save_products(tx, products)
    codes = [product.code for product in products]
    if await any_series_of(tx, codes):
        await enqueue(tx, "refit_products", {"products": codes}, after=REFIT_AFTER)


async def follow_regions(tx: Tx, events: Sequence[Envelope[RegionChanged]], now: datetime) -> None:
    """Keep regions and in which they lie."""
    await replicas.save_regions(tx, _newest(events))


def _newest(events: Sequence[Envelope[E]]) -> list[E]:
    """The newest event of each subject."""
    found: dict[str, E] = {}
    for envelope in events:
        known = found.get(envelope.event.subject)
        if known is None or known.sequence < envelope.event.sequence:
            found[envelope.event.subject] = envelope.event
    return list(found.values())
