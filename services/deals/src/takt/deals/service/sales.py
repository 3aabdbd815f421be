"""Sales: made by a win, told by an ERP or a till, corrected, shipped, returned, reversed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from takt.common.contracts.deals import (
    SaleClosed,
    SaleCorrected,
    SaleEvent,
    SaleReturned,
    SaleShipped,
)
from takt.common.db import Tx
from takt.common.event import Cause, new_id
from takt.common.http import check_match
from takt.common.outbox import emit
from takt.common.problems import Conflict, NotFound
from takt.deals.domain.deal import Deal
from takt.deals.domain.money import check_total
from takt.deals.domain.refusal import Refusal
from takt.deals.service import facts
from takt.deals.service.problems import BadSale
from takt.deals.store.catalog import Company
from takt.deals.store.sales import Return, Sale, lock_sales, write_sales

OWN: Final = "takt"
"""The source of sales that a win made and no other system has told of yet."""


@dataclass(frozen=True, slots=True)
class SaleStatement:
    """An order line as another system knows it; `sequence` counts that system's changes of it."""

    source: str
    order_line: str
    product: str
    region: str
    quantity: Decimal
    price: Decimal
    sold_on: date
    cause: Cause
    requested_date: date | None = None
    payment_days: int | None = None
    deal_line: UUID | None = None
    account: UUID | None = None
    shipped_quantity: Decimal = Decimal(0)
    shipped_on: date | None = None
    sequence: int = 0


async def sell_deals(
    tx: Tx,
    won: Sequence[tuple[Deal, Cause]],
    company: Company,
    *,
    shipped: Collection[UUID] = (),
) -> None:
    """A sale for each line of these deals, on the day they were won.

    A line that an ERP has told of keeps the ERP's word; one that was reversed is sold again.

    Args: shipped: deals of the past whose goods left on the day that they were won.
    """
    lines = {line.offer.line: (deal, line, cause) for deal, cause in won for line in deal.lines}
    known = {sale.deal_line_id: sale for sale in await lock_sales(tx, deal_lines=lines)}
    told: list[tuple[Sale, type[SaleEvent], Cause]] = []
    for identity, (deal, line, cause) in lines.items():
        assert deal.closed_at is not None, "a won deal is closed"
        day = deal.closed_at.astimezone(company.zone).date()
        days = (deal.terms.payment_days, deal.account_payment_days, company.payment_days)
        left = deal.id in shipped
        sale = Sale(
            id=new_id(),
            source=OWN,
            order_line=str(identity),
            deal_id=deal.id,
            deal_line_id=identity,
            account_id=deal.account,
            product=line.offer.product,
            region=deal.region,
            quantity=line.offer.quantity,
            price=line.offer.price,
            sold_on=day,
            requested_date=line.requested or day,
            payment_days=next(one for one in days if one is not None),
            shipped_quantity=line.offer.quantity if left else Decimal(0),
            shipped_on=day if left else None,
        )
        before = known.get(identity)
        if before is None:
            told.append((sale, SaleClosed, cause))
        elif before.source == OWN or before.reversed:
            again = replace(
                sale,
                id=before.id,
                source=before.source,
                order_line=before.order_line,
                shipped_quantity=before.shipped_quantity,
                shipped_on=before.shipped_on,
                returns=before.returns,
                sequence=before.sequence + 1,
                source_sequence=before.source_sequence,
            )
            told.append((again, SaleCorrected, cause))
    await _tell(tx, told)


async def reverse_sales(tx: Tx, reopened: Mapping[UUID, Cause]) -> None:
    """Take back what the win of these deals had sold, except what has left already."""
    told: list[tuple[Sale, type[SaleEvent], Cause]] = []
    for sale in await lock_sales(tx, deals=reopened):
        if sale.deal_id is not None and sale.quantity > sale.shipped_quantity:
            reversed_sale = replace(
                sale,
                quantity=sale.shipped_quantity,
                reversed=True,
                sequence=sale.sequence + 1,
            )
            told.append((reversed_sale, SaleCorrected, reopened[sale.deal_id]))
    await _tell(tx, told)


