"""Books sales into their weeks and judges the scopes that they touch, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from takt.alerting.domain.deviation import Limits
from takt.alerting.domain.scopes import Hierarchy
from takt.alerting.service.deviations import judge_scopes
from takt.alerting.service.freezing import freeze_week, spread_days, unexpected
from takt.alerting.store import buckets, reference, sales, versions
from takt.alerting.store.sales import Dated
from takt.alerting.tables import SaleRow
from takt.common.contracts.deals import SaleEvent
from takt.common.db import Tx
from takt.common.event import Cause, Envelope


async def take_sales(
    tx: Tx, events: Sequence[Envelope[SaleEvent]], now: datetime, *, limits: Limits
) -> None:
    """Book sales, and raise, resolve and open what follows from them."""
    await reference.lock(tx)
    latest = _latest(events, (now - buckets.HISTORY_WEEKS * buckets.WEEK).date())
    if not latest:
        return
    frozen_now = await freeze_week(tx, now)
    saved = await sales.save_sales(tx, [_row(envelope.event) for envelope in latest.values()])
    moves = [(sale_id, move) for sale_id, change in saved.items() for move in _moves(*change)]
    if not frozen_now or not moves:
        return
    frozen = await versions.frozen_versions(tx, {_week(move.day) for _, move in moves})
    moves = [(sale_id, move) for sale_id, move in moves if _week(move.day) in frozen]
    hierarchy = await reference.load_hierarchy(tx)
    await _book(tx, [move for _, move in moves], hierarchy)
    touched: dict[str, dict[UUID, Envelope[SaleEvent]]] = defaultdict(dict)
    for sale_id, move in moves:
        for scope in hierarchy.scopes_of(move.product, move.region):
            touched[scope.key][sale_id] = latest[sale_id]
    causes = {scope: Cause.of(*envelopes.values()) for scope, envelopes in touched.items()}
    if causes:
        await judge_scopes(tx, causes, now, limits)


def _latest(events: Sequence[Envelope[SaleEvent]], oldest: date) -> dict[UUID, Envelope[SaleEvent]]:
    """The newest word about each sale; a first one about a sale of long ago changes no week."""
    latest: dict[UUID, Envelope[SaleEvent]] = {}
    for envelope in events:
        sale, sequence = envelope.event.sale, envelope.event.sequence
        known = latest.get(sale.sale_id)
        if known is not None and known.event.sequence >= sequence:
            continue
        if sale.requested_date >= oldest or sequence > 1:
            latest[sale.sale_id] = envelope
    return latest


async def _book(tx: Tx, dated: list[Dated], hierarchy: Hierarchy) -> None:
    """Add what was sold to every scope, also where nothing was expected."""
    if dated:
        units = await reference.load_units(tx, {line.product for line in dated})
        await buckets.save_buckets(tx, unexpected(dated, hierarchy, units, set()))
        await buckets.add_days(tx, spread_days(dated, hierarchy))


def _week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _row(event: SaleEvent) -> SaleRow:
    sale = event.sale
    return SaleRow(
        sale.sale_id,
        sale.product,
        sale.region,
        sale.quantity,
        sale.price,
        sale.requested_date,
        sale.sold_on,
        sale.deal_id,
        sale.deal_line_id,
        sale.shipped_on,
        event.sequence,
    )


def _moves(before: Dated | None, after: Dated) -> list[Dated]:
    """What a change adds and takes away, by day; what stays is left out."""
    if before == after:
        return []
    taken = []
    if before is not None:
        taken = [
            Dated(before.product, before.region, before.day, -before.quantity, -before.revenue)
        ]
    return [line for line in (*taken, after) if line.quantity or line.revenue]
