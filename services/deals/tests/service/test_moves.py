import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from takt.common.contracts.deals import (
    DealEvent,
    DealReopened,
    DealStageChanged,
    DealWon,
    SaleClosed,
    SaleCorrected,
    SaleEvent,
)
from takt.common.db import Database, Tx
from takt.common.event import Cause, new_id
from takt.common.http import Stale
from takt.common.problems import NotFound, Problem
from takt.common.testing import emitted
from takt.deals.domain.deal import Deal
from takt.deals.service.moves import MoveRequest, move_deal, move_deals
from takt.deals.service.problems import AlreadyThere, CriteriaUnmet, MoveNotDeclared
from takt.deals.store.deals import read_deals

from .company import BY, CAUSE, new_deal, set_up

WAY = ("needs-confirmation", "solution-design", "negotiation", "won")


async def walk(tx: Tx, deal: Deal, now: datetime, *stages: str) -> Deal:
    for hours, stage in enumerate(stages, 1):
        later = now + timedelta(hours=hours)
        deal = await move_deal(tx, MoveRequest(deal.id, stage, CAUSE, BY), later)
    return deal


async def test_a_move_is_stored_and_told_with_the_whole_history(tx: Tx, now: datetime) -> None:
    deal = await new_deal(tx, await set_up(tx), now)
    moved = await walk(tx, deal, now, "needs-confirmation")
    stored = (await read_deals(tx, [deal.id]))[deal.id].deal
    assert stored == moved
    assert [entry.stage for entry in stored.entries] == ["lead-qualification", "needs-confirmation"]
    told = (await emitted(tx))[-1]
    assert isinstance(told.event, DealStageChanged)
    assert told.event.sequence == 2
    assert (told.event.from_stage, told.event.to_stage) == (
        "lead-qualification",
        "needs-confirmation",
    )
    state = told.event.deal
    assert (state.region, state.team, state.payment_days, state.value) == (
        "north",
        "pumps",
        45,
        Decimal(500),
    )
    assert [stay.left_at for stay in state.history] == [now + timedelta(hours=1), None]
    assert told.cause.correlations == CAUSE.correlations


async def test_a_win_sells_every_line_and_a_reopening_takes_it_back(tx: Tx, now: datetime) -> None:
    deal = await new_deal(tx, await set_up(tx), now)
    won = await walk(tx, deal, now, *WAY)
    assert (won.status, won.closed_at) == ("won", now + timedelta(hours=4))
    told = [envelope.event for envelope in await emitted(tx)]
    assert isinstance(told[-2], DealWon)
    closed = told[-1]
    assert isinstance(closed, SaleClosed)
    assert (closed.sale.product, closed.sale.quantity, closed.sale.region) == ("pump", 5, "north")
    assert (closed.sale.deal_line_id, closed.sale.payment_days) == (won.lines[0].offer.line, 45)
    later = now + timedelta(days=1)
    await move_deal(tx, MoveRequest(deal.id, "negotiation", CAUSE, BY), later)
    told = [envelope.event for envelope in await emitted(tx)]
    assert isinstance(told[-2], DealReopened)
    assert isinstance(told[-1], SaleCorrected)
    assert (told[-1].sale.quantity, told[-1].sequence) == (0, 2)
    await move_deal(tx, MoveRequest(deal.id, "won", CAUSE, BY), later)
    again = (await emitted(tx))[-1].event
    assert isinstance(again, SaleEvent)
    assert (again.sale.sale_id, again.sale.quantity, again.sequence) == (closed.sale.sale_id, 5, 3)


async def test_unmet_criteria_are_all_listed_and_nothing_changes(tx: Tx, now: datetime) -> None:
    await set_up(tx)
    deal = await new_deal(tx, None, now, documents=())
    await walk(tx, deal, now, "needs-confirmation")
    before = len(await emitted(tx))
    with pytest.raises(CriteriaUnmet) as refused:
        await move_deal(tx, MoveRequest(deal.id, "solution-design", CAUSE, BY), now)
    refusals = refused.value.body()["refusals"]
    assert [one["reason"] for one in refusals] == ["field-missing", "document-missing"]
    assert len(await emitted(tx)) == before


async def test_undeclared_same_stale_and_unknown_are_named(tx: Tx, now: datetime) -> None:
    deal = await new_deal(tx, await set_up(tx), now)
    with pytest.raises(MoveNotDeclared):
        await move_deal(tx, MoveRequest(deal.id, "won", CAUSE, BY), now)
    with pytest.raises(AlreadyThere):
        await move_deal(tx, MoveRequest(deal.id, "lead-qualification", CAUSE, BY), now)
    with pytest.raises(Stale):
        await move_deal(tx, MoveRequest(deal.id, "needs-confirmation", CAUSE, BY, expected=9), now)
    with pytest.raises(NotFound):
        await move_deal(tx, MoveRequest(new_id(), "won", CAUSE, BY), now)


async def test_many_moves_have_an_outcome_and_a_correlation_each(tx: Tx, now: datetime) -> None:
    account = await set_up(tx)
    deals = [await new_deal(tx, account, now) for _ in range(3)]
    causes = [Cause.start() for _ in range(4)]
    outcomes = await move_deals(
        tx,
        [
            MoveRequest(deals[0].id, "needs-confirmation", causes[0], BY),
            MoveRequest(deals[1].id, "won", causes[1], BY),
            MoveRequest(deals[2].id, "needs-confirmation", causes[2], BY),
            MoveRequest(deals[0].id, "solution-design", causes[3], BY),
        ],
        now,
    )
    assert [type(outcome) for outcome in outcomes] == [Deal, MoveNotDeclared, Deal, Deal]
    told = [
        (envelope.event.deal.deal_id, envelope.event.deal.stage, envelope.cause.correlations)
        for envelope in await emitted(tx)
        if isinstance(envelope.event, DealStageChanged)
    ]
    assert sorted(told, key=str) == sorted(
        [
            (deals[0].id, "needs-confirmation", causes[0].correlations),
            (deals[2].id, "needs-confirmation", causes[2].correlations),
            (deals[0].id, "solution-design", causes[3].correlations),
        ],
        key=str,
    )


async def test_two_concurrent_moves_of_one_deal_follow_each_other(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as tx:
        deal = await new_deal(tx, await set_up(tx), now)

    async def move(stage: str) -> Deal | Problem:
        async with database.transaction() as tx:
            [outcome] = await move_deals(tx, [MoveRequest(deal.id, stage, Cause.start(), BY)], now)
            return outcome

    outcomes = await asyncio.gather(*(move("needs-confirmation") for _ in range(6)))
    moved = [outcome for outcome in outcomes if isinstance(outcome, Deal)]
    assert len(moved) == 1
    assert all(isinstance(one, Deal | AlreadyThere) for one in outcomes)
    async with database.transaction() as tx:
        stored = (await read_deals(tx, [deal.id]))[deal.id].deal
        assert len(stored.entries) == 2
        sequences = [
            envelope.event.sequence
            for envelope in await emitted(tx)
            if isinstance(envelope.event, DealEvent)
        ]
        assert sequences == [1, 2]
