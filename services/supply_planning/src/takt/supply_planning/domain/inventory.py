"""What stock does: how often it turns, how long it lasts, what of it nobody needs, what counts most.

All follows from a plan as it stands. Quantities are millionths; nothing is rounded before it is
compared. An item at a site is looked at by itself: a component counts though it is counted again in
what is made of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import sqrt
from typing import Literal, NamedTuple

from takt.supply_planning.domain.lots import worth
from takt.supply_planning.domain.netting import WEEK
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import ceil_div, to_millionths

Abc = Literal["A", "B", "C"]
Xyz = Literal["X", "Y", "Z"]

YEAR = 52
"""Weeks of a year."""


@dataclass(frozen=True, slots=True)
class Stocked:
    """An item at a site as it is planned.

    Args:
        first_week: the Monday of the plan's first week.
        on_hand: may be negative.
        gross: demand, independent and dependent, shape (weeks,).
        scheduled: what open orders bring, shape (weeks,).
        projected: stock at the end of each week, with what is planned anew, shape (weeks,).
        unit_cost: money for a unit; None where it is not known.
    """

    key: ItemSite
    first_week: date
    on_hand: int
    gross: Sequence[int]
    scheduled: Sequence[int]
    projected: Sequence[int]
    safety_stock: int = 0
    unit_cost: Decimal | None = None


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


class Cover(NamedTuple):
    """How long stock on hand alone lasts; both are None when it outlasts the horizon's demand.

    Args:
        days: whole days from today on whose demand it meets.
        used_up_on: the day on which the last of it goes.
    """

    days: int | None
    used_up_on: date | None


class Use(NamedTuple):
    """What becomes of what is available: used + safety + excess = available."""

    available: int
    used: int
    safety: int
    excess: int


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is known of the stock of an item at a site.

    Args:
        annual_demand: in a year.
        average: projected stock.
        obsolete: on hand, without any demand within the horizon.
        variation: coefficient of variation of weekly demand; None without demand.
        abc: None where no cost is known.
        xyz: None without demand.
    """

    stocked: Stocked
    annual_demand: int
    average: int
    cover: Cover
    use: Use
    obsolete: int
    variation: float | None
    abc: Abc | None
    xyz: Xyz | None

    @property
    def turns(self) -> float | None:
        """Annual demand / average projected stock; None where there is no stock on average.

        Both are at the same cost, so for one item at a site it cancels.
        """
        return self.annual_demand / self.average if self.average else None

    def worth(self, quantity: int) -> Decimal | None:
        """So much of it at cost; None where no cost is known."""
        cost = self.stocked.unit_cost
        return None if cost is None else worth(quantity, cost)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums in money over what has a cost; `without_cost` have none and are in no sum.

    Args:
        stock: on hand; what is below nothing counts as nothing.
        obsolete: as far as it exceeds the safety stock it is in `excess` too.
        turns: annual consumption / average projected stock, both at cost; None without stock.
    """

    count: int
    without_cost: int
    stock: Decimal
    excess: Decimal
    obsolete: Decimal
    annual_consumption: Decimal
    average_stock: Decimal
    turns: float | None


def take_stock(stocked: Iterable[Stocked], today: date, cuts: Cuts | None = None) -> list[Inventory]:
    """Look at all stock together: the classes A, B, C follow from each other's consumption."""
    cuts, places = cuts or Cuts(), list(stocked)
    consumption = {
        one.key: None if one.unit_cost is None else annual_demand(one) * to_millionths(one.unit_cost)
        for one in places
    }
    classes = abc_classes(consumption, cuts)
    return [
        Inventory(
            one,
            annual_demand(one),
            average_stock(one),
            cover(one.on_hand, one.gross, one.first_week, today),
            use_of(one),
            max(one.on_hand, 0) if not any(one.gross) else 0,
            variation(one.gross[1:]),
            classes[one.key],
            xyz_class(one.gross[1:], cuts),
        )
        for one in places
    ]


def total(inventory: Iterable[Inventory]) -> Totals:
    """Sum money; quantities of different items have no sum."""
    count = without_cost = consumed = kept = 0
    stock = excess = obsolete = Decimal(0)
    for one in inventory:
        count += 1
        cost = one.stocked.unit_cost
        if cost is None:
            without_cost += 1
            continue
        stock += worth(max(one.stocked.on_hand, 0), cost)
        excess += worth(one.use.excess, cost)
        obsolete += worth(one.obsolete, cost)
        consumed += one.annual_demand * to_millionths(cost)
        kept += one.average * to_millionths(cost)
    return Totals(
        count,
        without_cost,
        stock,
        excess,
        obsolete,
        worth(consumed, Decimal(1).scaleb(-6)),
        worth(kept, Decimal(1).scaleb(-6)),
        consumed / kept if kept else None,
    )


def annual_demand(one: Stocked) -> int:
    """Demand of the next 52 weeks, or that of a shorter horizon x 52 / its weeks, rounded down."""
    weeks = one.gross[:YEAR]
    return sum(weeks) * YEAR // len(weeks)


def average_stock(one: Stocked) -> int:
    """The mean of projected stock at the ends of the weeks of `annual_demand`.

    Rounded down; what is below nothing is a shortage, and counts as no stock.
    Source of turns: APICS Dictionary, inventory turnover: cost of goods sold / average inventory.
    """
    weeks = one.projected[:YEAR]
    return sum(units for units in weeks if units > 0) // len(weeks)


def cover(on_hand: int, gross: Sequence[int], first_week: date, today: date) -> Cover:
    """Walk stock on hand through the weeks, each week's demand spread evenly over its days.

    In the week that holds today its demand, with what is overdue, is that of today and the days
    left; days of rest count as any other. Stock that meets all demand with nothing left is used up
    on the last day of the last week with demand; where there is none it lasts no day.

    Args: gross: shape (weeks,), from `first_week` on.
    """
    if on_hand <= 0:
        return Cover(0, today)
    left = on_hand
    for bucket, demand in enumerate(gross):
        if demand < left:
            left -= demand
            continue
        monday = first_week + bucket * WEEK
        begins = max(monday, today)
        days = max((monday + WEEK - begins).days, 1)
        last = begins + timedelta(days=ceil_div(left * days, demand) - 1)
        return Cover((begins - today).days + left * days // demand, last)
    return Cover(None, None)


def use_of(one: Stocked) -> Use:
    """What is left of on hand + receipts after all demand of the horizon and the safety stock."""
    available = max(one.on_hand + sum(one.scheduled), 0)
    used = min(available, sum(one.gross))
    safety = min(available - used, one.safety_stock)
    return Use(available, used, safety, available - used - safety)


def abc_classes(
    consumption: Mapping[ItemSite, int | None], cuts: Cuts
) -> dict[ItemSite, Abc | None]:
    """Classes by cumulative annual consumption at cost, the largest first, equal ones by key.

    An item is A while those before it have less than the share `a` of all, so the one that crosses
    it is A, too, and A's share is never less; then B likewise, then C. What has no consumption is C.

    Args: consumption: in any one unit; None, and no class, where no cost is known.
    Source: Silver, Pyke & Thomas, Inventory and Production Management in Supply Chains, ch. 2.
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
    Source: as of `abc_classes`; cv <= c is n sum(d^2) <= (1 + c^2) sum(d)^2.
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
