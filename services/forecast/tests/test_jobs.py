"""From sales alone to a calibrated, published forecast, without a person."""

import asyncio
import json
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from takt.common.bus.consumer import Progress, handle_batch
from takt.common.contracts.forecast import ForecastVersionPublished
from takt.common.testing import emitted
from takt.forecast import jobs
from takt.forecast.consumers import CONSUMERS
from takt.forecast.service.follow_catalog import follow_company, follow_products, follow_regions
from takt.forecast.service.follow_demand import follow_demand
from takt.forecast.store import calibrations, versions
from takt.forecast.store.forecasts import forecasts

from .conftest import MONDAY, catalog, deal, envelope, opened, sale


async def company(database, now, weeks=120):
    """A company with history, closed deals with their sales, and open deals."""
    random = np.random.default_rng(5)
    news = [envelope(event) for event in catalog()]
    async with database.transaction() as tx:
        await follow_company(tx, news[:1], now)
        await follow_products(tx, news[1:3], now)
        await follow_regions(tx, news[3:], now)
    sales, deals = [], []
    for week in range(1, weeks + 1):
        day = MONDAY - timedelta(weeks=week) + timedelta(days=2)
        for product in ("P1", "P2"):
            for region in ("DE", "FR"):
                number = f"{product}-{region}-{week}"
                units = str(int(random.poisson(20)))
                sales.append(
                    sale(number, day, units, product=product, region=region, shipped=units)
                )
    for number in range(80):
        status = "won" if number % 2 else "lost"
        closed = deal(
            status=status, quantity="6", age_days=5 + number % 40, closed_days_ago=10 + 7 * number
        )
        deals.append(opened(closed, sequence=2))
        if status == "won":
            sold = closed.closed_at.date()
            sales.append(sale(f"deal-{number}", sold, "6", of=closed, shipped="6"))
    deals += [opened(deal(quantity="8", age_days=3 * n)) for n in range(10)]
    async with database.transaction() as tx:
        await follow_demand(tx, deals, now)
        await follow_demand(tx, sales, now)


async def test_sales_that_were_loaded_become_a_calibrated_and_published_forecast(database, now):
    await company(database, now)
    await jobs.refit_all(database, {}, now)
    async with database.transaction() as tx:
        calibration = await calibrations.calibration_of(tx, await calibrations.latest(tx))
        assert calibration.closed_deals == 80
        assert calibration.bands.scores[0] > 100
        stage = calibration.model.stages["direct", "offer"]
        assert 0.3 < stage.curves[0].probability < 0.6
        known = await tx.exec_driver_sql("SELECT known FROM series WHERE product = 'P1' LIMIT 1")
        assert 0.0 < known.scalar_one()[0] < 0.5
        ((revision, _), *others) = await forecasts(tx)
        assert len(others) == 3
        assert 12e6 < revision.baseline.mean() < 24e6
        assert (revision.bands[0] <= revision.baseline + revision.pipeline).all()
        events = [e.event for e in await emitted(tx)]
    published = [e for e in events if isinstance(e, ForecastVersionPublished)]
    assert [(e.version, e.name, e.part, e.parts) for e in published] == [(1, "2026-W48", 1, 1)]
    frozen = {(s.product, s.region): s for s in published[0].series}
    assert len(frozen) == 4
    parts = frozen["P1", "DE"].deals
    assert parts
    by_week: dict[date, Decimal] = {}
    for part in parts:
        by_week[part.week] = by_week.get(part.week, Decimal(0)) + part.quantity
    pipeline = {b.week: b.pipeline for b in frozen["P1", "DE"].buckets if b.pipeline}
    assert by_week == pipeline
    await jobs.refit(database, {}, now)
    async with database.transaction() as tx:
        assert len(await versions.list_versions(tx, as_of=None, before=None, limit=9)) == 1


async def test_a_new_week_moves_every_series_and_publishes_a_new_version(database, now):
    await company(database, now, weeks=40)
    await jobs.refit_all(database, {}, now)
    later = now + timedelta(weeks=1)
    await jobs.refresh_pipeline(database, {}, later)
    await jobs.recalibrate_all(database, {}, later)
    await jobs.refit(database, {}, later)
    async with database.transaction() as tx:
        found = await forecasts(tx)
        assert {r.first_week for r, _ in found} == {MONDAY + timedelta(weeks=1)}
        heads = await versions.list_versions(tx, as_of=None, before=None, limit=9)
        assert [head.name for head in heads] == ["2026-W49", "2026-W48"]
        at_first = await versions.list_versions(tx, as_of=now, before=None, limit=1)
        assert [head.version for head in at_first] == [1]
        before = await forecasts(tx, as_of=now)
        assert {r.first_week for r, _ in before} == {MONDAY}
        lines = await tx.exec_driver_sql("SELECT sum(x) FROM pipeline_lines, unnest(expected) AS x")
        series = await tx.exec_driver_sql("SELECT sum(x) FROM series, unnest(pipeline) AS x")
        assert lines.scalar_one() == series.scalar_one() > 0


async def test_while_a_load_goes_on_nothing_is_fitted_and_at_its_end_everything_once(database, now):
    async def fitted():
        async with database.transaction() as tx:
            stale = await tx.exec_driver_sql("SELECT bool_or(stale) FROM series")
            waiting = await tx.exec_driver_sql(
                "SELECT payload FROM pgqueuer WHERE entrypoint = 'refit' ORDER BY id DESC LIMIT 1"
            )
            return not stale.scalar_one(), json.loads(waiting.scalar_one())

    await company(database, now, weeks=10)
    await jobs.refit(database, {}, now)
    done, payload = await fitted()
    assert not done
    later = [sale(f"more-{n}", MONDAY - timedelta(days=3 + n), shipped="5") for n in range(70)]
    async with database.transaction() as tx:
        await follow_demand(tx, later, now)
    await jobs.refit(database, payload, now)
    done, payload = await fitted()
    assert not done
    await jobs.refit(database, payload, now)
    done, _ = await fitted()
    assert done
    async with database.transaction() as tx:
        assert await versions.published_since(tx, now - timedelta(days=1))


async def test_a_second_refit_waits_for_the_first(database, now):
    await company(database, now, weeks=30)
    await asyncio.gather(*(jobs.refit_all(database, {}, now) for _ in range(3)))
    async with database.transaction() as tx:
        measured = await tx.exec_driver_sql("SELECT count(*) FROM calibrations")
        assert measured.scalar_one() == 1
        assert len(await versions.list_versions(tx, as_of=None, before=None, limit=9)) == 1


async def test_the_consumers_table_covers_what_deals_says(database, now, log):
    progress = Progress()
    await handle_batch(CONSUMERS[0], [], database, now, progress)
    assert set(CONSUMERS[0].topics) == {"takt.catalog.v1", "takt.deals.v1", "takt.sales.v1"}
