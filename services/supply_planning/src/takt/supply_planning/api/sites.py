"""/v1/sites: places with stock."""

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Now, Page, RequestCause
from takt.supply_planning.api.listing import one_of, page_of
from takt.supply_planning.schemas.network import Many, Site, Written
from takt.supply_planning.service.define import define_sites

router = APIRouter(prefix="/v1/sites", tags=["sites"])


@router.get("", dependencies=[requires("supply:read")])
async def list_sites(tx: RequestTx, cursor: Cursor = None, limit: Limit = 100) -> Page[Site]:
    """Sites by code."""
    return await page_of(tx, "sites", Site, cursor, limit)


@router.put("", dependencies=[requires("supply:write")])
async def put_sites(body: Many[Site], tx: RequestTx, now: Now, cause: RequestCause) -> Written:
    """Write sites, all or none; plans follow."""
    await define_sites(tx, body.items, now, cause)
    return Written(written=len(body.items))


@router.get("/{code:path}", dependencies=[requires("supply:read")])
async def get_site(code: str, tx: RequestTx) -> Site:
    """A site."""
    return await one_of(tx, "sites", Site, code)
