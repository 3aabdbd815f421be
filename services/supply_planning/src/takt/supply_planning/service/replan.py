"""Plan touched item-sites and their components anew, propose orders, and say what changed.

Everything that changes what a plan depends on ends here: demand, stock, orders, the network. The
plan of an item-site is the lock of its orders and its stock.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from takt.common.db import Tx
from takt.common.event import Cause, Event
from takt.common.outbox import emit
from takt.supply_planning.domain.messages import Advice, Message, advise, release_messages
from takt.supply_planning.domain.netting import Horizon
from takt.supply_planning.domain.network import Network, Series
from takt.supply_planning.domain.orders import (
    PurchaseOrder,
    answer,
    propose,
    supply_of,
)
from takt.supply_planning.domain.plan import (
    ItemPlan,
    ItemSite,
    Position,
    reach,
    replan,
    users,
    why_unchanged,
)
from takt.supply_planning.service.causes import Touched, passed_down
from takt.supply_planning.service.telling import order_event, plan_event
from takt.supply_planning.store.network import current_network, known_network, load_network
from takt.supply_planning.store.orders import settle_waiting
from takt.supply_planning.store.planning import (
    KnownPlan,
    NewPlan,
    Positions,
    lock_plans,
    read_positions,
    write_plans,
)


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
    outcomes = _decide(touched, network, positions, now)
    causes = passed_down(touched, network.bill)
    told: list[tuple[Event, Cause]] = []
    for key in sorted(outcomes):
        outcome = outcomes[key]
        if outcome.plan is not None:
            policy = network.policies[key]
            told.append((plan_event(key, outcome.plan, policy.safety_stock, now), causes[key]))
        told += [(order_event(before, after), causes[key]) for before, after in outcome.orders]
    if not told:
        return
    await write_plans(
        tx,
        {key: outcome.plan for key, outcome in outcomes.items() if outcome.plan is not None},
        [after for outcome in outcomes.values() for _, after in outcome.orders],
        now,
    )
    await emit(tx, *told)
    answered = [
        (key, after.order_id)
        for key, outcome in outcomes.items()
        for _, after in outcome.orders
        if after.order_id in positions.waiting
    ]
    if answered:
        # An answer that came before its order has made it supply: its item-site is planned with it.
        await settle_waiting(tx, [order_id for _, order_id in answered])
        await _replan(tx, {key: [causes[key]] for key, _ in answered}, {}, now)


def _with_series(
    items: Touched, series: Mapping[Series, Collection[Cause]], network: Network
) -> dict[ItemSite, list[Cause]]:
    touched = {key: list(causes) for key, causes in items.items()}
    for key, served in network.serving(series).items():
        touched.setdefault(key, []).extend(cause for one in sorted(served) for cause in series[one])
    return touched


def _decide(
    touched: Iterable[ItemSite], network: Network, positions: Positions, now: datetime
) -> dict[ItemSite, Outcome]:
    """The new plans and orders of what is planned anew."""
    horizon = network.horizon(now)
    given = {
        key: Position(
            positions.stock.get(key, 0),
            (
                *positions.receipts.get(key, ()),
                *filter(None, map(supply_of, positions.orders.get(key, ()))),
            ),
            positions.demand.get(key, ()),
        )
        for key in positions.plans
    }
    released = dict(positions.user_releases)
    released |= {key: plan.releases for key, plan in positions.plans.items()}
    plans = replan(touched, network.bill, network.policies, given, released, horizon)
    return {
        key: _outcome(key, plan, given[key], network, positions, horizon)
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
) -> Outcome:
    policy, known = network.policies[key], positions.plans[key]
    netting = plan.netting
    advice = advise(
        netting.needs, netting.orders, given.supplies, known.communicated, policy, horizon
    )
    before = {order.order_id: order for order in positions.orders.get(key, ())}
    proposals = propose(
        [order for order in netting.orders if order.bucket not in advice.grown],
        tuple(before.values()),
        key.item,
        key.site,
        network.terms.get(key),
        horizon,
    )
    changed = [_answered(order, positions) for order in proposals]
    after = before | {order.order_id: order for order in changed}
    messages = (
        *advice.messages,
        *release_messages(
            (
                (order.order_id, order.release_on)
                for order in sorted(after.values(), key=lambda order: str(order.order_id))
                if order.status == "proposed"
            ),
            horizon.today,
        ),
    )
    return Outcome(
        _new_plan(known, plan, messages, advice),
        tuple((before.get(order.order_id), order) for order in changed),
    )


def _answered(order: PurchaseOrder, positions: Positions) -> PurchaseOrder:
    for said in positions.waiting.get(order.order_id, ()):
        order = answer(order, said)
    return order


def _new_plan(
    known: KnownPlan, plan: ItemPlan, messages: tuple[Message, ...], advice: Advice
) -> NewPlan | None:
    netting = plan.netting
    if netting == known.netting and messages == known.messages:
        return None
    because = None
    if known.netting is not None and messages == known.messages:
        because = why_unchanged(known.netting, netting, advice.damped)
    return NewPlan(
        sequence=known.sequence + 1,
        outcome="unchanged" if because else "changed",
        because=because,
        netting=netting,
        releases=plan.releases,
        messages=messages,
        communicated=advice.communicated,
    )
