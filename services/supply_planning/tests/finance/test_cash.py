import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from takt.common.contracts.deals import SaleReturn
from takt.common.contracts.supply_planning import CashProjected, CashShortfall
from takt.common.db import Database, Tx
from takt.common.event import Cause, Event
from takt.common.testing import emitted
from takt.supply_planning.domain.cash import Opening, cents, money, week_of
from takt.supply_planning.domain.cash_ledger import Ledger
from takt.supply_planning.domain.cash_sources import SourceKey, contributions_of
from takt.supply_planning.service.cash import move_cash, project_day, recompute_cash
from takt.supply_planning.service.cash_settings import set_opening
from takt.supply_planning.store import finance

from . import told
from .told import MONDAY


async def tell(tx: Tx, now: datetime, *events: Event) -> None:
    await move_cash(tx, told.said(*events), now)


async def open_with(tx: Tx, now: datetime, balance: str, minimum: str) -> None:
    opening = Opening(MONDAY, cents(Decimal(balance)), cents(Decimal(minimum)))
    await set_opening(tx, opening, None, now, Cause.start())


async def last_projection(tx: Tx) -> CashProjected:
    projections = [e.event for e in await emitted(tx) if isinstance(e.event, CashProjected)]
    return projections[-1]


async def shortfalls(tx: Tx) -> list[CashShortfall]:
    return [e.event for e in await emitted(tx) if isinstance(e.event, CashShortfall)]


async def totals(tx: Tx) -> tuple[Any, Any]:
    """Expected (on top) and committed cash of all weeks."""
    weeks = (await finance.load_weeks(tx)).values()
    return money(sum(w.expected for w in weeks)), money(sum(w.committed for w in weeks))


async def test_a_stage_change_moves_expected_cash(tx: Tx, now: datetime) -> None:
    await tell(tx, now, told.deal("a", 1), told.demand("a", 1, "2.5"))
    assert await totals(tx) == (Decimal(250), 0)

    await tell(tx, now, told.demand("a", 2, "7.5"))

    assert await totals(tx) == (Decimal(750), 0)
    projection = await last_projection(tx)
    assert projection.lowest_committed.balance == 0
    assert projection.weeks[-1].balance_expected == 750


async def test_a_win_moves_committed_cash_and_its_expected_part_goes(tx: Tx, now: datetime) -> None:
    await tell(tx, now, told.deal("a", 1), told.demand("a", 1, "7.5"))

    await tell(tx, now, told.deal("a", 2, "won"))
    assert await totals(tx) == (0, Decimal(1000))

    await tell(tx, now, told.demand("a", 2, "10", "won"))
    assert await totals(tx) == (0, Decimal(1000))


async def test_a_sale_takes_the_place_of_its_deal_line_in_either_order(
    tx: Tx, now: datetime
) -> None:
    await tell(tx, now, told.deal("a", 2, "won"), told.sale("s", 1, of_deal="a"))
    await tell(tx, now, told.sale("t", 1, of_deal="b"))
    assert await totals(tx) == (0, Decimal(2000))

    await tell(tx, now, told.deal("b", 2, "won"))

    assert await totals(tx) == (0, Decimal(2000))


async def test_a_direct_order_is_committed_and_takes_the_baseline_that_the_forecast_gives_up(
    tx: Tx, now: datetime
) -> None:
    await tell(tx, now, told.forecast("PUMP", 1, baseline="10"))
    expected = 26 * 10 * Decimal(90)
    assert await totals(tx) == (expected, 0)

    fallen = told.forecast("PUMP", 2, baseline="10")
    consumed = fallen.buckets[0].model_copy(update={"baseline": 0, "quantity": 0})
    fallen = fallen.model_copy(update={"buckets": (consumed, *fallen.buckets[1:])})
    await tell(tx, now, told.sale("s", 1, quantity="10"), fallen)

    assert await totals(tx) == (expected - 10 * Decimal(90), 10 * Decimal(100))


