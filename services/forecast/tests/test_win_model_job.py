"""A calibration with enough closed deals tries a win model, and what it then says of deals."""

import asyncio
import logging
from datetime import timedelta
from decimal import Decimal

import pytest

from takt.forecast import jobs
from takt.forecast.service import recalibrate
from takt.forecast.service.follow_demand import follow_demand
from takt.forecast.store import calibrations

from .conftest import deal, opened
from .test_win_champion import deals


async def measured(database, now, closed, offered=()):
    """A calibration on closed deals; `offered` are open beside them."""
    news = [opened(state) for state in (*closed, *offered)]
    async with database.transaction() as tx:
        await follow_demand(tx, news, now)
    await recalibrate.recalibrate(database, now)
    await jobs.fit_win_model(database, {}, now)
    async with database.transaction() as tx:
        return await calibrations.calibration_of(tx, await calibrations.latest(tx))


async def said(database, deal_id):
    async with database.transaction() as tx:
        rows = await tx.exec_driver_sql(
            "SELECT probability, demand_sequence FROM deals WHERE deal_id = $1", (deal_id,)
        )
        return rows.one()


async def test_a_model_that_is_better_says_open_deals_and_no_closed_one(
    database, now, client, caplog
):
    small, large = deal(quantity="3"), deal(quantity="38")
    small = small.model_copy(update={"manual_probability": Decimal("0.9")})
    closed = deals(400)
    with caplog.at_level(logging.INFO, "takt.forecast.service.fit_win_model"):
        calibration = await measured(database, now, closed, (small, large))
    assert "in place of the curves" in caplog.text
    assert calibration.challenge.model is not None
    curve = calibration.model.curve("direct", "offer", 1).probability
    low, high = [(await said(database, each.deal_id)).probability for each in (small, large)]
    assert float(low) < curve - 0.1
    assert float(high) > curve + 0.1

    champion = (await client.get("/v1/win-probabilities/champion")).json()
    assert champion["champion"] == "model"
    assert champion["validation"]["model"] < champion["validation"]["curves"]
    assert champion["validation"]["gain_in_standard_errors"] > 1.645
    why = (await client.get(f"/v1/win-probabilities/deals/{small.deal_id}")).json()
    assert (why["said_by"], why["manual_probability"]) == ("model", "0.9")
    assert float(why["probability"]) == pytest.approx(float(low), abs=0.02)
    total = why["base_log_odds"] + sum(reason["log_odds"] for reason in why["reasons"])
    assert total == pytest.approx(why["log_odds"], abs=1e-9)
    assert why["reasons"][0]["feature"] == "amount"
    assert why["reasons"][0]["log_odds"] < 0

    one = next(state for state in closed if state.status == "lost")
    why = (await client.get(f"/v1/win-probabilities/deals/{one.deal_id}")).json()
    assert (why["said_by"], why["probability"], why["reasons"]) == ("outcome", "0", [])
    before = await said(database, one.deal_id)
    await recalibrate.recalibrate(database, now + timedelta(days=1))
    assert await said(database, one.deal_id) == before


async def test_a_stage_change_is_scored_by_the_kept_model(database, now):
    calibration = await measured(database, now, deals(400))
    calibrations._remembered.clear()
    offered = deal(quantity="38", age_days=0)
    async with database.transaction() as tx:
        await follow_demand(tx, [opened(offered)], now)
    curve = calibration.model.curve("direct", "offer", 0).probability
    assert float((await said(database, offered.deal_id)).probability) > curve + 0.1


async def test_two_fits_at_once_keep_one_model_each_and_a_fit_overtaken_is_begun_anew(
    database, now
):
    await measured(database, now, deals(220, signal=False))

    async def waiting():
        async with database.transaction() as tx:
            rows = await tx.exec_driver_sql(
                "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'fit_win_model'"
            )
            made = await tx.exec_driver_sql("SELECT count(*) FROM calibrations")
            return rows.scalar_one(), made.scalar_one()

    assert await waiting() == (1, 2)
    await asyncio.gather(*(jobs.fit_win_model(database, {}, now) for _ in range(2)))
    assert await waiting() == (1, 3)


@pytest.mark.parametrize(("count", "signal", "tried"), [(150, True, False), (300, False, True)])
async def test_with_few_deals_or_no_gain_the_curves_stay(
    database, now, client, count, signal, tried
):
    offered = deal(quantity="38")
    calibration = await measured(database, now, deals(count, signal), (offered,))
    assert calibration.challenge.model is None
    champion = (await client.get("/v1/win-probabilities/champion")).json()
    assert champion["champion"] == "curves"
    assert (champion["validation"] is not None) == tried
    why = (await client.get(f"/v1/win-probabilities/deals/{offered.deal_id}")).json()
    assert (why["said_by"], why["reasons"], why["log_odds"]) == ("curves", [], None)
    assert why["probability"] == why["curve_probability"]


async def test_a_deal_that_is_not_there_is_a_problem_that_says_what_to_do(client):
    reply = await client.get("/v1/win-probabilities/deals/01890000-0000-7000-8000-000000000000")
    assert (reply.status_code, reply.json()["field"]) == (404, "deal_id")
    empty = (await client.get("/v1/win-probabilities/champion")).json()
    assert (empty["champion"], empty["measured_at"], empty["leaks"]) == ("curves", None, [])
