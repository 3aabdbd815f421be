"""What a forecast of rare demand costs in stock: base-stock levels played against what came.

All-zero forecasts win on absolute errors, since most periods are zero; they lose where it counts,
on the shelf. Every method's rate is turned into a level in the same way.
Source: Teunter & Duncan (2009); Kourentzes (2014), on judging intermittent demand by inventory.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import accuracy

Floats = npt.NDArray[np.float64]

UNDERFLOW = 600.0
"""Where the negative binomial's first term would vanish, the normal distribution stands in."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Ordering up to a level each period; what a unit costs a period, held or owed."""

    lead_time: int = 2
    holding: float = 1.0
    shortage: float = 9.0

    @property
    def service(self) -> float:
        """The share of demand distributions that a level is to cover."""
        return self.shortage / (self.shortage + self.holding)


def dispersions(y: Floats) -> Floats:
    """Variance over mean of a period's demand, at least 1 (Poisson), shape (series,).

    Args: y: units, shape (series, periods); NaN where not known.
    """
    mean = accuracy.mean(y, axis=1)
    variance = accuracy.mean((y - mean[:, None]) ** 2, axis=1)
    return np.maximum(np.nan_to_num(accuracy.ratio(variance, mean)), 1.0)


def base_stocks(rate: Floats, dispersion: Floats, policy: Policy) -> Floats:
    """Whole units that cover lead time and review period at the service level, shape (series,).

    Negative binomial demand with the given rate and dispersion, Poisson where that is 1.

    Args: rate: units a period, shape (series,). dispersion: what `dispersions` gives.
    """
    mean = np.maximum(rate, 0.0) * (policy.lead_time + 1)
    # A dispersion of 1 is approached, so that one formula holds.
    spread = np.maximum(dispersion, 1 + 1e-6)
    shape = mean / (spread - 1)
    first = -shape * np.log(spread)
    large = first < -UNDERFLOW
    normal = mean + NormalDist().inv_cdf(policy.service) * np.sqrt(mean * spread)
    term = np.where(large, 1.0, np.exp(np.maximum(first, -UNDERFLOW)))
    covered, level = term.copy(), np.zeros(len(mean))
    units = 0
    while (short := covered < policy.service).any():
        level += short
        term = term * (units + shape) / (units + 1) * (1 - 1 / spread)
        covered += np.where(short, term, 0.0)
        units += 1
        # Rounding can keep the sum a hair below a service level near 1.
        covered[(units > mean) & (term < 1e-15)] = 1.0
    return np.where(large, np.maximum(np.ceil(normal), 0.0), level)


def cost(demand: Floats, level: Floats, policy: Policy) -> Floats:
    """Mean cost a period of holding and owing, shape (series,), in units of `Policy.holding`.

    The shelf is full at the start; each period orders what was asked for; an order arrives after
    the lead time; what is short is owed, not lost. So the stock at a period's end is the level less
    the demand of the last `lead_time + 1` periods.

    Args: demand: units, shape (series, horizon). level: shape (series,).
    """
    total = demand.cumsum(axis=1)
    window = policy.lead_time + 1
    waiting = total.copy()
    waiting[:, window:] -= total[:, :-window]
    stock = level[:, None] - waiting
    costs = policy.holding * np.maximum(stock, 0.0) + policy.shortage * np.maximum(-stock, 0.0)
    mean: Floats = costs.mean(axis=1)
    return mean
