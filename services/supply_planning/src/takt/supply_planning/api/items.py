"""/v1/items: what is stocked and how it is planned."""

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Now, Page, RequestCause
from takt.supply_planning.api.listing import one_of, page_of
from takt.supply_planning.schemas.network import Item, Many, Written
from takt.supply_planning.service.define import define_items

router = APIRouter(prefix="/v1/items", tags=["items"])


@router.get("", dependencies=[requires("supply:read")])
async def list_items(tx: RequestTx, cursor: Cursor = None, limit: Limit = 100) -> Page[Item]:
    """Items by code, each with the sites at which it is planned."""
    return await page_of(tx, "items", Item, cursor, limit)


@router.put("", dependencies=[requires("supply:write")])
async def put_items(body: Many[Item], tx: RequestTx, now: Now, cause: RequestCause) -> Written:
    """Write items, all or none. Sites that are left out stay as they are."""
    await define_items(tx, body.items, now, cause)
    return Written(written=len(body.items))


@router.get("/{code:path}", dependencies=[requires("supply:read")])
async def get_item(code: str, tx: RequestTx) -> Item:
    """An item and how it is planned."""
    return await one_of(tx, "items", Item, code)
