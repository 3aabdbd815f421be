"""Answer what resources are loaded with, week by week, and for whom where it is too much."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from uuid import UUID

from sqlalchemy import RowMapping

from takt.common.db import Tx
from takt.supply_planning.domain.netting import WEEK
from takt.supply_planning.domain.network import Network
from takt.supply_planning.domain.origins import Origin, Part
from takt.supply_planning.domain.pegging import Pegs, trace
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.resource_load import (
    MakeOrder,
    ResourceWeek,
    Work,
    largest_first,
    minutes_by_origin,
    open_order,
    planned_order,
    resource_weeks,
)
from takt.supply_planning.service.pegging import pegs_of
from takt.supply_planning.service.problems import OutsideHorizon, refuse_unknown
from takt.supply_planning.store import shop as store
from takt.supply_planning.store.network import current_network
from takt.supply_planning.store.pegging import read_deals

Place = tuple[int, str, date]
"""Where a resource-week stands in a list."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A resource-week; where overloads are asked for, with what its orders are for.

    Args:
        orders: each with its minutes by origin, in millionths.
        demands: minutes of all orders by origin.
        deals: how those among them stand, in that order.
    """

    week: ResourceWeek
    orders: Sequence[tuple[Work, Mapping[Origin, int]]] = ()
    demands: Mapping[Origin, int] = field(default_factory=dict)
    deals: Sequence[RowMapping] = ()


async def loads(
    tx: Tx,
    now: datetime,
    *,
    resource: str | None,
    since: date | None,
    weeks: int | None,
    only_overloads: bool,
    after: Place | None,
    limit: int,
) -> tuple[list[Loaded], bool]:
    """Resource-weeks by resource and week; overloads alone by what is missing, the most first.

    Args: since: a day of the first week, this one when None. weeks: all of the horizon when None.

    Returns: at most `limit`, and whether there are more.

    Raises:
        UnknownReference: there is no such resource.
        OutsideHorizon: `since` is before this week or after the horizon.
    """
    await store.one_moment(tx)
    network = await current_network(tx)
    horizon = network.horizon(now)
    if since is not None and (since < horizon.first_week or horizon.bucket(since) is None):
        first, last = horizon.first_week, horizon.mondays[-1]
        raise OutsideHorizon(
            f"{since} is in no week that is planned",
            field="from",
            value=since.isoformat(),
            remedy=f"the first week is {first}, the last {last}",
        )
    loading = await store.read_loading(tx, resource)
    if resource is not None and not loading.resources:
        refuse_unknown([("resource", resource)], [resource], "resources")
    begin = horizon.bucket(since or horizon.first_week) or 0
    mondays = set(horizon.mondays[begin : None if weeks is None else begin + weeks])
    found = resource_weeks(
        _orders(loading, network, horizon.today), loading.steps, loading.resources, horizon
    )
    asked = [one for one in found if one.monday in mondays and (one.missing or not only_overloads)]
    asked.sort(key=lambda one: place_of(one, only_overloads))
    rest = [one for one in asked if after is None or place_of(one, only_overloads) > after]
    page, more = rest[:limit], len(rest) > limit
    return await _pegged(tx, page) if only_overloads else [Loaded(one) for one in page], more


def place_of(one: ResourceWeek, only_overloads: bool) -> Place:
    """Where a resource-week stands: by resource and week, of overloads first by what is missing."""
    return (-one.missing if only_overloads else 0, one.resource, one.monday)


def _orders(loading: store.Loading, network: Network, today: date) -> Iterator[MakeOrder]:
    """Orders of what is made; a routing of what is bought by now waits."""
    policies = network.policies
    for key, (first_week, orders) in loading.planned.items():
        if key in policies and policies[key].source == "make":
            for order in orders:
                yield planned_order(key, first_week + order.bucket * WEEK, order, today)
    for key, supplies in loading.receipts.items():
        if key in policies and policies[key].source == "make":
            for supply in supplies:
                yield open_order(key, supply, policies[key], today)


async def _pegged(tx: Tx, weeks: Sequence[ResourceWeek]) -> list[Loaded]:
    parts = await _parts(tx, {work.order for one in weeks for work in one.work})
    origins = {part.origin for each in parts.values() for part in each}
    named = {one.reference for one in origins if one.kind == "deal" and one.reference}
    deals = {row["deal_id"]: row for row in await read_deals(tx, named)} if named else {}
    return await asyncio.to_thread(lambda: [_of_demands(one, parts, deals) for one in weeks])


def _of_demands(
    week: ResourceWeek,
    parts: Mapping[MakeOrder, Sequence[Part]],
    deals: Mapping[UUID, RowMapping],
) -> Loaded:
    orders = [(work, minutes_by_origin(work, parts[work.order])) for work in week.work]
    demands: dict[Origin, int] = defaultdict(int)
    for origin, minutes in chain.from_iterable(each.items() for _, each in orders):
        demands[origin] += minutes
    behind = dict.fromkeys(
        one.reference for one in demands if one.kind == "deal" and one.reference in deals
    )
    return Loaded(week, orders, largest_first(demands), [deals[one] for one in behind if one])


async def _parts(tx: Tx, orders: Collection[MakeOrder]) -> dict[MakeOrder, Sequence[Part]]:
    """What each order is for, traced to its origins."""
    if not orders:
        return {}
    _, _, pegs = await pegs_of(tx, {order.key for order in orders})
    # In a thread: it can take a second, and plans are made meanwhile.
    return await asyncio.to_thread(_traced, orders, pegs)


def _traced(
    orders: Collection[MakeOrder], pegs: Mapping[ItemSite, Pegs]
) -> dict[MakeOrder, Sequence[Part]]:
    found: dict[MakeOrder, Sequence[Part]] = dict.fromkeys(orders, ())
    for order in orders:
        of_item = pegs.get(order.key)
        place = of_item.of_order.get(order.order_id) if of_item else None
        if of_item and place is not None:
            found[order] = list(trace(of_item.parts_of(place), pegs))
    return found
