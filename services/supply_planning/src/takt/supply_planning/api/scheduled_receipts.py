"""/v1/scheduled-receipts: open orders of other systems."""

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Now, Page, RequestCause
from takt.supply_planning.api.listing import page_of
from takt.supply_planning.schemas.network import Many, ScheduledReceipt, Written
from takt.supply_planning.service.define import schedule_receipts

router = APIRouter(prefix="/v1/scheduled-receipts", tags=["scheduled-receipts"])


@router.get("", dependencies=[requires("supply:read")])
async def list_scheduled_receipts(
    tx: RequestTx, cursor: Cursor = None, limit: Limit = 100
) -> Page[ScheduledReceipt]:
    """Receipts that are still to come, by reference."""
    return await page_of(tx, "receipts", ScheduledReceipt, cursor, limit)


@router.put("", dependencies=[requires("supply:write")])
async def put_scheduled_receipts(
    body: Many[ScheduledReceipt], tx: RequestTx, now: Now, cause: RequestCause
) -> Written:
    """Write receipts, all or none; quantity 0 removes one."""
    await schedule_receipts(tx, body.items, now, cause)
    return Written(written=len(body.items))
