"""What a demand draws on: items at sites, their stock and what is on order for them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from takt.common.db import Tx
from takt.supply_planning.domain.netting import Horizon
from takt.supply_planning.domain.network import Network, Series
from takt.supply_planning.domain.orders import PurchaseOrder
from takt.supply_planning.domain.plan import ItemSite, explode
from takt.supply_planning.domain.quantity import ONE
from takt.supply_planning.domain.sourcing import demand_at_sites
from takt.supply_planning.service.problems import DemandTooLarge
from takt.supply_planning.store.network import current_network
from takt.supply_planning.store.orders import open_orders
from takt.supply_planning.store.reading import read_needed

LARGEST = 10**12 * ONE
Wanted = Sequence[tuple[Series, Sequence[tuple[date, int]]]]
"""Dated millionths of products in regions."""


@dataclass(frozen=True, slots=True)
class Needed:
    """An item-site that is drawn on; quantities are millionths over the horizon."""

    key: ItemSite
    name: str
    unit: str
    quantity: int
    gross: int
    on_hand: int
    orders: tuple[PurchaseOrder, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is drawn on; `lines` is (in the horizon, unserved) of each that was asked."""

    network: Network
    horizon: Horizon
    lines: tuple[tuple[int, int], ...]
    needed: tuple[Needed, ...]


async def draws_on(tx: Tx, wanted: Wanted, now: datetime) -> Answer:
    """What this demand draws on; nothing is changed.

    Raises: DemandTooLarge: a sum has more digits than a quantity.
    """
    network = await current_network(tx)
    horizon = network.horizon(now)
    at_sites: dict[ItemSite, list[tuple[date, int]]] = defaultdict(list)
    lines: list[tuple[int, int]] = []
    for (product, region), dated in wanted:
        rules = network.sourcing.get((product, region), ())
        served = 0
        for site, part in demand_at_sites(dated, rules).items():
            if (key := ItemSite(product, site)) in network.policies:
                at_sites[key] += part
                served += sum(horizon.spread(part))
        asked = sum(horizon.spread(dated))
        lines.append((asked, asked - served))
    needed = explode(at_sites, network.bill, network.policies, horizon)
    totals = {key: total for key, weeks in needed.items() if (total := sum(weeks))}
    if max((*totals.values(), *(asked for asked, _ in lines)), default=0) >= LARGEST:
        raise DemandTooLarge(
            field="lines", remedy="ask for less at a time; quantities have 12 digits before the dot"
        )
    return Answer(network, horizon, tuple(lines), await _needed(tx, totals, network))


async def _needed(tx: Tx, totals: Mapping[ItemSite, int], network: Network) -> tuple[Needed, ...]:
    rows = await read_needed(tx, totals)
    orders: dict[ItemSite, list[PurchaseOrder]] = defaultdict(list)
    for order in await open_orders(tx, totals):
        orders[ItemSite(order.item, order.site)].append(order)
    return tuple(
        Needed(
            key,
            rows[key]["name"],
            rows[key]["unit"],
            totals[key],
            rows[key]["gross"],
            rows[key]["on_hand"],
            tuple(orders[key]),
        )
        for key in sorted(totals, key=lambda one: (network.bill.level(one.item), one))
    )
