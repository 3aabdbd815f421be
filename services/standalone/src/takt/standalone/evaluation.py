"""Methods of forecasting side by side, scored on what came.

`METHODS` is the table: a line there is all that another method takes.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import (
    accuracy,
    combination,
    demand_classes,
    fast_path,
    intermittent,
    intervals,
    naive,
    stock_cost,
)

Floats = npt.NDArray[np.float64]

SHORT = 12
"""Periods that a series needs to calibrate intervals where no longer ones do: yearly data, say."""


class Forecasts(Protocol):
    """Points of shape (series, horizon), and the ends of intervals by their level in percent."""

    @property
    def points(self) -> Floats: ...  # noqa: D102
    @property
    def lows(self) -> Mapping[int, Floats]: ...  # noqa: D102
    @property
    def highs(self) -> Mapping[int, Floats]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Found:
    """What a method found, and the CPU seconds that went into calibrating its intervals."""

    points: Floats
    lows: dict[int, Floats] = field(default_factory=dict)
    highs: dict[int, Floats] = field(default_factory=dict)
    calibrating: float = 0.0


def naive2(histories: Sequence[Floats], season: int, horizon: int) -> Found:
    """Naive2 of the M competitions, without intervals."""
    points = np.empty((len(histories), horizon))
    for rows, y in fast_path.same_length(histories):
        points[rows] = naive.naive2(y, season, horizon)
    return Found(points)


def fast(histories: Sequence[Floats], season: int, horizon: int) -> Found:
    """The fast path with conformal intervals from all series' own past.

    Series with negative values are lifted above zero by twice their depth or their range, whichever
    is more, and let down again.
    """
    lifts = np.array([lift(history) for history in histories])
    lifted = [history + by for history, by in zip(histories, lifts, strict=True)]
    start = cpu_seconds()
    bands = _calibrated(lifted, season, horizon)
    calibrating = cpu_seconds() - start
    points = np.empty((len(histories), horizon))
    edges = np.empty((len(intervals.LEVELS), len(histories), horizon))
    for rows, y in fast_path.same_length(lifted):
        states = fast_path.fit(y, season)
        points[rows] = fast_path.forecast(states, horizon)
        scale = np.repeat(intervals.scale(states)[:, None], horizon, axis=1)
        edges[:, rows] = intervals.around(points[rows], scale, np.zeros_like(scale), bands)
    points -= lifts[:, None]
    low95, low80, high80, high95 = edges - lifts[:, None]
    return Found(points, {80: low80, 95: low95}, {80: high80, 95: high95}, calibrating)


def _calibrated(histories: Sequence[Floats], season: int, horizon: int) -> intervals.Bands:
    """Bands from the series that are long enough for the product, else from shorter ones."""
    for shortest in (intervals.SHORTEST, SHORT):
        alike = fast_path.same_length(histories)
        replayed = [intervals.replay(y, horizon, season, shortest) for _, y in alike]
        bands = intervals.calibrate(replayed, horizon)
        if bands.scores[0] >= intervals.SCORES_NEEDED:
            break
    return bands


def lift(history: Floats) -> float:
    """What makes a history positive, with room below; 0 where it is not negative."""
    least = float(history.min())
    return max(-2 * least, float(history.max()) - 2 * least) if least < 0 else 0.0


METHODS: dict[str, Callable[[Sequence[Floats], int, int], Forecasts]] = {
    "naive2": naive2,
    "fast": fast,
    "combination": combination.forecast,
}


def cpu_seconds() -> float:
    """CPU time of this process and of the workers that it has waited for."""
    workers = os.times()
    return time.process_time() + workers.children_user + workers.children_system


def scores(
    histories: Sequence[Floats],
    actual: Floats,
    season: int,
    told: Callable[[str, int, int], None],
) -> dict[str, dict[str, float | None]]:
    """Every method's measures on the same series.

    Args:
        histories: one array of shape (periods,) for each series.
        actual: shape (series, horizon), NaN where not known.
        season: periods in a season.
        told: hears how far it is: what, done, of.
    """
    number = len(histories)
    unit = accuracy.seasonal_error(histories, season)
    measured: dict[str, dict[str, float | None]] = {}
    smapes: dict[str, Floats] = {}
    mases: dict[str, Floats] = {}
    for name, forecast in METHODS.items():
        told(f"forecasting by {name}", 0, number)
        start = cpu_seconds()
        found = forecast(histories, season, actual.shape[1])
        spent = cpu_seconds() - start
        aside = found.calibrating if isinstance(found, Found) else 0.0
        smapes[name] = accuracy.smape(actual, found.points)
        mases[name] = accuracy.mase(actual, found.points, unit)
        measured[name] = {
            "owa": known(
                accuracy.owa(smapes[name], mases[name], *(smapes["naive2"], mases["naive2"]))
            ),
            "smape": known(float(accuracy.mean(smapes[name]))),
            "mase": known(float(accuracy.mean(mases[name]))),
            **_of_intervals(actual, found, unit),
            "cpu_ms_per_series": (spent - aside) * 1000 / number,
            "calibration_cpu_ms_per_series": aside * 1000 / number,
        }
        told(f"forecasting by {name}", number, number)
    return measured


def _of_intervals(actual: Floats, found: Forecasts, unit: Floats) -> dict[str, float | None]:
    if not found.lows:
        return {"coverage80": None, "coverage95": None, "msis": None}
    low, high = found.lows, found.highs
    interval_scores = accuracy.msis(actual, low[95], high[95], unit)
    return {
        "coverage80": known(accuracy.coverage(actual, low[80], high[80])),
        "coverage95": known(accuracy.coverage(actual, low[95], high[95])),
        "msis": known(float(accuracy.mean(interval_scores))),
    }


def known(value: float) -> float | None:
    """A measure, or None where it is not defined."""
    return value if np.isfinite(value) else None


def intermittent_scores(
    histories: Sequence[Floats], actual: Floats, policy: stock_cost.Policy
) -> dict[str, Any]:
    """Rates of rare demand, judged by sums over the horizon and by stock.

    Args:
        histories: one array of shape (periods,) for each series, never negative.
        actual: what came, shape (series, horizon).
        policy: how stock is kept, and what it costs.
    """
    rates = intermittent.rates(histories)
    total = actual.sum(axis=1)
    dispersion = np.array([stock_cost.dispersions(history[None])[0] for history in histories])
    methods = {}
    for name in intermittent.NAMES:
        sums = rates[name] * actual.shape[1]
        levels = stock_cost.base_stocks(rates[name], dispersion, policy)
        methods[name] = {
            "cumulative_error": known(float(accuracy.wape(total, sums))),
            "bias": known(float(accuracy.bias(total, sums))),
            "stock_cost": float(stock_cost.cost(actual, levels, policy).mean()),
            "mean_base_stock": float(levels.mean()),
        }
    classes = dict.fromkeys(demand_classes.METHODS, 0)
    for history in histories:
        classes[demand_classes.classify(history[None])[0]] += 1
    return {"methods": methods, "published": intermittent.PUBLISHED, "classes": classes}
