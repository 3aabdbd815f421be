"""New products: what those like them sell, until they have sold long enough to speak themselves.

    forecast = Z x own + (1 - Z) x analogue,   Z = n / (n + K)

n is the weeks of own history and K = within / between: the variance of a product's weeks, over the
variance among the products that it is like, both of logarithms (Bühlmann credibility). Where
products are much alike a few own weeks say little; where they are not, little else says anything.

The analogue is made of the products of the same family. Those of a like price weigh more; one seen
in another region is scaled by how much more or less the family sells there. Its level is the
weighted mean of the logarithms, its course over the weeks the weighted mean of theirs. A product
like no other is expected by its pipeline alone: its baseline is nothing.
Source: Bühlmann (1967), experience rating and credibility.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.history import SeriesKey

Floats = npt.NDArray[np.float64]

Method = Literal["own", "blend", "analogue", "pipeline"]

PRICE_RANGE = 0.25
"""A price that is e^0.25 = 1.28 times another weighs a factor of e less."""
OTHER_REGION = 0.25
"""What a product weighs that is seen in another region, beside one in the same."""
LEAST_LEVEL = 1e-6
"""Units a week: what sells less sells nothing, and is like nothing that sells."""
LEAST_PRICE = 1e-6
"""A product without a price is like all of its family."""
LEAST_K, MOST_K, USUAL_K = 1.0, 52.0, 8.0
"""Weeks; the usual where fewer than three products tell."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a product before it has sold."""

    family: str | None
    price: float
    region: str


@dataclass(frozen=True, slots=True)
class Relative:
    """A series with a history that another may be like.

    `forecast` is of shape (horizon,), never negative; `spread` is how far its weeks lie from their
    own forecast; `known` the share of its demand that is known from deals, shape (horizon,).
    """

    profile: Profile
    forecast: Floats
    spread: float
    key: SeriesKey
    known: Floats

    @property
    def level(self) -> float:
        """Mean units a week."""
        return float(self.forecast.mean())


@dataclass(frozen=True, slots=True)
class NewProduct:
    """The baseline of a product with little history, and how it came about."""

    forecast: Floats
    method: Method
    credibility: float
    """Z, the weight of its own history, [0, 1]."""
    analogue: Floats
    """What the analogue adds to `forecast`, of the same shape."""
    spread: float
    """How far a week lies from the analogue: as those of its relatives do, and as they differ."""
    likest: tuple[tuple[Relative, float], ...]
    """Relatives with their weights, which sum to one; the likest first."""

    @property
    def known(self) -> Floats:
        """The share of demand known from deals, as it is of its relatives."""
        shares: Floats = np.sum([weight * r.known for r, weight in self.likest], axis=0)
        return shares


def baseline(
    profile: Profile, relatives: Sequence[Relative], own: Floats | None, weeks: int, horizon: int
) -> NewProduct:
    """What is expected of a product in a region before and while it gathers a history.

    Args:
        profile: what is known of it.
        relatives: series with a history; those of other families are not looked at.
        own: the forecast from its own history, shape (horizon,); None without any.
        weeks: so many weeks it has been sold.
        horizon: weeks ahead.
    """
    alike = [r for r in relatives if r.profile.family == profile.family and r.level >= LEAST_LEVEL]
    if profile.family is None or not alike:
        if own is None:
            return _like_no_other(np.zeros(horizon), "pipeline", 0.0)
        return _like_no_other(own, "own", 1.0)
    weights, levels = _weights(profile, alike), _levels(profile, alike)
    shares = np.stack([r.forecast / r.level for r in alike])
    level = float(np.exp(weights @ np.log(levels)))
    analogue: Floats = level * (weights @ shares)
    spreads = np.array([r.spread / r.level for r in alike])
    apart = min(float(np.std(np.log(levels))), 1.0)
    spread = level * float(np.hypot(weights @ spreads, apart))
    order = np.argsort(-weights, kind="stable")
    likest = tuple((alike[place], float(weights[place])) for place in order)
    if own is None or weeks <= 0:
        return NewProduct(analogue, "analogue", 0.0, analogue, spread, likest)
    z = credibility(weeks, spreads, levels)
    rest = (1 - z) * analogue
    return NewProduct(z * own + rest, "blend", z, rest, spread, likest)


def _like_no_other(forecast: Floats, method: Method, weight: float) -> NewProduct:
    return NewProduct(forecast, method, weight, np.zeros(len(forecast)), 0.0, ())


def credibility(weeks: int, spreads: Sequence[float] | Floats, levels: Floats) -> float:
    """Z = n / (n + K): the weight of `weeks` of own history, [0, 1).

    Args:
        weeks: of own history.
        spreads: of the weeks of each relative, as shares of its level.
        levels: of the relatives, as this product would have them.
    """
    k = USUAL_K
    if len(levels) > 2:
        between = float(np.var(np.log(levels), ddof=1))
        within = float(np.mean(np.log1p(np.square(spreads))))
        k = min(max(within / max(between, 1e-9), LEAST_K), MOST_K)
    return weeks / (weeks + k)


def _weights(profile: Profile, alike: Sequence[Relative]) -> Floats:
    """Weights that sum to one: by price, and by whether the region is the same."""
    prices = np.log(np.maximum([profile.price, *(r.profile.price for r in alike)], LEAST_PRICE))
    distance = np.abs(prices[1:] - prices[0]) * (profile.price >= LEAST_PRICE)
    distance -= distance.min()  # the nearest weighs fully, however far it is
    here = np.array([1.0 if r.profile.region == profile.region else OTHER_REGION for r in alike])
    weights: Floats = np.exp(-distance / PRICE_RANGE) * here
    weights /= weights.sum()
    return weights


def _levels(profile: Profile, alike: Sequence[Relative]) -> Floats:
    """The relatives' levels as they would be in this region.

    The family's level of a region is the geometric mean of what it sells there.
    """
    logs: dict[str, list[float]] = {}
    for relative in alike:
        logs.setdefault(relative.profile.region, []).append(float(np.log(relative.level)))
    means = {region: float(np.mean(values)) for region, values in logs.items()}
    here = means.get(profile.region, float(np.mean(list(means.values()))))
    return np.array([r.level * np.exp(here - means[r.profile.region]) for r in alike])
