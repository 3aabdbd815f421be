"""Sums with intervals, reconciled or not, from measuring to versions and what came of them."""

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from takt.common.event import Cause
from takt.common.testing import eventually, running
from takt.forecast import jobs
from takt.forecast.domain.levels import Place, Scope
from takt.forecast.schemas import VersionHead
from takt.forecast.service.explain_versions import explain_versions
from takt.forecast.service.follow_demand import follow_demand
from takt.forecast.service.level_intervals import Within, present_edges
from takt.forecast.service.publish_versions import publish_version
from takt.forecast.service.recalibrate import recalibrate
from takt.forecast.service.sum_forecasts import frozen_sums
from takt.forecast.store import levels, version_levels, versions
from takt.forecast.store.forecasts import forecasts
from takt.forecast.store.interval_outcomes import Said, wanted_in
from takt.forecast.store.series import mark_all_stale

from .conftest import MONDAY, deal, opened, sale
from .test_explanations import ALL, heads, sums_up
from .test_jobs import company

SHIFTS = "SELECT shift, shift_week, statistical FROM series ORDER BY product, region"


async def choose(database, method, now):
    async with database.transaction() as tx:
        await levels.choose(tx, method, "ann", now)
    await recalibrate(database, now)


async def publish(database, now):
    async with database.transaction() as tx:
        made = await publish_version(
            tx, name=None, published_by="ann", now=now, cause=Cause.start()
        )
    return made.version


async def read(database, sql, *parameters):
    async with database.transaction() as tx:
        return list((await tx.exec_driver_sql(sql, parameters)).all())


def quantities(one, name="quantity"):
    return [getattr(bucket, name) for bucket in one.buckets]


async def test_sums_have_intervals_of_their_own_level_now_and_in_the_version(database, now):
    await company(database, now, weeks=80)
    await jobs.refit_all(database, {}, now)
    async with database.transaction() as tx:
        revisions = [revision for revision, _ in await forecasts(tx)]
        edges = await present_edges(tx, revisions, Within())
        europe = [one for one in revisions if one.region == "DE"]
        part = await present_edges(tx, europe, Within(region="DE"))
        (whole,) = await frozen_sums(tx, 1, "all", False)
        by_region = await frozen_sums(tx, 1, "product", True)
        (row,) = await versions.list_versions(tx, as_of=None, before=None, limit=9)
        held = await version_levels.intervals_of(tx, [1])
    assert row.reconciliation == "bottom_up"
    scopes = {Scope(one.level, one.depth): one for one in held[1]}
    assert scopes[Scope("all", 0)].nodes == 1
    assert 0.5 < scopes[Scope("all", 2)].replayed80 <= 1
    assert scopes[Scope("all", 0)].weeks == 0
    total = edges.by_place[Place("all", None, None)]
    assert (np.diff(total, axis=0) >= 0).all()
    ends = sum(one.bands[2] - one.bands[1] for one in revisions)
    assert 0 < (total[2] - total[1]).sum() < ends.sum()
    assert np.array_equal(
        part.by_place[Place("all", None, None)], edges.by_place[Place("all", None, "DE")]
    )
    assert Place("all", None, "EU") not in part.by_place
    assert quantities(whole, "low80") == [Decimal(int(x)).scaleb(-6) for x in total[1]]
    assert quantities(whole) == [
        Decimal(int(week)).scaleb(-6) for week in sum(r.baseline + r.pipeline for r in revisions)
    ]
    frozen = {(one.product, one.region): one for one in by_region}
    assert set(frozen) == {(p, r) for p in ("P1", "P2") for r in ("DE", "FR", "EU")}
    for product in ("P1", "P2"):
        below = [quantities(frozen[product, region]) for region in ("DE", "FR")]
        both = [a + b for a, b in zip(*below, strict=True)]
        assert quantities(frozen[product, "EU"]) == both
        assert None not in quantities(frozen[product, "EU"], "high95")
        assert None not in quantities(frozen[product, "DE"], "high95")


