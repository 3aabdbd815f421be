"""What customers want of a series: its forecast, and the orders that a forecast does not hold.

A forecast holds the sale of a deal in its pipeline part until that is shipped. An order that never
was a deal (a direct one) it holds nowhere: the order has consumed the baseline of its week. So
planning counts what is not shipped of it yet as firm demand, for the day on which it is wanted.

What was told of sales after the forecast was made, the forecast will answer soon. Until then
planning does the same itself, so that nothing is counted twice meanwhile.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID


class ForecastWeek(NamedTuple):
    """The forecast of the week that begins on a Monday; what is not baseline is pipeline."""

    week: date
    quantity: int
    baseline: int


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale as planning sees it.

    Args:
        direct: it never was a deal, so that no forecast holds it.
        quantity: zero when it was reversed.
        shipped: so far, in all.
        taken: site to what that took from its stock, in millionths.
    """

    sale_id: UUID
    sequence: int
    product: str
    region: str
    direct: bool
    requested_on: date
    quantity: Decimal
    shipped: Decimal
    shipped_on: date | None
    taken: Mapping[str, int]

    @property
    def firm(self) -> Decimal:
        """What is firm demand beside the forecast: the part of a direct order yet to be shipped."""
        return max(self.quantity - self.shipped, Decimal(0)) if self.direct else Decimal(0)

    @property
    def asks(self) -> tuple[object, ...]:
        """What plans depend on: of a deal's sale only the shipping, the rest is in the forecast."""
        place = (self.product, self.region, self.direct, self.shipped)
        return (*place, self.requested_on, self.quantity) if self.direct else place


def moves_plans(before: Sale | None, after: Sale, since: date) -> bool:
    """Whether a plan may depend on what has changed; what was done with before `since` is history.

    Args: before: None when the sale was not known.
    """
    if before is not None and before.asks == after.asks:
        return False
    if after.firm or (before is not None and before.firm):
        return True
    day = after.shipped_on or after.requested_on
    return (max(day, after.requested_on) if after.direct else day) > since


def still_forecast(
    weeks: Iterable[ForecastWeek], shipped: int, ordered: Mapping[date, int]
) -> list[tuple[date, int]]:
    """Forecast demand without what was shipped and ordered after the forecast was made.

    Shipments of deals leave the pipeline part, the earliest weeks first; direct orders consume the
    baseline of their week. Neither part falls below zero. What was given back is not added: only a
    newer forecast can tell how much of it the baseline regains.

    Args: ordered: direct orders by the Monday of the week in which they are wanted.
    """
    left: list[tuple[date, int]] = []
    for week, quantity, baseline in weeks:
        gone = min(max(shipped, 0), quantity - baseline)
        shipped -= gone
        consumed = min(max(ordered.get(week, 0), 0), baseline)
        left.append((week, quantity - gone - consumed))
    return left