async def test_a_sale_that_moves_to_another_deal_gives_the_first_its_line_back(
    tx: Tx, now: datetime
) -> None:
    await tell(tx, now, told.deal("a", 2, "won"), told.deal("b", 2, "won"))
    await tell(tx, now, told.sale("s", 1, of_deal="a"))

    await tell(tx, now, told.sale("s", 2, of_deal="b"))

    assert await totals(tx) == (0, Decimal(2000))
    known, _ = await finance.load_sources(
        tx, [SourceKey("deal", str(told.named(name))) for name in "ab"]
    )
    assert sorted(len(state.sold) for state in known.values()) == [0, 1]  # type: ignore[union-attr]


async def test_reopening_reverses_the_sale_and_waits_for_new_demand(tx: Tx, now: datetime) -> None:
    await tell(tx, now, told.deal("a", 2, "won"), told.sale("s", 1, of_deal="a"))

    await tell(tx, now, told.reopened("a", 3), told.sale("s", 2, "0", of_deal="a"))
    assert await totals(tx) == (0, 0)

    await tell(tx, now, told.demand("a", 3, "4"))
    assert await totals(tx) == (Decimal(400), 0)


async def test_returns_are_paid_back(tx: Tx, now: datetime) -> None:
    back = SaleReturn(return_id="r", returned_on=MONDAY, quantity=Decimal(2), amount=Decimal(200))

    await tell(tx, now, told.sale("s", 1, returns=[back]))

    weeks = await finance.load_weeks(tx)
    assert weeks[MONDAY].committed_payments == -20_000
    assert weeks[MONDAY + timedelta(weeks=2)].committed_receipts == 100_000


async def test_the_baseline_counts_without_its_pipeline_part(tx: Tx, now: datetime) -> None:
    await tell(tx, now, told.forecast("PUMP", 1, baseline="1", pipeline="50"))

    assert await totals(tx) == (Decimal(90) * 26, 0)


async def test_an_order_is_expected_until_it_is_approved(tx: Tx, now: datetime) -> None:
    await tell(tx, now, told.order("po", 1))
    assert await totals(tx) == (Decimal(-500), 0)

    await tell(tx, now, told.order("po", 2, "approved", "600"))
    assert await totals(tx) == (0, Decimal(-600))

    await tell(tx, now, told.order("po", 3, "cancelled"))
    assert await totals(tx) == (0, 0)


async def test_a_batch_is_told_once_and_names_all_that_caused_it(tx: Tx, now: datetime) -> None:
    events = told.said(*(told.demand(name, 1, "1") for name in "abcdef"))

    await move_cash(tx, events, now)

    [projection] = await emitted(tx)
    assert set(projection.cause.causes) == {event.id for event in events}
    assert set(projection.cause.correlations) == {
        correlation for event in events for correlation in event.cause.correlations
    }


async def test_what_changes_no_sum_is_not_told(tx: Tx, now: datetime) -> None:
    await tell(tx, now, told.deal("a", 1))
    await tell(tx, now, told.deal("b", 1))

    assert await emitted(tx) == []


async def test_the_company_gives_currency_and_date(tx: Tx, now: datetime) -> None:
    await tell(tx, now, told.company(), told.demand("a", 1, "1"))

    assert (await last_projection(tx)).currency == "EUR"


@pytest.mark.parametrize("company_first", [True, False])
async def test_a_deal_is_won_on_the_company_s_date_whenever_its_time_zone_is_told(
    tx: Tx, now: datetime, company_first: bool
) -> None:
    late = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)
    events = [told.company(), told.deal("a", 2, "won", requested=None, closed_at=late)]
    for event in events if company_first else reversed(events):
        await tell(tx, now, event)

    weeks = {week: flow for week, flow in (await finance.load_weeks(tx)).items() if any(flow)}

    monday_in_berlin = date(2026, 11, 30)
    assert list(weeks) == [week_of(monday_in_berlin + timedelta(days=30))]
    [state] = (await finance.load_all_sources(tx)).values()
    [line] = contributions_of(state, (await finance.read_ledger(tx)).policy)
    assert line.due == monday_in_berlin + timedelta(days=30)


