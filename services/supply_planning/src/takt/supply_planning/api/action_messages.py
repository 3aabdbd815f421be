"""/v1/action-messages: what planners should do about open orders."""

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.contracts.supply_planning import MessageKind, MessagePriority
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Page, PlaceText, decode_cursor, encode_cursor
from takt.supply_planning.schemas.planning import PlacedMessage
from takt.supply_planning.service.telling import message_of
from takt.supply_planning.store.plan_rows import message_from
from takt.supply_planning.store.reading import list_plans

router = APIRouter(prefix="/v1/action-messages", tags=["action-messages"])


@router.get("", dependencies=[requires("supply:read")])
async def list_action_messages(
    tx: RequestTx,
    item: str | None = None,
    site: str | None = None,
    kind: MessageKind | None = None,
    priority: MessagePriority | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[PlacedMessage]:
    """All messages of up to `limit` item-sites a page, by item and site."""
    after = decode_cursor(cursor, tuple[PlaceText, PlaceText])
    rows = await list_plans(
        tx, item=item, site=site, with_messages=True, after=after, limit=limit + 1
    )
    last = rows[limit - 1] if len(rows) > limit else None
    return Page[PlacedMessage](
        items=[
            PlacedMessage(item=row["item"], site=row["site"], **dict(message_of(message)))
            for row in rows[:limit]
            for message in map(message_from, row["messages"])
            if kind in (None, message.kind) and priority in (None, message.priority)
        ],
        next=encode_cursor(last["item"], last["site"]) if last else None,
    )
