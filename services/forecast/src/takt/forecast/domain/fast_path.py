"""The fast path: theta and damped trend and their mean, for whole matrices of series at once.

    same_length  histories of any lengths -> matrices of one length each
    fit          histories of one length -> states
    append       states and the next observation -> states, without a refit
    forecast     states -> the coming periods, never negative

States are all that a forecast needs, one row of numbers a series, so that a new week costs a few
operations.
Sources: Assimakopoulos & Nikolopoulos (2000) in the form of Hyndman & Billah (2003),
simple exponential smoothing with half the linear slope as drift; Gardner & McKenzie (1985), damped
trend. Parameters: least squares of the one-step errors over a grid, then over a finer one around
the best point.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Self

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import seasonality

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

WEEKS_PER_SEASON = 52
CHUNK = 64
"""Series fitted at a time: the candidates of a chunk stay in the processor's second-level cache."""

FIRST_LINE = 30
"""Periods behind the first level and trend; chosen on the last 18 months of M3's training parts."""

THETA_ALPHAS = np.linspace(0.02, 0.98, 13)
DAMPED_GRID = np.array(
    list(product((0.05, 0.15, 0.3, 0.5, 0.7, 0.9), (0.02, 0.1, 0.25, 0.5), (0.8, 0.9, 0.95, 0.98)))
)
DAMPED_STEPS = np.array(list(product((-0.08, 0.0, 0.08), (-0.05, 0.0, 0.05), (-0.03, 0.0, 0.015))))
ALPHA_LIMITS, RATIO_LIMITS, DAMPING_LIMITS = (0.01, 0.99), (0.005, 0.95), (0.8, 0.985)


@dataclass(frozen=True, slots=True)
class States:
    """What a forecast needs of each series: arrays of shape (series,).

    `seasonal` has the shape (series, season).

    Levels and trends are of the seasonally adjusted series; `observed` counts its periods, so that
    the season of the next one is `observed % season`. `one_step_error` is the mean absolute
    one-step error of the combination, in units.
    """

    observed: Floats
    total: Floats
    time_weighted_total: Floats
    theta_alpha: Floats
    theta_level: Floats
    damped_alpha: Floats
    damped_ratio: Floats
    damping: Floats
    damped_level: Floats
    damped_trend: Floats
    one_step_error: Floats
    seasonal: Floats

    def __len__(self) -> int:
        return len(self.observed)

    def rows(self) -> Floats:
        """One row of numbers a series, shape (series, 11 + season): what is stored."""
        plain = [getattr(self, f.name) for f in fields(self) if f.name != "seasonal"]
        return np.concatenate([np.stack(plain, axis=1), self.seasonal], axis=1)

    @classmethod
    def from_rows(cls, rows: Floats) -> Self:
        """States from what `rows` gave."""
        names = [f.name for f in fields(cls) if f.name != "seasonal"]
        plain = {name: rows[:, column] for column, name in enumerate(names)}
        return cls(**plain, seasonal=rows[:, len(names) :])

    @property
    def slope(self) -> Floats:
        """Least-squares slope of the adjusted series over all of its periods."""
        n = self.observed
        spread = n * (n * n - 1) / 12
        mean_time = (n - 1) / 2
        return np.where(
            n > 1, (self.time_weighted_total - mean_time * self.total) / np.maximum(spread, 1), 0.0
        )

    def _season_of(self, ahead: int) -> Floats:
        season = self.seasonal.shape[1]
        position = ((self.observed + ahead) % season).astype(np.int64)
        index: Floats = self.seasonal[np.arange(len(self)), position]
        return index


def same_length(histories: Sequence[Floats]) -> Iterator[tuple[Integers, Floats]]:
    """Histories of one length at a time: their places, and a matrix (places, periods)."""
    places: dict[int, list[int]] = defaultdict(list)
    for place, history in enumerate(histories):
        places[len(history)].append(place)
    for rows in places.values():
        yield np.array(rows), np.stack([histories[row] for row in rows])


