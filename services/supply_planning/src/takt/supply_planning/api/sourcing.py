"""/v1/sourcing: which sites serve which region."""

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Now, Page, RequestCause
from takt.supply_planning.api.listing import page_of
from takt.supply_planning.schemas.network import Many, Sourcing, Written
from takt.supply_planning.service.define import define_sourcing

router = APIRouter(prefix="/v1/sourcing", tags=["sourcing"])


@router.get("", dependencies=[requires("supply:read")])
async def list_sourcing(tx: RequestTx, cursor: Cursor = None, limit: Limit = 100) -> Page[Sourcing]:
    """Sourcing rules by product, region and date."""
    return await page_of(tx, "sourcing", Sourcing, cursor, limit)


@router.put("", dependencies=[requires("supply:write")])
async def put_sourcing(
    body: Many[Sourcing], tx: RequestTx, now: Now, cause: RequestCause
) -> Written:
    """Write sourcing rules, all or none; demand moves with them."""
    await define_sourcing(tx, body.items, now, cause)
    return Written(written=len(body.items))
