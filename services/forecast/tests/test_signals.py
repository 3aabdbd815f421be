"""A signal moves the forecast at once, by what history says, and is named as the cause."""

from datetime import timedelta
from decimal import Decimal

import pytest

from takt.common.contracts.deals import ProductChanged, RegionChanged
from takt.common.contracts.forecast import ForecastChanged, SignalRecorded, SignalWithdrawn
from takt.common.event import Cause, new_id
from takt.common.http import encode_cursor
from takt.common.testing import emitted
from takt.forecast.schemas_signals import SignalBatch, SignalIn
from takt.forecast.service.follow_catalog import follow_products, follow_regions
from takt.forecast.service.follow_demand import follow_demand
from takt.forecast.service.propose_responses import NotACompetitor, propose_responses
from takt.forecast.service.record_signals import NoSignal, record_signals, withdraw_signal
from takt.forecast.service.refit_series import refit_some
from takt.forecast.store.forecasts import forecasts
from takt.forecast.store.signals import effects_of_signal

from .conftest import MONDAY, catalog, deal, envelope, opened, sale


def promotion(external_id="1", *, kind="promotion", begins=1, weeks=1, **of):
    """A signal of whole weeks, from so many weeks ahead on."""
    first = MONDAY + timedelta(weeks=begins)
    return SignalIn(
        source="shop",
        external_id=external_id,
        kind=kind,
        begins=first,
        ends=first + timedelta(days=7 * weeks - 1),
        **of,
    )


async def load_catalog(tx, now):
    """Two products of a family, and two regions in a third."""
    events = [envelope(event) for event in catalog()]
    await follow_products(tx, [e for e in events if isinstance(e.event, ProductChanged)], now)
    await follow_regions(tx, [e for e in events if isinstance(e.event, RegionChanged)], now)


async def load(tx, now, price=None):
    """Sixty weeks of two products in two regions; each fifth week of P1 sells more for less."""
    await load_catalog(tx, now)
    news = []
    for week in range(1, 61):
        for product in ("P1", "P2"):
            for region in ("DE", "FR"):
                cut = price is not None and product == "P1" and week % 5 == 2
                quantity = str((16 if cut else 8) + week % 2)
                told = sale(
                    f"{product}{region}{week}",
                    MONDAY - timedelta(weeks=week),
                    quantity,
                    product=product,
                    region=region,
                )
                if cut:
                    cheaper = told.event.sale.model_copy(update={"price": Decimal(price)})
                    told = envelope(told.event.model_copy(update={"sale": cheaper}))
                news.append(told)
    await follow_demand(tx, news, now)
    assert await refit_some(tx, now, Cause.start()) == 4


async def record(tx, now, *told):
    return await record_signals(tx, told, by="ann", now=now, cause=Cause.start())


async def baselines(tx):
    return {
        (revision.product, revision.region): revision.baseline / 1_000_000
        for revision, _ in await forecasts(tx)
    }


async def test_a_stated_promotion_lifts_its_weeks_widens_them_and_is_the_cause(tx, now):
    await load(tx, now)
    before = await baselines(tx)
    ((revision, _),) = await forecasts(tx, product="P1", regions=["DE"])
    told = len(await emitted(tx))
    [outcome] = await record(
        tx, now, promotion(product="P1", region="DE", weeks=2, strength=Decimal("0.5"))
    )
    assert (outcome.result, outcome.sequence) == ("recorded", 1)
    recorded, moved = (await emitted(tx))[told:]
    assert isinstance(recorded.event, SignalRecorded)
    assert isinstance(moved.event, ForecastChanged)
    assert moved.cause.causes == (recorded.id,)
    assert moved.cause.correlations == recorded.cause.correlations
    after = await baselines(tx)
    assert after["P1", "DE"][1:3] == pytest.approx(before["P1", "DE"][1:3] * 1.5)
    assert after["P1", "DE"][3:].tolist() == before["P1", "DE"][3:].tolist()
    assert all((after[key] == before[key]).all() for key in before if key != ("P1", "DE"))
    ((widened, _),) = await forecasts(tx, product="P1", regions=["DE"])
    width = revision.bands[3] - revision.bands[0]
    assert (widened.bands[3] - widened.bands[0])[1] > width[1]
    assert (widened.bands[3] - widened.bands[0])[4] == width[4]


