"""A stage change moves the forecast by arithmetic."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event

from takt.common.contracts.deals import DealLost, DealStageChanged, DealWon
from takt.common.contracts.forecast import ForecastChanged, PipelineDemandChanged
from takt.common.testing import emitted
from takt.forecast.service.follow_demand import follow_demand
from takt.forecast.store.forecasts import forecasts

from .conftest import MONDAY, deal, envelope, opened, sale


async def present(tx):
    """Units by series and week, pipeline part."""
    return {
        (revision.product, revision.region): revision.pipeline.tolist()
        for revision, _ in await forecasts(tx)
    }


def of_type(events, kind):
    return [e for e in events if isinstance(e.event, kind)]


async def test_an_opened_deal_becomes_expected_demand(tx, now):
    news = opened(deal(quantity="10"))
    await follow_demand(tx, [news], now)
    events = await emitted(tx)
    demand, forecast = (e.event for e in events)
    assert isinstance(demand, PipelineDemandChanged)
    assert demand.probability == pytest.approx(Decimal("0.25"), abs=Decimal("0.02"))
    assert demand.expected_value == pytest.approx(demand.probability * 400)
    assert isinstance(forecast, ForecastChanged)
    assert forecast.sequence == 1
    assert [b.week for b in forecast.buckets] == [MONDAY + timedelta(weeks=w) for w in range(26)]
    by_week = {d.week: d.quantity for d in demand.lines[0].expected}
    assert all(b.pipeline == by_week.get(b.week, 0) for b in forecast.buckets)
    assert all(b.quantity == b.baseline + b.pipeline for b in forecast.buckets)
    assert all(e.cause.causes == (news.id,) for e in events)
    assert all(e.cause.correlations == news.cause.correlations for e in events)


async def test_a_hundred_deals_of_one_product_mean_one_new_forecast(tx, now):
    news = [opened(deal()) for _ in range(100)]
    await follow_demand(tx, news, now)
    events = await emitted(tx)
    assert len(of_type(events, PipelineDemandChanged)) == 100
    (forecast,) = of_type(events, ForecastChanged)
    assert set(forecast.cause.causes) == {e.id for e in news}
    assert len(forecast.cause.correlations) == 64
    assert forecast.cause.more == 36


async def test_winning_keeps_the_demand_and_makes_it_certain_losing_takes_it(tx, now):
    open_deal = deal(quantity="10", requested=MONDAY + timedelta(days=9))
    await follow_demand(tx, [opened(open_deal)], now)
    before = (await present(tx))["P1", "DE"]
    won = deal(
        deal_id=open_deal.deal_id, status="won", quantity="10", requested=MONDAY + timedelta(days=9)
    )
    await follow_demand(tx, [envelope(DealWon(sequence=2, deal=won, from_stage="offer"))], now)
    after = (await present(tx))["P1", "DE"]
    assert 0 < sum(before) < 10_000_000
    assert after == [0, 10_000_000] + [0] * 24
    (known,) = of_type(await emitted(tx), ForecastChanged)[-1].event.orders
    assert (known.week, known.won, known.direct) == (MONDAY + timedelta(weeks=1), 10, 0)
    lost = deal(deal_id=open_deal.deal_id, status="lost")
    await follow_demand(tx, [envelope(DealLost(sequence=3, deal=lost, from_stage="won"))], now)
    assert sum((await present(tx))["P1", "DE"]) == 0
    last = of_type(await emitted(tx), PipelineDemandChanged)[-1].event
    assert last.probability == 0
    assert last.lines == ()
    assert of_type(await emitted(tx), ForecastChanged)[-1].event.orders == ()


async def test_an_older_state_changes_nothing(tx, now):
    first = deal(quantity="10")
    newer = first.model_copy(update={"lines": ()})
    await follow_demand(tx, [opened(newer, sequence=5)], now)
    told = len(await emitted(tx))
    await follow_demand(tx, [opened(first, sequence=4), opened(newer, sequence=5)], now)
    assert len(await emitted(tx)) == told


async def test_a_line_that_moves_to_another_product_leaves_the_first(tx, now):
    first = deal(quantity="10")
    await follow_demand(tx, [opened(first)], now)
    line = first.lines[0].model_copy(update={"product": "P2"})
    moved = first.model_copy(update={"lines": (line,)})
    await follow_demand(tx, [opened(moved, sequence=2)], now)
    units = await present(tx)
    assert sum(units["P1", "DE"]) == 0
    assert sum(units["P2", "DE"]) > 0


async def test_shipment_takes_demand_whether_it_comes_before_or_after_the_win(tx, now):
    won = deal(status="won", quantity="10")
    news = envelope(DealWon(sequence=2, deal=won, from_stage="offer"))
    shipped = sale("1", MONDAY, "10", of=won, shipped="4")
    await follow_demand(tx, [shipped], now)
    await follow_demand(tx, [news], now)
    assert sum((await present(tx))["P1", "DE"]) == 6_000_000
    rest = sale("1", MONDAY, "10", of=won, shipped="10", sequence=2)
    await follow_demand(tx, [rest], now)
    assert sum((await present(tx))["P1", "DE"]) == 0


async def test_three_shuffled_deliveries_of_everything_give_the_identical_forecast(tx, now):
    chance = random.Random(7)
    states = [deal(product=chance.choice(["P1", "P2"]), quantity=str(n + 1)) for n in range(20)]
    news = []
    for number, state in enumerate(states):
        news.append(opened(state))
        if number % 3:
            next_stage = state.model_copy(update={"stage": "final"})
            news.append(
                envelope(
                    DealStageChanged(
                        sequence=2, deal=next_stage, from_stage="offer", to_stage="final"
                    )
                )
            )
        if number % 5 == 0:
            won = state.model_copy(update={"status": "won", "stage": "won", "closed_at": now})
            news.append(envelope(DealWon(sequence=3, deal=won, from_stage="final")))
    first = await tx.begin_nested()
    await follow_demand(tx, news, now)
    expected = await present(tx)
    await first.rollback()
    repeated = news * 3
    chance.shuffle(repeated)
    while repeated:
        batch, repeated = repeated[:7], repeated[7:]
        await follow_demand(tx, batch, now)
    assert await present(tx) == expected


async def test_series_equal_the_sum_of_their_lines_after_a_week_has_passed(tx, now):
    await follow_demand(tx, [opened(deal()) for _ in range(3)], now)
    later = now + timedelta(days=8)
    await follow_demand(tx, [opened(deal(now=later))], later)
    rows = await tx.exec_driver_sql("SELECT first_week, expected FROM pipeline_lines")
    passed = [(MONDAY + timedelta(weeks=1) - row.first_week).days // 7 for row in rows.all()]
    assert sorted(passed) == [0, 1, 1, 1]
    units = (await present(tx))["P1", "DE"]
    rows = await tx.exec_driver_sql("SELECT first_week, expected FROM pipeline_lines")
    assert sum(units) == sum(sum(row.expected) for row in rows.all())


async def test_a_batch_takes_five_statements_however_many_deals_it_holds(database, now):
    deals = [deal(product=f"P{n % 5}") for n in range(30)]
    async with database.transaction() as tx:
        await follow_demand(tx, [opened(state) for state in deals], now)
    statements = []
    event.listen(
        database.engine.sync_engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, *rest: statements.append(statement),
    )
    moved = [state.model_copy(update={"stage": "final"}) for state in deals]
    async with database.transaction() as tx:
        await follow_demand(tx, [opened(state, sequence=2) for state in moved], now)
    assert len(statements) == 5