async def test_what_was_due_before_the_opening_is_in_it(tx: Tx, now: datetime) -> None:
    await tell(tx, now, told.sale("old", 1, requested=MONDAY), told.sale("new", 1, "5"))

    opening = Opening(MONDAY + timedelta(days=15), 500_000, 0)
    await set_opening(tx, opening, None, now, Cause.start())

    assert await totals(tx) == (0, 0)
    assert (await last_projection(tx)).opening == 5000


async def test_an_order_that_the_erp_is_not_told_of_moves_cash_all_the_same(
    tx: Tx, now: datetime
) -> None:
    await tell(tx, now, told.order("po", 1), told.held(told.order("po", 2, "approved", "700")))
    assert await totals(tx) == (0, Decimal(-700))

    projections = len(await emitted(tx))
    await tell(tx, now, told.order("po", 2, "approved", "700"))
    assert len(await emitted(tx)) == projections


async def test_a_shortfall_names_its_lines_and_remedies_and_has_hysteresis(
    tx: Tx, now: datetime
) -> None:
    await tell(
        tx,
        now,
        told.company(),
        told.deal("a", 1),
        told.demand("a", 1, "5", week=0),
        told.sale("s", 1, requested=MONDAY + timedelta(weeks=8)),
    )
    await open_with(tx, now, "1000", "800")
    assert await shortfalls(tx) == []

    await tell(tx, now, told.order("po", 1, amount="240"))
    [raised] = await shortfalls(tx)
    assert raised.state == "open"
    assert raised.lowest.balance == 760
    assert [(cause.kind, cause.label, cause.amount) for cause in raised.causes] == [
        ("purchase_order", "po: SEAL from DICHTA", Decimal(-240))
    ]
    assert [(remedy.kind, remedy.amount) for remedy in raised.remedies] == [
        ("defer_order", Decimal(240)),
        ("collect_receivable", Decimal(1000)),
    ]

    await tell(tx, now, told.order("po", 2, amount="210"))
    assert len(await shortfalls(tx)) == 1

    await tell(tx, now, told.order("po", 3, amount="150"))
    assert [event.state for event in await shortfalls(tx)] == ["open", "cleared"]
    assert [event.sequence for event in await shortfalls(tx)] == [1, 2]


async def test_no_shortfall_is_told_before_a_minimum_is_given(tx: Tx, now: datetime) -> None:
    await tell(tx, now, told.order("po", 1, "approved"))

    assert (await last_projection(tx)).lowest_expected.balance == -500
    assert await shortfalls(tx) == []


async def test_a_new_week_carries_what_was_committed(tx: Tx, now: datetime) -> None:
    await tell(tx, now, told.order("po", 1, "approved"), told.demand("a", 1, "1", week=0))

    await project_day(tx, now + timedelta(weeks=10), Cause.start())

    projection = await last_projection(tx)
    assert projection.opening == -500
    assert projection.weeks[0].week == MONDAY + timedelta(weeks=10)
    assert projection.weeks[-1].balance_expected == -500


async def test_a_day_is_told_once_and_begins_at_the_companys_midnight(
    tx: Tx,
) -> None:
    in_shanghai = told.company(time_zone="Asia/Shanghai")
    sunday = datetime.combine(MONDAY - timedelta(days=1), time(15, 59), UTC)
    await tell(tx, sunday, in_shanghai, told.order("po", 1, "approved"))

    async def projections(now: datetime) -> int:
        await project_day(tx, now, Cause.start())
        return (await last_projection(tx)).sequence

    assert await projections(sunday) == 1
    assert await projections(sunday + timedelta(minutes=1)) == 2
    assert (await last_projection(tx)).weeks[0].week == MONDAY
    assert await projections(sunday + timedelta(hours=23)) == 2
    assert await projections(sunday + timedelta(days=1, minutes=1)) == 3


