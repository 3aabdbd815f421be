"""How much stock to keep against what a forecast cannot know.

What counts is the error of the whole demand from one order to the arrival of the next: over lead
time plus review period. Weekly errors of one forecast go together (what was taken for a level that
was not there is missing in each week), so their squares do not simply add. How far they go together
shows in how the error grows with the weeks ahead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from itertools import accumulate, pairwise
from math import hypot, sqrt
from statistics import NormalDist, fmean, stdev
from typing import Literal

WEEKS_NEEDED = 8
"""Fewer weeks of sales say nothing of how they vary."""
SERVICE = 0.95
"""Of order cycles without a shortage, where nothing is asked."""
EDGE = 1.959964
"""Standard deviations of a normal distribution below its quantile 0.975."""
MOST = 8.0
"""The largest factor: no share of demand asks for more."""
EXACT = 1e-9
"""Of a factor."""
NORMAL = NormalDist()
LARGEST = 999_999_999_999
"""The largest quantity there is."""
WHOLE_UNIT = "each"
"""The unit that nobody keeps a part of."""

Method = Literal["forecast_error", "sales", "plan"]
"""What the deviation is of.

forecast_error  of the forecast, cumulated over the weeks
sales           of weekly sales: the forecast has no measured error
plan            of weekly planned demand: nothing is sold of it by itself
"""


@dataclass(frozen=True, slots=True)
class Target:
    """What a planner asks for, in (0, 1); both are kept, and `SERVICE` where there is neither.

    Args:
        service_level: of order cycles without a shortage.
        fill_rate: of demand that is met from stock.
    """

    service_level: float | None = None
    fill_rate: float | None = None


@dataclass(frozen=True, slots=True)
class Sizing:
    """A safety stock in base units, and what it gives.

    Args:
        quantity: factor x deviation.
        service_level, fill_rate: those that it reaches.
    """

    quantity: float
    factor: float
    deviation: float
    service_level: float
    fill_rate: float


def cumulated(errors: Sequence[float], weeks: int) -> float:
    """The root mean square error of the demand of the first weeks together.

    A forecast that learns from each week errs h weeks ahead by the news of those weeks, each with
    what it will have added by then: e(h) = n(h) + c(1) n(h-1) + ... + c(h-1) n(1). So the errors by
    lag give the c, and these the error of the sum. What a week errs by beyond all later ones (a
    deal that is wanted in it) is its own and independent.

    Args:
        errors: root mean square error of each single week ahead, the more weeks the better.
        weeks: how many are cumulated, of those that there are.
    Source: Hyndman, Koehler, Ord & Snyder (2008), Forecasting with Exponential Smoothing, ch. 6.
    """
    lasting = list(accumulate(reversed(errors), min))[::-1]
    own = sum(error**2 - kept**2 for error, kept in zip(errors[:weeks], lasting, strict=False))
    first = lasting[0] if lasting else 0.0
    if not first:
        return sqrt(own)
    squares = [0.0, *((error / first) ** 2 for error in lasting[:weeks])]
    weights = accumulate(sqrt(after - before) for before, after in pairwise(squares))
    return hypot(sqrt(own), *(first * weight for weight in weights))


def together(deviations: Sequence[float]) -> float:
    """The deviation of a sum of independent parts: of the series that a site serves."""
    return hypot(*deviations)


def by_formula(lead: float, demand_deviation: float, demand: float, lead_deviation: float) -> float:
    """sqrt(L s_D^2 + D^2 s_L^2): of demand over a lead time that varies as well.

    Args:
        lead: periods, with the review.
        demand_deviation: of a period's demand.
        demand: of a period.
        lead_deviation: in periods.
    """
    return hypot(sqrt(lead) * demand_deviation, demand * lead_deviation)


def varied(weekly: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation of weekly demand, 0 of what is too short to have them."""
    return (fmean(weekly) if weekly else 0.0, stdev(weekly) if len(weekly) > 1 else 0.0)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the demand of an item at a site, in base units a week.

    Args:
        errors: of the forecast of each series that the site serves, by week ahead.
        sold: the weeks that have passed, without gaps.
        planned: the weeks to come.
        lead_deviation: of deliveries from the dates for which they were ordered, in weeks.
    """

    errors: Sequence[Sequence[float]]
    sold: Sequence[float]
    planned: Sequence[float]
    lead_deviation: float = 0.0

    def deviation(self, weeks: int) -> tuple[Method, float]:
        """By what demand over so many weeks may differ from what is expected, and how known."""
        demand, varies = varied(self.planned)
        if any(map(any, self.errors)) and min(map(len, self.errors)) >= weeks:
            error = together([cumulated(one, weeks) for one in self.errors])
            return "forecast_error", hypot(error, demand * self.lead_deviation)
        if len(self.sold) >= WEEKS_NEEDED:
            demand, varies = varied(self.sold)
            return "sales", by_formula(weeks, varies, demand, self.lead_deviation)
        return "plan", by_formula(weeks, varies, demand, self.lead_deviation)


def loss(factor: float) -> float:
    """The standard loss function: units short a cycle, in deviations."""
    return NORMAL.pdf(factor) - factor * NORMAL.cdf(-factor)


def filled(factor: float, deviation: float, cycle: float) -> float:
    """The share of demand that is met from stock.

    Args: cycle: demand from one order to the next; without any, none is missed.
    """
    return max(1 - deviation * loss(factor) / cycle, 0.0) if cycle > 0 else 1.0


def factor_for_service(level: float) -> float:
    """Deviations that cover such a share of cycles; a share below a half needs no stock."""
    return max(NORMAL.inv_cdf(level), 0.0)


def factor_for_fill(rate: float, deviation: float, cycle: float) -> float:
    """Deviations with which so much of the demand is met from stock, 0 where lots alone do it."""
    if filled(0.0, deviation, cycle) >= rate:
        return 0.0
    below, enough = 0.0, MOST
    while enough - below > EXACT:
        middle = (below + enough) / 2
        if filled(middle, deviation, cycle) < rate:
            below = middle
        else:
            enough = middle
    return enough


def size(target: Target, deviation: float, cycle: float) -> Sizing:
    """The least safety stock that keeps what is asked for.

    Args:
        target: in shares.
        deviation: of demand over lead time plus review, in base units.
        cycle: demand from one order to the next.
    """
    factors = []
    if target.service_level is not None or target.fill_rate is None:
        factors.append(factor_for_service(target.service_level or SERVICE))
    if target.fill_rate is not None:
        factors.append(factor_for_fill(target.fill_rate, deviation, cycle))
    factor = max(factors)
    return Sizing(
        factor * deviation,
        factor,
        deviation,
        NORMAL.cdf(factor),
        filled(factor, deviation, cycle),
    )


def rounded(quantity: float, unit: str) -> Decimal:
    """What is kept of so much: up to a whole unit, or a thousandth of what is measured."""
    places = Decimal(1) if unit == WHOLE_UNIT else Decimal("0.001")
    return Decimal(repr(round(min(quantity, LARGEST), 9))).quantize(places, ROUND_CEILING)
