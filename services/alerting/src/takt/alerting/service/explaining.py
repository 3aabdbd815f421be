"""Loads what a deviation is made of and divides it among its causes (A3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, cast
from uuid import UUID

from takt.alerting.domain.causes import Causes, DealLine, ProductLine, combine, explain
from takt.alerting.domain.deviation import Verdict
from takt.alerting.domain.scopes import Hierarchy, Scope
from takt.alerting.store import buckets, reference, sales, versions
from takt.alerting.store.sales import Dated, DealSale
from takt.alerting.tables import DealWeek, SeriesWeek
from takt.common.amounts import micro
from takt.common.db import Tx

ZERO = Decimal(0)

Inside = Callable[[str, str], bool]


async def explain_scope(
    tx: Tx, scope: Scope, verdict: Verdict, today: date, hierarchy: Hierarchy
) -> Causes:
    """The causes of a verdict, over the weeks that it judges."""

    def inside(product: str, region: str) -> bool:
        series = Scope(product=product, region=region)
        return scope == series or hierarchy.covers(scope, series)

    frozen = await versions.frozen_versions(tx, verdict.weeks)
    return combine(
        [
            await _explain_week(tx, week, frozen[week], inside, verdict, today)
            for week in verdict.weeks
        ]
    )


async def _explain_week(
    tx: Tx, week: date, version: int, inside: Inside, verdict: Verdict, today: date
) -> Causes:
    until = week + timedelta(days=6)
    if not verdict.with_booked:
        until = min(until, today)
    series = [
        s for s in await versions.load_series(tx, version, week) if inside(s.product, s.region)
    ]
    dated = [
        d
        for d in await buckets.load_series_days(tx, week)
        if d.day <= until and inside(d.product, d.region)
    ]
    units = await reference.load_units(tx, {line.product for line in dated})
    products = _product_lines(series, dated, units, verdict.due)
    expected = await versions.load_deals(tx, version, week)
    sold = [
        line
        for line in await sales.load_deal_sales(tx, week, until)
        if inside(line.product, line.region)
    ]
    states = await reference.load_deal_states(
        tx, {line.deal_id for line in expected} | {line.deal_id for line in sold}
    )
    deals = _deal_lines(expected, sold, states, inside, verdict.due)
    known = {line.product for line in products}
    return explain(products, [line for line in deals if line.product in known])


def _product_lines(
    series: Sequence[SeriesWeek], dated: Sequence[Dated], units: dict[str, str], due: Decimal
) -> list[ProductLine]:
    """A line a product, over the regions of the scope; its price is the version's average."""
    quantity: dict[str, Decimal] = defaultdict(Decimal)
    value: dict[str, Decimal] = defaultdict(Decimal)
    prices: dict[str, Decimal] = {}
    unit = dict(units)
    for line in series:
        quantity[line.product] += line.quantity
        value[line.product] += line.quantity * line.price
        prices.setdefault(line.product, line.price)
        unit[line.product] = line.unit
    sold: dict[str, Decimal] = defaultdict(Decimal)
    revenue: dict[str, Decimal] = defaultdict(Decimal)
    for day in dated:
        sold[day.product] += day.quantity
        revenue[day.product] += day.revenue
    lines = []
    for product in sorted({*quantity, *sold}):
        price = prices.get(product)
        if quantity[product]:
            price = micro(value[product] / quantity[product])
        lines.append(
            ProductLine(
                product,
                unit.get(product, ""),
                micro(quantity[product] * due),
                price,
                micro(sold[product]),
                micro(revenue[product]),
            )
        )
    return lines


def _deal_lines(
    expected: Sequence[DealWeek],
    sold: Sequence[DealSale],
    states: dict[UUID, str],
    inside: Inside,
    due: Decimal,
) -> list[DealLine]:
    """A line a deal and product: what the version expected of it, and what it sold."""
    in_version = {line.deal_id for line in expected}
    this_week: dict[tuple[UUID, str], Decimal] = defaultdict(Decimal)
    ever: dict[tuple[UUID, str], Decimal] = defaultdict(Decimal)
    quantity: dict[tuple[UUID, str], Decimal] = defaultdict(Decimal)
    for line in expected:
        if inside(line.product, line.region):
            this_week[line.deal_id, line.product] += line.expected
            ever[line.deal_id, line.product] += line.expected_ever
    for sale in sold:
        quantity[sale.deal_id, sale.product] += sale.quantity
    return [
        DealLine(
            deal,
            product,
            deal in in_version,
            cast(Literal["open", "won", "lost"], states.get(deal, "open")),
            micro(this_week[deal, product] * due),
            micro(ever[deal, product]),
            micro(quantity[deal, product]),
        )
        for deal, product in sorted({*ever, *quantity})
    ]