async def test_a_planned_price_moves_demand_by_the_elasticity_of_the_history(tx, now):
    await load(tx, now, price=30)
    before = await baselines(tx)
    [outcome] = await record(
        tx, now, promotion(kind="price", product="P1", value=Decimal(30), strength=Decimal(9))
    )
    after = await baselines(tx)
    effects = await effects_of_signal(tx, outcome.signal_id)
    assert {(row.product, row.region, row.origin) for row in effects} == {
        ("P1", "DE", "history"),
        ("P1", "FR", "history"),
    }
    assert all(row.observed == 120 for row in effects)
    for region in ("DE", "FR"):
        lifted = after["P1", region][1] / before["P1", region][1]
        assert 1.4 < lifted < 2.2
    assert (after["P2", "DE"] == before["P2", "DE"]).all()


async def test_the_same_again_changes_nothing_another_content_corrects_and_withdrawal_undoes(
    tx, now
):
    await load(tx, now)
    before = await baselines(tx)
    first = promotion(family="pumps", region="EU", strength=Decimal("0.5"))
    [outcome] = await record(tx, now, first)
    lifted = await baselines(tx)
    assert all(lifted[key][1] == pytest.approx(before[key][1] * 1.5) for key in before)
    told = len(await emitted(tx))
    [again] = await record(tx, now, first)
    assert (again.result, again.sequence) == ("unchanged", 1)
    assert len(await emitted(tx)) == told
    [moved] = await record(tx, now, promotion(product="P1", begins=3, strength=Decimal("0.5")))
    assert (moved.result, moved.sequence) == ("corrected", 2)
    corrected = await baselines(tx)
    assert (corrected["P2", "DE"] == before["P2", "DE"]).all()
    assert corrected["P1", "DE"][1] == before["P1", "DE"][1]
    assert corrected["P1", "DE"][3] == pytest.approx(before["P1", "DE"][3] * 1.5)
    gone = await withdraw_signal(tx, outcome.signal_id, by="ann", now=now, cause=Cause.start())
    assert (gone.withdrawn, gone.sequence) == (True, 3)
    after = await baselines(tx)
    assert all((after[key] == before[key]).all() for key in before)
    assert any(isinstance(e.event, SignalWithdrawn) for e in await emitted(tx))
    told = len(await emitted(tx))
    await withdraw_signal(tx, outcome.signal_id, by="ann", now=now, cause=Cause.start())
    assert len(await emitted(tx)) == told
    [back] = await record(tx, now, first)
    assert (back.result, back.sequence) == ("corrected", 4)


async def test_a_deal_a_refit_and_a_new_week_keep_the_lift(tx, now):
    await load(tx, now)
    before = await baselines(tx)
    await record(tx, now, promotion(product="P1", begins=2, strength=Decimal("0.5")))
    lifted = (await baselines(tx))["P1", "DE"]
    assert lifted[2] == pytest.approx(before["P1", "DE"][2] * 1.5)
    await follow_demand(tx, [opened(deal(quantity="10"))], now)
    assert ((await baselines(tx))["P1", "DE"] == lifted).all()
    later = now + timedelta(weeks=1)
    await follow_demand(tx, [opened(deal(quantity="10", now=later))], later)
    rolled = (await baselines(tx))["P1", "DE"]
    assert rolled[1] == pytest.approx(lifted[2])
    assert await refit_some(tx, later, Cause.start()) == 3
    refitted = (await baselines(tx))["P1", "FR"]
    assert refitted[1] == pytest.approx(refitted[2] * 1.5, rel=0.05)


async def test_a_signal_without_known_effect_or_in_the_past_moves_nothing(tx, now):
    await load(tx, now)
    told = len(await emitted(tx))
    await record(
        tx,
        now,
        promotion("a", kind="sentiment", value=Decimal(-3)),
        promotion("b", begins=-4, product="P1", strength=Decimal(1)),
        promotion("c", product="P9", strength=Decimal(1)),
    )
    news = (await emitted(tx))[told:]
    assert [type(e.event) for e in news] == [SignalRecorded] * 3
    with pytest.raises(NoSignal):
        await withdraw_signal(tx, new_id(), by="ann", now=now, cause=Cause.start())


async def responses(tx, now, signal_id, language="en", **of):
    place = {"after": None, "limit": 50} | of
    return await propose_responses(tx, signal_id, language=language, now=now, **place)


