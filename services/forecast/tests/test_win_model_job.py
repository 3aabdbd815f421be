"""A calibration with enough closed deals tries a win model, and what it then says of deals."""

import asyncio
import logging
import multiprocessing
import os
import threading
from decimal import Decimal

import pytest

from takt.common.contracts.deals import DealState
from takt.common.testing import eventually
from takt.forecast import jobs
from takt.forecast.domain.win_champion import NO_CHALLENGE
from takt.forecast.service import fit_win_model, recalibrate
from takt.forecast.service.follow_demand import follow_demand
from takt.forecast.service.workers import NICENESS
from takt.forecast.store import calibrations, replicas

from .conftest import deal, opened
from .test_win_champion import deals


async def measured(database, now, closed):
    """A calibration on closed deals, after which a model was tried."""
    async with database.transaction() as tx:
        await follow_demand(tx, [opened(state) for state in closed], now)
    calibration = await recalibrate.recalibrate(database, now)
    await jobs.fit_win_model(database, {"calibration": str(calibration)}, now)
    async with database.transaction() as tx:
        return await calibrations.calibration_of(tx, await calibrations.latest(tx))


async def said(database, deal_id):
    async with database.transaction() as tx:
        rows = await tx.exec_driver_sql(
            "SELECT probability, demand_sequence FROM deals WHERE deal_id = $1", (deal_id,)
        )
        return rows.one()


async def champion_of(client, tried):
    """What speaks once the jobs of the running service have come so far."""

    async def there():
        found = (await client.get("/v1/win-probabilities/champion")).json()
        measured = found["measured_at"] is not None
        return found if measured and (found["validation"] is not None) == tried else None

    assert (await client.post("/v1/win-probabilities/calibrations")).status_code == 202
    return await eventually(there, within=60)


async def test_a_model_that_is_better_says_open_deals_and_no_closed_one(
    database, now, client, caplog
):
    small, large = deal(quantity="3"), deal(quantity="38")
    small = small.model_copy(update={"manual_probability": Decimal("0.9")})
    closed = deals(400)
    async with database.transaction() as tx:
        await follow_demand(tx, [opened(state) for state in (*closed, small, large)], now)
    one = next(state for state in closed if state.status == "lost")
    before = await said(database, one.deal_id)
    with caplog.at_level(logging.INFO, "takt.forecast.service.fit_win_model"):
        champion = await champion_of(client, tried=True)
    assert "in place of the curves" in caplog.text
    assert champion["champion"] == "model"
    assert champion["validation"]["model"] < champion["validation"]["curves"]
    assert champion["validation"]["gain_in_standard_errors"] > 1.645

    async def moved():
        low, high = [(await said(database, each.deal_id)).probability for each in (small, large)]
        return (low, high) if low < Decimal("0.4") and high > Decimal("0.6") else None

    low, _ = await eventually(moved, within=30)
    why = (await client.get(f"/v1/win-probabilities/deals/{small.deal_id}")).json()
    assert (why["said_by"], why["manual_probability"]) == ("model", "0.9")
    assert float(why["probability"]) == pytest.approx(float(low), abs=0.02)
    assert float(why["probability"]) < float(why["curve_probability"]) - 0.1
    total = why["base_log_odds"] + sum(reason["log_odds"] for reason in why["reasons"])
    assert total == pytest.approx(why["log_odds"], abs=1e-9)
    assert why["reasons"][0]["feature"] == "amount"
    assert why["reasons"][0]["log_odds"] < 0

    why = (await client.get(f"/v1/win-probabilities/deals/{one.deal_id}")).json()
    assert (why["said_by"], why["probability"], why["reasons"]) == ("outcome", "0", [])
    assert await said(database, one.deal_id) == before


async def test_a_stage_change_is_scored_by_the_kept_model(database, now):
    calibration = await measured(database, now, deals(400))
    calibrations._remembered.clear()
    offered = deal(quantity="38", age_days=0)
    async with database.transaction() as tx:
        await follow_demand(tx, [opened(offered)], now)
    curve = calibration.model.curve("direct", "offer", 0).probability
    assert float((await said(database, offered.deal_id)).probability) > curve + 0.1


async def test_of_two_fits_at_once_one_is_kept_and_one_that_was_overtaken_is_given_up(
    database, now
):
    async def made():
        async with database.transaction() as tx:
            rows = await tx.exec_driver_sql(
                "SELECT (SELECT count(*) FROM calibrations), (SELECT count(*) FROM pgqueuer"
                " WHERE entrypoint = 'fit_win_model')"
            )
            return tuple(rows.one())

    await measured(database, now, deals(220, signal=False))
    assert await made() == (2, 1)
    calibration = await recalibrate.recalibrate(database, now)
    assert await made() == (3, 2)
    again = {"calibration": str(calibration)}
    await asyncio.gather(*(jobs.fit_win_model(database, again, now) for _ in range(2)))
    assert await made() == (4, 2)
    await jobs.fit_win_model(database, again, now)
    assert await made() == (4, 2)


async def test_the_history_of_all_deals_is_read_beside_the_event_loop(database, now, monkeypatch):
    closed = deals(3)
    async with database.transaction() as tx:
        await follow_demand(tx, [opened(state) for state in closed], now)
    readers = []
    read = DealState.model_validate_json

    def followed(written):
        readers.append(threading.current_thread())
        return read(written)

    monkeypatch.setattr(DealState, "model_validate_json", followed)
    async with database.transaction() as tx:
        found = await replicas.deal_states(tx)
    assert sorted(found, key=lambda deal: deal.deal_id) == closed
    assert len(readers) == 3
    assert threading.current_thread() not in readers


def yielding(paths, now):
    """A fit that only sees to whom it yields."""
    assert (os.nice(0), os.environ["OMP_NUM_THREADS"]) == (NICENESS, "1")
    return NO_CHALLENGE


async def test_a_fit_yields_to_others_and_leaves_no_process(now, monkeypatch):
    monkeypatch.setattr(fit_win_model, "challenge", yielding)
    assert await fit_win_model.try_model(deals(210), now) == NO_CHALLENGE
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(("count", "signal", "tried"), [(150, True, False), (300, False, True)])
async def test_with_few_deals_or_no_gain_the_curves_stay(
    database, now, client, count, signal, tried
):
    offered = deal(quantity="38")
    async with database.transaction() as tx:
        await follow_demand(tx, [opened(state) for state in (*deals(count, signal), offered)], now)
    champion = await champion_of(client, tried)
    assert champion["champion"] == "curves"
    why = (await client.get(f"/v1/win-probabilities/deals/{offered.deal_id}")).json()
    assert (why["said_by"], why["reasons"], why["log_odds"]) == ("curves", [], None)
    assert why["probability"] == why["curve_probability"]


async def test_a_deal_that_is_not_there_is_a_problem_that_says_what_to_do(client):
    reply = await client.get("/v1/win-probabilities/deals/01890000-0000-7000-8000-000000000000")
    assert (reply.status_code, reply.json()["field"]) == (404, "deal_id")
    empty = (await client.get("/v1/win-probabilities/champion")).json()
    assert (empty["champion"], empty["measured_at"], empty["leaks"]) == ("curves", None, [])
