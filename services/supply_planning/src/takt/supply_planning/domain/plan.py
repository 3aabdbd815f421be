"""Planning many items at many sites by low-level code, and again only for what changed."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Literal, NamedTuple

from takt.supply_planning.domain.bom import BillOfMaterial
from takt.supply_planning.domain.netting import Horizon, Netting, PlanningPolicy, Supply, net


class ItemSite(NamedTuple):
    """An item at a site: what is planned."""

    item: str
    site: str


Dated = tuple[tuple[date, int], ...]
"""Quantities with their dates, in order."""


@dataclass(frozen=True, slots=True)
class Position:
    """What planning is given for an item at a site: stock, open orders, and demand from outside."""

    on_hand: int = 0
    supplies: tuple[Supply, ...] = ()
    demand: Dated = ()


@dataclass(frozen=True, slots=True)
class ItemPlan:
    """The netting of an item at a site, and what it starts that takes components, by date."""

    netting: Netting
    releases: Dated


NOTHING_RELEASED: Dated = ()


def replan(
    touched: Iterable[ItemSite],
    bill: BillOfMaterial,
    policies: Mapping[ItemSite, PlanningPolicy],
    positions: Mapping[ItemSite, Position],
    released: Mapping[ItemSite, Dated],
    horizon: Horizon,
) -> dict[ItemSite, ItemPlan]:
    """Plan the touched items anew, and every component whose demand changed by it.

    Low-level code first: an item is netted once, after all that use it. Touching everything gives
    the complete plan, and touching what changed gives the same plan for less.

    Args:
        touched: what changed; what has no policy is passed over.
        bill: who takes what.
        policies: of everything that is planned.
        positions: of every item-site that may be reached (see `reach`).
        released: of the reached and of all that use them, as the last plan has it.
        horizon: the weeks that are planned.
    """
    now_released = dict(released)
    queue = [(bill.level(key.item), key) for key in set(touched)]
    heapq.heapify(queue)
    queued = {key for _, key in queue}
    plans: dict[ItemSite, ItemPlan] = {}
    started: dict[ItemSite, list[int]] = {}
    while queue:
        _, key = heapq.heappop(queue)
        policy = policies.get(key)
        if policy is None:
            continue
        position = positions.get(key, Position())
        gross = horizon.spread(position.demand)
        for line in bill.used_in.get(key.item, ()):
            user = ItemSite(line.parent, key.site)
            if user not in started:
                started[user] = horizon.spread(now_released.get(user, ()))
            for bucket, quantity in enumerate(started[user]):
                if quantity:
                    gross[bucket] += line.required(quantity)
        netting = net(gross, position.on_hand, position.supplies, policy, horizon)
        releases = _releases(netting, position, policy)
        plans[key] = ItemPlan(netting, releases)
        if releases == now_released.get(key, NOTHING_RELEASED):
            continue
        now_released[key] = releases
        for line in bill.components.get(key.item, ()):
            below = ItemSite(line.component, key.site)
            if below not in queued:
                queued.add(below)
                heapq.heappush(queue, (bill.level(below.item), below))
    return plans


def explode(
    wanted: Mapping[ItemSite, Iterable[tuple[date, int]]],
    bill: BillOfMaterial,
    policies: Mapping[ItemSite, PlanningPolicy],
    horizon: Horizon,
) -> dict[ItemSite, list[int]]:
    """What dated quantities draw on, by bucket: themselves, and every component of what is made.

    As netting takes it from bills of material, with scrap and rounded by bucket, but before stock,
    open orders and lots take part, and without lead times: shape (weeks,) each. What has no policy
    and what lies after the horizon is passed over.
    """
    needed = {
        key: horizon.spread(dated) for key, dated in wanted.items() if policies.get(key) is not None
    }
    queue = [(bill.level(key.item), key) for key in needed]
    heapq.heapify(queue)
    while queue:
        _, key = heapq.heappop(queue)
        if policies[key].source == "buy":
            continue
        for line in bill.components.get(key.item, ()):
            below = ItemSite(line.component, key.site)
            if below not in policies:
                continue
            if below not in needed:
                needed[below] = [0] * horizon.weeks
                heapq.heappush(queue, (bill.level(below.item), below))
            for bucket, quantity in enumerate(needed[key]):
                if quantity:
                    needed[below][bucket] += line.required(quantity)
    return needed


def reach(touched: Iterable[ItemSite], bill: BillOfMaterial) -> set[ItemSite]:
    """All that a change of these may reach: themselves and what is below them at the same site."""
    items: dict[str, set[str]] = defaultdict(set)
    for item, site in touched:
        items[site].add(item)
    return {ItemSite(item, site) for site, tops in items.items() for item in bill.below(tops)}


def users(keys: Iterable[ItemSite], bill: BillOfMaterial) -> set[ItemSite]:
    """The parents of these, at the same site: what they release is demand here."""
    return {
        ItemSite(line.parent, key.site) for key in keys for line in bill.used_in.get(key.item, ())
    }


def _releases(netting: Netting, position: Position, policy: PlanningPolicy) -> Dated:
    # What is scheduled has drawn its components already; what is firm has not.
    if policy.source == "buy":
        return NOTHING_RELEASED
    by_day: dict[date, int] = defaultdict(int)
    for order in netting.orders:
        by_day[order.release] += order.quantity
    for supply in position.supplies:
        if supply.kind == "firm":
            by_day[supply.release or supply.due] += supply.quantity
    return tuple(sorted(by_day.items()))


class Gist(NamedTuple):
    """What is compared of two plans, each part as a digest that is the same in every process."""

    day: int
    whole: str
    orders: str
    net: str
    short: str
    by_lot: bool


def gist(netting: Netting, today: date) -> Gist:
    """The gist of a plan that was made on a day."""
    orders = [
        (order.bucket, order.due.toordinal(), order.release.toordinal(), order.lots)
        for order in netting.orders
    ]
    parts = (orders, netting.net, netting.short)
    rest = (netting.first_week.toordinal(), netting.on_hand, netting.gross, netting.scheduled)
    needs = [(need.order_id.int, need.bucket, need.quantity) for need in netting.needs]
    whole = _digest((*parts, *rest, needs, netting.by_lot))
    ordered, needed, short = map(_digest, parts)
    return Gist(today.toordinal(), whole, ordered, needed, short, netting.by_lot)


def _digest(values: object) -> str:
    return blake2b(repr(values).encode(), digest_size=8).hexdigest()


def why_unchanged(
    before: Gist, after: Gist, damped: bool
) -> Literal["lot", "tolerance", "fence", "stock"] | None:
    """Why other input left orders and messages as they were; None when an order changed.

    Args: damped: a message was held back because it differs too little from what was last
        communicated.
    """
    if before.orders != after.orders:
        return None
    if damped:
        return "tolerance"
    if before.short != after.short:
        return "fence"
    if before.net != after.net or before.by_lot or after.by_lot:
        return "lot"
    return "stock"
