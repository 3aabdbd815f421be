"""How large a series' forecast errors will be, per horizon, from what is known at the origin.

The mean absolute error is modelled as the series' one-step error times powers of what tells of
volatility: error of the seasonal naive, latest changes, disagreement of the methods, horizon, how
the series' own changes add up or cancel out over time, length of the history. Exponents come from
forecasts at past origins, drawn to prior values where those are few.
Source: a gamma regression with logarithmic link, McCullagh & Nelder (1989), by Fisher scoring.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PRIOR = np.array([0.0, 0.2, 0.0, 0.1, 0.3, 0.3, 0.0])
PRIOR_WEIGHT = 30.0
"""Errors that the prior exponents count for."""
FARTHEST = 4.0
OUTLIER = 8.0
"""Errors count up to this multiple of what was expected."""
ROUNDS = 15
FLOOR = 0.02
"""Least scale, as a share of the mean quantity: a series that never erred may still err."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of each series at an origin: shape (series,), in its units; growth has none."""

    one_step: Floats
    seasonal_naive: Floats
    lately: Floats
    growth: Floats
    mean: Floats
    length: Floats

    @property
    def unit(self) -> Floats:
        """The one-step error with a floor, which the mean supplies where hardly a period is known.

        0 for a series of zeros.
        """
        share = np.select([self.length < 2, self.length < 4], [0.5, 0.25], FLOOR)
        errors = np.maximum(self.one_step, np.where(self.length < 12, self.lately, 0.0))
        return np.maximum(errors, share * self.mean)


def signs(y: Floats, adjusted: Floats, one_step: Floats, lift: Floats, season: int) -> Signs:
    """What series of one length tell.

    Args:
        y: shape (series, periods).
        adjusted: the same without season.
        one_step: mean absolute one-step error, shape (series,).
        lift: what was added to y, shape (series,).
        season: periods in a season.
    """
    series, periods = y.shape
    none = np.zeros(series)
    lag = season if periods > season else 1
    seasonal_naive = np.abs(y[:, lag:] - y[:, :-lag]).mean(axis=1) if periods > lag else none
    steps = np.abs(np.diff(adjusted, axis=1))
    lately = steps[:, -max(season, 6) :].mean(axis=1) if periods > 1 else none
    far = min(max(season, 6), periods // 3)
    growth = none
    if far > 1:
        long = np.abs(adjusted[:, far:] - adjusted[:, :-far]).mean(axis=1)
        short = steps.mean(axis=1)
        usable = (short > 0) & (long > 0)
        ratio = np.where(usable, long, 1.0) / np.where(usable, short, 1.0)
        growth = np.where(usable, np.clip(np.log(ratio) / np.log(far), 0.0, 1.2), 0.5)
    mean = np.abs(y - lift[:, None]).mean(axis=1)
    return Signs(one_step, seasonal_naive, lately, growth, mean, np.full(series, float(periods)))


def features(known: Signs, spread: Floats) -> Floats:
    """Shape (series, horizon, 7). Spread: disagreement of methods, shape (series, horizon)."""
    series, horizon = spread.shape
    unit = np.maximum(known.unit, 1e-12)[:, None]

    def relative(x: Floats) -> Floats:
        return np.clip(np.log(np.maximum(x, 1e-12) / unit), -FARTHEST, FARTHEST)

    ahead = np.log(np.arange(1, horizon + 1))
    columns = (
        np.ones(1),
        relative(known.seasonal_naive[:, None]),
        relative(known.lately[:, None]),
        relative(spread),
        ahead,
        (known.growth[:, None] - 0.5) * ahead,
        np.log(known.length)[:, None] - 4,
    )
    return np.stack([np.broadcast_to(x, (series, horizon)) for x in columns], axis=2)


def fit(features: Floats, errors: Floats) -> Floats:
    """Exponents, shape (7,), from absolute errors in units (see `Signs.unit`).

    Args:
        features: shape (rows, 7).
        errors: shape (rows,), finite, never negative.
    """
    exponents = PRIOR.copy()
    # The level is learned from few errors already: its prior counts little.
    prior = PRIOR_WEIGHT * np.array([0.1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    if not len(errors):
        return exponents
    information = features.T @ features + np.diag(prior)
    for _ in range(ROUNDS):
        ratio = np.minimum(errors / relative_scale(features, exponents), OUTLIER)
        slope = features.T @ (ratio - 1) - prior * (exponents - PRIOR)
        exponents = exponents + np.clip(np.linalg.solve(information, slope), -0.5, 0.5)
    return exponents


def relative_scale(features: Floats, exponents: Floats) -> Floats:
    """The expected absolute error in units."""
    scale: Floats = np.exp(np.clip(features @ exponents, -FARTHEST, FARTHEST))
    return scale
