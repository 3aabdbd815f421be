"""Kanban loops: setting them, and signalling the containers that were used up.

Signals are looked for where stock or an order changes, in the same transaction and under its cause.
A forecast moves neither, so its way has no statement more. Signals advise: plans are made as
without loops, and whoever orders for a signal places an order, which both then see.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import RowMapping

from takt.common.amounts import LARGEST_QUANTITY, micro
from takt.common.contracts.supply_planning import KanbanSignalled
from takt.common.db import Tx
from takt.common.event import Cause
from takt.common.outbox import emit
from takt.supply_planning.domain.kanban import (
    MOST_CARDS,
    Loop,
    Lying,
    cards_needed,
    counted,
    lying,
)
from takt.supply_planning.domain.orders import PurchaseOrder, supply_of
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import ONE, to_decimal, to_millionths
from takt.supply_planning.schemas.kanban import USUAL_WEEKS, KanbanLoop
from takt.supply_planning.service.causes import Touched, joined
from takt.supply_planning.service.problems import (
    LoopNotFound,
    LoopTooLarge,
    NothingPlanned,
    NotStocked,
    refuse_twice,
)
from takt.supply_planning.service.references import refuse_unplanned
from takt.supply_planning.store import kanban as store
from takt.supply_planning.store.kanban import LoopPosition, LoopSetting
from takt.supply_planning.store.network import current_network, known_network
from takt.supply_planning.store.planning import lock_plans

DAYS = 7


@dataclass(frozen=True, slots=True)
class LoopState:
    """A loop as it is stored, the demand that it follows now, and where its cards are."""

    row: RowMapping
    demand: Decimal
    computed: int
    lying: Lying


async def define_loops(tx: Tx, loops: Sequence[KanbanLoop], now: datetime, cause: Cause) -> None:
    """Write loops; their cards without a container and without an order are signalled at once.

    Raises:
        NamedTwice, UnknownReference, NotStocked, NothingPlanned, LoopTooLarge.
    """
    keys = [ItemSite(loop.item, loop.site) for loop in loops]
    refuse_twice("item", [f"{key.item}|{key.site}" for key in keys])
    await _refuse_unstocked(tx, keys)
    await lock_plans(tx, keys)
    planned = await store.read_planned(
        tx,
        {
            key: loop.demand_weeks or USUAL_WEEKS
            for key, loop in zip(keys, loops, strict=True)
            if loop.demand_per_day is None and loop.cards is None
        },
    )
    await store.put_loops(
        tx,
        [
            _setting(place, key, loop, planned.get(key, 0))
            for place, (key, loop) in enumerate(zip(keys, loops, strict=True))
        ],
    )
    await signal(tx, {key: [cause] for key in keys}, now)


async def remove_loop(tx: Tx, key: ItemSite) -> None:
    """Remove a loop; what it has signalled is not taken back. Raises LoopNotFound."""
    await lock_plans(tx, [key])
    if not await store.remove_loop(tx, key):
        raise _not_found(key)


async def list_states(
    tx: Tx,
    *,
    item: str | None,
    site: str | None,
    signalled: bool,
    after: Sequence[str] | None,
    limit: int,
) -> list[LoopState]:
    """Loops by item and site as they stand; `signalled`: with signals that nothing answers yet."""
    rows = await store.list_loops(
        tx, item=item, site=site, called=signalled, after=after, limit=limit
    )
    return [_state(row) for row in rows]


async def get_state(tx: Tx, key: ItemSite) -> LoopState:
    """A loop as it stands. Raises LoopNotFound."""
    rows = await store.list_loops(tx, item=key.item, site=key.site, limit=1)
    if not rows:
        raise _not_found(key)
    return _state(rows[0])


async def signal(
    tx: Tx, touched: Touched, now: datetime, risen: Mapping[ItemSite, int] | None = None
) -> None:
    """Signal the cards whose containers are used up and that nothing on order will refill.

    Args:
        tx: the transaction that changed stock or orders, with their plans locked.
        touched: where, each with why.
        now: business time.
        risen: by how much a count has found more than was known, in millionths.
    """
    if not touched:
        return
    positions = await store.read_loops(tx, touched)
    after: dict[ItemSite, Loop] = {}
    new: dict[ItemSite, int] = {}
    for key, one in positions.items():
        called = counted(one.loop, (risen or {}).get(key, 0), one.ordered)
        cards = lying(replace(one.loop, called=called), one.on_hand, one.ordered).unsignalled
        called += cards * one.loop.container
        if cards:
            new[key] = cards
        if cards or called != one.loop.called:
            after[key] = replace(one.loop, called=called)
    if not after:
        return
    calls = {key: loop.called for key, loop in after.items()}
    sequences = await store.call_for(tx, calls, new, now)
    today = (await known_network(tx)).today(now)
    told = []
    for key, cards in new.items():
        stands = replace(positions[key], loop=after[key])
        due = today + timedelta(days=stands.lead_time_days)
        told.append((_signalled(key, stands, cards, sequences[key], due), joined(touched[key])))
    await emit(tx, *told)


def placed_units(
    changes: Iterable[tuple[PurchaseOrder | None, PurchaseOrder]],
) -> dict[ItemSite, int]:
    """What changed orders are to bring, or have brought, beyond what they were, in millionths."""
    placed: dict[ItemSite, int] = defaultdict(int)
    for before, after in changes:
        more = _brings(after) - (_brings(before) if before else 0)
        placed[ItemSite(after.item, after.site)] += max(more, 0)
    return placed


def _brings(order: PurchaseOrder) -> int:
    """All that has come of an order and is still to come."""
    supply = supply_of(order)
    return to_millionths(order.received_quantity) + (supply.quantity if supply else 0)


def _signalled(
    key: ItemSite, one: LoopPosition, cards: int, sequence: int, due: date
) -> KanbanSignalled:
    found = lying(one.loop, one.on_hand, one.ordered)
    return KanbanSignalled(
        sequence=sequence,
        item=key.item,
        site=key.site,
        cards=cards,
        container_quantity=to_decimal(one.loop.container),
        quantity=to_decimal(cards * one.loop.container),
        due_on=due,
        on_hand=to_decimal(one.on_hand),
        loop_cards=one.loop.cards,
        full=found.full,
        on_order=found.on_order,
        free=found.free,
    )


async def _refuse_unstocked(tx: Tx, keys: Sequence[ItemSite]) -> None:
    policies = (await current_network(tx)).policies
    refuse_unplanned(keys, policies)
    for place, key in enumerate(keys):
        if policies[key].source == "phantom":
            raise NotStocked(
                f"{key.item} is a phantom at {key.site}: it has no containers to refill",
                field=f"items.{place}.item",
                value=key.item,
                remedy="make loops of its components",
            )


def _setting(place: int, key: ItemSite, loop: KanbanLoop, planned: int) -> LoopSetting:
    weeks = (loop.demand_weeks or USUAL_WEEKS) if loop.demand_per_day is None else None
    cards = loop.cards
    if cards is None:
        demand = _per_day(loop.demand_per_day, planned, weeks)
        cards = cards_needed(
            demand, loop.lead_time_days, loop.safety_share, loop.container_quantity
        )
        if cards == 0:
            raise NothingPlanned(
                f"nothing is planned of {key.item} at {key.site} in the {weeks} weeks after this"
                " one, so no cards follow from it",
                field=f"items.{place}.demand_weeks",
                value=weeks,
                remedy="give demand_per_day, or cards, or more weeks",
            )
    if cards > MOST_CARDS or cards * loop.container_quantity > LARGEST_QUANTITY:
        raise LoopTooLarge(
            f"{key.item} at {key.site}: {cards:,} cards of {loop.container_quantity:,} each",
            field=f"items.{place}.container_quantity",
            value=loop.container_quantity,
            remedy=f"at most {MOST_CARDS:,} cards and {LARGEST_QUANTITY:,} units in all; check the"
            " container, the demand, and that both are in the item's unit",
        )
    return LoopSetting(
        key,
        loop.container_quantity,
        loop.lead_time_days,
        loop.safety_share,
        loop.demand_per_day,
        weeks,
        cards,
        loop.cards is not None,
    )


def _state(row: RowMapping) -> LoopState:
    demand = _per_day(row["demand_per_day"], int(row["planned"]), row["demand_weeks"])
    return LoopState(
        row,
        micro(Decimal(demand.numerator) / demand.denominator),
        cards_needed(demand, row["lead_time_days"], row["safety_share"], row["container"]),
        lying(store.loop_from(row), to_millionths(row["on_hand"]), to_millionths(row["ordered"])),
    )


def _per_day(given: Decimal | None, planned: int, weeks: int | None) -> Fraction:
    """Units a day, as given or of so many weeks of a plan."""
    if given is not None:
        return Fraction(given)
    return Fraction(planned, ONE * DAYS * (weeks or 1))


def _not_found(key: ItemSite) -> LoopNotFound:
    return LoopNotFound(
        f"{key.item} at {key.site} has no kanban loop",
        field="item",
        value=key.item,
        remedy="GET /v1/kanban-loops lists them",
    )