def fit(y: Floats, season: int = WEEKS_PER_SEASON) -> States:
    """Fit every series of a matrix.

    Args:
        y: shape (series, periods), at least one period, never negative.
        season: periods in a season.

    Raises: ValueError: no periods, or a value that is negative or not finite.
    """
    if y.ndim != 2 or y.shape[1] == 0:
        raise ValueError(f"histories have the shape {y.shape}; give series x periods, at least one")
    if not np.isfinite(y).all() or (y < 0).any():
        raise ValueError("a history has a negative or missing quantity; correct the demand rows")
    parts = [_fit_chunk(y[start : start + CHUNK], season) for start in range(0, len(y), CHUNK)]
    return concatenate(parts)


def concatenate(parts: Sequence[States]) -> States:
    """The states of several batches as one."""
    return States.from_rows(np.concatenate([part.rows() for part in parts]))


def append(states: States, y: Floats) -> States:
    """Observe one more period of every series; parameters and seasonal indices stay.

    Args: y: shape (series,), never negative.
    """
    adjusted = y / states._season_of(0)
    n = states.observed
    expected = states.damped_level + states.damping * states.damped_trend
    error = adjusted - expected
    one_step = np.abs(y - forecast(states, 1)[:, 0])
    return replace(
        states,
        observed=n + 1,
        total=states.total + adjusted,
        time_weighted_total=states.time_weighted_total + n * adjusted,
        theta_level=states.theta_level + states.theta_alpha * (adjusted - states.theta_level),
        damped_level=expected + states.damped_alpha * error,
        damped_trend=states.damping * states.damped_trend
        + states.damped_alpha * states.damped_ratio * error,
        one_step_error=(states.one_step_error * n + one_step) / (n + 1),
    )


def forecast(states: States, horizon: int) -> Floats:
    """The mean of theta and damped trend, shape (series, horizon), never negative."""
    ahead = np.arange(1, horizon + 1, dtype=np.float64)
    damping = states.damping[:, None]
    damped_steps = np.cumsum(damping ** ahead[None, :], axis=1)
    damped = states.damped_level[:, None] + damped_steps * states.damped_trend[:, None]
    season = states.seasonal.shape[1]
    position = (states.observed[:, None] + ahead - 1).astype(np.int64) % season
    combined = (theta(states, horizon) + damped) / 2
    return np.maximum(combined, 0.0) * np.take_along_axis(states.seasonal, position, axis=1)


def theta(states: States, horizon: int) -> Floats:
    """Theta alone, seasonally adjusted, shape (series, horizon)."""
    ahead = np.arange(1, horizon + 1, dtype=np.float64)
    alpha = states.theta_alpha[:, None]
    remembered = (1 - (1 - alpha) ** states.observed[:, None]) / alpha
    line: Floats = states.theta_level[:, None] + states.slope[:, None] / 2 * (
        ahead - 1 + remembered
    )
    return line


def _fit_chunk(y: Floats, season: int) -> States:
    series, periods = y.shape
    seasonal = seasonality.indices(y, season)
    phases = np.arange(periods) % season
    adjusted = y / seasonal[:, phases]
    columns = np.ascontiguousarray(adjusted.T)
    alpha, theta_level, theta_errors = _fit_theta(columns)
    damped = _fit_damped(columns)
    times = np.arange(periods, dtype=np.float64)
    states = States(
        observed=np.full(series, float(periods)),
        total=adjusted.sum(axis=1),
        time_weighted_total=adjusted @ times,
        theta_alpha=alpha,
        theta_level=theta_level,
        damped_alpha=damped.alpha,
        damped_ratio=damped.ratio,
        damping=damped.damping,
        damped_level=damped.level,
        damped_trend=damped.trend,
        one_step_error=np.zeros(series),
        seasonal=seasonal,
    )
    combined = (theta_errors - states.slope / 2 + damped.errors) / 2
    error = np.abs(combined * seasonal[:, phases].T).mean(axis=0)
    return replace(states, one_step_error=error)