async def test_responses_to_a_competitor_come_with_their_money(tx, now):
    await load(tx, now, price=30)
    before = await baselines(tx)
    rival = promotion("r", kind="competitor", product="P1", strength=Decimal("-0.2"))
    [outcome] = await record(tx, now, rival)
    lost = sum(before["P1", region][1] * 0.2 for region in ("DE", "FR"))
    told = len(await emitted(tx))
    found = await responses(tx, now, outcome.signal_id)
    german, french = found.items
    assert (german.product, german.region, french.region) == ("P1", "DE", "FR")
    assert float(german.lost_units + french.lost_units) == pytest.approx(lost)
    assert (german.lowest_price, german.cost, german.highest_price) == (20, 20, 50)
    assert (german.elasticity.group, german.elasticity.pooled) == ("P1", False)
    none, price, stock = german.options
    assert float(none.units.expected) == pytest.approx(before["P1", "DE"][1] * 0.8)
    margin = none.units.expected * (german.price - 20)
    assert float(none.margin.expected) == pytest.approx(float(margin), abs=0.001)
    assert german.lowest_price <= price.price < german.price
    gained = price.margin.expected - none.margin.expected
    assert abs(gained - price.gain.expected) <= Decimal("0.000002")
    assert abs(stock.cash_freed + 20 * stock.stock_units) <= Decimal("0.00002")
    assert [option.best for option in german.options].count(True) == 1
    assert "by the elasticity of" in price.reason
    chinese = await responses(tx, now, outcome.signal_id, "zh-CN")
    assert "弹性" in chinese.items[0].options[1].reason
    assert "no price floor" in found.note
    rest = await responses(tx, now, outcome.signal_id, after=("P1", "DE"), limit=1)
    assert [item.region for item in rest.items] == ["FR"]
    assert len(await emitted(tx)) == told
    assert (await baselines(tx))["P1", "DE"][1] == pytest.approx(before["P1", "DE"][1] * 0.8)


async def test_without_an_elasticity_of_its_own_a_product_takes_its_familys_or_none(tx, now):
    await load(tx, now, price=30)
    rival = promotion("r", kind="competitor", product="P2", strength=Decimal("-0.2"))
    [outcome] = await record(tx, now, rival)
    pooled = (await responses(tx, now, outcome.signal_id)).items[0]
    assert (pooled.elasticity.group, pooled.elasticity.pooled) == ("pumps", True)
    assert "the family pumps, pooled, as the product's own is not known" in pooled.options[1].reason
    await tx.exec_driver_sql("UPDATE products SET family = NULL, cost = NULL WHERE code = 'P2'")
    alone = (await responses(tx, now, outcome.signal_id)).items[0]
    assert (alone.elasticity, alone.options[1].possible) == (None, False)
    assert "is not known" in alone.options[1].reason
    assert (alone.cost, alone.lowest_price, alone.options[0].margin) == (None, None, None)
    assert not any(option.best for option in alone.options)


async def test_what_cannot_be_answered_says_why(tx, now):
    await load(tx, now)
    unknown, late, gone, own = await record(
        tx,
        now,
        promotion("u", kind="competitor", product="P1"),
        promotion("l", kind="competitor", product="P1", begins=40, strength=Decimal("-0.2")),
        promotion("g", kind="competitor", product="P1", strength=Decimal("-0.2")),
        promotion("o", product="P1", strength=Decimal("0.2")),
    )
    await withdraw_signal(tx, gone.signal_id, by="ann", now=now, cause=Cause.start())
    for asked, words in ((unknown, "not known"), (late, "after the weeks"), (gone, "withdrawn")):
        found = await responses(tx, now, asked.signal_id)
        assert (found.items, words in found.note) == ([], True)
    over = await responses(tx, now + timedelta(weeks=9), unknown.signal_id)
    assert (over.begins, "no coming day" in over.note) == (None, True)
    with pytest.raises(NotACompetitor):
        await responses(tx, now, own.signal_id)
    with pytest.raises(NoSignal):
        await responses(tx, now, new_id())


