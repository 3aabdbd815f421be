"""Loads what a deviation is made of and divides it among its causes (A3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Scene:
    """A frozen week, whole: what was expected of series and deals, and what was sold."""

    week: date
    series: Sequence[SeriesWeek]
    dated: Sequence[Dated]
    units: Mapping[str, str]
    expected: Sequence[DealWeek]
    sold: Sequence[DealSale]
    states: Mapping[UUID, str]


async def load_scene(tx: Tx, week: date) -> Scene:
    """Load a week once for all the reviews that are opened about it."""
    version = (await versions.frozen_versions(tx, [week]))[week]
    dated = await buckets.load_series_days(tx, week)
    expected = await versions.load_deals(tx, version, week)
    sold = await sales.load_deal_sales(tx, week, week + timedelta(days=6))
    return Scene(
        week,
        await versions.load_series(tx, version, week),
        dated,
        await reference.load_units(tx, {line.product for line in dated}),
        expected,
        sold,
        await reference.load_deal_states(
            tx, {line.deal_id for line in expected} | {line.deal_id for line in sold}
        ),
    )


def explain_scope(
    scope: Scope, verdict: Verdict, scenes: Sequence[Scene], today: date, hierarchy: Hierarchy
) -> Causes:
    """The causes of a verdict, over the weeks that it judges.

    Args:
        scope: what was judged.
        verdict: what was found.
        scenes: the verdict's weeks.
        today: the business date, after which sales count only where the verdict counts them.
        hierarchy: which series lie inside the scope.
    """

    def inside(product: str, region: str) -> bool:
        series = Scope(product=product, region=region)
        return scope == series or hierarchy.covers(scope, series)

    return combine([_explain_week(scene, inside, verdict, today) for scene in scenes])


def _explain_week(scene: Scene, inside: Inside, verdict: Verdict, today: date) -> Causes:
    until = date.max if verdict.with_booked else today
    series = [line for line in scene.series if inside(line.product, line.region)]
    dated = [d for d in scene.dated if d.day <= until and inside(d.product, d.region)]
    sold = [d for d in scene.sold if d.day <= until and inside(d.product, d.region)]
    products = _product_lines(series, dated, scene.units, verdict.due)
    deals = _deal_lines(scene.expected, sold, scene.states, inside, verdict.due)
    known = {line.product for line in products}
    return explain(products, [line for line in deals if line.product in known])


def _product_lines(
    series: Sequence[SeriesWeek], dated: Sequence[Dated], units: Mapping[str, str], due: Decimal
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
    states: Mapping[UUID, str],
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
