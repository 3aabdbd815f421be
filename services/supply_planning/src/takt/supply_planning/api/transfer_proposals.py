"""/v1/transfer-proposals: what one site has left and another lacks."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Now, PlaceText, decode_cursor, encode_cursor
from takt.supply_planning.domain.quantity import to_decimal
from takt.supply_planning.domain.transfers import LEAD_DAYS, Transfer
from takt.supply_planning.schemas.inventory import TransferPage, TransferProposal, TransferTotals
from takt.supply_planning.service.inventory import find_transfers

router = APIRouter(prefix="/v1/transfer-proposals", tags=["transfer-proposals"])

LeadTimeDays = Annotated[int, Query(ge=0, le=365)]


@router.get("", dependencies=[requires("supply:read")])
async def list_transfer_proposals(
    tx: RequestTx,
    now: Now,
    item: str | None = None,
    site: str | None = None,
    lead_time_days: LeadTimeDays = LEAD_DAYS,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> TransferPage:
    """Moves between sites by item, date and site; nothing is changed by it.

    `lead_time_days` are calendar days from any site to any other. `site` gives or gets.
    """
    after = decode_cursor(cursor, tuple[PlaceText, date, PlaceText, PlaceText])
    found = [
        one
        for one in await find_transfers(tx, now, lead_days=lead_time_days, item=item)
        if site in (None, one.from_site, one.to_site)
    ]
    rest = [one for one in found if after is None or one.place > after]
    saved = [one.saved for one in found if one.saved is not None]
    return TransferPage(
        items=[_shown(one) for one in rest[:limit]],
        next=encode_cursor(*rest[limit - 1].place) if len(rest) > limit else None,
        lead_time_days=lead_time_days,
        totals=TransferTotals(
            count=len(found),
            saved=sum(saved, Decimal(0)),
            without_cost=len(found) - len(saved),
        ),
    )


def _shown(one: Transfer) -> TransferProposal:
    return TransferProposal(
        item=one.item,
        from_site=one.from_site,
        to_site=one.to_site,
        quantity=to_decimal(one.quantity),
        needed_by=one.needed_by,
        ship_on=one.ship_on,
        arrives_on=one.arrives_on,
        why=one.why,
        spared=to_decimal(one.spared),
        saved=one.saved,
    )
