"""Rare demand is said by its rate, and a new product by what products like it sell."""

import json
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from takt.common.contracts.deals import ProductChanged
from takt.common.contracts.forecast import ForecastChanged
from takt.common.event import Cause
from takt.common.testing import emitted
from takt.forecast import jobs
from takt.forecast.service.explain_versions import explain_versions
from takt.forecast.service.follow_catalog import follow_company, follow_products, follow_regions
from takt.forecast.service.follow_demand import follow_demand
from takt.forecast.service.publish_versions import publish_version
from takt.forecast.store import models
from takt.forecast.store.forecasts import forecasts
from takt.forecast.store.series import series_after

from .conftest import MONDAY, catalog, deal, envelope, opened, sale
from .test_explanations import ALL, heads, sums_up

SIZE = {"P1": 20, "P2": 40}


async def company(database, now, weeks=60):
    """Two products that are sold every week in DE, and at times in FR; a version is published."""
    random = np.random.default_rng(3)
    news = [envelope(event) for event in catalog()]
    sales = []
    for week in range(1, weeks + 1):
        for product, size in SIZE.items():
            day = MONDAY - timedelta(weeks=week) + timedelta(days=2)
            units = str(size + int(random.integers(-3, 4)))
            sales.append(sale(f"{product}-{week}", day, units, product=product))
            if random.random() < 0.25:
                number = f"{product}-FR-{week}"
                sales.append(sale(number, day, str(size), product=product, region="FR"))
    async with database.transaction() as tx:
        await follow_company(tx, news[:1], now)
        await follow_products(tx, news[1:3], now)
        await follow_regions(tx, news[3:], now)
        await follow_demand(tx, sales, now)
    await jobs.refit_all(database, {}, now)


async def known(database, product):
    """Forecasts and models of a product by region."""
    async with database.transaction() as tx:
        found = {r.region: r for r, _ in await forecasts(tx, product=product)}
        of = await models.models_of(tx, await series_after(tx, None, 100))
    return found, {key.region: model for key, model in of.items() if key.product == product}


async def launched(database, event, now):
    """Take a product's event over, and run the job that it asks for; returns the event's id."""
    news = envelope(event)
    async with database.transaction() as tx:
        await follow_products(tx, [news], now)
        waiting = await tx.exec_driver_sql(
            "DELETE FROM pgqueuer WHERE entrypoint = 'launch_products' RETURNING payload"
        )
        payload = json.loads(waiting.scalar_one())
    await jobs.launch_products(database, payload, now)
    return news.id


def pump(code="P3", family="pumps", sequence=1, **facts):
    return ProductChanged(
        sequence=sequence,
        code=code,
        name=code,
        family=family,
        list_price=Decimal(45),
        cost=Decimal(20),
        **facts,
    )


async def test_what_is_sold_at_times_is_expected_flat_at_its_mean(database, now):
    await company(database, now)
    found, model = await known(database, "P1")
    assert (model["DE"].model, model["DE"].demand_class) == ("fast", "smooth")
    assert (model["FR"].model, model["FR"].demand_class) == ("rate", "intermittent")
    baseline = found["FR"].baseline / 1e6
    assert len(set(baseline.tolist())) == 1
    assert 3 < baseline[0] < 8
    async with database.transaction() as tx:
        await follow_demand(tx, [sale("more", MONDAY - timedelta(days=3), "20", region="FR")], now)
    await jobs.refit(database, {}, now)
    later, _ = await known(database, "P1")
    assert later["FR"].baseline[0] > found["FR"].baseline[0]
    assert len(set(later["FR"].baseline.tolist())) == 1


async def test_a_new_product_is_expected_at_once_as_those_like_it_until_its_own_sales_speak(
    database, now
):
    await company(database, now)
    cause = await launched(database, pump(), now)
    found, model = await known(database, "P3")
    assert set(found) == {"DE", "FR"}
    assert (model["DE"].model, model["DE"].weight) == ("analogue", 0)
    assert {(a["product"], a["region"]) for a in model["DE"].analogues} == {
        (product, region) for product in SIZE for region in ("DE", "FR")
    }
    assert abs(sum(a["weight"] for a in model["DE"].analogues) - 1) < 1e-5
    expected = found["DE"].baseline / 1e6
    assert 20 < expected.mean() < 40
    assert 0 < found["FR"].baseline.mean() / 1e6 < expected.mean() / 2
    async with database.transaction() as tx:
        told = [e for e in await emitted(tx) if isinstance(e.event, ForecastChanged)]
        assert {e.event.region for e in told if cause in e.cause.causes} == {"DE", "FR"}
        await publish_version(tx, name=None, published_by="ann", now=now, cause=Cause.start())

    weights, totals = [0.0], [expected.mean()]
    for week in (1, 2, 3):
        later = now + timedelta(weeks=week)
        async with database.transaction() as tx:
            day = MONDAY + timedelta(weeks=week, days=-3)
            await follow_demand(tx, [sale(f"new-{week}", day, "90", product="P3")], later)
        await jobs.refit(database, {}, later)
        found, model = await known(database, "P3")
        weights.append(model["DE"].weight)
        totals.append(float(found["DE"].baseline.mean() / 1e6))
    assert weights == sorted(set(weights))
    assert totals == sorted(set(totals))
    assert model["FR"].weight == pytest.approx(weights[-1])
    assert found["FR"].baseline.mean() < found["DE"].baseline.mean() / 4
    async with database.transaction() as tx:
        await publish_version(tx, name=None, published_by="ann", now=later, cause=Cause.start())
        versions = await heads(tx)
        first, last = versions[1], versions[-1]
        (node,) = [
            node
            for node in await explain_versions(tx, last, first, **ALL | {"level": "product"})
            if node.product == "P3"
        ]
    assert sums_up(node)
    parts = {part.kind: part.quantity for part in node.parts}
    assert parts["actuals"] > 0 > parts["analogue"]
    assert "model" not in parts


async def test_a_new_product_like_no_other_is_expected_by_its_deals_alone(database, now):
    await company(database, now, weeks=30)
    await launched(database, pump(family="valves"), now)
    assert await known(database, "P3") == ({}, {})
    async with database.transaction() as tx:
        await follow_demand(tx, [opened(deal(product="P3", quantity="10"))], now)
    found, model = await known(database, "P3")
    assert model["DE"].model == "pipeline"
    assert found["DE"].baseline.sum() == 0 < found["DE"].pipeline.sum()
    # It is put into the family of others: from then on it is like them.
    await launched(database, pump(sequence=2), now)
    found, model = await known(database, "P3")
    assert model["DE"].model == "analogue"
    assert found["DE"].baseline.sum() > 0 < found["DE"].pipeline.sum()


async def test_a_product_of_the_first_load_or_withdrawn_is_not_new(database, now):
    news = [envelope(event) for event in (*catalog(), pump())]
    async with database.transaction() as tx:
        await follow_company(tx, news[:1], now)
        await follow_products(tx, [news[1], news[2], news[-1]], now)
        waiting = await tx.exec_driver_sql("SELECT count(*) FROM pgqueuer")
        assert waiting.scalar_one() == 0
    await company(database, now, weeks=30)
    assert await known(database, "P3") == ({}, {})
    await launched(database, pump("P4", active=False), now)
    assert await known(database, "P4") == ({}, {})
