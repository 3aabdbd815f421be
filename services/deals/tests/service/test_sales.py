import asyncio
from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from takt.common.contracts.deals import SaleClosed, SaleCorrected, SaleReturned, SaleShipped
from takt.common.contracts.inbound import InboundSale
from takt.common.db import Database, Tx
from takt.common.event import Envelope, new_id, wall_now
from takt.common.problems import Conflict, NotFound
from takt.common.testing import emitted
from takt.deals.service.inbound import take_sales
from takt.deals.service.moves import MoveRequest, move_deal
from takt.deals.service.problems import BadSale, WrongCurrency
from takt.deals.service.sales import return_goods, ship_goods
from takt.deals.store.sales import Return, Sale, read_sales

from .company import BY, CAUSE, new_deal, set_up

TODAY = date(2026, 11, 23)
WAY = ("needs-confirmation", "solution-design", "negotiation", "won")


def said(**more: Any) -> Envelope[InboundSale]:
    fields: dict[str, Any] = {
        "order_line": "4711-1",
        "product": "pump",
        "region": "north",
        "quantity": Decimal(5),
        "price": Decimal(98),
        "sold_on": date(2026, 11, 23),
    }
    return Envelope(InboundSale(**{**fields, **more}), new_id(), wall_now(), CAUSE, "erp")


async def take(tx: Tx, now: datetime, **more: Any) -> Sale:
    [sale] = await take_sales(tx, [said(**more)], now)
    return sale


async def test_the_erp_s_copy_replaces_the_sale_of_the_win(tx: Tx, now: datetime) -> None:
    deal = await new_deal(tx, await set_up(tx), now)
    for stage in WAY:
        deal = await move_deal(tx, MoveRequest(deal.id, stage, CAUSE, BY), now)
    [own] = await read_sales(tx)
    sale = await take(tx, now, deal_line_id=deal.lines[0].offer.line)
    assert (sale.id, sale.deal_id, sale.price) == (own.id, deal.id, 98)
    assert (sale.source, sale.order_line, sale.sequence) == ("erp", "4711-1", 2)
    assert len(await read_sales(tx)) == 1
    assert isinstance((await emitted(tx))[-1].event, SaleCorrected)


async def test_an_order_told_before_the_win_is_not_doubled_by_it(tx: Tx, now: datetime) -> None:
    deal = await new_deal(tx, await set_up(tx), now)
    await take(tx, now, deal_line_id=deal.lines[0].offer.line)
    for stage in WAY:
        deal = await move_deal(tx, MoveRequest(deal.id, stage, CAUSE, BY), now)
    [sale] = await read_sales(tx)
    assert (sale.source, sale.price, sale.deal_id) == ("erp", 98, deal.id)


async def test_what_an_erp_has_shipped_before_the_win_stays_its_word(tx: Tx, now: datetime) -> None:
    deal = await new_deal(tx, await set_up(tx), now)
    shipped = {"shipped_quantity": Decimal(4), "shipped_on": date(2026, 11, 23)}
    line = deal.lines[0].offer.line
    told = await take(tx, now, deal_line_id=line, quantity=Decimal(4), **shipped)
    for stage in WAY:
        deal = await move_deal(tx, MoveRequest(deal.id, stage, CAUSE, BY), now)
    assert await read_sales(tx) == [told]
    for stage in ("negotiation", "won"):
        deal = await move_deal(tx, MoveRequest(deal.id, stage, CAUSE, BY), now)
    assert await read_sales(tx) == [told]


async def test_what_a_reopened_deal_took_back_is_sold_again_until_its_erp_speaks(
    tx: Tx, now: datetime
) -> None:
    deal = await new_deal(tx, await set_up(tx), now)
    line = deal.lines[0].offer.line
    left = {"shipped_quantity": Decimal(1), "shipped_on": date(2026, 11, 23)}
    await take(tx, now, deal_line_id=line, **left)
    for stage in (*WAY, "negotiation"):
        deal = await move_deal(tx, MoveRequest(deal.id, stage, CAUSE, BY), now)
    [back] = await read_sales(tx)
    assert (back.quantity, back.reversed) == (1, True)
    await move_deal(tx, MoveRequest(deal.id, "won", CAUSE, BY), now)
    [again] = await read_sales(tx)
    assert (again.quantity, again.price, again.source, again.reversed) == (5, 100, "erp", False)
    last = await take(tx, now, deal_line_id=line, quantity=Decimal(1), **left)
    assert (last.quantity, last.price) == (1, 98)
    for stage in ("negotiation", "won"):
        deal = await move_deal(tx, MoveRequest(deal.id, stage, CAUSE, BY), now)
    assert await read_sales(tx) == [last]


