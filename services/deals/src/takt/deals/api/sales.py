"""Sales: what an ERP or a till says of its order lines, shipments and returns."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from takt.common.auth import requires
from takt.common.contracts.deals import SaleState
from takt.common.contracts.inbound import InboundSale
from takt.common.db import RequestTx, Tx
from takt.common.event import Cause, Envelope, new_id, wall_now
from takt.common.http import (
    Cursor,
    IfMatch,
    Limit,
    Now,
    Page,
    RequestCause,
    encode_cursor,
    etag,
)
from takt.common.problems import NotFound
from takt.deals.api.cursors import id_after
from takt.deals.schemas.sales import ReturnIn, SaleIn, SalesIn, ShipmentIn
from takt.deals.service.facts import sale_state
from takt.deals.service.inbound import take_sales
from takt.deals.service.moves import company_of
from takt.deals.service.sales import return_goods, ship_goods
from takt.deals.store.catalog import load_catalog
from takt.deals.store.sales import Return, Sale, read_sales

router = APIRouter(prefix="/v1/sales", tags=["sales"])


class SaleOut(SaleState):
    """A sale as it stands."""

    sequence: int


@router.get("", dependencies=[requires("deals:read")])
async def list_sales(
    tx: RequestTx, deal_id: UUID | None = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[SaleOut]:
    """A page of sales."""
    after = id_after(cursor)
    rows = await read_sales(tx, deal=deal_id, after=after, limit=limit)
    following = encode_cursor(rows[-1].id) if len(rows) == limit else None
    return Page(items=list(map(_shown, rows)), next=following)


@router.get("/{sale_id}", dependencies=[requires("deals:read")])
async def get_sale(sale_id: UUID, tx: RequestTx, response: Response) -> SaleOut:
    """A sale."""
    rows = await read_sales(tx, ids=[sale_id])
    if not rows:
        raise NotFound(
            f"there is no sale {sale_id}",
            field="id",
            value=str(sale_id),
            remedy="take an id from GET /v1/sales",
        )
    response.headers["ETag"] = etag(rows[0].sequence)
    return _shown(rows[0])


@router.post("/upserts", dependencies=[requires("deals:write")])
async def post_sales(body: SalesIn, tx: RequestTx, now: Now, cause: RequestCause) -> list[SaleOut]:
    """Order lines by source and order line, as they are there; all go in or none."""
    events = [_envelope(item, cause) for item in body.items]
    return [_shown(sale) for sale in await take_sales(tx, events, now)]


@router.post("/{sale_id}/returns", dependencies=[requires("deals:write")])
async def post_return(
    sale_id: UUID,
    body: ReturnIn,
    tx: RequestTx,
    expected: IfMatch,
    now: Now,
    cause: RequestCause,
    response: Response,
) -> SaleOut:
    """Goods came back; the same return id twice is one return."""
    returned = Return(body.return_id, body.returned_on, body.quantity, body.amount)
    today = await _today(tx, now)
    sale = await return_goods(tx, sale_id, returned, expected=expected, today=today, cause=cause)
    response.headers["ETag"] = etag(sale.sequence)
    return _shown(sale)


@router.put("/{sale_id}/shipment", dependencies=[requires("deals:write")])
async def put_shipment(
    sale_id: UUID,
    body: ShipmentIn,
    tx: RequestTx,
    expected: IfMatch,
    now: Now,
    cause: RequestCause,
    response: Response,
) -> SaleOut:
    """Goods left: the sum so far."""
    sale = await ship_goods(
        tx,
        sale_id,
        body.shipped_quantity,
        body.shipped_on,
        expected=expected,
        today=await _today(tx, now),
        cause=cause,
    )
    response.headers["ETag"] = etag(sale.sequence)
    return _shown(sale)


async def _today(tx: Tx, now: datetime) -> date:
    return now.astimezone(company_of(await load_catalog(tx)).zone).date()


def _shown(sale: Sale) -> SaleOut:
    return SaleOut(**sale_state(sale).model_dump(), sequence=sale.sequence)


def _envelope(item: SaleIn, cause: Cause) -> Envelope[InboundSale]:
    """The same words as on Kafka, so that both doors are one."""
    fields: dict[str, Any] = item.model_dump(exclude={"source", "correlation_id"})
    if item.correlation_id is not None:
        cause = Cause.start(item.correlation_id)
    return Envelope(InboundSale(**fields), new_id(), wall_now(), cause, item.source)
