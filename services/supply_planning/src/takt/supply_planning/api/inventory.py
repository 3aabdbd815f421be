"""/v1/inventory: what stock does, what of it is too much, and what counts most."""

from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Now, PlaceText, decode_cursor, encode_cursor
from takt.common.problems import InvalidRequest
from takt.supply_planning.domain.abc_xyz import Cuts
from takt.supply_planning.domain.inventory import Inventory, Totals, total
from takt.supply_planning.domain.quantity import to_decimal
from takt.supply_planning.schemas.inventory import (
    InventoryClass,
    InventoryItem,
    InventoryPage,
    InventoryTotals,
)
from takt.supply_planning.service.inventory import look_at_inventory

router = APIRouter(prefix="/v1/inventory", tags=["inventory"])

Only = Literal["excess", "obsolete"]
ShareCut = Annotated[Decimal, Query(gt=0, le=1, max_digits=9, decimal_places=8)]
VariationCut = Annotated[Decimal, Query(ge=0, le=1000, max_digits=9, decimal_places=6)]


@router.get("", dependencies=[requires("supply:read")])
async def list_inventory(
    tx: RequestTx,
    now: Now,
    item: str | None = None,
    site: str | None = None,
    class_: Annotated[InventoryClass | None, Query(alias="class")] = None,
    only: Only | None = None,
    a_share: ShareCut = Decimal("0.8"),
    b_share: ShareCut = Decimal("0.95"),
    x_variation: VariationCut = Decimal("0.5"),
    y_variation: VariationCut = Decimal(1),
    cursor: Cursor = None,
    limit: Limit = 100,
) -> InventoryPage:
    """Stock by item and site as the plans have it, with the sums of all pages.

    Classes are of the whole company's stock, whatever is asked for.
    """
    after = decode_cursor(cursor, tuple[PlaceText, PlaceText])
    if a_share > b_share:
        raise _crossed("a_share", a_share, "b_share", b_share)
    if x_variation > y_variation:
        raise _crossed("x_variation", x_variation, "y_variation", y_variation)
    found = [
        one
        for one in await look_at_inventory(
            tx, now, Cuts(a_share, b_share, x_variation, y_variation)
        )
        if item in (None, one.stocked.key.item)
        and site in (None, one.stocked.key.site)
        and (class_ is None or set(class_) <= {one.abc, one.xyz})
        and (only is None or (one.use.excess if only == "excess" else one.obsolete))
    ]
    rest = [one for one in found if after is None or one.stocked.key > after]
    last = rest[limit - 1].stocked.key if len(rest) > limit else None
    return InventoryPage(
        items=[_shown(one) for one in rest[:limit]],
        next=encode_cursor(last.item, last.site) if last else None,
        totals=_totals(total(found)),
    )


def _shown(one: Inventory) -> InventoryItem:
    use, cost = one.use, one.stocked.unit_cost
    return InventoryItem(
        item=one.stocked.key.item,
        site=one.stocked.key.site,
        on_hand=to_decimal(one.stocked.on_hand),
        value=one.worth(max(one.stocked.on_hand, 0)),
        unit_cost=cost,
        annual_demand=to_decimal(one.annual_demand),
        annual_consumption=one.worth(one.annual_demand),
        average_stock=to_decimal(one.average),
        turns=_ratio(one.turns),
        cover="beyond" if one.cover.days is None else "ends",
        days_of_cover=one.cover.days,
        used_up_on=one.cover.used_up_on,
        available=to_decimal(use.available),
        used=to_decimal(use.used),
        safety=to_decimal(use.safety),
        excess=to_decimal(use.excess),
        excess_value=one.worth(use.excess),
        obsolete=to_decimal(one.obsolete),
        obsolete_value=one.worth(one.obsolete),
        variation=_ratio(one.variation),
        abc=one.abc,
        xyz=one.xyz,
    )


def _totals(sums: Totals) -> InventoryTotals:
    return InventoryTotals(
        count=sums.count,
        without_cost=sums.without_cost,
        value=sums.stock,
        excess_value=sums.excess,
        obsolete_value=sums.obsolete,
        annual_consumption=sums.annual_consumption,
        average_stock_value=sums.average_stock,
        turns=_ratio(sums.turns),
    )


def _ratio(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(f"{number:.4f}")


def _crossed(lower: str, below: Decimal, upper: str, above: Decimal) -> InvalidRequest:
    return InvalidRequest(
        f"{lower} {below} lies above {upper} {above}",
        field=f"query.{lower}",
        value=below,
        remedy=f"give {lower} of {upper} or less: the better class ends first",
    )
