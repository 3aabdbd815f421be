"""The forecasts that every other must beat: seasonal naive, and Naive2 of the M competitions.

Source: Makridakis, Spiliotis & Assimakopoulos, "The M4 Competition" (2020).
"""

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import seasonality

Floats = npt.NDArray[np.float64]


def seasonal_naive(y: Floats, season: int, horizon: int) -> Floats:
    """The same period of the last season; the last value where less than a season is known.

    Args: y: shape (series, periods), at least one period.
    Returns: shape (series, horizon).
    """
    periods = y.shape[1]
    if periods < season:
        return np.repeat(y[:, -1:], horizon, axis=1)
    last: Floats = y[:, periods - season + np.arange(horizon) % season]
    return last


def naive2(y: Floats, season: int, horizon: int) -> Floats:
    """The last value, seasonally adjusted where the series is seasonal and never negative.

    Args: y: shape (series, periods), at least one period.
    Returns: shape (series, horizon).
    """
    periods = y.shape[1]
    indices = np.ones((len(y), season))
    adjustable = (y >= 0).all(axis=1)
    indices[adjustable] = seasonality.indices(y[adjustable], season, kept=1.0)
    last = y[:, -1] / indices[:, (periods - 1) % season]
    ahead: Floats = last[:, None] * indices[:, (periods + np.arange(horizon)) % season]
    return ahead
