"""Runs of the second speed, on a real database and with real worker processes."""

import asyncio
from datetime import timedelta

import numpy as np
import pytest

from takt.common.contracts.forecast import RefitProgressed
from takt.common.event import Cause
from takt.common.testing import emitted
from takt.forecast import jobs
from takt.forecast.api.forecast_models import read_models
from takt.forecast.domain import combination, fast_path
from takt.forecast.domain.comparison import decide
from takt.forecast.domain.two_speeds import REPLAYS
from takt.forecast.service import refit_runs
from takt.forecast.service.follow_catalog import follow_company, follow_products, follow_regions
from takt.forecast.service.follow_demand import follow_demand
from takt.forecast.service.publish_versions import publish_version
from takt.forecast.service.undo_decision import NothingToUndo, undo_decision
from takt.forecast.store import calibrations, models, runs
from takt.forecast.store.forecasts import forecasts
from takt.forecast.store.series import series_after

from .conftest import MONDAY, catalog, envelope, sale

SERIES = [(product, region) for product in ("P1", "P2") for region in ("DE", "FR")]
ROWS = len(SERIES) * (REPLAYS + 1)


async def sold(database, now, weeks=70, seed=9):
    """A company that has sold four series for so many weeks, fitted by the fast path."""
    random = np.random.default_rng(seed)
    news = [envelope(event) for event in catalog()]
    sales = [
        sale(
            f"{product}-{region}-{week}",
            MONDAY - timedelta(weeks=week) + timedelta(days=2),
            str(10 + int(random.poisson(20)) + (30 if week % 2 else 0)),
            product=product,
            region=region,
        )
        for week in range(1, weeks + 1)
        for product, region in SERIES
    ]
    async with database.transaction() as tx:
        await follow_company(tx, news[:1], now)
        await follow_products(tx, news[1:3], now)
        await follow_regions(tx, news[3:], now)
        await follow_demand(tx, sales, now)
    await jobs.refit_all(database, {}, now)


async def request(database, now, by="ann"):
    async with database.transaction() as tx:
        run, joined = await refit_runs.request_run(tx, by, now)
    return run.id, joined


async def go_on(database, run, now):
    return await refit_runs.go_on(database, run, now, asyncio.Event())


async def read(database, sql, *parameters):
    async with database.transaction() as tx:
        return list((await tx.exec_driver_sql(sql, parameters)).all())


async def told(database, kind):
    async with database.transaction() as tx:
        return [e.event for e in await emitted(tx) if isinstance(e.event, kind)]


async def published(database):
    async with database.transaction() as tx:
        return {(r.product, r.region): r for r, _ in await forecasts(tx)}


async def promote(database, now, champion="combination"):
    """Have the combination published, by the decision of a test."""
    async with database.transaction() as tx:
        await tx.exec_driver_sql(
            """
            INSERT INTO model_decisions (decision, at, outcome, champion, challenger, decided_by,
                reason)
            SELECT coalesce(max(decision), 0) + 1, $1, 'promoted', $2,
                CASE $2::text WHEN 'fast' THEN 'combination' ELSE 'fast' END, 'test', 'so be it'
            FROM model_decisions
            """,
            (now, champion),
        )


async def test_a_run_replays_the_past_measures_both_speeds_and_tells_how_far_it_is(database, now):
    await sold(database, now)
    run, joined = await request(database, now)
    assert not joined
    assert await go_on(database, run, now)
    async with database.transaction() as tx:
        found = await runs.get_run(tx, run)
        decisions = await models.list_decisions(tx, None, 9)
        accuracy = await models.models_of(tx, await series_after(tx, None, 100))
        rows = await models.backtests(tx, None)
    assert (found.state, found.rows, found.rows_done) == ("done", ROWS, ROWS)
    assert (found.series, found.seconds_left) == (4, 0)
    assert found.seconds > 0
    assert found.finished_at - found.requested_at >= timedelta(seconds=found.seconds)
    (decision,) = decisions
    assert (decision.run, decision.origins, decision.series) == (run, REPLAYS, 4)
    assert decision.champion_loss > 0
    assert decision.challenger_loss > 0
    for model in accuracy.values():
        assert model.weeks >= 4 * REPLAYS
        assert model.wape > 0
        assert model.naive_wape > 0
        assert 0.5 < model.coverage80 < 1
    groups = {(row.grouping, row.label) for row in rows}
    assert {("lag", "1"), ("lag", "13"), ("class", "smooth"), ("level", "all")} <= groups
    assert {row.method for row in rows} == {"naive", "fast", "combination", "published"}
    progress = await told(database, RefitProgressed)
    assert [event.sequence for event in progress] == list(range(1, len(progress) + 1))
    assert [event.state for event in progress][:2] == ["waiting", "forecasting"]
    assert progress[-1].state == "done"
    done = [event.rows_done for event in progress]
    assert done == sorted(done)
    assert {event.subject for event in progress} == {str(run)}


