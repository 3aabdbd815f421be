"""/v1/plans: projected inventory, week by week."""

from datetime import date
from decimal import Decimal

from fastapi import APIRouter
from sqlalchemy import RowMapping

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    Limit,
    Now,
    Page,
    PlaceNumber,
    PlaceText,
    decode_cursor,
    encode_cursor,
)
from takt.common.problems import NotFound
from takt.supply_planning.api.pegging import behind_of, change_of, demand_of, supply_of
from takt.supply_planning.domain.network import Network
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import to_decimal, to_millionths
from takt.supply_planning.schemas.pegging import KeptPlan, PlanChange, PlanPegging
from takt.supply_planning.schemas.planning import (
    NeededItem,
    Needs,
    NeedsQuestion,
    OpenOrders,
    Plan,
    ServedLine,
)
from takt.supply_planning.service.changes import explain_plan
from takt.supply_planning.service.needs import Needed, draws_on
from takt.supply_planning.service.pegging import peg_week
from takt.supply_planning.service.telling import buckets_of, message_of, stand_ins_of
from takt.supply_planning.store.plan_rows import message_from, netting_from
from takt.supply_planning.store.reading import find_plan, list_plans

router = APIRouter(prefix="/v1/plans", tags=["plans"])
NAMED_ORDERS = 20
"""Open purchase orders that are named of each item; the others are counted."""


@router.get("", dependencies=[requires("supply:read")])
async def get_plans(
    tx: RequestTx,
    item: str | None = None,
    site: str | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Plan]:
    """Plans by item and site."""
    after = decode_cursor(cursor, tuple[PlaceText, PlaceText])
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


@router.get("/{item}/{site}/pegging", dependencies=[requires("supply:read")])
async def get_plan_pegging(
    item: str, site: str, tx: RequestTx, now: Now, week: date | None = None
) -> PlanPegging:
    """What comes in the week of a day and for whom, what is wanted in it and what covers that."""
    found = await peg_week(tx, ItemSite(item, site), week, now)
    return PlanPegging(
        item=item,
        site=site,
        week=found.week,
        supplies=tuple(supply_of(source, parts) for source, parts in found.supplies),
        demands=tuple(demand_of(part, covers) for part, covers in found.demands),
        **behind_of(found.behind),
    )


@router.get("/{item}/{site}/change", dependencies=[requires("supply:read")])
async def get_plan_change(
    item: str,
    site: str,
    tx: RequestTx,
    since: PlaceNumber | None = None,
    until: PlaceNumber | None = None,
) -> PlanChange:
    """Why a plan differs from an earlier one: by default the newest from the one before it.

    `since` and `until` are sequences of the plan. Each part says by how much one thing that changed
    moves the new orders of a week and what is needed of an open order.
    """
    found = await explain_plan(tx, ItemSite(item, site), since, until)
    return PlanChange(
        item=item,
        site=site,
        since=found.before,
        until=found.after,
        kept=tuple(KeptPlan(sequence=sequence, as_of=at) for sequence, at in found.kept),
        parts=tuple(map(change_of, found.changes)),
    )


@router.post("/needs", dependencies=[requires("supply:read")])
async def ask_needs(body: NeedsQuestion, tx: RequestTx, now: Now) -> Needs:
    """The items at sites that a demand draws on, with their stock and open purchase orders.

    It changes nothing; it is a POST because a demand fits no address. Sourcing shares bring the
    demand to sites and bills of material to components, over all levels, with scrap, as planning
    does. These are quantities before netting, in the week of the demand: "draws on", not "causes".
    Stock and open orders may cover all of it, and the orders shown are for everybody's demand.
    Weeks before this one count as this week, weeks after the horizon are left out.
    """
    wanted = [
        (
            (line.product, line.region),
            [(one.week, to_millionths(one.quantity)) for one in line.weeks],
        )
        for line in body.lines
    ]
    answer = await draws_on(tx, wanted, now)
    return Needs(
        as_of=now,
        first_week=answer.horizon.first_week,
        weeks=answer.horizon.weeks,
        lines=tuple(
            ServedLine(
                product=line.product,
                region=line.region,
                quantity=to_decimal(asked),
                unserved=to_decimal(unserved),
            )
            for line, (asked, unserved) in zip(body.lines, answer.lines, strict=True)
        ),
        items=tuple(_needed(one, answer.network) for one in answer.needed),
    )


def _needed(one: Needed, network: Network) -> NeededItem:
    return NeededItem(
        item=one.key.item,
        site=one.key.site,
        name=one.name,
        unit=one.unit,
        source=network.policies[one.key].source,
        level=network.bill.level(one.key.item),
        quantity=to_decimal(one.quantity),
        gross=to_decimal(one.gross),
        on_hand=to_decimal(one.on_hand),
        orders=OpenOrders(
            count=len(one.orders),
            quantity=sum((order.agreed_quantity for order in one.orders), Decimal(0)),
            amount=sum((order.amount for order in one.orders), Decimal(0)),
            order_ids=tuple(order.order_id for order in one.orders[:NAMED_ORDERS]),
        ),
    )


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
        stand_ins=stand_ins_of(netting),
    )
