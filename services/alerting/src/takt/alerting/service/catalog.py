"""What is sold and where: it decides in which scopes a series counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from takt.alerting.service.freezing import freeze_anew
from takt.alerting.store import reference
from takt.common.contracts.deals import CompanyChanged, DealEvent, ProductChanged, RegionChanged
from takt.common.db import Tx
from takt.common.event import Envelope, Event


async def take_catalog(tx: Tx, events: Sequence[Envelope[Event]], now: datetime) -> None:
    """Keep company, products and regions; a changed hierarchy sums the week under way anew."""
    await reference.lock(tx)
    products: dict[str, ProductChanged] = {}
    regions: dict[str, RegionChanged] = {}
    for envelope in events:
        match envelope.event:
            case CompanyChanged() as company:
                await reference.save_company(tx, company)
            case ProductChanged() as product:
                if product.sequence >= products.get(product.code, product).sequence:
                    products[product.code] = product
            case RegionChanged() as region:
                if region.sequence >= regions.get(region.code, region).sequence:
                    regions[region.code] = region
    changed = False
    if products:
        changed |= await reference.save_products(tx, list(products.values()))
    if regions:
        changed |= await reference.save_regions(tx, list(regions.values()))
    if changed:
        await freeze_anew(tx, now)


async def take_deals(tx: Tx, events: Sequence[Envelope[DealEvent]], now: datetime) -> None:
    """Keep where deals stand: a review divides the deviation by what became of them."""
    latest: dict[str, DealEvent] = {}
    for envelope in events:
        known = latest.get(envelope.event.subject)
        if known is None or known.sequence < envelope.event.sequence:
            latest[envelope.event.subject] = envelope.event
    await reference.save_deals(tx, [(event.deal, event.sequence) for event in latest.values()])
