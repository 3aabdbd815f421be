"""Plan touched item-sites and their components anew, propose orders, and say what changed.

Everything that changes what a plan depends on ends here: demand, stock, orders, the network. The
plan of an item-site is the lock of its orders and its stock.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from takt.common.db import Tx
from takt.common.event import Cause, Event
from takt.common.outbox import emit
from takt.supply_planning.domain.messages import (
    Advice,
    Message,
    advise,
    late_message,
    release_message,
)
from takt.supply_planning.domain.netting import Horizon, Netting, PlanningPolicy, late_arrival
from takt.supply_planning.domain.network import Network, Series
from takt.supply_planning.domain.orders import (
    PurchaseOrder,
    answer,
    planned_id,
    propose,
    supply_of,
)
from takt.supply_planning.domain.plan import (
    Gist,
    ItemPlan,
    ItemSite,
    MadeOf,
    Position,
    gist,
    reach,
    replan,
    users,
    why_unchanged,
)
from takt.supply_planning.domain.quantity import to_millionths
from takt.supply_planning.service.causes import Touched, passed_down
from takt.supply_planning.service.kanban import placed_units, signal
from takt.supply_planning.service.publishing import order_events
from takt.supply_planning.service.telling import plan_event
from takt.supply_planning.store.demand import move_stock
from takt.supply_planning.store.kanban import answer_calls
from takt.supply_planning.store.network import current_network, known_network, load_network
from takt.supply_planning.store.orders import settle_waiting
from takt.supply_planning.store.planning import (
    KnownPlan,
    NewPlan,
    Positions,
    StoredOrders,
    lock_plans,
    read_positions,
    write_plans,
)

NO_ORDERS = StoredOrders()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What planning an item-site anew came to: a plan, if it differs, and changed orders."""

    plan: NewPlan | None
    orders: tuple[tuple[PurchaseOrder | None, PurchaseOrder], ...]


async def lock_reach(tx: Tx, keys: Collection[ItemSite]) -> None:
    """Lock the plans that a change of these may reach, before their orders or stock change."""
    network = await known_network(tx)
    await lock_plans(tx, reach(keys, network.bill))


async def replan_series(tx: Tx, series: Mapping[Series, Collection[Cause]], now: datetime) -> None:
    """Plan what serves these series, whose demand has changed."""
    await _replan(tx, {}, series, now)


async def replan_items(tx: Tx, touched: Touched, now: datetime) -> None:
    """Plan these item-sites, whose stock, orders or parameters have changed."""
    await _replan(tx, touched, {}, now)


async def _replan(
    tx: Tx, items: Touched, series: Mapping[Series, Collection[Cause]], now: datetime
) -> None:
    network = await known_network(tx)
    while True:
        touched = _with_series(items, series, network)
        if not touched:
            # Nobody serves it as far as this process knows: look whether that has changed.
            newest = await current_network(tx)
            if newest is network:
                return
            network = newest
            continue
        keys = reach(touched, network.bill)
        await lock_plans(tx, keys)
        positions = await read_positions(tx, keys, users(keys, network.bill), network, now)
        if positions.revision == network.revision:
            break
        network = await load_network(tx)
    outcomes = _decide(touched, items, network, positions, now)
    causes = passed_down(touched, network.bill)
    plans = {key: one.plan for key, one in sorted(outcomes.items()) if one.plan is not None}
    changes = [
        (before, after, causes[key])
        for key, outcome in sorted(outcomes.items())
        for before, after in outcome.orders
    ]
    if not plans and not changes:
        return
    publishing = await write_plans(tx, plans, [after for _, after, _ in changes], now)
    told: list[tuple[Event, Cause]] = [
        (plan_event(key, plan, network.policies[key].safety_stock, now), causes[key])
        for key, plan in plans.items()
    ]
    await emit(tx, *told, *await order_events(tx, changes, publishing))
    answered = [
        (key, after.order_id)
        for key, outcome in outcomes.items()
        for _, after in outcome.orders
        if after.order_id in positions.waiting
    ]
    if answered:
        # An answer that came before its order has made it supply, or stock: planned with it.
        changed = [(before, after) for before, after, _ in changes]
        touched = {key: [causes[key]] for key, _ in answered}
        await settle_waiting(tx, [order_id for _, order_id in answered])
        await move_stock(tx, arrivals(changed, network.today(now)))
        await answer_calls(tx, placed_units(changed))
        await signal(tx, touched, now)
        await _replan(tx, touched, {}, now)


