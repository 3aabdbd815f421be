"""Planning many items at many sites by low-level code, and again only for what changed."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b
from typing import Literal, NamedTuple

from takt.supply_planning.domain.alternates import Left, stand_in
from takt.supply_planning.domain.bom import BillLine, BillOfMaterial
from takt.supply_planning.domain.calendar import ROUND_THE_CLOCK
from takt.supply_planning.domain.netting import (
    Horizon,
    Netting,
    PlanningPolicy,
    StandIn,
    Supply,
    due_dates,
    net,
)


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
class MadeOf:
    """What an item-site is planned with, apart from what is released above it."""

    position: Position
    policy: PlanningPolicy
    horizon: Horizon


@dataclass(frozen=True, slots=True)
class ItemPlan:
    """The netting of an item at a site, and what it starts that takes components, by date."""

    netting: Netting
    releases: Dated


NOTHING_RELEASED: Dated = ()
NOWHERE = Position()


def replan(
    touched: Iterable[ItemSite],
    bill: BillOfMaterial,
    policies: Mapping[ItemSite, PlanningPolicy],
    positions: Mapping[ItemSite, Position],
    released: Mapping[ItemSite, Dated],
    horizon: Horizon,
) -> dict[ItemSite, ItemPlan]:
    """Plan the touched items anew, and every component whose demand changed by it.

    Low-level code first: an item is netted once, after all that use it, and together with those
    that it may stand in for. Touching everything gives the complete plan, and touching what changed
    gives the same plan for less.

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
    demand = _Dependent(bill, now_released, horizon)
    while queue:
        _, key = heapq.heappop(queue)
        if key in plans:
            continue
        together = [ItemSite(item, key.site) for item in bill.together(key.item)]
        for one, netting in _net(
            [one for one in together if one in policies], policies, positions, demand, horizon
        ):
            releases = _releases(netting, positions.get(one, NOWHERE), policies[one])
            plans[one] = ItemPlan(netting, releases)
            if releases == now_released.get(one, NOTHING_RELEASED):
                continue
            now_released[one] = releases
            for line in bill.components.get(one.item, ()):
                below = ItemSite(line.component, one.site)
                if below not in queued:
                    queued.add(below)
                    heapq.heappush(queue, (bill.level(below.item), below))
    return plans


class _Dependent:
    """What the releases of parents ask of their components; each is spread over weeks once."""

    def __init__(
        self, bill: BillOfMaterial, released: Mapping[ItemSite, Dated], horizon: Horizon
    ) -> None:
        self._bill = bill
        self._released = released
        self._horizon = horizon
        self._started: dict[ItemSite, list[int]] = {}

    def lines(self, key: ItemSite) -> Iterator[tuple[BillLine, list[int]]]:
        """The lines that take an item, with what is released of their parents: shape (weeks,)."""
        for line in self._bill.used_in.get(key.item, ()):
            user = ItemSite(line.parent, key.site)
            if line.dated:
                yield line, self._spread(user, line)
                continue
            if user not in self._started:
                self._started[user] = self._spread(user)
            yield line, self._started[user]

    def _spread(self, user: ItemSite, line: BillLine | None = None) -> list[int]:
        # What should have been released already is released today.
        today = self._horizon.today
        return self._horizon.spread(
            (day, quantity)
            for day, quantity in self._released.get(user, ())
            if line is None or line.holds(max(day, today))
        )


def _net(
    keys: Sequence[ItemSite],
    policies: Mapping[ItemSite, PlanningPolicy],
    positions: Mapping[ItemSite, Position],
    dependent: _Dependent,
    horizon: Horizon,
) -> Iterator[tuple[ItemSite, Netting]]:
    """Net items at a site that stand in for each other; nearly always it is one alone."""
    gross: dict[str, list[int]] = {}
    replaceable: list[tuple[BillLine, list[int]]] = []
    for key in keys:
        weeks = gross[key.item] = horizon.spread(positions.get(key, NOWHERE).demand)
        for line, parents in dependent.lines(key):
            if line.alternates:
                replaceable.append((line, parents))
            required = line.part.required
            for bucket, quantity in enumerate(parents):
                if quantity:
                    weeks[bucket] += required(quantity)
    moved: tuple[StandIn, ...] = ()
    if replaceable:
        left = {
            key.item: Left.of(
                gross[key.item],
                positions.get(key, NOWHERE).on_hand,
                positions.get(key, NOWHERE).supplies,
                policies[key],
                horizon,
            )
            for key in keys
        }
        moved = stand_in(replaceable, left, horizon)
        for move in moved:
            gross[move.component][move.bucket] -= move.spared
            gross[move.alternate][move.bucket] += move.taken
    for key in keys:
        position = positions.get(key, NOWHERE)
        netting = net(gross[key.item], position.on_hand, position.supplies, policies[key], horizon)
        own = tuple(move for move in moved if key.item in (move.component, move.alternate))
        yield key, replace(netting, stand_ins=own) if own else netting


def explode(
    wanted: Mapping[ItemSite, Iterable[tuple[date, int]]],
    bill: BillOfMaterial,
    policies: Mapping[ItemSite, PlanningPolicy],
    horizon: Horizon,
) -> dict[ItemSite, list[int]]:
    """What dated quantities draw on, by bucket: themselves, and every component of what is made.

    As netting takes it from bills of material, with scrap and yield and rounded by bucket, but
    before stock, open orders and lots take part, without lead times, and so without alternates:
    shape (weeks,) each. What has no policy and what lies after the horizon is passed over.
    """
    days = due_dates(ROUND_THE_CLOCK, horizon)
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
                if quantity and line.holds(days[bucket]):
                    started = policies[key].to_start(quantity)
                    needed[below][bucket] += line.required(started)
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
        by_day[order.release] += order.started
    for supply in position.supplies:
        if supply.kind == "firm":
            by_day[supply.release or supply.due] += policy.to_start(supply.quantity)
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
    # What most plans do not have is left out, so that they need not be told anew because of it.
    losses = [order.loss for order in netting.orders]
    special = [part for part in (losses if any(losses) else [], netting.stand_ins) if part]
    whole = _digest((*parts, *rest, needs, netting.by_lot, *special))
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