async def test_a_trial_of_the_past_is_what_was_said_without_what_came(database, now):
    await sold(database, now)
    run, _ = await request(database, now)
    await go_on(database, run, now)
    before = await read(database, "SELECT * FROM trials WHERE origin < $1 ORDER BY 1, 2, 3", MONDAY)
    oldest = min(row.origin for row in before)
    await read(database, "UPDATE demand SET quantity = 9999 WHERE day >= $1 RETURNING 1", oldest)
    await read(database, "DELETE FROM trials RETURNING 1")
    again, _ = await request(database, now)
    await go_on(database, again, now)
    after = await read(database, "SELECT * FROM trials WHERE origin = $1 ORDER BY 1, 2, 3", oldest)
    assert after == [row for row in before if row.origin == oldest]
    later = await read(database, "SELECT * FROM trials WHERE origin = $1", MONDAY)
    assert min(row.fast[0] for row in later) > 1_000


async def test_a_second_run_replays_and_decides_nothing_again_but_what_has_begun_earlier(
    database, now
):
    await sold(database, now)
    for _ in range(2):
        run, _ = await request(database, now)
        await go_on(database, run, now)
    async with database.transaction() as tx:
        assert (await runs.get_run(tx, run)).rows == len(SERIES)
        assert (await runs.get_run(tx, run)).outcome == "unchanged"
        (decision,) = await models.list_decisions(tx, None, 9)
        assert (await runs.get_run(tx, decision.run)).outcome == decision.outcome == "kept"
        older = sale("older", MONDAY - timedelta(weeks=90), product="P1", region="DE")
        await follow_demand(tx, [older], now)
    run, _ = await request(database, now)
    await go_on(database, run, now)
    async with database.transaction() as tx:
        assert (await runs.get_run(tx, run)).rows == len(SERIES) + REPLAYS
        assert (await models.list_decisions(tx, None, 9))[0].run == run


async def test_a_company_of_five_weeks_is_forecast_and_decides_nothing(database, now):
    await sold(database, now, weeks=5)
    run, _ = await request(database, now)
    assert await go_on(database, run, now)
    async with database.transaction() as tx:
        assert (await runs.get_run(tx, run)).rows == len(SERIES)
        (decision,) = await models.list_decisions(tx, None, 9)
        known = await models.models_of(tx, await series_after(tx, None, 9))
    assert (decision.outcome, decision.reason) == ("kept", "0 origins; 4 are needed")
    assert {(model.model, model.weeks) for model in known.values()} == {("fast", None)}


async def test_while_the_fast_path_is_champion_a_run_publishes_nothing(database, now):
    await sold(database, now)
    before = await published(database)
    run, _ = await request(database, now)
    await go_on(database, run, now)
    async with database.transaction() as tx:
        assert await models.champion(tx) == "fast"
    assert {k: r.revision for k, r in before.items()} == {
        k: r.revision for k, r in (await published(database)).items()
    }


async def test_the_published_combination_moves_with_new_weeks_until_the_next_run(database, now):
    await sold(database, now)
    fast = await published(database)
    await promote(database, now)
    run, _ = await request(database, now)
    await go_on(database, run, now)
    (trial,) = await read(
        database,
        "SELECT * FROM trials WHERE (product, region, origin) = ('P1', 'DE', $1)",
        MONDAY,
    )
    after = await published(database)
    assert after["P1", "DE"].baseline / 1e6 == pytest.approx(np.array(trial.combination), abs=2e-6)
    assert fast["P1", "DE"].baseline / 1e6 == pytest.approx(np.array(trial.fast), abs=2e-6)
    async with database.transaction() as tx:
        calibration = await calibrations.calibration_of(tx, await calibrations.latest(tx))
        assert calibration.bands.quantiles == pytest.approx(
            (await runs.combination_bands(tx)).quantiles
        )
    later = now + timedelta(weeks=1)
    await jobs.recalibrate_all(database, {}, later)
    moved = await published(database)
    rows = await read(
        database, "SELECT states FROM series_states WHERE (product, region) = ('P1', 'DE')"
    )
    fast = fast_path.forecast(fast_path.States.from_rows(np.array([rows[0].states])), 26)[0]
    difference = np.array(trial.combination) - np.array(trial.fast)
    expected = np.maximum(fast + np.append(difference[1:], difference[-1]), 0)
    async with database.transaction() as tx:
        outlooks = await runs.outlooks_of(tx, await series_after(tx, None, 100))
        kept = await calibrations.calibration_of(tx, await calibrations.latest(tx))
    assert len(outlooks) == 4
    assert kept.bands.quantiles == pytest.approx(calibration.bands.quantiles)
    assert moved["P1", "DE"].baseline / 1e6 == pytest.approx(expected, abs=2e-6)