async def record_sales(
    tx: Tx,
    statements: Sequence[SaleStatement],
    deals: Mapping[UUID, UUID],
    company: Company,
    now: datetime,
) -> list[Sale]:
    """Take the word of other systems about their order lines.

    A statement that names a deal line replaces the sale that the win had made of it. An older one
    of its source changes nothing. Statements of one order line follow each other.

    Args: deals: the deal of each deal line that is known; another is linked when it comes.
    Raises: BadSale: sold after today, shipped without a day, or an amount out of range.
    """
    today = now.astimezone(company.zone).date()
    for statement in statements:
        refusals = check_statement(statement, today)
        if refusals:
            raise BadSale.of(refusals, f"{statement.source} {statement.order_line}")
    lines = {one.deal_line for one in statements if one.deal_line is not None}
    keys = {(one.source, one.order_line) for one in statements}
    held = await lock_sales(tx, keys=keys, deal_lines=lines)
    by_key = {(sale.source, sale.order_line): sale for sale in held}
    by_line = {sale.deal_line_id: sale for sale in held if sale.deal_line_id is not None}
    told: list[tuple[Sale, type[SaleEvent], Cause]] = []
    outcomes: list[Sale] = []
    for one in statements:
        before = by_key.get((one.source, one.order_line))
        if before is None and one.deal_line is not None:
            before = by_line.get(one.deal_line)
        after = _restated(before, one, deals, company)
        if before is None or after != before:
            told.append((after, _kind_of(before, after), one.cause))
        by_key[one.source, one.order_line] = after
        if after.deal_line_id is not None:
            by_line[after.deal_line_id] = after
        outcomes.append(after)
    await _tell(tx, told)
    return outcomes


def _restated(
    before: Sale | None, said: SaleStatement, deals: Mapping[UUID, UUID], company: Company
) -> Sale:
    """The sale after a statement; unchanged where the statement is older than what is known."""
    if (
        before is not None
        and before.source == said.source
        and said.sequence < (before.source_sequence or 0)
    ):
        return before
    line = said.deal_line or (before.deal_line_id if before else None)
    days = (
        said.payment_days,
        before.payment_days if before else None,
        company.payment_days,
    )
    after = Sale(
        id=before.id if before else new_id(),
        source=said.source,
        order_line=said.order_line,
        product=said.product,
        region=said.region,
        quantity=said.quantity,
        price=said.price,
        sold_on=said.sold_on,
        requested_date=said.requested_date or (before.requested_date if before else said.sold_on),
        payment_days=next(one for one in days if one is not None),
        deal_id=(before.deal_id if before else None) or (deals.get(line) if line else None),
        deal_line_id=line,
        account_id=said.account or (before.account_id if before else None),
        shipped_quantity=said.shipped_quantity,
        shipped_on=said.shipped_on,
        returns=before.returns if before else (),
        sequence=before.sequence if before else 1,
        source_sequence=said.sequence,
    )
    if before is None or after == before:
        return after
    return replace(after, sequence=before.sequence + 1)


def _kind_of(before: Sale | None, after: Sale) -> type[SaleEvent]:
    if before is None:
        return SaleClosed
    shipped = replace(
        before,
        shipped_quantity=after.shipped_quantity,
        shipped_on=after.shipped_on,
        sequence=after.sequence,
    )
    return SaleShipped if shipped == after else SaleCorrected


def check_statement(said: SaleStatement, today: date) -> list[Refusal]:
    """What a statement cannot say."""
    refusals: list[Refusal] = []
    if said.sold_on > today:
        remedy = f"A sale is a fact; give {today} or an earlier day."
        refusals.append(Refusal("in-the-future", "sold_on", said.sold_on.isoformat(), remedy))
    if said.shipped_quantity > 0 and said.shipped_on is None:
        remedy = "Give the day on which the goods left."
        refusals.append(Refusal("no-shipping-day", "shipped_on", "", remedy))
    if said.shipped_on is not None:
        refusals += _not_yet("shipped_on", said.shipped_on, today)
    refusals += check_total("quantity", said.quantity * said.price)
    return refusals