async def test_reconciled_series_sum_at_every_level_and_the_difference_says_so(database, now):
    await company(database, now, weeks=110)
    moving = deal(quantity="40")
    async with database.transaction() as tx:
        await follow_demand(tx, [opened(moving)], now)
    await jobs.refit_all(database, {}, now)
    before = {one.product + one.region: one for one, _ in await present(database)}
    await choose(database, "reconciled", now)
    second = await publish(database, now)
    shifted = await read(database, SHIFTS)
    assert len(shifted) == 4
    for one in shifted:
        assert one.shift_week == MONDAY
        assert min(one.statistical) >= 0
        assert any(one.shift)
    async with database.transaction() as tx:
        first, last = await heads(tx)
        (whole,) = await explain_versions(tx, last, first, **ALL)
        nodes = await explain_versions(tx, last, first, **(ALL | {"by_region": True}))
        sums = [await frozen_sums(tx, second, level, True) for level in ("all", "product")]
        (measure, *_) = await levels.measures(tx, 9)
    assert (measure.method, measure.outcome, measure.decided_by) == ("reconciled", "chosen", "ann")
    (part,) = [part for part in whole.parts if part.kind == "reconciliation"]
    assert part.quantity != 0
    assert "levels brought to agree" in whole.sentence
    assert all(sums_up(node) for node in [whole, *nodes])
    assert {node.region for node in nodes} == {"EU", "DE", "FR"}
    europe = [one for one in sums[0] if one.region == "EU"]
    inner = [one for one in sums[1] if one.region in ("DE", "FR")]
    assert quantities(europe[0]) == [sum(w) for w in zip(*map(quantities, inner), strict=True)]

    moved = moving.model_copy(update={"stage": "negotiation", "stage_entered_at": now})
    async with database.transaction() as tx:
        await follow_demand(tx, [opened(moved, sequence=2)], now)
    assert await read(database, SHIFTS) == shifted

    later = now + timedelta(weeks=1)
    async with database.transaction() as tx:
        await mark_all_stale(tx)
    await jobs.refit(database, {"seen": (10**6, 10**6)}, later)
    kept = await read(database, SHIFTS)
    assert {one.shift_week for one in kept} == {MONDAY + timedelta(weeks=1)}
    assert kept[0].shift[:20] == pytest.approx(shifted[0].shift[1:21], abs=1e-6)

    await choose(database, "tested", now)
    async with database.transaction() as tx:
        (measure, *_) = await levels.measures(tx, 9)
    assert (measure.method, measure.outcome, measure.decided_by) == ("bottom_up", "kept", "test")
    assert await read(database, "SELECT 1 FROM series WHERE shift IS NOT NULL") == []
    after = {one.product + one.region: one for one, _ in await present(database)}
    for key, one in after.items():
        if one.first_week == before[key].first_week:
            assert abs(one.baseline - before[key].baseline).max() <= 1


async def present(database):
    async with database.transaction() as tx:
        return await forecasts(tx)


async def test_what_comes_is_counted_against_what_was_published_once(database, now):
    await company(database, now, weeks=80)
    late = deal(status="won", region="FR", quantity="60", closed_days_ago=20)
    async with database.transaction() as tx:
        due = sale("late", MONDAY - timedelta(days=9), "60", region="FR", of=late)
        await follow_demand(tx, [opened(late), due], now)
    await jobs.refit_all(database, {}, now)
    (held,) = await read(database, "SELECT firm FROM version_series WHERE firm IS NOT NULL")
    assert held.firm[0] == 60_000_000
    later = now + timedelta(weeks=1)
    sales = [
        sale(
            f"new-{product}-{region}",
            MONDAY + timedelta(days=1),
            units,
            product=product,
            region=region,
        )
        for product, region, units in (
            ("P1", "DE", "20"),
            ("P1", "FR", "18"),
            ("P2", "DE", "500"),
            ("P2", "FR", "17"),
        )
    ]
    async with database.transaction() as tx:
        await follow_demand(tx, sales, later)
    for _ in range(2):
        await jobs.recalibrate_all(database, {}, later)
        rows = await read(database, "SELECT * FROM interval_outcomes")
        assert {(row.week, row.lag) for row in rows} == {(MONDAY, 1)}
        counted = {Scope(row.level, row.depth): row for row in rows}
        series = counted[Scope("series", 0)]
        assert (series.compared, series.above80, series.above95, series.below80) == (4, 1, 1, 0)
        assert counted[Scope("all", 0)].compared == 1
        assert counted[Scope("all", 0)].above95 == 1
        assert counted[Scope("product", 0)].compared == 2
        assert counted[Scope("product", 0)].above95 == 1
    version = await publish(database, later)
    async with database.transaction() as tx:
        held = (await version_levels.intervals_of(tx, [version]))[version]
        head = await versions.get_version(tx, version)
    assert VersionHead.model_validate(head, from_attributes=True).version == version
    inside = {Scope(one.level, one.depth): (one.weeks, one.inside80) for one in held}
    assert inside[Scope("series", 0)] == (1, 0.75)
    assert inside[Scope("all", 0)] == (1, 0.0)


