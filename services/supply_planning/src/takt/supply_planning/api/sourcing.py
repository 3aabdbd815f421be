"""/v1/sourcing: which sites serve which region."""

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    Limit,
    Now,
    Page,
    PlaceText,
    RequestCause,
    decode_cursor,
    encode_cursor,
)
from takt.supply_planning.api.listing import page_of
from takt.supply_planning.schemas.network import Many, MissingSourcing, Sourcing, Written
from takt.supply_planning.service.define import define_sourcing
from takt.supply_planning.store.network import known_network
from takt.supply_planning.store.reading import list_missing_sourcing

router = APIRouter(prefix="/v1/sourcing", tags=["sourcing"])


@router.get("", dependencies=[requires("supply:read")])
async def list_sourcing(tx: RequestTx, cursor: Cursor = None, limit: Limit = 100) -> Page[Sourcing]:
    """Sourcing rules by product, region and date."""
    return await page_of(tx, "sourcing", Sourcing, cursor, limit)


@router.get("/missing", dependencies=[requires("supply:read")])
async def get_missing_sourcing(
    tx: RequestTx, now: Now, cursor: Cursor = None, limit: Limit = 100
) -> Page[MissingSourcing]:
    """What is sold or forecast and reaches no plan, by product and region."""
    after = decode_cursor(cursor, tuple[PlaceText, PlaceText, PlaceText])
    today = (await known_network(tx)).today(now)
    rows = await list_missing_sourcing(tx, today=today, after=after, limit=limit + 1)
    items = [MissingSourcing.model_validate(dict(row)) for row in rows[:limit]]
    last = items[-1] if len(rows) > limit else None
    return Page[MissingSourcing](
        items=items, next=encode_cursor(last.product, last.region, last.reason) if last else None
    )


@router.put("", dependencies=[requires("supply:write")])
async def put_sourcing(
    body: Many[Sourcing], tx: RequestTx, now: Now, cause: RequestCause
) -> Written:
    """Write sourcing rules, all or none; demand moves with them."""
    await define_sourcing(tx, body.items, now, cause)
    return Written(written=len(body.items))
