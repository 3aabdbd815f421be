"""/v1/calendars: working calendars."""

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Now, Page, RequestCause
from takt.supply_planning.api.listing import one_of, page_of
from takt.supply_planning.schemas.network import Calendar, Many, Written
from takt.supply_planning.service.define import define_calendars

router = APIRouter(prefix="/v1/calendars", tags=["calendars"])


@router.get("", dependencies=[requires("supply:read")])
async def list_calendars(
    tx: RequestTx, cursor: Cursor = None, limit: Limit = 100
) -> Page[Calendar]:
    """Working calendars by code."""
    return await page_of(tx, "calendars", Calendar, cursor, limit)


@router.put("", dependencies=[requires("supply:write")])
async def put_calendars(
    body: Many[Calendar], tx: RequestTx, now: Now, cause: RequestCause
) -> Written:
    """Write calendars, all or none; plans follow."""
    await define_calendars(tx, body.items, now, cause)
    return Written(written=len(body.items))


@router.get("/{code:path}", dependencies=[requires("supply:read")])
async def get_calendar(code: str, tx: RequestTx) -> Calendar:
    """A working calendar."""
    return await one_of(tx, "calendars", Calendar, code)
