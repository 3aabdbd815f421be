"""Lot sizing: from a net requirement to the quantities ordered. Quantities are millionths."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Literal, assert_never

from takt.supply_planning.domain.quantity import ceil_div, to_decimal

LotRule = Literal["lot_for_lot", "fixed", "period", "economic"]

SIX_PLACES = Decimal("0.000001")
LARGE = Context(prec=40)
"""For the largest quantity at the highest price: 24 digits, and 12 places before they are cut."""


@dataclass(frozen=True, slots=True)
class LotPolicy:
    """How much is ordered at a time.

    Args:
        rule: lot_for_lot orders the need; fixed orders whole multiples of `quantity`; period orders
            the need of
            `periods` buckets at once; economic orders at least `quantity` (an economic order
            quantity).
        quantity: for fixed and economic.
        periods: for period.
        minimum: each lot is at least this.
        multiple: each lot is a whole multiple of this; 0 is any quantity.
        maximum: each lot is at most this, and a larger need makes several lots; None is no limit.
    """

    rule: LotRule = "lot_for_lot"
    quantity: int = 0
    periods: int = 1
    minimum: int = 0
    multiple: int = 0
    maximum: int | None = None

    def __post_init__(self) -> None:
        if min(self.quantity, self.minimum, self.multiple) < 0 or self.periods < 1:
            raise ValueError("quantity, minimum and multiple are 0 or more, periods 1 or more")
        if self.rule in ("fixed", "economic") and self.quantity == 0:
            raise ValueError(f"the lot rule {self.rule} needs a quantity above 0")
        if self.maximum is not None and self.largest < max(self.smallest, 1):
            raise ValueError(
                "no lot fits: the maximum is below the minimum rounded up to the multiple"
            )

    @property
    def smallest(self) -> int:
        """The smallest lot that minimum and multiple allow."""
        return self.rounded_up(self.minimum)

    @property
    def largest(self) -> int:
        """The largest lot that maximum and multiple allow. Only where there is a maximum."""
        if self.maximum is None:
            raise ValueError("there is no maximum")
        return self.maximum - self.maximum % self.multiple if self.multiple else self.maximum

    def rounded_up(self, quantity: int) -> int:
        """The next multiple."""
        return ceil_div(quantity, self.multiple) * self.multiple if self.multiple else quantity


def lots(need: int, policy: LotPolicy) -> tuple[int, ...]:
    """The lots that cover `need`, each within minimum, multiple and maximum; none for 0 or less.

    For the rule period the caller gives the need of all its buckets together.
    """
    if need <= 0:
        return ()
    match policy.rule:
        case "fixed":
            wanted = ceil_div(need, policy.quantity) * policy.quantity
        case "economic":
            wanted = max(need, policy.quantity)
        case "lot_for_lot" | "period":
            wanted = need
        case _:
            assert_never(policy.rule)
    sized: list[int] = []
    if policy.maximum is not None:
        full, wanted = divmod(wanted, policy.largest)
        sized = [policy.largest] * full
    if wanted:
        sized.append(max(policy.rounded_up(wanted), policy.smallest))
    return tuple(sized)


def smallest_order(policy: LotPolicy) -> int:
    """What is ordered when almost nothing is needed."""
    return sum(lots(1, policy))


def economic_order_quantity(demand: Decimal, order_cost: Decimal, holding_cost: Decimal) -> Decimal:
    """The quantity at which ordering and holding cost the same: sqrt(2 D S / H), rounded up.

    Args: demand: units a year. order_cost: money an order. holding_cost: money a unit and year.
    Raises: ValueError: a value is not above zero.   Source: Harris 1913.
    """
    if min(demand, order_cost, holding_cost) <= 0:
        raise ValueError("demand, order cost and holding cost must be above zero")
    square = 2 * demand * order_cost / holding_cost * 10**12
    root = math.isqrt(math.ceil(square))
    return Decimal(root if root * root >= square else root + 1).scaleb(-6)


@dataclass(frozen=True, slots=True)
class PriceBreak:
    """From this quantity on (millionths), a unit costs this."""

    quantity: int
    price: Decimal


def unit_price(quantity: int, breaks: Sequence[PriceBreak]) -> Decimal:
    """The price a unit of an order: that of the highest break it reaches, else of the lowest.

    Raises: ValueError: there is no price at all.
    """
    if not breaks:
        raise ValueError("there is no price")
    reached = [b for b in breaks if b.quantity <= quantity]
    best = (
        max(reached, key=lambda b: b.quantity) if reached else min(breaks, key=lambda b: b.quantity)
    )
    return best.price


def worth(quantity: int, price: Decimal) -> Decimal:
    """Money for millionths of an item at a price a unit, to six places, however much it is."""
    return LARGE.multiply(to_decimal(quantity), price).quantize(SIX_PLACES, context=LARGE)