def _fit_theta(y: Floats) -> tuple[Floats, Floats, Floats]:
    """Smoothing weight, last level, one-step errors of the shape of y, (periods, series)."""
    coarse = np.broadcast_to(THETA_ALPHAS, (y.shape[1], len(THETA_ALPHAS)))
    best = _best_alpha(y, coarse)
    finer = np.clip(best[:, None] + np.linspace(-0.06, 0.06, 7), *ALPHA_LIMITS)
    alpha = _best_alpha(y, finer)
    level = y[0].copy()
    errors = np.zeros_like(y)
    for t in range(1, len(y)):
        np.subtract(y[t], level, out=errors[t])
        level += alpha * errors[t]
    return alpha, level, errors


def _best_alpha(y: Floats, alphas: Floats) -> Floats:
    level = np.broadcast_to(y[0][:, None], alphas.shape).copy()
    squared = np.zeros(alphas.shape)
    error = np.empty(alphas.shape)
    step = np.empty(alphas.shape)
    for t in range(1, len(y)):
        np.subtract(y[t][:, None], level, out=error)
        np.multiply(error, alphas, out=step)
        level += step
        error *= error
        squared += error
    rows = np.arange(len(alphas))
    best: Floats = alphas[rows, squared.argmin(axis=1)]
    return best


@dataclass(frozen=True, slots=True)
class _Damped:
    alpha: Floats
    ratio: Floats
    damping: Floats
    level: Floats
    trend: Floats
    errors: Floats


def _fit_damped(y: Floats) -> _Damped:
    series = y.shape[1]
    level, trend = _first_line(y)
    coarse = np.broadcast_to(DAMPED_GRID, (series, *DAMPED_GRID.shape))
    best = _best_damped(y, level, trend, coarse)
    finer = best[:, None, :] + DAMPED_STEPS
    for column, limits in enumerate((ALPHA_LIMITS, RATIO_LIMITS, DAMPING_LIMITS)):
        np.clip(finer[:, :, column], *limits, out=finer[:, :, column])
    alpha, ratio, damping = _best_damped(y, level, trend, finer).T
    errors = np.zeros_like(y)
    for t in range(len(y)):
        expected = level + damping * trend
        errors[t] = y[t] - expected
        level = expected + alpha * errors[t]
        trend = damping * trend + alpha * ratio * errors[t]
    return _Damped(alpha, ratio, damping, level, trend, errors)


def _first_line(y: Floats) -> tuple[Floats, Floats]:
    """Level before the first period and trend, by least squares over the first periods."""
    start = y[:FIRST_LINE]
    if len(start) < 3:
        return start[0].copy(), np.zeros(y.shape[1])
    times = np.arange(1, len(start) + 1, dtype=np.float64)
    centred = times - times.mean()
    trend = centred @ start / (centred @ centred)
    return start.mean(axis=0) - trend * times.mean(), trend


def _best_damped(y: Floats, level: Floats, trend: Floats, grid: Floats) -> Floats:
    """The best (alpha, ratio, damping) of each series; grid has shape (series, candidates, 3)."""
    alpha, damping = np.ascontiguousarray(grid[:, :, 0]), np.ascontiguousarray(grid[:, :, 2])
    beta = alpha * grid[:, :, 1]
    shape = alpha.shape
    levels = np.broadcast_to(level[:, None], shape).copy()
    trends = np.broadcast_to(trend[:, None], shape).copy()
    squared, error, step = np.zeros(shape), np.empty(shape), np.empty(shape)
    for t in range(len(y)):
        trends *= damping
        levels += trends
        np.subtract(y[t][:, None], levels, out=error)
        np.multiply(alpha, error, out=step)
        levels += step
        np.multiply(beta, error, out=step)
        trends += step
        error *= error
        squared += error
    rows = np.arange(len(grid))
    best: Floats = grid[rows, squared.argmin(axis=1)]
    return best
