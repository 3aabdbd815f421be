"""/v1/reservations: promises that are kept until they expire, are released, or become a sale."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from takt.common.auth import Caller, requires
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    Limit,
    Now,
    Page,
    check_reuse,
    decode_cursor,
    encode_cursor,
    idempotency_of,
)
from takt.supply_planning.domain.quantity import to_decimal
from takt.supply_planning.schemas.promises import (
    NewReservation,
    PromisedPart,
    Reservation,
    ReservationRequest,
)
from takt.supply_planning.service import promises as service
from takt.supply_planning.service.promise_desk import PromiseDesk
from takt.supply_planning.service.quoting import Wish
from takt.supply_planning.store import promises as store

router = APIRouter(prefix="/v1/reservations", tags=["promises"])
Writer = Annotated[Caller, requires("supply:write")]


@router.get("", dependencies=[requires("supply:read")])
async def list_reservations(
    tx: RequestTx,
    deal_id: UUID | None = None,
    product: str | None = None,
    state: store.ReservationState | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Reservation]:
    """Promises by their time."""
    place = decode_cursor(cursor, tuple[UUID])
    found = await store.list_reservations(
        tx,
        deal_id=deal_id,
        product=product,
        state=state,
        after=place[0] if place else None,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page[Reservation](
        items=[Reservation(**_members(one)) for one in found[:limit]],
        next=encode_cursor(last.reservation_id) if last else None,
    )


@router.post("", status_code=201, response_model=NewReservation)
async def reserve(body: ReservationRequest, caller: Writer, request: Request, now: Now) -> Response:
    """Promise as much as is free, as early as it is from the wished day on; perhaps in parts.

    Nobody else is promised it until it expires. A new promise for a line takes the place of the one
    that it has, and a sale of the line takes the place of its promise. Needs an Idempotency-Key.
    """
    key, name, body_hash = await idempotency_of(request)
    line = store.OrderLine(body.line_id, body.source, body.order_line)
    wish = Wish(body.product, body.region, body.quantity, body.wanted_on, line)
    asked = service.Asked(wish, body.deal_id, body.expires_at, caller.name, name, body_hash)
    desk: PromiseDesk = request.app.state.promise_desk
    made = await desk.ask(asked, now)
    check_reuse(key, made.body_hash, body_hash)
    shown = NewReservation(**_members(made), orderable_on=made.orderable_on)
    return Response(shown.model_dump_json(), 201, media_type="application/json")


@router.get("/{reservation_id}", dependencies=[requires("supply:read")])
async def get_reservation(reservation_id: UUID, tx: RequestTx) -> Reservation:
    """A promise."""
    found = await store.find_reservation(tx, reservation_id)
    if found is None:
        raise service.no_reservation(reservation_id)
    return Reservation(**_members(found))


@router.post("/{reservation_id}/release", dependencies=[requires("supply:write")])
async def release(reservation_id: UUID, tx: RequestTx) -> Reservation:
    """Give what is reserved back to others; to repeat it changes nothing."""
    return Reservation(**_members(await service.release(tx, reservation_id)))


def _members(one: store.Reservation) -> dict[str, Any]:
    return {
        "reservation_id": one.reservation_id,
        "deal_id": one.deal_id,
        "line_id": one.line.line_id,
        "source": one.line.source,
        "order_line": one.line.order_line,
        "product": one.product,
        "region": one.region,
        "quantity": one.quantity,
        "wanted_on": one.wanted_on,
        "promised": to_decimal(sum(part.quantity for part in one.parts)),
        "promised_on": max(part.day for part in one.parts),
        "parts": [
            PromisedPart(site=part.site, promised_on=part.day, quantity=to_decimal(part.quantity))
            for part in one.parts
        ],
        "state": one.state,
        "created_by": one.created_by,
        "created_at": one.created_at,
        "expires_at": one.expires_at,
    }
