import asyncio
from datetime import date, datetime, timedelta

from takt.common.contracts.deals import CompanyChanged
from takt.common.db import Database, Tx
from takt.common.event import Cause
from takt.common.testing import emitted
from takt.supply_planning.schemas.network import BillOfMaterial, Item, Site, Sourcing
from takt.supply_planning.service import define
from takt.supply_planning.service.receive_forecasts import receive_forecasts
from takt.supply_planning.service.replan_all import replan_all
from takt.supply_planning.store.network import planned_on

from .company import BILLS, ask, count, forecast, found, orders_of, plan_of, sealed, whole_plan


async def test_a_new_day_brings_release_messages_without_any_event(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as tx:
        await found(tx, now)
        await ask(tx, now, {6: 30})
        assert (await plan_of(tx, "frame"))["messages"] == []
    await replan_all(database, {}, now + timedelta(weeks=3))
    async with database.transaction() as tx:
        (message,) = (await plan_of(tx, "frame"))["messages"]
        assert message[1] == "release"


async def test_a_new_week_moves_the_horizon_and_keeps_the_proposal(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as tx:
        await found(tx, now)
        await ask(tx, now, {6: 30})
        before = await orders_of(tx, "frame")
    await replan_all(database, {}, now + timedelta(weeks=1))
    async with database.transaction() as tx:
        assert (await plan_of(tx, "frame"))["netting"]["first_week"] == "2026-11-30"
        assert await orders_of(tx, "frame") == before


async def test_planning_again_changes_and_tells_nothing(database: Database, now: datetime) -> None:
    async with database.transaction() as tx:
        await found(tx, now)
        await count(tx, now, bike=3)
        await ask(tx, now, {6: 30})
        before, told = await whole_plan(tx), len(await emitted(tx))
    await replan_all(database, {}, now)
    async with database.transaction() as tx:
        assert (await whole_plan(tx), len(await emitted(tx))) == (before, told)


async def test_a_day_is_planned_once_in_the_zone_of_the_company(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as tx:
        await found(tx, now)
        company = CompanyChanged(sequence=1, name="Co", currency="EUR", time_zone="Asia/Shanghai")
        await define.receive_company(tx, [sealed(company)], now)
    evening = now.replace(hour=15)
    for hours, planned in ((0, date(2026, 11, 23)), (1, date(2026, 11, 24))):
        await replan_all(database, {}, evening + timedelta(hours=hours))
        async with database.transaction() as tx:
            assert await planned_on(tx) == planned


async def test_a_changed_bill_plans_old_and_new_components(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30})
    only_frames = BILLS[0] | {"components": [{"component": "frame", "quantity": "2"}]}
    bill = BillOfMaterial.model_validate(only_frames)
    await define.define_bills(tx, [bill], now, Cause.start())
    assert [o["quantity"] for o in await orders_of(tx, "frame")] == [60]
    assert [o["status"] for o in await orders_of(tx, "wheel")] == ["cancelled"]


async def test_another_site_takes_its_share_of_demand(tx: Tx, now: datetime) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 30})
    cause = Cause.start()
    sites = [{"site": site, "source": "make"} for site in ("plant", "annex")]
    await define.define_sites(tx, [Site(code="annex", name="Annex")], now, cause)
    item = Item.model_validate({"code": "bike", "name": "bike", "sites": sites})
    await define.define_items(tx, [item], now, cause)
    rule = {
        "product": "bike",
        "region": "north",
        "valid_from": "2026-01-05",
        "shares": [{"site": "plant", "share": "0.7"}, {"site": "annex", "share": "0.3"}],
    }
    await define.define_sourcing(tx, [Sourcing.model_validate(rule)], now, cause)
    rows = await tx.exec_driver_sql("SELECT site, netting FROM plans WHERE item = 'bike'")
    gross = {row[0]: sum(row[1]["gross"]) for row in rows}
    assert gross == {"plant": 21_000_000, "annex": 9_000_000}


async def test_planners_that_meet_at_a_component_lose_nothing(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as tx:
        await found(tx, now)

    async def plan(region: str, sequence: int) -> None:
        async with database.transaction() as tx:
            told = forecast(now, {6: 10 * sequence}, region=region, sequence=sequence)
            await receive_forecasts(tx, [told], now)

    await asyncio.gather(
        *(plan(region, number) for number in range(1, 6) for region in ("north", "south"))
    )
    async with database.transaction() as tx:
        (frames,) = await orders_of(tx, "frame")
        assert frames["quantity"] == 100
        before = await whole_plan(tx)
    await replan_all(database, {}, now)
    async with database.transaction() as tx:
        assert await whole_plan(tx) == before


async def test_a_plan_made_while_the_bill_changed_is_made_with_the_new_one(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as tx:
        await found(tx, now)
        await ask(tx, now, {6: 30})
    changed = asyncio.Event()

    async def change() -> None:
        async with database.transaction() as tx:
            bill = BILLS[0] | {"components": [{"component": "frame", "quantity": "3"}]}
            model = BillOfMaterial.model_validate(bill)
            await define.define_bills(tx, [model], now, Cause.start())
            changed.set()
            await asyncio.sleep(0.2)

    async def plan() -> None:
        await changed.wait()
        async with database.transaction() as tx:
            await receive_forecasts(tx, [forecast(now, {6: 40}, sequence=2)], now)

    await asyncio.gather(change(), plan())
    async with database.transaction() as tx:
        (frames,) = await orders_of(tx, "frame")
        assert frames["quantity"] == 120
