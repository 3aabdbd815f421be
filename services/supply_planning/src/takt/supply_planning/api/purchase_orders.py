"""/v1/purchase-orders: from planning's proposal to the supplier's delivery, step by step."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query, Response

from takt.common.auth import Caller, requires
from takt.common.contracts.supply_planning import OrderStatus
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    IfMatch,
    Limit,
    Now,
    Page,
    RequestCause,
    decode_cursor,
    encode_cursor,
    etag,
)
from takt.supply_planning.api.pegging import behind_of, part_of
from takt.supply_planning.domain import orders as domain
from takt.supply_planning.domain.quantity import to_decimal
from takt.supply_planning.schemas.network import Many, Written
from takt.supply_planning.schemas.pegging import PurchaseOrderPegging
from takt.supply_planning.schemas.planning import (
    OrderAnswer,
    OrderChange,
    OrderConfirmation,
    OrderReceipt,
    OrderWithAnswers,
    PlacedOrder,
    PurchaseOrder,
)
from takt.supply_planning.service.pegging import peg_order
from takt.supply_planning.service.purchase_orders import (
    answer_order,
    change_order,
    get_order,
    import_orders,
    release_order,
    step_order,
)
from takt.supply_planning.service.telling import state_of
from takt.supply_planning.store.orders import list_answers, list_orders

router = APIRouter(prefix="/v1/purchase-orders", tags=["purchase-orders"])

T = TypeVar("T")
Several = Annotated[list[T] | None, Query(max_length=100)]
Writer = Annotated[Caller, requires("supply:write")]


@router.get("", dependencies=[requires("supply:read")])
async def list_purchase_orders(
    tx: RequestTx,
    item: Several[str] = None,
    site: str | None = None,
    supplier: str | None = None,
    status: Several[OrderStatus] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[PurchaseOrder]:
    """Purchase orders by due date; `item` and `status` may be given several times, for any of."""
    after = decode_cursor(cursor, tuple[date, UUID])
    orders = await list_orders(
        tx,
        items=item,
        site=site,
        supplier=supplier,
        statuses=status,
        after=after,
        limit=limit + 1,
    )
    last = orders[limit - 1] if len(orders) > limit else None
    return Page[PurchaseOrder](
        items=[shown(order) for order in orders[:limit]],
        next=encode_cursor(last.due_on, last.order_id) if last else None,
    )


@router.put("", dependencies=[requires("supply:write")])
async def import_purchase_orders(
    body: Many[PlacedOrder], tx: RequestTx, now: Now, cause: RequestCause
) -> Written:
    """Take over orders that another system has placed, all or none; known ones stay as they are."""
    await import_orders(tx, [_placed(order) for order in body.items], now, cause)
    return Written(written=len(body.items))


@router.get("/{order_id}", dependencies=[requires("supply:read")])
async def get_purchase_order(order_id: UUID, tx: RequestTx, response: Response) -> OrderWithAnswers:
    """An order, with all that was said about it."""
    order = await get_order(tx, order_id)
    response.headers["ETag"] = etag(order.sequence)
    answers = tuple(
        OrderAnswer.model_validate(dict(row)) for row in await list_answers(tx, order_id)
    )
    return OrderWithAnswers(**dict(shown(order)), answers=answers)


@router.get("/{order_id}/pegging", dependencies=[requires("supply:read")])
async def get_order_pegging(order_id: UUID, tx: RequestTx, now: Now) -> PurchaseOrderPegging:
    """For whom an order is, up to deals, sales, forecasts and signals, with what is for nobody."""
    found = await peg_order(tx, order_id, now)
    return PurchaseOrderPegging(
        order_id=order_id,
        item=found.key.item,
        site=found.key.site,
        due_on=found.source.due,
        quantity=to_decimal(found.source.quantity),
        parts=tuple(map(part_of, found.parts)),
        **behind_of(found.behind),
    )


@router.post("/{order_id}/approve", dependencies=[requires("supply:write")])
async def approve(
    order_id: UUID, tx: RequestTx, now: Now, cause: RequestCause, match: IfMatch, reply: Response
) -> PurchaseOrder:
    """Agree to buy what planning proposes."""
    order = await step_order(tx, order_id, domain.approve, match, now, cause)
    return answered(order, reply)


@router.post("/{order_id}/release", dependencies=[requires("supply:write")])
async def release(
    order_id: UUID, tx: RequestTx, now: Now, cause: RequestCause, match: IfMatch, reply: Response
) -> PurchaseOrder:
    """Send an approved order to its supplier. Refused while publishing to the ERP is off."""
    order = await release_order(tx, order_id, match, now, cause)
    return answered(order, reply)


@router.post("/{order_id}/change", dependencies=[requires("supply:write")])
async def change(
    order_id: UUID,
    body: OrderChange,
    tx: RequestTx,
    now: Now,
    cause: RequestCause,
    match: IfMatch,
    reply: Response,
) -> PurchaseOrder:
    """Change an approved order, or a sent one as agreed with its supplier."""
    order = await change_order(tx, order_id, body.quantity, body.due_on, match, now, cause)
    return answered(order, reply)


@router.post("/{order_id}/cancel", dependencies=[requires("supply:write")])
async def cancel(
    order_id: UUID, tx: RequestTx, now: Now, cause: RequestCause, match: IfMatch, reply: Response
) -> PurchaseOrder:
    """Call an order off."""
    order = await step_order(tx, order_id, domain.cancel, match, now, cause)
    return answered(order, reply)


@router.post("/{order_id}/confirm")
async def confirm(
    order_id: UUID,
    body: OrderConfirmation,
    caller: Writer,
    tx: RequestTx,
    now: Now,
    cause: RequestCause,
    match: IfMatch,
    reply: Response,
) -> PurchaseOrder:
    """The supplier confirms. An older revision changes nothing and is kept."""
    said = domain.Answer(body.order_revision or 0, "confirmed", body.quantity, body.due_on)
    order = await answer_order(tx, order_id, said, caller.name, match, now, cause)
    return answered(order, reply)


@router.post("/{order_id}/receive")
async def receive(
    order_id: UUID,
    body: OrderReceipt,
    caller: Writer,
    tx: RequestTx,
    now: Now,
    cause: RequestCause,
    match: IfMatch,
    reply: Response,
) -> PurchaseOrder:
    """Goods have arrived, so many in all. An older revision changes nothing and is kept."""
    said = domain.Answer(
        body.order_revision or 0, "received", body.quantity, None, body.received_on
    )
    order = await answer_order(tx, order_id, said, caller.name, match, now, cause)
    return answered(order, reply)


def shown(order: domain.PurchaseOrder) -> PurchaseOrder:
    """An order in its wire shape."""
    return PurchaseOrder(**dict(state_of(order)), sequence=order.sequence)


def answered(order: domain.PurchaseOrder, reply: Response) -> PurchaseOrder:
    """The reply about one order."""
    reply.headers["ETag"] = etag(order.sequence)
    return shown(order)


def _placed(placed: PlacedOrder) -> domain.PurchaseOrder:
    received = placed.received_on is not None
    return domain.PurchaseOrder(
        item=placed.item,
        site=placed.site,
        supplier=placed.supplier,
        due_period=placed.due_on - timedelta(days=placed.due_on.weekday()),
        generation=0,
        due_on=placed.due_on,
        release_on=placed.ordered_on,
        quantity=placed.quantity,
        price=placed.price,
        payment_days=placed.payment_days,
        stage="released",
        received_quantity=placed.quantity if received else Decimal(0),
        received_on=placed.received_on,
        receipt_revision=int(received),
        reference=placed.number,
    )
