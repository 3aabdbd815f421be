from datetime import date, datetime, timedelta
from typing import Any

from takt.common.db import Database, Tx
from takt.common.event import Cause
from takt.supply_planning.domain import orders as domain
from takt.supply_planning.domain.orders import planned_id
from takt.supply_planning.service.purchase_orders import change_order, step_order
from takt.supply_planning.service.replan_all import replan_all
from takt.supply_planning.store.plan_rows import message_from

from .company import MONDAY, ask, bought, found, made, orders_of, plan_of, week

ITEMS = [made("bike", lead_time_days=0), bought("frame"), bought("wheel")]


async def messages(tx: Tx, item: str) -> list[tuple[Any, ...]]:
    told = map(message_from, (await plan_of(tx, item))["messages"])
    return [(m.kind, m.reason, m.from_date, m.to_date) for m in told]


async def test_a_proposal_that_is_too_late_is_released_today_and_says_how_late_it_will_be(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now, items=ITEMS)
    await ask(tx, now, {1: 30})
    (frames,) = await orders_of(tx, "frame")
    assert (frames["due_on"], frames["release_on"]) == (week(1), MONDAY)
    assert await messages(tx, "frame") == [
        ("release", "release_date_reached", MONDAY, None),
        ("expedite", "lead_time_too_short", week(2), week(1)),
    ]
    assert await messages(tx, "wheel") == [("release", "release_date_reached", MONDAY, None)]


async def test_it_stays_late_when_it_is_approved_and_is_over_when_it_can_wait(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now, items=ITEMS)
    await ask(tx, now, {1: 30})
    (frames,) = await orders_of(tx, "frame")
    await step_order(tx, frames["order_id"], domain.approve, None, now, Cause.start())
    late = ("expedite", "lead_time_too_short", week(2), week(1))
    assert late in await messages(tx, "frame")
    await ask(tx, now, {5: 30}, sequence=2)
    due = week(5)
    order = await change_order(tx, frames["order_id"], None, due, None, now, Cause.start())
    assert order.release_on == week(3)
    assert await messages(tx, "frame") == []


async def test_a_proposal_that_nobody_releases_slips_day_by_day(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as tx:
        await found(tx, now, items=ITEMS)
        await ask(tx, now, {1: 30})
    await replan_all(database, {}, now + timedelta(days=1))
    async with database.transaction() as tx:
        (frames,) = await orders_of(tx, "frame")
        assert (frames["due_on"], frames["release_on"]) == (week(1), date(2026, 11, 24))
        late = await messages(tx, "frame")
        assert late[1][2:] == (week(2) + timedelta(days=1), week(1))


async def test_what_is_made_too_late_says_so_though_it_has_no_purchase_order(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await ask(tx, now, {0: 30})
    (message,) = map(message_from, (await plan_of(tx, "bike"))["messages"])
    assert (message.kind, message.reason) == ("expedite", "lead_time_too_short")
    assert (message.from_date, message.to_date) == (week(1), MONDAY)
    assert message.order_id == planned_id(("bike", "plant"), MONDAY)
