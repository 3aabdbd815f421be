"""/v1/suppliers: who sells what on which terms."""

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Now, Page, RequestCause
from takt.supply_planning.api.listing import one_of, page_of
from takt.supply_planning.schemas.network import Many, Supplier, Written
from takt.supply_planning.service.define import define_suppliers

router = APIRouter(prefix="/v1/suppliers", tags=["suppliers"])


@router.get("", dependencies=[requires("supply:read")])
async def list_suppliers(
    tx: RequestTx, cursor: Cursor = None, limit: Limit = 100
) -> Page[Supplier]:
    """Suppliers by code, each with all that it offers."""
    return await page_of(tx, "suppliers", Supplier, cursor, limit)


@router.put("", dependencies=[requires("supply:write")])
async def put_suppliers(
    body: Many[Supplier], tx: RequestTx, now: Now, cause: RequestCause
) -> Written:
    """Write suppliers with all that they offer, all or none; plans follow."""
    await define_suppliers(tx, body.items, now, cause)
    return Written(written=len(body.items))


@router.get("/{code:path}", dependencies=[requires("supply:read")])
async def get_supplier(code: str, tx: RequestTx) -> Supplier:
    """A supplier with its offers."""
    return await one_of(tx, "suppliers", Supplier, code)
