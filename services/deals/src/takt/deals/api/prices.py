"""The prices of a deal beside their limits."""

from dataclasses import asdict
from decimal import Decimal
from uuid import UUID

from fastapi import APIRouter

from takt.common.amounts import micro
from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Now
from takt.deals.domain.deal import LinePrice, price_lines
from takt.deals.domain.price import Limit
from takt.deals.schemas.prices import LimitOut, LinePriceOut, PricesOut, RefusalOut
from takt.deals.service.moves import company_of
from takt.deals.service.problems import deal_not_found
from takt.deals.store.catalog import load_catalog
from takt.deals.store.deals import read_deals
from takt.deals.store.references import read_labels

router = APIRouter(prefix="/v1/deals", tags=["deals"])


@router.get("/{deal_id}/prices", dependencies=[requires("deals:read")])
async def get_prices(deal_id: UUID, tx: RequestTx, now: Now) -> PricesOut:
    """Each line's price beside list price, cost, floor and ceiling, and what the deal earns.

    The limits are those of the stage in which the deal stands, judged now by the same decision as
    a change or a move; a rule of the next stage only shows when the deal is moved there. Cost and
    margin are shown to every key that may read deals, as GET /v1/products shows the cost.
    """
    stored = (await read_deals(tx, [deal_id])).get(deal_id)
    if stored is None:
        raise deal_not_found(deal_id)
    deal = stored.deal
    catalog = await load_catalog(tx, stored.revision)
    labels = await read_labels(tx, {line.offer.product for line in deal.lines})
    lines = price_lines(deal, deal.stage, catalog.book, now)
    list_value = _sum([_times(line, line.product.list_price) for line in lines])
    cost = _sum([_times(line, line.product.cost) for line in lines])
    margin = None if cost is None else deal.value - cost
    return PricesOut(
        deal_id=deal.id,
        sequence=deal.sequence,
        stage=deal.stage,
        currency=company_of(catalog).currency,
        as_of=now,
        lines=[_line(line, *labels[line.product.code]) for line in lines],
        value=micro(deal.value),
        list_value=_rounded(list_value),
        discount=_share(None if list_value is None else list_value - deal.value, list_value),
        cost=_rounded(cost),
        margin=_rounded(margin),
        margin_share=_share(margin, deal.value),
    )


def _line(one: LinePrice, name: str, unit: str) -> LinePriceOut:
    offer, product = one.line.offer, one.product
    off = None if product.list_price is None else product.list_price - offer.price
    margin = None if product.cost is None else offer.price - product.cost
    return LinePriceOut(
        line_id=offer.line,
        product=offer.product,
        name=name,
        unit=unit,
        quantity=offer.quantity,
        price=offer.price,
        list_price=product.list_price,
        cost=product.cost,
        discount=_share(off, product.list_price),
        margin=margin,
        margin_share=_share(margin, offer.price),
        floor=_limit(one.floor),
        ceiling=_limit(one.ceiling),
        inside=one.inside,
        approved=one.approved,
        refusals=[RefusalOut(**asdict(refusal)) for refusal in one.refusals],
    )


def _limit(limit: Limit | None) -> LimitOut | None:
    if limit is None:
        return None
    return LimitOut(price=limit.price, rule=limit.rule.code, role=limit.rule.role)


def _times(line: LinePrice, price: Decimal | None) -> Decimal | None:
    return None if price is None else price * line.line.offer.quantity


def _sum(amounts: list[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _rounded(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else micro(amount)


def _share(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """A part of a whole, to six places; none of nothing."""
    return None if part is None or not whole else micro(part / whole)