def arrivals(
    changes: Iterable[tuple[PurchaseOrder | None, PurchaseOrder]], today: date
) -> dict[ItemSite, dict[date, int]]:
    """What arrived by changes of orders, in millionths, by the day that was said or today."""
    moves: dict[ItemSite, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for before, after in changes:
        arrived = after.received_quantity - (before.received_quantity if before else 0)
        key = ItemSite(after.item, after.site)
        moves[key][after.received_on or today] += to_millionths(arrived)
    return moves


def _with_series(
    items: Touched, series: Mapping[Series, Collection[Cause]], network: Network
) -> dict[ItemSite, list[Cause]]:
    touched = {key: list(causes) for key, causes in items.items()}
    for key, served in network.serving(series).items():
        touched.setdefault(key, []).extend(cause for one in sorted(served) for cause in series[one])
    return touched


def _decide(
    touched: Collection[ItemSite],
    asked: Collection[ItemSite],
    network: Network,
    positions: Positions,
    now: datetime,
) -> dict[ItemSite, Outcome]:
    """The new plans and orders of what is planned anew.

    Args: asked: those whose orders are compared though the same ones are planned.
    """
    horizon = network.horizon(now)
    given = {
        key: Position(
            positions.stock.get(key, 0),
            (
                *positions.receipts.get(key, ()),
                *filter(None, map(supply_of, positions.orders.get(key, NO_ORDERS).bringing())),
            ),
            positions.demand.get(key, ()),
        )
        for key in positions.plans
    }
    released = dict(positions.user_releases)
    released |= {key: plan.releases for key, plan in positions.plans.items()}
    plans = replan(touched, network.bill, network.policies, given, released, horizon)
    return {
        key: _outcome(
            key,
            plan,
            given[key],
            network,
            positions,
            horizon,
            again=key in asked,
            heard=key in touched and key not in asked,
        )
        for key, plan in plans.items()
        if key in positions.plans
    }


def _outcome(
    key: ItemSite,
    plan: ItemPlan,
    given: Position,
    network: Network,
    positions: Positions,
    horizon: Horizon,
    *,
    again: bool,
    heard: bool,
) -> Outcome:
    """What planning an item-site came to.

    `again`: its orders are compared though the same ones are planned. `heard`: it has a new
    forecast, and says so though nothing follows from it.
    """
    policy, known, netting = network.policies[key], positions.plans[key], plan.netting
    advice = advise(
        netting.needs, netting.orders, given.supplies, known.communicated, policy, horizon
    )
    now = gist(netting, horizon.today)
    made_of = MadeOf(given, policy, horizon)
    if known.gist and not again and (now.day, now.orders) == (known.gist.day, known.gist.orders):
        # The same orders of the same day, beside the same open ones: the proposals are there.
        supplies = {supply.order_id for supply in given.supplies}
        proposals = [m for m in known.messages if m.order_id not in supplies]
        messages = (*advice.messages, *proposals)
        return Outcome(_new_plan(known, plan, now, messages, advice, made_of, heard=heard), ())
    before = {order.place: order for order in positions.orders.get(key, NO_ORDERS).all}
    proposed = propose(
        [order for order in netting.orders if order.bucket not in advice.grown],
        tuple(before.values()),
        key.item,
        key.site,
        network.terms.get(key),
        horizon,
    )
    changed = [_answered(order, positions) for order in proposed]
    after = before | {order.place: order for order in changed}
    messages = (
        *advice.messages,
        *_about_proposals((order for _, order in sorted(after.items())), policy, horizon),
        *(() if key in network.terms else _about_planned(key, netting, advice, policy, horizon)),
    )
    return Outcome(
        _new_plan(known, plan, now, messages, advice, made_of, heard=heard),
        tuple((before.get(order.place), order) for order in changed),
    )


def _about_proposals(
    orders: Iterable[PurchaseOrder], policy: PlanningPolicy, horizon: Horizon
) -> Iterator[Message]:
    for order in orders:
        if order.status != "proposed":
            continue
        if order.release_on <= horizon.today:
            yield release_message(order.order_id, order.release_on, order.amount)
        if late := late_arrival(order.due_on, to_millionths(order.quantity), policy, horizon):
            yield late_message(order.order_id, late, order.due_on, order.amount)


def _about_planned(
    key: ItemSite, netting: Netting, advice: Advice, policy: PlanningPolicy, horizon: Horizon
) -> Iterator[Message]:
    """What is made, or bought without a supplier, has no purchase order that could be late."""
    for order in netting.orders:
        if order.bucket in advice.grown:
            continue
        if late := late_arrival(order.due, order.started, policy, horizon):
            named = planned_id(key, horizon.mondays[order.bucket])
            yield late_message(named, late, order.due, policy.worth(order.quantity))


def _answered(order: PurchaseOrder, positions: Positions) -> PurchaseOrder:
    for said in positions.waiting.get(order.order_id, ()):
        order = answer(order, said)
    return order


def _new_plan(
    known: KnownPlan,
    plan: ItemPlan,
    now: Gist,
    messages: tuple[Message, ...],
    advice: Advice,
    made_of: MadeOf,
    *,
    heard: bool,
) -> NewPlan | None:
    because = None
    if known.gist is not None and messages == known.messages:
        if now.whole == known.gist.whole and not heard:
            return None
        because = why_unchanged(known.gist, now, advice.damped)
    return NewPlan(
        sequence=known.sequence + 1,
        outcome="unchanged" if because else "changed",
        because=because,
        netting=plan.netting,
        gist=now,
        releases=plan.releases,
        messages=messages,
        communicated=advice.communicated,
        made_of=made_of,
    )
