"""What stock does: how often it turns, how long it lasts, what nobody needs, what counts most.

All follows from a plan as it stands. Quantities are millionths; nothing is rounded before it is
compared. An item at a site is looked at by itself: a component counts though it is counted again in
what is made of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from takt.supply_planning.domain.abc_xyz import (
    USUAL,
    Abc,
    Cuts,
    Xyz,
    abc_classes,
    variation,
    xyz_class,
)
from takt.supply_planning.domain.lots import worth
from takt.supply_planning.domain.netting import WEEK
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import ceil_div, to_millionths

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


def take_stock(stocked: Iterable[Stocked], today: date, cuts: Cuts = USUAL) -> list[Inventory]:
    """Look at all stock together: the classes A, B, C follow from each other's consumption.

    Returns: by item and site.
    """
    places = sorted(stocked, key=lambda one: one.key)
    classes = abc_classes({one.key: _consumption(one) for one in places}, cuts)
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


def _consumption(one: Stocked) -> int | None:
    return None if one.unit_cost is None else annual_demand(one) * to_millionths(one.unit_cost)


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
