"""/v1/bills-of-material: what items are made of, and what must begin when."""

from datetime import date

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Now, Page, RequestCause
from takt.supply_planning.api.listing import one_of, page_of
from takt.supply_planning.schemas.network import BillOfMaterial, Many, Written
from takt.supply_planning.schemas.planning import CriticalPath, PathStep
from takt.supply_planning.service.define import define_bills
from takt.supply_planning.store.network import current_network

router = APIRouter(prefix="/v1/bills-of-material", tags=["bills-of-material"])


@router.get("", dependencies=[requires("supply:read")])
async def list_bills(
    tx: RequestTx, cursor: Cursor = None, limit: Limit = 100
) -> Page[BillOfMaterial]:
    """Bills of material by item."""
    return await page_of(tx, "bills", BillOfMaterial, cursor, limit)


@router.put("", dependencies=[requires("supply:write")])
async def put_bills(
    body: Many[BillOfMaterial], tx: RequestTx, now: Now, cause: RequestCause
) -> Written:
    """Write bills whole, all or none; a cycle is refused by name."""
    await define_bills(tx, body.items, now, cause)
    return Written(written=len(body.items))


@router.get("/{item}", dependencies=[requires("supply:read")])
async def get_bill(item: str, tx: RequestTx) -> BillOfMaterial:
    """The bill of an item."""
    return await one_of(tx, "bills", BillOfMaterial, item)


@router.get("/{item}/critical-path", dependencies=[requires("supply:read")])
async def get_critical_path(item: str, site: str, due_on: date, tx: RequestTx) -> CriticalPath:
    """The longest branch of lead times below an item, so that one unit is there on a date."""
    await one_of(tx, "bills", BillOfMaterial, item)
    network = await current_network(tx)
    steps = tuple(
        PathStep(item=one, begins_on=day) for one, day in network.critical_path(item, site, due_on)
    )
    return CriticalPath(item=item, site=site, due_on=due_on, steps=steps)