async def test_a_signal_of_what_is_not_there_is_refused_by_its_place(database, now, client):
    async with database.transaction() as tx:
        await load_catalog(tx, now)
    found = await client.post(
        "/v1/signals",
        json={
            "items": [
                promotion("1", product="P1", region="EU").model_dump(mode="json"),
                promotion("2", product="P9").model_dump(mode="json"),
                promotion("3", family="lamps", region="XX").model_dump(mode="json"),
                promotion("4", family="pumps").model_dump(mode="json"),
            ]
        },
    )
    problem = found.json()
    assert (found.status_code, problem["field"], problem["value"]) == (422, "items.1.product", "P9")
    assert [one["field"] for one in problem["errors"]] == [
        "items.1.product",
        "items.2.family",
        "items.2.region",
    ]
    assert all(one["remedy"] for one in problem["errors"])
    assert (await client.get("/v1/signals")).json()["items"] == []


def test_a_batch_that_names_a_signal_twice_says_where():
    told = [promotion(str(n), product="P1").model_dump() for n in (*range(999), 500)]
    with pytest.raises(ValueError, match=r"items\.999 is shop 500 like items\.500; send it once"):
        SignalBatch(items=told)


async def test_signals_over_rest(database, now, client, new_key):
    async with database.transaction() as tx:
        await load_catalog(tx, now)

    def body(external_id="1", **of):
        return {
            "source": "shop",
            "external_id": external_id,
            "kind": "promotion",
            "product": "P1",
            "begins": "2026-12-07",
            "ends": "2026-12-13",
            "strength": "0.25",
        } | of

    items = [body(), body("2", kind="competitor", begins="2026-12-01")]
    made = await client.post("/v1/signals", json={"items": items})
    assert [item["result"] for item in made.json()["items"]] == ["recorded", "recorded"]
    again = await client.post("/v1/signals", json={"items": items})
    assert [item["result"] for item in again.json()["items"]] == ["unchanged", "unchanged"]
    first = (await client.get("/v1/signals", params={"limit": 1})).json()
    assert first["items"][0]["kind"] == "competitor"
    rest = (await client.get("/v1/signals", params={"cursor": first["next"]})).json()
    assert [item["external_id"] for item in rest["items"]] == ["1"]
    for wanted, found in (
        ({"kind": "promotion"}, ["1"]),
        ({"product": "P9"}, []),
        ({"on": "2026-12-02"}, ["2"]),
        ({"source": "shop"}, ["2", "1"]),
    ):
        page = (await client.get("/v1/signals", params=wanted)).json()
        assert [item["external_id"] for item in page["items"]] == found
    place = f"/v1/signals/{made.json()['items'][0]['signal_id']}"
    one = (await client.get(place)).json()
    assert (one["strength"], one["effects"], one["withdrawn"]) == ("0.25", [], False)
    refused = await client.get(f"{place}/responses")
    assert (refused.status_code, refused.json()["value"]) == (409, "promotion")
    rival = made.json()["items"][1]["signal_id"]
    reply = await client.get(f"/v1/signals/{rival}/responses", headers={"Accept-Language": "zh"})
    assert (reply.headers["content-language"], reply.json()["items"]) == ("zh-CN", [])
    assert "竞争对手" in reply.json()["note"]
    assert (await client.post(f"{place}/withdrawal")).json()["withdrawn"] is True
    assert len((await client.get("/v1/signals")).json()["items"]) == 1
    assert len((await client.get("/v1/signals", params={"withdrawn": True})).json()["items"]) == 2

    for wrong in (
        body(ends="2026-12-06"),
        body(family="pumps"),
        body(strength="-1"),
        body(value="0"),
        body(kind="rumour"),
        body(begins="soon"),
        body(colour="red"),
    ):
        reply = await client.post("/v1/signals", json={"items": [wrong]})
        assert reply.status_code == 422, wrong
    twice = await client.post("/v1/signals", json={"items": [body(), body()]})
    assert twice.status_code == 422
    missing = await client.get(f"/v1/signals/{new_id()}")
    assert (missing.status_code, bool(missing.json()["remedy"])) == (404, True)
    for cursor in (["x"], ["2026-01-01", 1], [None, None]):
        reply = await client.get("/v1/signals", params={"cursor": encode_cursor(*cursor)})
        assert (reply.status_code, reply.json()["field"]) == (400, "cursor")
    reader = {"Authorization": f"Bearer {await new_key('forecast:read')}"}
    assert (await client.get("/v1/signals", headers=reader)).status_code == 200
    refused = await client.post("/v1/signals", json={"items": items}, headers=reader)
    assert refused.status_code == 403
