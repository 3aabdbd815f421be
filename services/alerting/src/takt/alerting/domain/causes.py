"""A3: why revenue left the forecast, in parts that sum to the deviation exactly.

Price, mix and volume as in capabilities.md, "Formulas used". The volume is then divided among
the deals that the version carried and those it did not know; what no deal explains is the
baseline, which also takes the last rounding, so the sum is exact in decimal.

Variances are actual less expected: a positive part brought more revenue than was forecast.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from enum import StrEnum
from typing import Literal
from uuid import UUID

ZERO = Decimal(0)
MONEY = Decimal("0.000001")
# A product of two numeric(18,6) and a quotient of such products stay exact before rounding.
PRECISION = 80


class DealCause(StrEnum):
    """How a deal moved the volume."""

    WIN_RATE = "win_rate"
    TIMING = "timing"
    NEW = "new"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class ProductLine:
    """One product in the scope: the version's side and what was sold.

    Quantities are in the product's `unit`, `revenue` in money. `price` is the version's expected
    price, None for a product the version did not carry: then what was paid stands for it, and
    nothing of it is a price variance.
    """

    product: str
    unit: str
    expected: Decimal
    price: Decimal | None
    sold: Decimal
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class DealLine:
    """One deal's part of one product: what the version expected of it and what became of it.

    `expected` falls in the bucket, `expected_ever` in any bucket of the version; both are
    probability-weighted. `sold` fell in the bucket. `known` is False for a deal that the version
    did not carry.
    """

    deal: UUID
    product: str
    known: bool
    state: Literal["open", "won", "lost"]
    expected: Decimal
    expected_ever: Decimal
    sold: Decimal


@dataclass(frozen=True, slots=True)
class DealPart:
    """What one deal moved, for one cause, in units and in money at the standard mix's price."""

    deal: UUID
    product: str
    cause: DealCause
    quantity: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class Causes:
    """The waterfall: price + mix + volume = total; the deals' parts + baseline = volume."""

    expected: Decimal
    actual: Decimal
    price: Decimal
    mix: Decimal
    volume: Decimal
    win_rate: Decimal
    timing: Decimal
    new: Decimal
    lost: Decimal
    baseline: Decimal
    deals: tuple[DealPart, ...]

    @property
    def total(self) -> Decimal:
        """The revenue variance, actual less expected."""
        return self.actual - self.expected


AMOUNTS = tuple(field.name for field in fields(Causes) if field.name != "deals")


def combine(weeks: Sequence[Causes]) -> Causes:
    """The causes of several weeks together; sums of exact parts are exact."""
    with localcontext() as context:
        context.prec = PRECISION
        return Causes(
            **{name: sum((getattr(week, name) for week in weeks), ZERO) for name in AMOUNTS},
            deals=tuple(part for week in weeks for part in week.deals),
        )


def explain(products: Sequence[ProductLine], deals: Sequence[DealLine]) -> Causes:
    """Divide the revenue variance of a scope among its causes.

    Mix is taken among products of one unit; between units it is taken by value, where it is zero
    in sum. A deal's quantity is valued at its unit's standard-mix price, so that it explains
    volume and never mix.

    Raises:
        ValueError: a product appears twice, or a deal names a product that is not in the scope.
    """
    with localcontext() as context:
        context.prec = PRECISION
        context.rounding = ROUND_HALF_EVEN
        by_product = {line.product: line for line in products}
        if len(by_product) != len(products):
            raise ValueError("a product appears twice in the scope")
        expected = actual = price = mix = volume = ZERO
        standard_price: dict[str, Decimal] = {}
        for unit, lines in _by_unit(products).items():
            unit_expected, unit_price, unit_mix, unit_volume = _price_mix_volume(lines)
            expected += unit_expected
            actual += sum((line.revenue for line in lines), ZERO)
            price += unit_price
            mix += unit_mix
            volume += unit_volume
            standard_price[unit] = _standard_price(lines)
        parts: list[DealPart] = []
        for deal in deals:
            line = by_product.get(deal.product)
            if line is None:
                raise ValueError(f"deal {deal.deal} sells {deal.product}, which is not in scope")
            parts += _deal_parts(deal, standard_price[line.unit])
        sums = {
            cause: sum((part.value for part in parts if part.cause is cause), ZERO)
            for cause in DealCause
        }
        return Causes(
            expected=expected,
            actual=actual,
            price=price,
            mix=mix,
            volume=volume,
            win_rate=sums[DealCause.WIN_RATE],
            timing=sums[DealCause.TIMING],
            new=sums[DealCause.NEW],
            lost=sums[DealCause.LOST],
            baseline=volume - sum(sums.values(), ZERO),
            deals=tuple(sorted(parts, key=lambda p: (-abs(p.value), p.deal, p.product, p.cause))),
        )


def _by_unit(products: Sequence[ProductLine]) -> dict[str, list[ProductLine]]:
    units: dict[str, list[ProductLine]] = defaultdict(list)
    for line in products:
        units[line.unit].append(line)
    return units


def _price_mix_volume(lines: list[ProductLine]) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Expected revenue, and the price, mix and volume variance of products of one unit."""
    sold = sum((line.sold for line in lines), ZERO)
    forecast = sum((line.expected for line in lines), ZERO)
    expected = at_version_price = at_standard_mix = revenue = ZERO
    for line in lines:
        price = _version_price(line)
        value = line.revenue if line.price is None else _money(line.sold * price)
        expected += _money(line.expected * price)
        at_version_price += value
        at_standard_mix += _money(sold * line.expected * price / forecast) if forecast else value
        revenue += line.revenue
    return (
        expected,
        revenue - at_version_price,
        at_version_price - at_standard_mix,
        at_standard_mix - expected,
    )


def _standard_price(lines: list[ProductLine]) -> Decimal:
    """What a unit costs at the version's mix, or at the sold one where nothing was expected."""
    forecast = sum((line.expected for line in lines), ZERO)
    if forecast:
        return sum((line.expected * _version_price(line) for line in lines), ZERO) / forecast
    sold = sum((line.sold for line in lines), ZERO)
    return sum((line.sold * _version_price(line) for line in lines), ZERO) / sold if sold else ZERO


def _version_price(line: ProductLine) -> Decimal:
    if line.price is not None:
        return line.price
    return line.revenue / line.sold if line.sold else ZERO


def _deal_parts(deal: DealLine, price: Decimal) -> list[DealPart]:
    """Each quantity of the deal under the one cause it belongs to; zero parts are left out.

    A sale beats its probability by `sold - expected_ever` (win rate), and takes into the bucket
    what was expected in others (timing). An open deal, or one won for another bucket, leaves its
    expected part to timing.
    """
    if not deal.known:
        moves = [(DealCause.NEW, deal.sold)]
    elif deal.sold:
        moves = [
            (DealCause.WIN_RATE, deal.sold - deal.expected_ever),
            (DealCause.TIMING, deal.expected_ever - deal.expected),
        ]
    elif deal.state == "lost":
        moves = [(DealCause.LOST, -deal.expected)]
    else:
        moves = [(DealCause.TIMING, -deal.expected)]
    return [
        DealPart(deal.deal, deal.product, cause, quantity, _money(quantity * price))
        for cause, quantity in moves
        if quantity
    ]


def _money(value: Decimal) -> Decimal:
    return value.quantize(MONEY)
