"""Something was sold, shipped, put right or given back: demand and stock follow.

A direct order is firm demand until it is shipped (`domain.demand`). A shipment takes it, or the
part that the forecast holds for its deal, and the stock of the site that serves the region, at
once. A sale takes the place of what was reserved for its line.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from takt.common.contracts.deals import SaleClosed, SaleEvent
from takt.common.db import Tx
from takt.common.event import Cause, Envelope
from takt.supply_planning.domain.demand import Sale, moves_plans
from takt.supply_planning.domain.network import Network, Series
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import to_millionths
from takt.supply_planning.service.kanban import signal
from takt.supply_planning.service.replan import lock_reach, replan_series
from takt.supply_planning.store.demand import keep_sales, move_stock
from takt.supply_planning.store.network import current_network, known_network
from takt.supply_planning.store.promises import SaleLine, take_lines

RECENT = timedelta(weeks=2)
"""What was shipped longer ago and before the last count is history: no plan depends on it."""


async def receive_sales(tx: Tx, told: Sequence[Envelope[SaleEvent]], now: datetime) -> None:
    """Keep sales as they now stand, move the stock that they took, and plan once.

    An older state changes nothing.
    """
    shipping = any(envelope.event.sale.shipped_quantity for envelope in told)
    network = await (current_network(tx) if shipping else known_network(tx))
    changes = await keep_sales(
        tx, [(_sale(envelope.event, network), envelope.time) for envelope in told]
    )
    await _take_lines(tx, told)
    today = network.today(now)
    planned = {one.event.sale.sale_id for one in told if _asks_for_something(one.event)}
    causes: dict[Series, list[Cause]] = defaultdict(list)
    touched: set[Series] = set()
    moves: dict[ItemSite, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    moved_by: dict[ItemSite, list[Cause]] = defaultdict(list)
    why = _causes(told)
    for before, after in changes:
        since = before.sequence if before else -1
        news = [cause for sequence, cause in why[after.sale_id] if sequence > since]
        for one in [after] if before is None else [before, after]:
            series = (one.product, one.region)
            causes[series] += news
            if after.sale_id in planned and moves_plans(before, after, today - RECENT):
                touched.add(series)
        for key, units in _gone(before, after).items():
            moves[key][after.shipped_on or today] -= units
            moved_by[key] += news
    if moves:
        await lock_reach(tx, moves)
        moved = await move_stock(tx, moves)
        await signal(tx, {key: moved_by[key] for key in moved}, now)
        for key in moved:
            touched |= network.served_by.get(key, set()) & causes.keys()
    if touched:
        await replan_series(tx, {series: causes[series] for series in touched}, now)


async def _take_lines(tx: Tx, told: Sequence[Envelope[SaleEvent]]) -> None:
    await take_lines(
        tx,
        [
            SaleLine(
                sale.sale_id,
                envelope.event.sequence,
                sale.deal_id,
                sale.deal_line_id,
                sale.source,
                sale.order_line,
            )
            for envelope in told
            if (sale := envelope.event.sale).quantity
        ],
    )


def _asks_for_something(event: SaleEvent) -> bool:
    # A new sale of a deal is in the forecast already, and stays there until it is shipped: it only
    # binds what may be promised to others.
    new_of_deal = isinstance(event, SaleClosed) and event.sale.deal_id is not None
    return not new_of_deal or event.sale.shipped_quantity > 0


def _sale(event: SaleEvent, network: Network) -> Sale:
    sale = event.sale
    units = to_millionths(sale.shipped_quantity)
    taken = {}
    if units and sale.shipped_on:
        taken = network.split((sale.product, sale.region), units, sale.shipped_on)
    return Sale(
        sale_id=sale.sale_id,
        sequence=event.sequence,
        product=sale.product,
        region=sale.region,
        # As the forecast tells them apart: an order whose deal is not known yet consumes baseline.
        direct=sale.deal_id is None,
        requested_on=sale.requested_date,
        quantity=sale.quantity,
        shipped=sale.shipped_quantity,
        shipped_on=sale.shipped_on,
        taken=taken,
    )


def _causes(told: Sequence[Envelope[SaleEvent]]) -> dict[UUID, list[tuple[int, Cause]]]:
    causes: dict[UUID, list[tuple[int, Cause]]] = defaultdict(list)
    for envelope in told:
        causes[envelope.event.sale.sale_id].append((envelope.event.sequence, Cause.of(envelope)))
    return causes


def _gone(before: Sale | None, after: Sale) -> dict[ItemSite, int]:
    """What left stock between two states, in millionths; less than nothing has come back."""
    gone: dict[ItemSite, int] = defaultdict(int)
    for site, units in after.taken.items():
        gone[ItemSite(after.product, site)] += units
    if before is not None:
        for site, units in before.taken.items():
            gone[ItemSite(before.product, site)] -= units
    return {key: units for key, units in gone.items() if units}
