"""Demand history: what customers wanted, at the date for which they wanted it, each sale once.

A sale is one row, at its requested date. A correction replaces the row; a return changes revenue
and cash, not what was wanted; a reversed sale has quantity zero and leaves no demand. The week in
progress is not history yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Self
from uuid import UUID

import numpy as np
import numpy.typing as npt

from takt.common.contracts.deals import SaleState
from takt.forecast.domain.calendar import week_of, weeks_between

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, order=True)
class SeriesKey:
    """What is forecast: a product in a ship-to region."""

    product: str
    region: str

    def __str__(self) -> str:
        return f"{self.product}|{self.region}"


@dataclass(frozen=True, slots=True)
class DemandRow:
    """The demand of one sale on one day."""

    sale_id: UUID
    series: SeriesKey
    day: date
    quantity: Decimal
    price: Decimal
    sold_on: date
    deal_id: UUID | None
    deal_line_id: UUID | None
    shipped_quantity: Decimal
    shipped_on: date | None
    sequence: int

    @classmethod
    def of(cls, sale: SaleState, sequence: int) -> Self:
        """The demand of a sale as it stands."""
        return cls(
            sale.sale_id,
            SeriesKey(sale.product, sale.region),
            sale.requested_date,
            sale.quantity,
            sale.price,
            sale.sold_on,
            sale.deal_id,
            sale.deal_line_id,
            sale.shipped_quantity,
            sale.shipped_on,
            sequence,
        )


@dataclass(frozen=True, slots=True)
class WeeklyHistory:
    """Demand in consecutive weeks, shape (weeks,), from the first sale to the last whole week."""

    series: SeriesKey
    first_week: date
    quantities: Floats


def weekly_history(
    series: SeriesKey, demand: Sequence[tuple[date, Decimal | float]], current_week: date
) -> WeeklyHistory | None:
    """Put dated demand into consecutive weeks; a week without a sale is zero.

    Args:
        series: the series to which the demand belongs.
        demand: dates (any day of the week) and quantities, in any order.
        current_week: the Monday of the week in progress; it and everything later are left out.

    Returns: None when nothing was wanted before this week.
    """
    past = [(week_of(day), float(quantity)) for day, quantity in demand if day < current_week]
    past = [(week, quantity) for week, quantity in past if quantity > 0]
    if not past:
        return None
    first = min(week for week, _ in past)
    quantities = np.zeros(weeks_between(first, current_week))
    for week, quantity in past:
        quantities[weeks_between(first, week)] += quantity
    return WeeklyHistory(series, first, quantities)
