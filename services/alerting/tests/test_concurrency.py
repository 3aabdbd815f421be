import asyncio
from datetime import UTC, datetime

from takt.alerting.domain.deviation import Limits
from takt.alerting.service.catalog import take_catalog
from takt.alerting.service.deviations import check
from takt.alerting.service.sales import take_sales
from takt.alerting.service.versions import take_versions
from takt.alerting.store import reviews
from takt.common.event import Cause

from .scene import WEDNESDAY_MORNING, catalog, four_series, sale, version

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


async def test_checks_and_sales_at_once_open_one_review_a_scope(database):
    async with database.transaction() as tx:
        await take_catalog(tx, catalog(), NOW)
        await take_versions(tx, [version(*four_series())], NOW, limits=Limits())

    async def check_now():
        async with database.transaction() as tx:
            await check(tx, WEDNESDAY_MORNING, Limits(), Cause.start())

    async def sell():
        async with database.transaction() as tx:
            await take_sales(tx, [sale(quantity=1)], WEDNESDAY_MORNING, limits=Limits())

    await asyncio.gather(*(step() for step in (check_now, sell) * 4))
    async with database.transaction() as tx:
        rows = await reviews.list_reviews(tx, state=None, before=None, limit=100)
    scopes = [row.review.scope for row in rows]
    assert len(scopes) == len(set(scopes))
    assert "product=pan;region=south" in scopes
