"""Two published versions, and what made the difference."""

from datetime import timedelta
from decimal import Decimal

import pytest

from takt.common.bus import Message
from takt.common.contracts.deals import DealLost, DealStageChanged
from takt.common.event import Cause
from takt.common.testing import eventually
from takt.forecast import jobs
from takt.forecast.api.explanations import language_of
from takt.forecast.schemas import VersionHead
from takt.forecast.service import explain_versions as explaining
from takt.forecast.service.explain_versions import explain_versions
from takt.forecast.service.follow_demand import follow_demand
from takt.forecast.service.publish_versions import publish_version
from takt.forecast.service.record_signals import withdraw_signal
from takt.forecast.store import versions
from takt.forecast.store.explanations import Scope

from .conftest import MONDAY, catalog, deal, envelope, opened, sale
from .test_jobs import company
from .test_signals import load, promotion, record

ALL = {"scope": Scope(), "level": "all", "by_region": False, "language": "en"}


async def heads(tx):
    """All versions, the oldest first."""
    rows = await versions.list_versions(tx, as_of=None, before=None, limit=9)
    return [VersionHead.model_validate(row, from_attributes=True) for row in reversed(rows)]


def sums_up(node):
    """The parts sum to the difference, in each week, in total and in value."""
    assert sum(part.quantity for part in node.parts) == node.difference == node.after - node.before
    assert sum(part.value for part in node.parts) == node.value_difference
    by_week = dict.fromkeys((week.week for week in node.weeks), Decimal(0))
    for part in node.parts:
        assert sum(week.quantity for week in part.weeks) == part.quantity
        for week in part.weeks:
            by_week[week.week] += week.quantity
    assert by_week == {week.week: week.difference for week in node.weeks}
    return True


async def test_a_week_later_the_difference_is_told_by_model_actuals_deals_and_orders(database, now):
    await company(database, now, weeks=60)
    moving, losing = deal(quantity="40"), deal(quantity="30")
    async with database.transaction() as tx:
        await follow_demand(tx, [opened(moving), opened(losing)], now)
    await jobs.refit_all(database, {}, now)
    later = now + timedelta(weeks=1)
    async with database.transaction() as tx:
        moved = moving.model_copy(update={"stage": "negotiation", "stage_entered_at": now})
        lost = losing.model_copy(
            update={"stage": "lost", "status": "lost", "closed_at": now + timedelta(days=1)}
        )
        await follow_demand(
            tx,
            [
                envelope(
                    DealStageChanged(
                        sequence=2, deal=moved, from_stage="offer", to_stage=moved.stage
                    )
                ),
                envelope(DealLost(sequence=2, deal=lost, from_stage="offer")),
                sale("direct-1", MONDAY + timedelta(weeks=3), "7"),
                sale("last-week", MONDAY + timedelta(days=1), "60", region="FR"),
            ],
            later,
        )
    await jobs.recalibrate_all(database, {}, later)
    async with database.transaction() as tx:
        await publish_version(tx, name=None, published_by="ann", now=later, cause=Cause.start())
        first, second = await heads(tx)
        (whole,) = await explain_versions(tx, second, first, **ALL)
        (back,) = await explain_versions(tx, first, second, **ALL)
        (same,) = await explain_versions(tx, second, second, **ALL)
        by_level = ALL | {"level": "product", "by_region": True}
        nodes = await explain_versions(tx, second, first, **by_level)
    assert sums_up(whole)
    kinds = {part.kind for part in whole.parts}
    assert {"calendar", "actuals", "model", "deal", "order"} <= kinds
    deals = {part.deal.deal_id: part for part in whole.parts if part.deal}
    assert deals[moving.deal_id].deal.change == "moved"
    assert deals[moving.deal_id].deal.stage_after == "negotiation"
    assert deals[losing.deal_id].deal.change == "lost"
    assert deals[losing.deal_id].quantity < 0
    assert {part.deal.change for part in deals.values()} == {"moved", "lost", "aged"}
    (order,) = [part for part in whole.parts if part.kind == "order"]
    assert (order.order.order_line, order.order.change) == ("direct-1", "arrived")
    assert -7 <= order.quantity < 0
    assert whole.sentence.endswith("%")
    assert "version 1 (2026-W48)" in whole.sentence
    assert sums_up(back)
    assert back.difference == -whole.difference
    assert {(p.kind, p.quantity) for p in back.parts} == {
        (p.kind, -p.quantity) for p in whole.parts
    }
    assert (same.difference, same.parts, same.percent) == (0, [], 0)
    assert same.sentence == f"{same.sentence.split()[0]} each, as in version 2 (2026-W49)"
    assert all(sums_up(node) for node in nodes)
    leaves = [node for node in nodes if node.region in ("DE", "FR")]
    assert len(leaves) == 4
    assert sum(node.difference for node in leaves) == whole.difference
    of_europe = [node for node in nodes if node.region == "EU"]
    assert sum(node.difference for node in of_europe) == whole.difference