def everything() -> list[Event]:
    return [
        told.company(),
        told.deal("a", 1),
        told.demand("a", 1, "2.5"),
        told.demand("a", 2, "7.5"),
        told.deal("a", 2, "won"),
        told.demand("a", 3, "10", "won"),
        told.sale("s", 1, of_deal="a"),
        told.sale("s", 2, "8", of_deal="a"),
        told.deal("b", 1),
        told.demand("b", 1, "3"),
        told.deal("b", 2, "lost"),
        told.demand("b", 2, "0", "lost"),
        told.deal("c", 2, "won"),
        told.sale("t", 1, of_deal="c"),
        told.reopened("c", 3),
        told.sale("t", 2, "0", of_deal="c"),
        told.demand("c", 1, "4"),
        told.order("po", 1),
        told.order("po", 2, "approved"),
        told.order("po", 3, "received", "480"),
        told.forecast("PUMP", 1, "3"),
        told.forecast("PUMP", 2, "2.25"),
    ]


async def plan_after(tx: Tx, now: datetime, batches: Sequence[Sequence[Event]]) -> object:
    """Everything that finance knows in the end, without the counts of what was told on the way."""
    for batch in batches:
        await tell(tx, now, *batch)
    ledger = await finance.lock_ledger(tx)
    await recompute_cash(tx, ledger, now, Cause.start())
    projection = await last_projection(tx)
    sources = await finance.load_all_sources(tx)
    return projection.model_copy(update={"sequence": 0}), sources


@pytest.mark.parametrize("seed", range(5))
async def test_repeated_and_shuffled_delivery_gives_the_identical_plan(
    database: Database, now: datetime, seed: int
) -> None:
    events = everything()
    shuffler = random.Random(seed)
    shuffled = events * 3
    shuffler.shuffle(shuffled)
    batches = [shuffled[place : place + 7] for place in range(0, len(shuffled), 7)]
    plans = []
    for delivered in ([events], batches):
        async with database.engine.connect() as connection:
            connection.info["takt.source"] = "/takt/finance"
            await connection.begin()
            plans.append(await plan_after(connection, now, delivered))
            weeks = await finance.load_weeks(connection)
            plans.append({week: flow for week, flow in weeks.items() if any(flow)})
            await connection.rollback()

    assert plans[:2] == plans[2:]


async def test_incremental_sums_equal_a_complete_recomputation(tx: Tx, now: datetime) -> None:
    for event in everything():
        await tell(tx, now, event)
    incremental = {w: f for w, f in (await finance.load_weeks(tx)).items() if any(f)}

    await recompute_cash(tx, await finance.lock_ledger(tx), now, Cause.start())

    assert {w: f for w, f in (await finance.load_weeks(tx)).items() if any(f)} == incremental


async def test_a_batch_takes_five_statements(database: Database, now: datetime) -> None:
    statements: list[str] = []

    def count(_: object, __: object, statement: str, *___: object) -> None:
        statements.append(statement)

    async with database.transaction() as tx:
        await tell(tx, now, told.deal("a", 1), told.demand("a", 1, "1"))
    sqlalchemy_event.listen(database.engine.sync_engine, "before_cursor_execute", count)
    async with database.transaction() as tx:
        await tell(tx, now, told.demand("a", 2, "2"), told.order("po", 1))
    assert len(statements) == 5


async def test_the_ledger_is_kept_as_it_was_saved(tx: Tx, now: datetime) -> None:
    ledger: Ledger = replace(await finance.lock_ledger(tx), currency="USD", company_sequence=7)

    await finance.save(tx, ledger, {}, {})

    assert await finance.read_ledger(tx) == ledger
