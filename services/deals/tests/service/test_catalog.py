import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from takt.common.contracts.deals import AccountChanged, ProductChanged
from takt.common.db import Database, Tx
from takt.common.event import Cause
from takt.common.testing import emitted
from takt.deals.service.catalog import put_accounts, put_many
from takt.deals.service.moves import MoveRequest, move_deal, move_deals
from takt.deals.service.problems import CriteriaUnmet
from takt.deals.service.references import Names, resolve
from takt.deals.store.catalog import PRODUCTS, load_catalog

from .company import BY, CAUSE, account_row, line, new_deal, price_floor, product, set_up


async def test_a_new_rule_holds_for_the_next_decision_in_every_process(
    database: Database, now: datetime
) -> None:
    elsewhere = Database("deals", database.url)
    async with database.transaction() as tx:
        deal = await new_deal(tx, await set_up(tx), now, lines=(line(price="79"),))
        await move_deal(tx, MoveRequest(deal.id, "needs-confirmation", CAUSE, BY), now)
    async with elsewhere.transaction() as tx:
        assert (await load_catalog(tx)).book.rules == []
    async with database.transaction() as tx:
        await price_floor(tx)
    async with elsewhere.transaction() as tx:
        with pytest.raises(CriteriaUnmet):
            await move_deal(tx, MoveRequest(deal.id, "solution-design", CAUSE, BY), now)
    await elsewhere.close()


async def test_a_rule_that_was_rolled_back_is_not_remembered(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as tx:
        await set_up(tx)

    async with database.engine.connect() as tx:
        await price_floor(tx)
        assert len((await load_catalog(tx)).book.rules) == 1
        await tx.rollback()
    async with database.transaction() as tx:
        assert (await load_catalog(tx)).book.rules == []
        await price_floor(tx, maximum_discount=Decimal("0.10"))
        [rule] = (await load_catalog(tx)).book.rules
    assert rule.maximum_discount == Decimal("0.10")


async def test_moves_cost_two_statements_whatever_their_number(tx: Tx, now: datetime) -> None:
    account = await set_up(tx)
    deals = [await new_deal(tx, account, now) for _ in range(20)]
    await load_catalog(tx)
    statements: list[str] = []

    def count(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.append(statement)

    event.listen(tx.engine.sync_engine, "before_cursor_execute", count)
    wishes = [MoveRequest(deal.id, "needs-confirmation", Cause.start(), BY) for deal in deals]
    await move_deals(tx, wishes, now)
    event.remove(tx.engine.sync_engine, "before_cursor_execute", count)
    assert len(statements) == 2


async def test_only_what_differs_is_written_and_told(tx: Tx) -> None:
    await set_up(tx)
    before = len(await emitted(tx))
    rows = [product("pump", 100, 20), product("valve", 11, 4)]
    assert await put_many(tx, PRODUCTS, rows, cause=CAUSE) == {"valve": 2}
    [told] = (await emitted(tx))[before:]
    assert isinstance(told.event, ProductChanged)
    assert (told.event.code, told.event.list_price, told.event.sequence) == ("valve", 11, 2)


async def test_what_was_only_named_is_completed_when_it_comes(tx: Tx) -> None:
    await set_up(tx)
    names = Names(source="crm", account="zenith", products=frozenset({"warp"}))
    await resolve(tx, [names], placeholders=True)
    before = len(await emitted(tx))
    await put_many(tx, PRODUCTS, [product("warp", 7, 1)], cause=CAUSE)
    await put_accounts(tx, [account_row("zenith")], cause=CAUSE)
    first, second = (envelope.event for envelope in (await emitted(tx))[before:])
    assert isinstance(first, ProductChanged)
    assert isinstance(second, AccountChanged)
    assert (first.sequence, second.sequence, second.name) == (1, 1, "Zenith")


async def test_concurrent_changes_of_the_catalog_all_count(database: Database) -> None:
    async with database.transaction() as tx:
        await set_up(tx)

    async def put(price: int) -> None:
        async with database.transaction() as tx:
            await put_many(tx, PRODUCTS, [product(f"p{price}", price, 1)], cause=CAUSE)

    await asyncio.gather(*(put(price) for price in range(1, 7)))
    async with database.transaction() as tx:
        products = (await load_catalog(tx)).book.products
    assert {f"p{price}" for price in range(1, 7)} <= products.keys()
