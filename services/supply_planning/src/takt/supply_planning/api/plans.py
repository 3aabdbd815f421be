"""/v1/plans: projected inventory, week by week."""

from fastapi import APIRouter
from sqlalchemy import RowMapping

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Page, decode_cursor, encode_cursor
from takt.common.problems import NotFound
from takt.supply_planning.domain.quantity import to_decimal
from takt.supply_planning.schemas.planning import Plan
from takt.supply_planning.service.telling import buckets_of, message_of
from takt.supply_planning.store.plan_rows import message_from, netting_from
from takt.supply_planning.store.reading import find_plan, list_plans

router = APIRouter(prefix="/v1/plans", tags=["plans"])


@router.get("", dependencies=[requires("supply:read")])
async def get_plans(
    tx: RequestTx,
    item: str | None = None,
    site: str | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Plan]:
    """Plans by item and site."""
    after = [str(part) for part in decode_cursor(cursor, 2) or ()]
    rows = await list_plans(
        tx, item=item, site=site, with_messages=False, after=after, limit=limit + 1
    )
    last = rows[limit - 1] if len(rows) > limit else None
    return Page[Plan](
        items=[shown(row) for row in rows[:limit]],
        next=encode_cursor(last["item"], last["site"]) if last else None,
    )


@router.get("/{item}/{site}", dependencies=[requires("supply:read")])
async def get_plan(item: str, site: str, tx: RequestTx) -> Plan:
    """The plan of an item at a site."""
    row = await find_plan(tx, item, site)
    if row is None:
        raise NotFound(
            f"there is no plan of {item} at {site}",
            field="item",
            value=item,
            remedy="write the item with this site by PUT /v1/items",
        )
    return shown(row)


def shown(row: RowMapping) -> Plan:
    """A plan in its wire shape."""
    netting = netting_from(row["netting"])
    return Plan(
        item=row["item"],
        site=row["site"],
        sequence=row["sequence"],
        as_of=row["as_of"],
        on_hand=to_decimal(netting.on_hand),
        outcome=row["outcome"],
        because=row["because"],
        buckets=buckets_of(netting),
        messages=tuple(message_of(message_from(message)) for message in row["messages"]),
    )
