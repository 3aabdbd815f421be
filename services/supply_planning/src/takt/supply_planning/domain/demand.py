"""What customers want of a series: its forecast, and the orders that a forecast does not hold.

A forecast holds the sale of a deal in its pipeline part until that is shipped. An order that never
was a deal (a direct one) it holds nowhere: the order has consumed the baseline of its week. So
planning counts what is not shipped of it yet as firm demand, for the day on which it is wanted.
What it asks for beyond the baseline of its week may consume that of other weeks (`consumption`),
which the forecast leaves to planning.

What was told of sales after the forecast was made, the forecast will answer soon. Until then
planning does the same itself, so that nothing is counted twice meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from takt.supply_planning.domain.consumption import OWN_BUCKET, Consumption, Windows, consume
from takt.supply_planning.domain.sourcing import SourcingRule, demand_at_sites


class ForecastWeek(NamedTuple):
    """The forecast of the week that begins on a Monday; what is not baseline is pipeline.

    Args:
        won: what of the pipeline is won and not shipped.
        direct: the direct orders for this week that it knows; they are in no part of it.
        consumed: what they took of the baseline.
    """

    week: date
    quantity: int
    baseline: int
    won: int = 0
    direct: int = 0
    consumed: int = 0


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


class WeekLeft(NamedTuple):
    """What is left of a forecast week.

    Args:
        won: what of it is orders: of deals that are won.
        expected: the rest: open deals, and baseline that no order has consumed.
    """

    week: date
    won: int
    expected: int

    @property
    def quantity(self) -> int:
        """Both."""
        return self.won + self.expected


@dataclass(frozen=True, slots=True)
class StillForecast:
    """Forecast demand by week, and what direct orders consumed of its baseline: by place."""

    weeks: tuple[WeekLeft, ...]
    baseline: tuple[int, ...]
    ordered: tuple[int, ...]
    consumption: Consumption


def still_forecast(
    weeks: Sequence[ForecastWeek],
    shipped: int,
    ordered: Mapping[date, int],
    windows: Windows = OWN_BUCKET,
) -> StillForecast:
    """Forecast demand without what was shipped and ordered after the forecast was made.

    Shipments of deals leave the pipeline part, the earliest weeks first. Direct orders consume the
    baseline as it was before the forecast took off those that it knew, all of them together: its
    own week's first, then that of others inside the windows. Neither part falls below zero, and a
    deal's own order never consumes what is expected of deals. Of shipments that were given back a
    newer forecast will tell.

    Args:
        weeks: rising.
        shipped: of deals, in all.
        ordered: direct orders by the Monday of the week in which they are wanted; below zero when
            orders that the forecast knew have gone.
        windows: how far an order reaches.
    """
    before = tuple([baseline + consumed for _, _, baseline, _, _, consumed in weeks])
    wanted = tuple([max(direct + ordered.get(day, 0), 0) for day, _, _, _, direct, _ in weeks])
    consumption = consume([week[0] for week in weeks], before, wanted, windows)
    left: list[WeekLeft] = []
    for (day, quantity, baseline, won, _, _), net in zip(weeks, consumption.net, strict=True):
        pipeline = quantity - baseline
        if shipped > 0:
            gone = min(shipped, pipeline)
            shipped -= gone
            pipeline -= gone
            won = max(won - gone, 0)
        left.append(WeekLeft(day, won, pipeline - won + net))
    return StillForecast(tuple(left), before, wanted, consumption)


def wanted_at_sites(
    left: Sequence[WeekLeft],
    firm: Sequence[tuple[date, int]],
    rules: Sequence[SourcingRule],
    fences: Mapping[str, date],
) -> dict[str, list[tuple[date, int]]]:
    """Demand at the sites that serve a series: what is forecast, and what is firm beside it.

    Args:
        left: of its forecast.
        firm: direct orders that are not shipped.
        rules: of its sourcing.
        fences: of sites that have a demand time fence, the first day after it. Before that day
            orders alone count there: direct ones and those of deals that are won.
    """
    at = demand_at_sites([*((week.week, week.quantity) for week in left), *firm], rules)
    fenced = fences.keys() & at.keys()
    if not fenced:
        return at
    orders = demand_at_sites([*((week.week, week.won) for week in left), *firm], rules)
    for site in fenced:
        end = fences[site]
        inside = [(day, units) for day, units in orders.get(site, ()) if day < end]
        at[site] = inside + [(day, units) for day, units in at[site] if day >= end]
    return at