async def test_a_version_from_before_deals_and_models_were_kept_is_explained_too(database, now):
    await company(database, now, weeks=40)
    await jobs.refit_all(database, {}, now)
    async with database.transaction() as tx:
        await tx.exec_driver_sql(
            "UPDATE version_series SET statistical = NULL, known = NULL, states = NULL"
        )
        await tx.exec_driver_sql("DELETE FROM version_deals")
        await tx.exec_driver_sql("DELETE FROM version_orders")
    later = now + timedelta(weeks=1)
    await jobs.recalibrate_all(database, {}, later)
    async with database.transaction() as tx:
        await publish_version(tx, name=None, published_by="ann", now=later, cause=Cause.start())
        first, second = await heads(tx)
        (whole,) = await explain_versions(tx, second, first, **ALL)
    assert sums_up(whole)
    assert {"calendar", "model"} <= {part.kind for part in whole.parts}
    assert "actuals" not in {part.kind for part in whole.parts}


async def test_each_signal_is_a_part_of_its_own(tx, now):
    await load(tx, now)
    half = Decimal("0.5")
    stays, goes = (promotion(n, product="P1", begins=2, strength=half) for n in "ab")
    _, leaving = await record(tx, now, stays, goes)
    await publish_version(tx, name="W1", published_by="ann", now=now, cause=Cause.start())
    deeper = promotion("a", product="P1", begins=2, strength=Decimal("0.8"))
    rival = promotion("c", kind="competitor", family="pumps", begins=2, strength=Decimal("-0.2"))
    changed, came = await record(tx, now, deeper, rival)
    await withdraw_signal(tx, leaving.signal_id, by="ann", now=now, cause=Cause.start())
    await publish_version(tx, name="W2", published_by="ann", now=now, cause=Cause.start())
    first, second = await heads(tx)
    (whole,) = await explain_versions(tx, second, first, **ALL)
    (p2,) = await explain_versions(tx, second, first, **(ALL | {"scope": Scope(product="P2")}))
    assert sums_up(whole)
    told = {part.signal.signal_id: part for part in whole.parts if part.signal}
    assert {of: part.signal.change for of, part in told.items()} == {
        changed.signal_id: "changed",
        leaving.signal_id: "gone",
        came.signal_id: "came",
    }
    assert {part.kind for part in whole.parts} == {"signal"}
    assert told[changed.signal_id].quantity > 0 > told[leaving.signal_id].quantity
    assert "promotion “shop b” no longer counts -" in whole.sentence
    (only,) = p2.parts
    assert (only.signal.signal_id, only.quantity) == (came.signal_id, p2.difference)
    assert float(only.quantity) == pytest.approx(-0.2 * float(p2.before) / 26, rel=0.05)


async def test_the_route_tells_it_in_english_and_chinese(client, log):
    offered = deal(quantity="10")

    async def say(*envelopes):
        await log.publish(
            [Message(e.event.topic, e.event.key, e.headers(), e.body().encode()) for e in envelopes]
        )

    async def version_with(stage):
        async def there():
            reply = await client.get(f"/v1/pipeline-demand/{offered.deal_id}")
            return reply.is_success and reply.json()["stage"] == stage

        await eventually(there)
        made = await client.post(
            "/v1/forecast-versions", json={"name": stage}, headers={"Idempotency-Key": stage}
        )
        return made.json()["version"]

    await say(*(envelope(event) for event in catalog()), opened(offered))
    first = await version_with("offer")
    moved = offered.model_copy(update={"stage": "won", "status": "won"})
    await say(
        envelope(DealStageChanged(sequence=2, deal=moved, from_stage="offer", to_stage=moved.stage))
    )
    second = await version_with("won")
    path = f"/v1/forecast-versions/{second}/explanation"
    reply = await client.get(path, params={"against": first})
    assert reply.headers["content-language"] == "en"
    (node,) = reply.json()["sums"]
    [part] = [part for part in node["parts"] if part["kind"] == "deal"]
    assert part["deal"]["change"] == "won"
    assert "deal “Pumps” won +" in node["sentence"]
    chinese = await client.get(
        path, params={"against": first}, headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
    )
    assert "商机“Pumps”赢单 +" in chinese.json()["sums"][0]["sentence"]
    for place, params, field in (
        (path, {"against": 99}, "against"),
        ("/v1/forecast-versions/99/explanation", {"against": first}, "version"),
    ):
        missing = await client.get(place, params=params)
        assert missing.status_code == 404
        assert (missing.json()["field"], missing.json()["value"]) == (field, 99)
    with pytest.MonkeyPatch.context() as fewer:
        fewer.setattr(explaining, "MOST_SUMS", 1)
        wide = await client.get(path, params={"against": first, "by_region": True})
    assert (wide.status_code, wide.json()["field"]) == (422, "level")
    assert wide.json()["detail"] == "2 sums; at most 1 are told at once"
    assert "region" in wide.json()["remedy"]
    nothing = await client.get(path, params={"against": first, "product": "P9"})
    assert nothing.json()["sums"] == []


def test_the_language_is_the_one_that_is_liked_best():
    assert language_of("de, zh;q=0.4, en;q=0.5") == "en"
    assert language_of("zh-Hans-CN") == "zh-CN"
    assert language_of("en;q=0, zh-TW;q=x, fr") == "en"
