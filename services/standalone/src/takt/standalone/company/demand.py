"""How much customers want: level, trend, season and promotions by product, region and week."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import numpy as np
import numpy.typing as npt

from takt.standalone.company.rows import Product, Promotion, Region, Sale

HISTORY_WEEKS = 156
OUTLOOK_WEEKS = 26
DEAL_SHARE = 0.7
"""The part of demand that is won through deals; the rest is ordered without one."""

_PRICE_RISE = 1.03
_TASTE = 0.18
_WEEKLY_NOISE = 0.12
_PROMOTIONS_A_YEAR = 2
_DIP_AFTER_PROMOTION = 0.85

# yearly swing and the week of the year in which it peaks, growth a year
_FAMILY_SHAPES = {
    "Pumps": (0.22, 18, 1.06),
    "Valves": (0.14, 38, 1.03),
    "Filters": (0.08, 26, 1.05),
    "Instruments": (0.26, 47, 1.09),
}


@dataclass(frozen=True)
class Demand:
    """Mean units a week, shape (products, regions, weeks); `weeks` are Mondays."""

    products: tuple[Product, ...]
    regions: tuple[Region, ...]
    weeks: tuple[date, ...]
    mean: npt.NDArray[np.float64]
    promotions: tuple[Promotion, ...]

    def relative(self, product: int, region: int, day: date) -> float:
        """Demand on that day relative to the product's usual share of the region."""
        week = min(max((day - self.weeks[0]).days // 7, 0), len(self.weeks) - 1)
        usual = self.products[product].weekly_demand * self.regions[region].share
        return float(self.mean[product, region, week]) / usual

    def discount(self, family: str, region: str, day: date) -> float:
        """The price cut of a running promotion, or 0."""
        return max(
            (
                promotion.discount
                for promotion in self.promotions
                if promotion.family == family
                and promotion.region == region
                and 0 <= (day - promotion.first_week).days < 7 * promotion.weeks
            ),
            default=0.0,
        )


def generate_demand(
    products: Sequence[Product], regions: Sequence[Region], today: date, seed: int
) -> Demand:
    """Mean demand from `HISTORY_WEEKS` before the week of `today` to `OUTLOOK_WEEKS` after it."""
    numbers = np.random.default_rng([seed, 1])
    monday = today - timedelta(days=today.weekday())
    weeks = tuple(
        monday + timedelta(weeks=week) for week in range(-HISTORY_WEEKS, OUTLOOK_WEEKS + 1)
    )
    leaves = tuple(region for region in regions if region.share > 0)
    promotions = _promotions(leaves, weeks[0], today, Random(f"{seed}:promotions"))
    years_ago = np.array([(monday - week).days / 365.25 for week in weeks])
    angle = np.array([2 * math.pi * week.timetuple().tm_yday / 365.25 for week in weeks])
    mean = np.empty((len(products), len(leaves), len(weeks)))
    for p, product in enumerate(products):
        swing, peak, growth = _FAMILY_SHAPES[product.family]
        shape = (1 + swing * np.cos(angle - 2 * math.pi * peak / 52.18)) * growth**-years_ago
        for r, region in enumerate(leaves):
            taste = np.exp(numbers.normal(0, _TASTE))
            lift = _lift(promotions, product.family, region.code, weeks)
            mean[p, r] = product.weekly_demand * region.share * taste * shape * lift
    return Demand(tuple(products), leaves, weeks, mean, promotions)


def list_price_on(list_price: Decimal, day: date, today: date) -> Decimal:
    """The list price of a past day: it rises by 3 % at each New Year."""
    return (list_price / Decimal(_PRICE_RISE ** (today.year - day.year))).quantize(Decimal("0.01"))


def wanted_on(day: date) -> date:
    """A working day for which goods are wanted: the day itself, or one of the week to come.

    Weekends are spread, so that weeks lie evenly over their days, as planners expect.
    """
    if day.weekday() < 5:
        return day
    return day + timedelta(days=7 - day.weekday() + (day.toordinal() // 7 + day.weekday()) % 5)


def orders_without_deals(
    demand: Demand, payment_days: Mapping[str, Sequence[int]], today: date, seed: int
) -> list[Sale]:
    """What customers ordered by themselves before `today`: a row per product, region and week.

    Args:
        demand: mean demand.
        payment_days: terms of the customers in each region.
        today: the first day that has no sales yet.
        seed: of the company.
    """
    numbers = np.random.default_rng([seed, 2])
    random = Random(f"{seed}:orders")
    past = [week for week, monday in enumerate(demand.weeks) if monday <= today]
    mean = demand.mean[:, :, past] * (1 - DEAL_SHARE)
    noise = numbers.normal(-(_WEEKLY_NOISE**2) / 2, _WEEKLY_NOISE, mean.shape)
    units = numbers.poisson(mean * np.exp(noise))
    sales: list[Sale] = []
    for p, r, w in np.argwhere(units):
        product, region = demand.products[p], demand.regions[r]
        sold_on = demand.weeks[w] + timedelta(days=random.randrange(5))
        if sold_on >= today:
            continue
        cut = max(demand.discount(product.family, region.code, sold_on), random.uniform(0, 0.08))
        price = list_price_on(product.list_price, sold_on, today) * Decimal(1 - cut)
        requested_on = wanted_on(sold_on + timedelta(days=random.randrange(1, 8)))
        sales.append(
            Sale(
                order_line=f"SO-{100001 + len(sales)}-1",
                product=product.code,
                region=region.code,
                quantity=Decimal(int(units[p, r, w])),
                price=price.quantize(Decimal("0.01")),
                sold_on=sold_on,
                requested_on=requested_on,
                shipped_on=requested_on if requested_on < today else None,
                payment_days=random.choice(payment_days[region.code]),
            )
        )
    return sales


def _promotions(
    regions: Sequence[Region], first: date, today: date, random: Random
) -> tuple[Promotion, ...]:
    """A few weeks of lower prices for each family and region, twice a year, in the past only."""
    promotions = []
    spacing = 52 // _PROMOTIONS_A_YEAR
    for family in _FAMILY_SHAPES:
        for region in regions:
            for start in range(0, HISTORY_WEEKS, spacing):
                weeks = random.choice((2, 2, 3))
                first_week = first + timedelta(weeks=start + random.randrange(spacing - 5))
                if first_week + timedelta(weeks=weeks) < today:
                    promotions.append(
                        Promotion(
                            family,
                            region.code,
                            first_week,
                            weeks,
                            discount=random.choice((0.1, 0.12, 0.15)),
                            uplift=random.uniform(1.4, 1.9),
                        )
                    )
    return tuple(promotions)


def _lift(
    promotions: Sequence[Promotion], family: str, region: str, weeks: Sequence[date]
) -> npt.NDArray[np.float64]:
    """What promotions do to demand, shape (weeks,): up during one, down in the two weeks after."""
    lift = np.ones(len(weeks))
    for promotion in promotions:
        if (promotion.family, promotion.region) == (family, region):
            start = (promotion.first_week - weeks[0]).days // 7
            end = start + promotion.weeks
            lift[start:end] = promotion.uplift
            lift[end : end + 2] = _DIP_AFTER_PROMOTION
    return lift
