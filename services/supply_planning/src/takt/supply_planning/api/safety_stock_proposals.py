"""/v1/safety-stock-proposals: what to keep of each item at each site, and why."""

from decimal import Decimal

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    Limit,
    Now,
    Page,
    PlaceText,
    RequestCause,
    decode_cursor,
    encode_cursor,
)
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.schemas.safety_stock import SafetyStockProposal, ServedSeries
from takt.supply_planning.service.safety_stock import Proposal, accept, propose

router = APIRouter(prefix="/v1/safety-stock-proposals", tags=["safety-stock-proposals"])

OF_WHAT = {
    "forecast_error": "the error of its forecast, cumulated over these weeks",
    "sales": "weekly sales that vary, since no error of a forecast is measured so far ahead",
    "plan": "weekly planned demand that varies, since nothing is sold of it by itself so far",
}


@router.get("", dependencies=[requires("supply:read")])
async def list_proposals(
    tx: RequestTx,
    now: Now,
    item: str | None = None,
    site: str | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[SafetyStockProposal]:
    """Safety stock by item and site as it would be sized now; nothing is changed by it."""
    after = decode_cursor(cursor, tuple[PlaceText, PlaceText])
    found = await propose(tx, now, item=item, site=site, after=after, limit=limit + 1)
    last = found[limit - 1].key if len(found) > limit else None
    return Page[SafetyStockProposal](
        items=[_shown(one) for one in found[:limit]],
        next=encode_cursor(last.item, last.site) if last else None,
    )


@router.post("/{item}/{site}/acceptance", dependencies=[requires("supply:write")])
async def accept_proposal(
    item: str, site: str, tx: RequestTx, now: Now, cause: RequestCause
) -> SafetyStockProposal:
    """Take over what is proposed now as the safety stock, and plan by it; shows what was taken."""
    return _shown(await accept(tx, ItemSite(item, site), now, cause))


def _shown(one: Proposal) -> SafetyStockProposal:
    sizing, weeks = one.sizing, one.lead_weeks + one.review_weeks
    return SafetyStockProposal(
        item=one.key.item,
        site=one.key.site,
        safety_stock=one.current,
        proposed=one.proposed,
        service_level=_decimal(one.target.service_level),
        fill_rate=_decimal(one.target.fill_rate),
        reached_service_level=_places(sizing.service_level),
        reached_fill_rate=_places(sizing.fill_rate),
        factor=_places(sizing.factor),
        deviation=_places(sizing.deviation),
        method=one.method,
        lead_weeks=one.lead_weeks,
        review_weeks=one.review_weeks,
        weekly_demand=_places(one.weekly_demand),
        lead_deviation_weeks=_places(one.lead_deviation),
        series=tuple(
            ServedSeries(product=product, region=region, share=_places(share, "0.00000001"))
            for (product, region), share in one.shares.items()
        ),
        reason=(
            f"{sizing.factor:.3f} x {sizing.deviation:.1f} over {weeks} weeks (lead time"
            f" {one.lead_weeks}, review {one.review_weeks}): {OF_WHAT[one.method]}"
        ),
    )


def _decimal(share: float | None) -> Decimal | None:
    return None if share is None else _places(share, "0.00000001")


def _places(number: float, places: str = "0.0001") -> Decimal:
    return Decimal(repr(number)).quantize(Decimal(places))