async def test_a_version_keeps_by_which_model_each_series_was_published(database, now):
    await sold(database, now)
    await promote(database, now)
    run, _ = await request(database, now)
    await go_on(database, run, now)
    async with database.transaction() as tx:
        version = await publish_version(
            tx, name="mine", published_by="ann", now=now, cause=Cause.start()
        )
        frozen = await models.models_in(tx, version.version, await series_after(tx, None, 100))
        assert {model.model for model in frozen.values()} == {"combination"}
        assert all(model.wape > 0 and model.naive_wape > 0 for model in frozen.values())
        first = await models.models_in(tx, 1, await series_after(tx, None, 100))
    assert {model.model for model in first.values()} == {"fast"}


async def test_a_promotion_is_undone_and_not_repeated_on_the_same_evidence(database, now):
    await sold(database, now)
    fast = await published(database)
    run, _ = await request(database, now)
    await go_on(database, run, now)
    await promote(database, now)
    await jobs.recalibrate_all(database, {}, now)
    assert (await published(database))["P1", "DE"].baseline.tolist() != (
        fast["P1", "DE"].baseline.tolist()
    )
    async with database.transaction() as tx:
        undone = await undo_decision(tx, 2, "ann", now)
        assert (undone.outcome, undone.champion, undone.undoes) == ("undone", "fast", 2)
        assert undone.decided_by == "ann"
    for number in (1, 2, 3):
        async with database.transaction() as tx:
            with pytest.raises(NothingToUndo):
                await undo_decision(tx, number, "ann", now)
    waiting = await read(database, "SELECT 1 FROM pgqueuer WHERE entrypoint = 'recalibrate'")
    assert waiting
    await jobs.recalibrate_all(database, {}, now)
    assert (await published(database))["P1", "DE"].baseline.tolist() == (
        fast["P1", "DE"].baseline.tolist()
    )
    run, _ = await request(database, now)
    await go_on(database, run, now)
    async with database.transaction() as tx:
        assert (await models.list_decisions(tx, None, 1))[0].reason == "0 origins; 4 are needed"


async def test_each_speed_has_its_loss_whichever_was_champion(database, now):
    """Told by speed: after a promotion `champion` is another than the one that was tested."""
    old = np.tile([[4.0], [8.0]], (1, 6)) + np.arange(6) / 100
    new = old - 1 - np.arange(6) / 50
    async with database.transaction() as tx:
        for before, after in (("fast", "combination"), ("combination", "fast")):
            run, _ = await refit_runs.request_run(tx, "ann", now)
            decision = decide(before, after, old, new)
            assert decision.outcome == "promoted"
            await models.save_decision(tx, decision, run.id, now)
        told = (await read_models(tx)).decisions
    second, first = told
    assert (first.champion, first.fast_loss) == ("combination", pytest.approx(old.mean()))
    assert first.combination_loss == pytest.approx(new.mean())
    assert (second.champion, second.fast_loss) == ("fast", pytest.approx(new.mean()))
    assert second.combination_loss == pytest.approx(old.mean())


async def test_a_second_request_joins_the_run_that_is_under_way(database, now):
    await sold(database, now, weeks=30)
    first, _ = await request(database, now)
    assert await request(database, now, by="bob") == (first, True)
    found = await asyncio.gather(*(request(database, now) for _ in range(4)))
    assert set(found) == {(first, True)}
    await go_on(database, first, now)
    assert (await request(database, now))[1] is False


def test_the_combination_keeps_its_signature():
    found = combination.points([np.arange(1.0, 60.0), np.array([3.0])], 52, 26)
    assert found.points.shape == (2, 26)
    assert all(isinstance(method, str) for method in found.methods)