def _not_yet(field: str, day: date, today: date) -> list[Refusal]:
    if day <= today:
        return []
    remedy = f"Goods that moved are a fact; give {today} or an earlier day."
    return [Refusal("in-the-future", field, day.isoformat(), remedy)]


async def return_goods(
    tx: Tx, sale_id: UUID, returned: Return, *, expected: int | None, today: date, cause: Cause
) -> Sale:
    """Goods of a sale came back; the same return twice changes nothing.

    Args: today: in the company's time zone.
    Raises: NotFound; Stale; BadSale: more than was sold, before the sale or after today.
    """
    sale = await _lock(tx, sale_id)
    if returned in sale.returns:
        return sale
    check_match(expected, sale.sequence)
    back = sum((one.quantity for one in sale.returns), returned.quantity)
    refusals = _not_yet("returned_on", returned.returned_on, today)
    if any(one.return_id == returned.return_id for one in sale.returns):
        remedy = "Give another return its own id."
        refusals.append(Refusal("return-id-used", "return_id", returned.return_id, remedy))
    if back > sale.quantity:
        remedy = f"At most {sale.quantity - (back - returned.quantity)} can still come back."
        refusals.append(Refusal("too-much", "quantity", str(returned.quantity), remedy))
    if returned.returned_on < sale.sold_on:
        remedy = f"Give {sale.sold_on} or a later day."
        value = returned.returned_on.isoformat()
        refusals.append(Refusal("before-sale", "returned_on", value, remedy))
    if refusals:
        raise BadSale.of(refusals)
    after = replace(sale, returns=(*sale.returns, returned), sequence=sale.sequence + 1)
    await _tell(tx, [(after, SaleReturned, cause)])
    return after


async def ship_goods(
    tx: Tx,
    sale_id: UUID,
    quantity: Decimal,
    shipped_on: date,
    *,
    expected: int | None,
    today: date,
    cause: Cause,
) -> Sale:
    """Goods of a sale left: `quantity` is the sum so far.

    Args: today: in the company's time zone.
    Raises: NotFound; Stale; Conflict: less than had left before; BadSale: more than was sold, or
        after today.
    """
    sale = await _lock(tx, sale_id)
    check_match(expected, sale.sequence)
    if quantity < sale.shipped_quantity:
        raise Conflict(
            f"{sale.shipped_quantity} have left already",
            field="shipped_quantity",
            value=quantity,
            remedy="give the sum of all that has left; record what came back as a return",
        )
    refusals = _not_yet("shipped_on", shipped_on, today)
    if quantity > sale.quantity:
        remedy = f"{sale.quantity} were sold; correct the sale first if more has left."
        refusals.append(Refusal("too-much", "shipped_quantity", str(quantity), remedy))
    if refusals:
        raise BadSale.of(refusals)
    after = replace(
        sale, shipped_quantity=quantity, shipped_on=shipped_on, sequence=sale.sequence + 1
    )
    await _tell(tx, [(after, SaleShipped, cause)])
    return after


async def _lock(tx: Tx, sale_id: UUID) -> Sale:
    held = await lock_sales(tx, ids=[sale_id])
    if not held:
        raise NotFound(
            f"there is no sale {sale_id}",
            field="id",
            value=str(sale_id),
            remedy="take an id from GET /v1/sales",
        )
    return held[0]


async def _tell(tx: Tx, told: Sequence[tuple[Sale, type[SaleEvent], Cause]]) -> None:
    """Write each sale once as it ends, and say every step."""
    await write_sales(tx, list({sale.id: sale for sale, _, _ in told}.values()))
    await emit(
        tx,
        *(
            (event(sequence=sale.sequence, sale=facts.sale_state(sale)), cause)
            for sale, event, cause in told
        ),
    )
