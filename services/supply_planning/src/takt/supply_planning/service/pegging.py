"""Answer for whom an order is, what covers a demand, and what stands behind it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import RowMapping

from takt.common.db import Tx
from takt.supply_planning.domain.network import Network, Series
from takt.supply_planning.domain.origins import SOLD, Origin, Part
from takt.supply_planning.domain.pegging import (
    Cover,
    Pegs,
    PlannedPosition,
    Source,
    above,
    peg,
    trace,
)
from takt.supply_planning.domain.plan import ItemSite, reach
from takt.supply_planning.service.problems import NotPlanned, OutsideHorizon
from takt.supply_planning.service.purchase_orders import get_order
from takt.supply_planning.store import pegging as store
from takt.supply_planning.store.by_network import read_by_network
from takt.supply_planning.store.network import known_network


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind parts: of each series its forecast, version and signals; and deals."""

    series: tuple[RowMapping, ...]
    deals: tuple[RowMapping, ...]


@dataclass(frozen=True, slots=True)
class OrderPegging:
    """An order with what it is for; the parts sum to its source's quantity."""

    key: ItemSite
    source: Source
    parts: tuple[Part, ...]
    behind: Behind


@dataclass(frozen=True, slots=True)
class WeekPegging:
    """A week of an item at a site: what comes and for whom, what is wanted and what covers it."""

    week: date
    supplies: tuple[tuple[Source, tuple[Part, ...]], ...]
    demands: tuple[tuple[Part, tuple[Cover, ...]], ...]
    behind: Behind


@dataclass(frozen=True, slots=True)
class Covered:
    """What covers a demand at one item-site."""

    key: ItemSite
    level: int
    cover: Cover


async def peg_order(tx: Tx, order_id: UUID, now: datetime) -> OrderPegging:
    """What a purchase order is for. One that is done is for nothing any more.

    Raises: OrderNotFound: there is none.
    """
    order = await get_order(tx, order_id)
    key = ItemSite(order.item, order.site)
    network, _, pegs = await pegs_of(tx, [key])
    parts: tuple[Part, ...] = ()
    source = Source("open", order_id, order.due_on, 0)
    if key in pegs and (place := pegs[key].of_order.get(order_id)) is not None:
        source = pegs[key].sources[place]
        parts = tuple(trace(pegs[key].parts_of(place), pegs))
    return OrderPegging(key, source, parts, await _behind(tx, parts, network.today(now)))


async def peg_week(tx: Tx, key: ItemSite, day: date | None, now: datetime) -> WeekPegging:
    """A week of a plan, both ways; the first when no day of another is given.

    Raises:
        NotPlanned: there is no plan of the item at the site.
        OutsideHorizon: the plan does not reach that day.
    """
    network, positions, pegs = await pegs_of(tx, [key])
    if key not in pegs:
        raise NotPlanned(
            f"there is no plan of {key.item} at {key.site}",
            field="item",
            value=key.item,
            remedy="write the item with this site by PUT /v1/items",
        )
    horizon = positions[key].horizon
    bucket = horizon.bucket(day or horizon.today)
    if bucket is None:
        last = horizon.mondays[-1]
        raise OutsideHorizon(field="week", value=day, remedy=f"the last week is {last}")
    supplies = tuple(
        (source, tuple(trace(pegs[key].parts_of(place), pegs)))
        for place, source in enumerate(pegs[key].sources)
        if source.due and horizon.bucket(source.due) == bucket
    )
    demands = tuple((part, tuple(covers)) for part, covers in pegs[key].covers_of(bucket))
    named = [*(part for _, parts in supplies for part in parts), *(part for part, _ in demands)]
    return WeekPegging(
        horizon.mondays[bucket], supplies, demands, await _behind(tx, named, network.today(now))
    )


async def peg_down(
    tx: Tx,
    *,
    deal_id: UUID | None = None,
    sale_id: UUID | None = None,
    series: Series | None = None,
) -> list[Covered]:
    """Stock and orders that a deal, a sale or a series has, of itself and of all it is made of."""
    asked = {series} if series else await store.series_of(tx, deal_id=deal_id, sale_id=sale_id)
    network = await known_network(tx)
    tops = network.serving(asked).keys() & network.policies.keys()
    network, _, pegs = await pegs_of(tx, reach(tops, network.bill))

    def is_of(origin: Origin) -> bool:
        if series:
            return origin.kind in SOLD and (origin.item, origin.place) == series
        return origin.reference == (deal_id or sale_id)

    for_it: set[UUID] = set()

    def leads_to_it(origin: Origin) -> bool:
        return is_of(origin) or (origin.kind == "order" and origin.reference in for_it)

    covered = []
    for key in sorted(pegs, key=lambda one: (network.bill.level(one.item), one)):
        for place, source in enumerate(pegs[key].sources):
            direct = pegs[key].parts_of(place)
            leading = [part for part in direct if leads_to_it(part.origin)]
            if not leading:
                continue
            if source.order_id is not None:
                for_it.add(source.order_id)
            level = network.bill.level(key.item)
            covered += [
                Covered(key, level, Cover(source, part))
                for part in trace(leading, pegs, leads_to_it)
                if is_of(part.origin)
            ]
    return covered


async def pegs_of(
    tx: Tx, keys: Collection[ItemSite]
) -> tuple[Network, Mapping[ItemSite, PlannedPosition], Mapping[ItemSite, Pegs]]:
    """The pegging of these and of all above them, which decide what is left for them."""

    async def read(network: Network) -> store.StoredPlans:
        every = above(keys, network.bill) & network.policies.keys()
        return await store.read_plans(tx, every, network)

    network, stored = await read_by_network(tx, read)
    pegs = peg(network.bill, network.policies, stored.positions)
    return network, stored.positions, pegs


async def _behind(tx: Tx, parts: Iterable[Part], today: date) -> Behind:
    origins = {part.origin for part in parts}
    series = {(one.item, one.place) for one in origins if one.kind in SOLD}
    deals = {one.reference for one in origins if one.kind == "deal" and one.reference}
    return Behind(
        tuple(await store.read_behind(tx, series, today)) if series else (),
        tuple(await store.read_deals(tx, deals)) if deals else (),
    )