async def test_an_erp_s_word_and_a_win_at_the_same_moment_make_one_sale(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as tx:
        deal = await new_deal(tx, await set_up(tx), now)
        for stage in WAY[:-1]:
            deal = await move_deal(tx, MoveRequest(deal.id, stage, CAUSE, BY), now)
    line = deal.lines[0].offer.line

    async def win() -> None:
        async with database.transaction() as tx:
            await move_deal(tx, MoveRequest(deal.id, "won", CAUSE, BY), now)

    async def hear() -> None:
        async with database.transaction() as tx:
            await take(tx, now, deal_line_id=line)

    await asyncio.gather(win(), hear(), hear())
    async with database.transaction() as tx:
        [sale] = await read_sales(tx)
    assert (sale.source, sale.deal_line_id, sale.price) == ("erp", line, 98)


async def test_the_same_word_twice_changes_nothing_and_an_older_one_neither(
    tx: Tx, now: datetime
) -> None:
    await set_up(tx)
    first = await take(tx, now, sequence=3)
    again = await take(tx, now, sequence=3)
    older = await take(tx, now, sequence=2, quantity=Decimal(9))
    assert first == again == older
    told = [envelope.event for envelope in await emitted(tx) if "sale" in envelope.type]
    assert [type(event) for event in told] == [SaleClosed]


async def test_statements_repeated_and_shuffled_end_in_the_same_sales(
    tx: Tx, now: datetime
) -> None:
    await set_up(tx)
    statements = [
        said(order_line=f"order-{order}", sequence=count, quantity=Decimal(10 * order + count))
        for order in (1, 2, 3)
        for count in (1, 2, 3, 4)
    ] * 3
    Random(4).shuffle(statements)
    for first in range(0, len(statements), 5):
        await take_sales(tx, statements[first : first + 5], now)
    sales = {sale.order_line: sale.quantity for sale in await read_sales(tx)}
    assert sales == {"order-1": 14, "order-2": 24, "order-3": 34}


async def test_corrected_shipped_and_returned_are_told_as_such(tx: Tx, now: datetime) -> None:
    await set_up(tx)
    sale = await take(tx, now)
    await take(tx, now, quantity=Decimal(4))
    shipped = date(2026, 11, 23)
    await take(tx, now, quantity=Decimal(4), shipped_quantity=Decimal(1), shipped_on=shipped)
    later = await ship_goods(tx, sale.id, Decimal(4), shipped, expected=3, today=TODAY, cause=CAUSE)
    returned = Return("R1", shipped, Decimal(2), Decimal(196))
    await return_goods(tx, sale.id, returned, expected=4, today=TODAY, cause=CAUSE)
    again = await return_goods(tx, sale.id, returned, expected=4, today=TODAY, cause=CAUSE)
    assert later.shipped_quantity == 4
    assert again.returns == (returned,)
    told = [envelope.event for envelope in await emitted(tx) if "sale" in envelope.type]
    assert [type(event) for event in told] == [
        SaleClosed,
        SaleCorrected,
        SaleShipped,
        SaleShipped,
        SaleReturned,
    ]
    assert [event.sequence for event in told] == [1, 2, 3, 4, 5]


async def test_what_refers_to_nothing_known_is_made_room_for(tx: Tx, now: datetime) -> None:
    await set_up(tx)
    line = new_id()
    sale = await take(tx, now, product="warp", region="moon", account="who", deal_line_id=line)
    assert (sale.product, sale.region, sale.deal_line_id, sale.deal_id) == (
        "warp",
        "moon",
        line,
        None,
    )


async def test_sales_that_cannot_be_are_refused(tx: Tx, now: datetime) -> None:
    await set_up(tx)
    with pytest.raises(WrongCurrency):
        await take(tx, now, currency="USD")
    with pytest.raises(BadSale):
        await take(tx, now, sold_on=date(2026, 11, 24))
    with pytest.raises(BadSale):
        await take(tx, now, shipped_quantity=Decimal(1))
    sale = await take(tx, now)
    too_much = Return("R1", date(2026, 11, 23), Decimal(6), Decimal(1))
    with pytest.raises(BadSale):
        await return_goods(tx, sale.id, too_much, expected=None, today=TODAY, cause=CAUSE)
    with pytest.raises(NotFound):
        await return_goods(tx, new_id(), too_much, expected=None, today=TODAY, cause=CAUSE)
    await ship_goods(tx, sale.id, Decimal(3), TODAY, expected=None, today=TODAY, cause=CAUSE)
    with pytest.raises(Conflict):
        await ship_goods(tx, sale.id, Decimal(2), TODAY, expected=None, today=TODAY, cause=CAUSE)
