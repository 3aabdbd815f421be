"""/v1/stock: what lies at sites."""

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Now, Page, RequestCause
from takt.supply_planning.api.listing import page_of
from takt.supply_planning.schemas.network import Many, Stock, Written
from takt.supply_planning.service.define import count_stock

router = APIRouter(prefix="/v1/stock", tags=["stock"])


@router.get("", dependencies=[requires("supply:read")])
async def list_stock(tx: RequestTx, cursor: Cursor = None, limit: Limit = 100) -> Page[Stock]:
    """Stock by item and site."""
    return await page_of(tx, "stock", Stock, cursor, limit)


@router.put("", dependencies=[requires("supply:write")])
async def put_stock(body: Many[Stock], tx: RequestTx, now: Now, cause: RequestCause) -> Written:
    """Take counts over, all or none; plans follow."""
    await count_stock(tx, body.items, now, cause)
    return Written(written=len(body.items))
