"""Classes of stock: A, B, C by what of it is consumed at cost, X, Y, Z by how its demand varies.

Source of A, B, C: Silver, Pyke & Thomas, Inventory and Production Management in Supply Chains.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from typing import Literal

from takt.supply_planning.domain.plan import ItemSite

Abc = Literal["A", "B", "C"]
Xyz = Literal["X", "Y", "Z"]


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where classes end; each end belongs to the better class.

    Args:
        a, b: shares of the annual consumption at cost, 0 < a <= b <= 1.
        x, y: coefficients of variation of weekly demand, 0 <= x <= y.

    Raises: ValueError: they are not so.
    """

    a: Decimal = Decimal("0.8")
    b: Decimal = Decimal("0.95")
    x: Decimal = Decimal("0.5")
    y: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        if not 0 < self.a <= self.b <= 1:
            raise ValueError(f"A ends at {self.a} and B at {self.b}: give 0 < A <= B <= 1")
        if not 0 <= self.x <= self.y:
            raise ValueError(f"X ends at {self.x} and Y at {self.y}: give 0 <= X <= Y")


USUAL = Cuts()
"""The usual ends."""


def abc_classes(
    consumption: Mapping[ItemSite, int | None], cuts: Cuts
) -> dict[ItemSite, Abc | None]:
    """Classes by cumulative annual consumption at cost, the largest first, equal ones by key.

    An item is A while those before it have less than the share `a` of all, so the one that crosses
    it is A, too, and A's share is never less; then B likewise, then C, and C what nobody consumes.

    Args: consumption: in any one unit; None, and no class, where no cost is known.
    """
    whole = sum(units or 0 for units in consumption.values())
    (a, a_of), (b, b_of) = cuts.a.as_integer_ratio(), cuts.b.as_integer_ratio()
    classes: dict[ItemSite, Abc | None] = dict.fromkeys(consumption)
    before = 0
    known = ((units, key) for key, units in consumption.items() if units is not None)
    for units, key in sorted(known, key=lambda one: (-one[0], one[1])):
        if units and before * a_of < a * whole:
            classes[key] = "A"
        elif units and before * b_of < b * whole:
            classes[key] = "B"
        else:
            classes[key] = "C"
        before += units
    return classes


def variation(weekly: Sequence[int]) -> float | None:
    """Standard deviation / mean of the weeks, which are all there are, not a sample of more.

    None without demand.
    """
    if not (whole := sum(weekly)):
        return None
    return sqrt((len(weekly) * _squares(weekly) - whole * whole) / (whole * whole))


def xyz_class(weekly: Sequence[int], cuts: Cuts) -> Xyz | None:
    """X up to a variation of `x`, Y up to `y`, else Z; None without demand. Compared exactly.

    Callers leave out the week that holds today: it is cut short, and has what is overdue.
    cv <= c is n sum(d^2) <= (1 + c^2) sum(d)^2.
    """
    if not (whole := sum(weekly)):
        return None
    spread = len(weekly) * _squares(weekly)

    def within(cut: Decimal) -> bool:
        units, of = cut.as_integer_ratio()
        return spread * of * of <= (of * of + units * units) * whole * whole

    return "X" if within(cuts.x) else "Y" if within(cuts.y) else "Z"


def _squares(weekly: Sequence[int]) -> int:
    return sum(units * units for units in weekly)
