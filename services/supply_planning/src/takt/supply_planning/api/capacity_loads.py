"""/v1/capacity-loads: what resources are asked for, what they can do, and for whom it is."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Now, Page, PlaceText, decode_cursor, encode_cursor
from takt.supply_planning.api.pegging import named
from takt.supply_planning.domain.netting import WEEKS
from takt.supply_planning.domain.origins import Origin
from takt.supply_planning.domain.quantity import to_decimal
from takt.supply_planning.domain.resource_load import Work
from takt.supply_planning.schemas.pegging import DealBehind
from takt.supply_planning.schemas.shop import CapacityLoad, LoadingOrder, Only, WorkPart
from takt.supply_planning.service.capacity_loads import Loaded, loads, place_of

router = APIRouter(prefix="/v1/capacity-loads", tags=["capacity-loads"])

USUAL_LOADS, USUAL_OVERLOADS, MOST_OVERLOADS = 100, 10, 50
Weeks = Annotated[int, Query(ge=1, le=WEEKS)]


@router.get("", dependencies=[requires("supply:read")], response_model=Page[CapacityLoad])
async def get_loads(
    tx: RequestTx,
    now: Now,
    resource: str | None = None,
    since: Annotated[date | None, Query(alias="from")] = None,
    weeks: Weeks | None = None,
    only: Only | None = None,
    cursor: Cursor = None,
    limit: Limit | None = None,
) -> Response:
    """Load and capacity by resource and week, of stored plans; `from` is a day of the first week.

    `only=overloads` has the most missing first, and names orders and what they are for. A page of
    them is 10, when no limit is given, and 50 at most; else 100.
    """
    size = min(limit or USUAL_OVERLOADS, MOST_OVERLOADS) if only else limit or USUAL_LOADS
    found, more = await loads(
        tx,
        now,
        resource=resource,
        since=since,
        weeks=weeks,
        only_overloads=only is not None,
        after=decode_cursor(cursor, tuple[int, PlaceText, date]),
        limit=size,
    )
    after = encode_cursor(*place_of(found[-1].week, only is not None)) if more else None
    # In a thread: overloads with all that they are for are megabytes, and plans are made meanwhile.
    return Response(await asyncio.to_thread(_written, found, after), media_type="application/json")


def _written(found: Sequence[Loaded], after: str | None) -> str:
    return Page[CapacityLoad](items=[_shown(one) for one in found], next=after).model_dump_json()


def _shown(one: Loaded) -> CapacityLoad:
    week = one.week
    return CapacityLoad(
        resource=week.resource,
        week=week.monday,
        load=to_decimal(week.load),
        capacity=to_decimal(week.capacity),
        missing=to_decimal(week.missing),
        overtime=to_decimal(min(week.missing, week.overtime)),
        orders=tuple(_order(work, minutes) for work, minutes in one.orders),
        demands=_parts(one.demands),
        deals=tuple(DealBehind.model_validate(dict(row)) for row in one.deals),
    )


def _order(work: Work, minutes: Mapping[Origin, int]) -> LoadingOrder:
    order = work.order
    return LoadingOrder(
        order_id=order.order_id,
        item=order.key.item,
        site=order.key.site,
        kind=order.kind,
        release_on=order.release,
        due_on=order.due,
        started=to_decimal(order.started),
        lots=order.lots,
        minutes=to_decimal(work.minutes),
        parts=_parts(minutes),
    )


def _parts(minutes: Mapping[Origin, int]) -> tuple[WorkPart, ...]:
    return tuple(
        WorkPart(**_names(origin), minutes=to_decimal(part)) for origin, part in minutes.items()
    )


def _names(origin: Origin) -> dict[str, Any]:
    names = named(origin)
    del names["order_id"]
    return names | {"week": origin.week}
