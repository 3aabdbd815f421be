"""Which events alerting takes, and what each of them starts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from takt.alerting.domain.deviation import Limits
from takt.alerting.service.cash import take_shortfalls
from takt.alerting.service.catalog import take_catalog, take_deals
from takt.alerting.service.sales import take_sales
from takt.alerting.service.versions import take_versions
from takt.alerting.service.webhooks import take_proposals
from takt.common.bus.consumer import Consumer
from takt.common.contracts.deals import (
    CompanyChanged,
    DealChanged,
    DealLost,
    DealOpened,
    DealReopened,
    DealStageChanged,
    DealWon,
    ProductChanged,
    RegionChanged,
    SaleClosed,
    SaleCorrected,
    SaleEvent,
    SaleReturned,
    SaleShipped,
)
from takt.common.contracts.forecast import ForecastVersionPublished
from takt.common.contracts.supply_planning import (
    CashShortfall,
    PurchaseOrderCancelled,
    PurchaseOrderProposed,
    PurchaseOrderRevised,
)
from takt.common.db import Tx
from takt.common.event import Envelope


def consumer(limits: Limits) -> Consumer:
    """The table; what a sale is judged by comes from the settings."""

    async def judge_sales(tx: Tx, events: Sequence[Envelope[SaleEvent]], now: datetime) -> None:
        await take_sales(tx, events, now, limits=limits)

    async def freeze_versions(
        tx: Tx, events: Sequence[Envelope[ForecastVersionPublished]], now: datetime
    ) -> None:
        await take_versions(tx, events, now, limits=limits)

    return Consumer(
        "alerting",
        {
            CompanyChanged: take_catalog,
            ProductChanged: take_catalog,
            RegionChanged: take_catalog,
            DealOpened: take_deals,
            DealChanged: take_deals,
            DealStageChanged: take_deals,
            DealWon: take_deals,
            DealLost: take_deals,
            DealReopened: take_deals,
            ForecastVersionPublished: freeze_versions,
            SaleClosed: judge_sales,
            SaleCorrected: judge_sales,
            SaleReturned: judge_sales,
            SaleShipped: judge_sales,
            CashShortfall: take_shortfalls,
            PurchaseOrderProposed: take_proposals,
            PurchaseOrderRevised: take_proposals,
            PurchaseOrderCancelled: take_proposals,
        },
        rest=0.2,
    )
