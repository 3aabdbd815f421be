"""/v1/pegging: from a demand down to the stock and the orders that are for it; and the shapes."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from takt.common.amounts import Code
from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Now
from takt.supply_planning.domain.change import Change
from takt.supply_planning.domain.origins import SOLD, Origin, Part
from takt.supply_planning.domain.pegging import Cover, Source
from takt.supply_planning.domain.quantity import to_decimal
from takt.supply_planning.schemas import pegging as wire
from takt.supply_planning.service.pegging import Behind, peg_down
from takt.supply_planning.service.problems import AskForOne

router = APIRouter(prefix="/v1/pegging", tags=["pegging"])


@router.get("", dependencies=[requires("supply:read")])
async def get_pegging(
    tx: RequestTx,
    now: Now,
    deal_id: UUID | None = None,
    sale_id: UUID | None = None,
    product: Code | None = None,
    region: Code | None = None,
) -> wire.DemandPegging:
    """What covers a deal, a direct sale, or a product in a region, through every level."""
    series = (product, region) if product and region else None
    asked = (deal_id, sale_id, product or region)
    if asked.count(None) != 2 or (asked[2] and series is None):
        raise AskForOne(
            field="deal_id", value=deal_id, remedy="give deal_id, sale_id, or product and region"
        )
    found = await peg_down(tx, deal_id=deal_id, sale_id=sale_id, series=series)
    return wire.DemandPegging(
        as_of=now,
        covers=tuple(
            wire.CoveredPart(
                item=one.key.item,
                site=one.key.site,
                level=one.level,
                part=part_of(one.cover.part),
                **_cover(one.cover),
            )
            for one in found
        ),
    )


def part_of(part: Part) -> wire.PegPart:
    """A part in its wire shape."""
    return wire.PegPart(**members_of(part))


def members_of(part: Part) -> dict[str, Any]:
    """The members of a part's wire shape."""
    return named(part.origin) | {
        "quantity": to_decimal(part.quantity),
        "week": part.origin.week,
        "via": tuple(
            wire.ViaOrder(item=via.item, site=via.site, order_id=via.order_id) for via in part.via
        ),
    }


def named(origin: Origin) -> dict[str, Any]:
    """What names an origin."""
    sold = origin.kind in SOLD
    return {
        "kind": origin.kind,
        "product": origin.item if sold else None,
        "region": origin.place if sold else None,
        "item": None if sold else origin.item,
        "site": None if sold else origin.place,
        "deal_id": origin.reference if origin.kind == "deal" else None,
        "line_id": origin.line,
        "sale_id": origin.reference if origin.kind == "sale" else None,
        "order_id": origin.reference if origin.kind == "order" else None,
    }


def supply_of(source: Source, parts: Iterable[Part]) -> wire.PeggedSupply:
    """What comes, and what it is for."""
    return wire.PeggedSupply(
        kind=source.kind,
        order_id=source.order_id,
        due_on=source.due,
        quantity=to_decimal(source.quantity),
        parts=tuple(map(part_of, parts)),
    )


def demand_of(part: Part, covers: tuple[Cover, ...]) -> wire.PeggedDemand:
    """What is wanted, and what covers it."""
    covered = sum(cover.part.quantity for cover in covers)
    return wire.PeggedDemand(
        **members_of(part),
        covered_by=tuple(wire.Cover(**_cover(cover)) for cover in covers),
        short=to_decimal(part.quantity - covered),
    )


def change_of(change: Change) -> wire.ChangePart:
    """What one thing that changed does."""
    at, origin = change.reason.at, change.reason.origin
    return wire.ChangePart(
        reason=change.reason.kind,
        at_item=at.item if at else None,
        at_site=at.site if at else None,
        quantity=to_decimal(sum(change.weeks.values())),
        weeks=tuple(
            wire.ChangedWeek(week=week, quantity=to_decimal(units))
            for week, units in change.weeks.items()
        ),
        needs=tuple(
            wire.ChangedNeed(order_id=order, quantity=to_decimal(need.quantity), week=need.week)
            for order, need in change.needs.items()
        ),
        **((named(origin) if origin else {}) | {"order_id": change.reason.order_id}),
    )


def behind_of(behind: Behind) -> dict[str, Any]:
    """The forecasts and deals behind parts."""
    return {
        "series": tuple(wire.SeriesBehind.model_validate(dict(row)) for row in behind.series),
        "deals": tuple(wire.DealBehind.model_validate(dict(row)) for row in behind.deals),
    }


def _cover(cover: Cover) -> dict[str, Any]:
    return {
        "kind": cover.source.kind,
        "order_id": cover.source.order_id,
        "due_on": cover.source.due,
        "quantity": to_decimal(cover.part.quantity),
    }
