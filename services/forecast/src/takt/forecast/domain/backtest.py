"""Backtests by rolling origin (F4): what a method would have said, and how good it was.

    replay    a method on what lay before each origin, beside what came
    measure   its errors by lag, series, demand class and level of the hierarchy

A method sees the past of an origin and nothing else; corrupting what came later changes no
forecast, and no error before it. Intervals are judged by scores of the other origins only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import accuracy
from takt.forecast.domain.intervals import LEVELS, Bands, around, calibrate

Floats = npt.NDArray[np.float64]
Method = Callable[[Sequence[Floats], int], Floats]
"""Histories and a horizon give forecasts of shape (series, horizon)."""


@dataclass(frozen=True, slots=True)
class Trials:
    """Forecasts of one method at past origins, beside what came.

    `actual` and `forecast` have the shape (series, origins, horizon), NaN where one is not known;
    `unit` (series, origins) is MASE's at each origin. `edges`, of shape (4, series, origins,
    horizon), are low 95, low 80, high 80 and high 95; None for a method without intervals.
    """

    actual: Floats
    forecast: Floats
    unit: Floats
    edges: Floats | None = None


@dataclass(frozen=True, slots=True)
class Measures:
    """The errors of one group of trials; what cannot be said is None.

    `weeks` counts forecasts beside a known actual. WAPE and bias are shares of what was wanted,
    `pinball` the mean of twice the pinball losses at the four edges, likewise.
    """

    weeks: int
    wape: float | None
    mase: float | None
    smape: float | None
    bias: float | None
    pinball: float | None
    coverage80: float | None
    coverage95: float | None


def replay(
    histories: Sequence[Floats], before_end: Sequence[int], horizon: int, method: Method
) -> tuple[Floats, Floats]:
    """Actual and forecast at rolling origins, each of shape (series, origins, horizon).

    Args:
        histories: one array each, that end in the same week.
        before_end: where the origins lie: so many weeks before the end, at least one.
        horizon: weeks ahead.
        method: is given what lay before the origin, of the series that had begun.
    """
    shape = (len(histories), len(before_end), horizon)
    actual, forecast = np.full(shape, np.nan), np.full(shape, np.nan)
    for place, back in enumerate(before_end):
        begun = [series for series, history in enumerate(histories) if len(history) > back]
        if not begun:
            continue
        pasts = [histories[series][: len(histories[series]) - back] for series in begun]
        forecast[begun, place] = method(pasts, horizon)
        known = min(horizon, back)
        for series in begun:
            came = histories[series][len(histories[series]) - back :]
            actual[series, place, :known] = came[:known]
    return actual, forecast


def intervals(
    actual: Floats, forecast: Floats, scale: Floats, allowed: Floats | None = None
) -> tuple[Floats, Bands]:
    """Edges of each origin by the scores of the others, and the bands of all origins together.

    Args:
        actual: shape (series, origins, horizon), NaN where not known.
        forecast: likewise.
        scale: unit of a series' scores at each origin, shape (series, origins).
        allowed: the shares that may lie beyond the edges of the bands, as they have adapted.

    Returns: edges of shape (4, series, origins, horizon), and the bands.
    """
    scores = (actual - forecast) / scale[:, :, None]
    horizon = actual.shape[2]
    edges = np.full((len(LEVELS), *actual.shape), np.nan)
    for origin in range(actual.shape[1]):
        others = calibrate([np.delete(scores, origin, axis=1)], horizon)
        unit = np.broadcast_to(scale[:, origin, None], forecast[:, origin].shape)
        edges[:, :, origin] = around(forecast[:, origin], unit, np.zeros_like(unit), others)
    return edges, calibrate([scores], horizon, allowed)


def measure(trials: Trials) -> Measures:
    """The errors of all trials together."""
    series, origins, horizon = trials.actual.shape
    return _groups(trials, (1, series * origins, horizon))[0]


def measure_series(trials: Trials) -> list[Measures]:
    """The errors of each series."""
    return _groups(trials, trials.actual.shape)


def measure_lags(trials: Trials) -> list[Measures]:
    """The errors at each number of weeks ahead, beginning with the first."""
    series, origins, horizon = trials.actual.shape

    def by_lag(values: Floats) -> Floats:
        return np.moveaxis(values, -1, 0)[..., None]

    turned = Trials(
        by_lag(trials.actual),
        by_lag(trials.forecast),
        np.broadcast_to(trials.unit, (horizon, series, origins)),
        None if trials.edges is None else np.stack([by_lag(edge) for edge in trials.edges]),
    )
    return _groups(turned, (horizon, series * origins, 1))


def measure_labels(trials: Trials, labels: Sequence[str]) -> dict[str, Measures]:
    """The errors of the series with each label, such as their demand classes."""
    named = np.array(labels)
    return {label: measure(_chosen(trials, named == label)) for label in sorted(set(labels))}


def measure_level(trials: Trials, nodes: Sequence[str | None]) -> Measures:
    """The errors of the sums of series, such as all of one product; sums have no interval.

    Args: nodes: to which sum each series belongs; None to none.
    """
    return measure(_summed(trials, nodes))


def _summed(trials: Trials, nodes: Sequence[str | None]) -> Trials:
    names = sorted({node for node in nodes if node is not None})
    places = {name: place for place, name in enumerate(names)}
    known = ~np.isnan(trials.actual) & ~np.isnan(trials.forecast)
    shape = (len(names), *trials.actual.shape[1:])
    actual, forecast, counted = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for series, node in enumerate(nodes):
        if node is not None:
            place = places[node]
            actual[place] += np.where(known[series], trials.actual[series], 0.0)
            forecast[place] += np.where(known[series], trials.forecast[series], 0.0)
            counted[place] += known[series]
    actual[counted == 0] = np.nan
    return Trials(actual, forecast, np.full(shape[:2], np.nan))


def _chosen(trials: Trials, series: npt.NDArray[np.bool_]) -> Trials:
    return Trials(
        trials.actual[series],
        trials.forecast[series],
        trials.unit[series],
        None if trials.edges is None else trials.edges[:, series],
    )


def _groups(trials: Trials, shape: tuple[int, ...]) -> list[Measures]:
    """Measures of each group; what has been given is cut into (groups, rows, horizon)."""
    groups, rows, horizon = shape
    flat = (groups, rows * horizon)
    actual = np.where(np.isnan(trials.forecast), np.nan, trials.actual).reshape(shape)
    forecast = np.where(np.isnan(actual), np.nan, trials.forecast.reshape(shape))
    unit = trials.unit.reshape(groups, rows)
    long_actual, long_forecast = actual.reshape(flat), forecast.reshape(flat)
    weeks = (~np.isnan(long_actual)).sum(axis=1)
    by_row = (groups * rows, horizon)
    smape = accuracy.smape(actual.reshape(by_row), forecast.reshape(by_row))
    mase = accuracy.mase(actual.reshape(by_row), forecast.reshape(by_row), unit.reshape(-1))
    found: Mapping[str, Floats] = {
        "wape": accuracy.wape(long_actual, long_forecast, axis=1),
        "mase": accuracy.mean(mase.reshape(groups, rows), axis=1),
        "smape": accuracy.mean(smape.reshape(groups, rows), axis=1),
        "bias": accuracy.bias(long_actual, long_forecast, axis=1),
        **_of_intervals(long_actual, trials.edges, flat),
    }
    return [
        Measures(
            int(weeks[group]), **{name: _said(values[group]) for name, values in found.items()}
        )
        for group in range(groups)
    ]


def _of_intervals(
    actual: Floats, edges: Floats | None, flat: tuple[int, int]
) -> Mapping[str, Floats]:
    nothing = np.full(flat[0], np.nan)
    if edges is None:
        return dict.fromkeys(("pinball", "coverage80", "coverage95"), nothing)
    low95, low80, high80, high95 = (edge.reshape(flat) for edge in edges)
    losses = [
        accuracy.pinball(actual, edge.reshape(flat), level)
        for edge, level in zip(edges, LEVELS, strict=True)
    ]
    wanted = accuracy.mean(np.abs(actual), axis=1)
    return {
        "pinball": accuracy.ratio(2 * np.mean(losses, axis=0), wanted),
        "coverage80": _inside(actual, low80, high80),
        "coverage95": _inside(actual, low95, high95),
    }


def _inside(actual: Floats, low: Floats, high: Floats) -> Floats:
    inside = ((actual >= low) & (actual <= high)).astype(np.float64)
    return accuracy.mean(np.where(np.isnan(actual) | np.isnan(low), np.nan, inside), axis=1)


def _said(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
