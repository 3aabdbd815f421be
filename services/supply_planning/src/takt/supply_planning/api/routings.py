"""/v1/routings: the work that items take where they are made."""

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Page, PlaceText, decode_cursor, encode_cursor
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.schemas.network import Many, Written
from takt.supply_planning.schemas.shop import Routing
from takt.supply_planning.service.shop import define_routings, find_routing
from takt.supply_planning.store.shop import list_routings

router = APIRouter(prefix="/v1/routings", tags=["routings"])


@router.get("", dependencies=[requires("supply:read")])
async def get_routings(
    tx: RequestTx,
    item: str | None = None,
    site: str | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Routing]:
    """Routings by item and site."""
    after = decode_cursor(cursor, tuple[PlaceText, PlaceText])
    rows = await list_routings(tx, item=item, site=site, after=after, limit=limit + 1)
    found = [Routing.model_validate(dict(row)) for row in rows[:limit]]
    last = found[-1] if len(rows) > limit else None
    return Page[Routing](items=found, next=encode_cursor(last.item, last.site) if last else None)


@router.put("", dependencies=[requires("supply:write")])
async def put_routings(body: Many[Routing], tx: RequestTx) -> Written:
    """Write routings whole, all or none; one without operations is removed. Plans stay."""
    await define_routings(tx, body.items)
    return Written(written=len(body.items))


@router.get("/{item}/{site}", dependencies=[requires("supply:read")])
async def get_routing(item: str, site: str, tx: RequestTx) -> Routing:
    """The routing of an item at a site."""
    return await find_routing(tx, ItemSite(item, site))
