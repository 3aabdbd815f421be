"""/v1/kanban-loops: items at sites that are refilled by cards, and what they call for."""

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
from takt.supply_planning.schemas.kanban import KanbanLoop, KanbanState
from takt.supply_planning.schemas.network import Many, Written
from takt.supply_planning.service import kanban as service
from takt.supply_planning.service.kanban import LoopState

router = APIRouter(prefix="/v1/kanban-loops", tags=["kanban-loops"])


@router.get("", dependencies=[requires("supply:read")])
async def list_loops(
    tx: RequestTx,
    item: str | None = None,
    site: str | None = None,
    signalled: bool = False,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[KanbanState]:
    """Loops by item and site; `signalled`: those with signals for which nothing is ordered yet."""
    after = decode_cursor(cursor, tuple[PlaceText, PlaceText])
    found = await service.list_states(
        tx, item=item, site=site, signalled=signalled, after=after, limit=limit + 1
    )
    last = found[limit - 1].row if len(found) > limit else None
    return Page[KanbanState](
        items=[_shown(one) for one in found[:limit]],
        next=encode_cursor(last["item"], last["site"]) if last else None,
    )


@router.put("", dependencies=[requires("supply:write")])
async def put_loops(
    body: Many[KanbanLoop], tx: RequestTx, now: Now, cause: RequestCause
) -> Written:
    """Write loops, all or none; cards without a container or an order are signalled at once."""
    await service.define_loops(tx, body.items, now, cause)
    return Written(written=len(body.items))


@router.get("/{item}/{site}", dependencies=[requires("supply:read")])
async def get_loop(item: str, site: str, tx: RequestTx) -> KanbanState:
    """A loop, where its cards are, and how many there should be."""
    return _shown(await service.get_state(tx, ItemSite(item, site)))


@router.delete("/{item}/{site}", status_code=204, dependencies=[requires("supply:write")])
async def delete_loop(item: str, site: str, tx: RequestTx) -> None:
    """Remove a loop; what it has signalled is not taken back."""
    await service.remove_loop(tx, ItemSite(item, site))


def _shown(one: LoopState) -> KanbanState:
    row, found = one.row, one.lying
    return KanbanState(
        item=row["item"],
        site=row["site"],
        container_quantity=row["container"],
        lead_time_days=row["lead_time_days"],
        safety_share=row["safety_share"],
        demand_per_day=one.demand,
        demand_weeks=row["demand_weeks"],
        cards=row["cards"],
        cards_given=row["cards_given"],
        computed_cards=one.computed,
        difference=_difference(row["cards"], one.computed),
        on_hand=row["on_hand"],
        ordered=row["ordered"],
        full=found.full,
        on_order=found.on_order,
        free=found.free,
        unsignalled=found.unsignalled,
        overfull=found.overfull,
        sequence=row["sequence"],
        signalled_at=row["signalled_at"],
    )


def _difference(cards: int, computed: int) -> str | None:
    if cards == computed:
        return None
    more = "more" if cards > computed else "fewer"
    return (
        f"{abs(cards - computed)} {more} than the {computed} that the demand takes over the lead"
        " time with its safety; write the loop again to change its cards"
    )
