"""The fast path: fit and forecast 10,000 weekly series of three years."""

import time

import numpy as np

from benchmarks.line import Line
from takt.forecast.domain import fast_path

SERIES, WEEKS, HORIZON = 10_000, 156, 26


def measure() -> list[Line]:
    """One line: CPU a series, fit and forecast together; no peer, an absolute aim."""
    random = np.random.default_rng(4)
    week = np.arange(WEEKS)
    level = random.lognormal(3, 1, (SERIES, 1))
    season = 1 + 0.3 * np.sin(2 * np.pi * (week + random.integers(0, 52, (SERIES, 1))) / 52)
    y = random.poisson(level * season * (1 + 0.001 * week)).astype(np.float64)
    began = time.process_time()
    forecast = fast_path.forecast(fast_path.fit(y), HORIZON)
    milliseconds = (time.process_time() - began) * 1000 / SERIES
    assert np.isfinite(forecast).all()
    return [
        Line(
            "fast re-forecast, 10,000 series: fit and forecast", milliseconds, "ms CPU a series",
            None, None, 0.5, better="less",
        )
    ]  # fmt: skip
