"""The combination that Takt publishes: here the mean of the fast path and the seasonal naive.

A stand-in of the agreed signature, until the branch with the models is merged.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import fast_path
from takt.forecast.domain.naive import seasonal_naive

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Combined:
    """Forecasts of shape (series, horizon), and the methods that went into them."""

    points: Floats
    methods: tuple[str, ...]


def forecast(histories: Sequence[Floats], season: int, horizon: int) -> Combined:
    """Forecast every series from its history, at least one period each."""
    points = np.empty((len(histories), horizon))
    for place, history in enumerate(histories):
        states = fast_path.fit(history[None], season)
        points[place] = (
            fast_path.forecast(states, horizon)[0]
            + seasonal_naive(history[None], season, horizon)[0]
        ) / 2
    return Combined(points, ("theta", "damped trend", "seasonal naive"))
