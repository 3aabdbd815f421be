"""/v1/resources: what work is done on."""

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Page
from takt.supply_planning.api.listing import one_of, page_of
from takt.supply_planning.schemas.network import Many, Written
from takt.supply_planning.schemas.shop import Resource
from takt.supply_planning.service.shop import define_resources

router = APIRouter(prefix="/v1/resources", tags=["resources"])


@router.get("", dependencies=[requires("supply:read")])
async def list_resources(
    tx: RequestTx, cursor: Cursor = None, limit: Limit = 100
) -> Page[Resource]:
    """Resources by code."""
    return await page_of(tx, "resources", Resource, cursor, limit)


@router.put("", dependencies=[requires("supply:write")])
async def put_resources(body: Many[Resource], tx: RequestTx) -> Written:
    """Write resources, all or none; plans stay as they are."""
    await define_resources(tx, body.items)
    return Written(written=len(body.items))


@router.get("/{code:path}", dependencies=[requires("supply:read")])
async def get_resource(code: str, tx: RequestTx) -> Resource:
    """A resource."""
    return await one_of(tx, "resources", Resource, code)