async def test_a_deal_won_on_the_day_of_a_version_is_counted_in_it_or_after_it(database, now):
    known, later = deal(status="won", quantity="5"), deal(status="won", quantity="7")
    async with database.transaction() as tx:
        await follow_demand(tx, [opened(known)], now)
    version = await publish(database, now)
    sales = [sale("1", MONDAY, "5", of=known), sale("2", MONDAY, "7", of=later)]
    async with database.transaction() as tx:
        await follow_demand(tx, [opened(later), *sales], now)
        wanted = await wanted_in(tx, MONDAY, Said(version, MONDAY, MONDAY))
        before = await wanted_in(tx, MONDAY, Said(version, MONDAY, MONDAY + timedelta(days=1)))
    assert [*wanted.values()] == [7_000_000]
    assert [*before.values()] == [0]


async def test_the_routes_tell_choose_and_refuse(app, new_key, database, now):
    await company(database, now, weeks=40)
    await jobs.refit_all(database, {}, now)
    # The app begins once the company is fitted, so that its own jobs take no turn before.
    async with running(app, await new_key()) as client:
        await tell_choose_and_refuse(client, now)


async def agree(client):
    """Whether rounded sums agree, and a part alone has the numbers that it has among all."""
    step = {"step": "1", "by_region": True}
    europe, *parts = [
        sorted(
            (await client.get("/v1/forecasts/sums", params={**step, **more})).json(),
            key=lambda one: one["region"] != "EU",
        )
        for more in ({"level": "all"}, {"level": "product"}, {"level": "product", "region": "DE"})
    ]
    alone = {one["product"]: one for one in parts[1] if one["region"] == "DE"}
    among = {one["product"]: one for one in parts[0] if one["region"] == "DE"}
    if [b["quantity"] for b in alone["P1"]["buckets"]] != [
        b["quantity"] for b in among["P1"]["buckets"]
    ]:
        return False
    for week, bucket in enumerate(europe[0]["buckets"]):
        below = [one["buckets"][week] for one in parts[0] if one["region"] in ("DE", "FR")]
        if Decimal(bucket["quantity"]) != sum(Decimal(one["quantity"]) for one in below):
            return False
        assert Decimal(bucket["quantity"]) % 1 == Decimal(bucket["low80"]) % 1 == 0
    return True


async def tell_choose_and_refuse(client, now):
    reply = await client.get("/v1/forecasts/sums", params={"level": "family", "by_region": True})
    for one in reply.json():
        bucket = one["buckets"][0]
        low, high = Decimal(bucket["low80"]), Decimal(bucket["high80"])
        assert low < Decimal(bucket["quantity"]) < high
    # Its first jobs may say series anew between two answers.
    await eventually(lambda: agree(client))
    refused = await client.get("/v1/forecasts/sums", params={"step": "0"})
    assert refused.status_code == 422
    old = await client.get("/v1/forecasts/sums", params={"as_of": now.isoformat()})
    assert old.json()[0]["buckets"][0]["low80"] is None
    frozen = await client.get("/v1/forecast-versions/1/sums", params={"level": "all"})
    assert frozen.json()[0]["buckets"][0]["low80"] is not None
    path = "/v1/forecast-versions/1/sums"
    of_products = {"level": "product", "product": "P1"}
    (only,) = (await client.get(path, params=of_products)).json()
    of_pumps = {"level": "product", "family": "pumps"}
    pumps = (await client.get(path, params=of_pumps)).json()
    assert only in pumps
    assert [one["product"] for one in pumps] == ["P1", "P2"]
    none = await client.get(path, params=of_pumps | {"family": "lamps"})
    assert none.json() == []
    for wrong in ({"family": "pumps"}, {"product": "P1", "level": "family"}, {"region": "DE"}):
        refused = await client.get(path, params=wrong)
        assert refused.status_code == 422
        assert refused.json()["field"] in {f"query.{name}" for name in wrong}
        assert refused.json()["remedy"]
    (head,) = (await client.get("/v1/forecast-versions")).json()["items"]
    assert head["reconciliation"] == "bottom_up"
    assert {"level", "nodes", "replayed80", "inside80"} <= set(head["intervals"][0])
    path = "/v1/forecasts/reconciliation"
    told = (await client.get(path)).json()
    assert (told["method"], told["chosen"]) == ("bottom_up", "tested")
    assert told["levels"][0]["allowed80"] == 0.2
    assert told["decisions"][0]["decided_by"] == "test"
    assert (await client.put(path, json={"method": "reconciled"})).status_code == 202
    assert (await client.get(path)).json()["chosen"] == "reconciled"
    refused = await client.put(path, json={"method": "middle_out"})
    assert refused.status_code == 422
    missing = await client.get("/v1/forecast-versions/9/sums")
    assert missing.status_code == 404
