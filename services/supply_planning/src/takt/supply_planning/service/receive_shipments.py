"""Goods left or came back into a sale: demand and stock go together.

The stock of the site that serves the region falls at once. The forecast that is known still holds
the shipped units as demand until a newer one comes, so they are taken from it when plans are made
(`store.planning`).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from takt.common.contracts.deals import SaleClosed, SaleEvent
from takt.common.db import Tx
from takt.common.event import Cause, Envelope
from takt.supply_planning.domain.network import Network, Series
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import to_millionths
from takt.supply_planning.service.replan import lock_reach, replan_series
from takt.supply_planning.store.demand import (
    Shipment,
    keep_shipments,
    latest_shipments,
    move_stock,
)
from takt.supply_planning.store.network import current_network

RECENT = timedelta(weeks=2)
"""What was shipped longer ago and before the last count is history: no plan depends on it."""


async def receive_shipments(tx: Tx, events: Sequence[Envelope[SaleEvent]], now: datetime) -> None:
    """Take from stock what was shipped since a sale's last known state."""
    shipped = [
        envelope
        for envelope in events
        if envelope.event.sale.shipped_quantity or not isinstance(envelope.event, SaleClosed)
    ]
    if not shipped:
        return
    network = await current_network(tx)
    known = await latest_shipments(tx, (envelope.event.sale.sale_id for envelope in shipped))
    rows: list[Shipment] = []
    moves: dict[ItemSite, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    causes: dict[Series, list[Cause]] = defaultdict(list)
    recent: set[Series] = set()
    for envelope in shipped:
        row = _shipment(envelope, network)
        sequence, taken = known.get(row.sale_id, (-1, {}))
        rows.append(row)
        if row.sequence <= sequence:
            continue
        known[row.sale_id] = (row.sequence, dict(row.taken))
        if row.taken == taken:
            continue
        series = (row.product, row.region)
        causes[series].append(Cause.of(envelope))
        day = row.shipped_on or network.today(now)
        if day > network.today(now) - RECENT:
            recent.add(series)
        for site in {*taken, *row.taken}:
            gone = row.taken.get(site, 0) - taken.get(site, 0)
            moves[ItemSite(row.product, site)][day] -= gone
    await lock_reach(tx, moves)
    moved = await move_stock(tx, moves)
    await keep_shipments(tx, rows)
    touched = recent | {one for key in moved for one in network.served_by.get(key, ())}
    if told := {series: causes[series] for series in touched & causes.keys()}:
        await replan_series(tx, told, now)


def _shipment(envelope: Envelope[SaleEvent], network: Network) -> Shipment:
    sale = envelope.event.sale
    series = (sale.product, sale.region)
    units = to_millionths(sale.shipped_quantity)
    return Shipment(
        sale.sale_id,
        envelope.event.sequence,
        sale.product,
        sale.region,
        sale.shipped_quantity,
        sale.shipped_on,
        envelope.time,
        network.split(series, units, sale.shipped_on) if units and sale.shipped_on else {},
    )
