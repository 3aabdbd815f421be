"""Exponential smoothing for whole matrices of series at once.

    complex_smoothing  level and "information potential", which can trend, revert or swing
    holt_winters       damped trend and a season that moves, on logarithms

Each series' parameters are those of least squared one-step errors over a grid, then over a finer
one around the best point: no optimiser, so a matrix of series costs little more than one.
Sources: Svetunkov, Kourentzes & Ord, "Complex exponential smoothing" (2022); Hyndman et al.,
"Forecasting with Exponential Smoothing" (2008), model A,Ad,A.
"""

from collections.abc import Callable
from itertools import product

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CHUNK = 64
"""Series fitted at a time: the candidates of a chunk stay in the processor's second-level cache."""

COMPLEX_GRID = np.array(
    [
        (real, imaginary)
        for imaginary, real in product(
            (1.0, 1.005, 0.98, 1.01, 1.02, 0.95, 1.05, 0.9, 1.1), np.arange(0.6, 2.0, 0.15)
        )
        if (real - 2.5) ** 2 + imaginary**2 > 1.25
        and (real - 0.5) ** 2 + (imaginary - 1) ** 2 > 0.25
        and (real - 1.5) ** 2 + (imaginary - 0.5) ** 2 < 1.5
    ]
)
"""Inside the region where the weights of old observations fade.

The first of equals wins, and at 1 a level stays what it is: hardly known series do not drift.
"""
COMPLEX_STEPS = np.array(list(product((0.0, -0.07, 0.07), (0.0, -0.003, 0.003, -0.008, 0.008))))
COMPLEX_LIMITS = ((0.5, 1.99), (0.85, 1.15))

WINTERS_GRID = np.array(
    list(product((0.05, 0.2, 0.4, 0.7), (0.02, 0.15), (0.03, 0.15, 0.35), (0.85, 0.95)))
)
WINTERS_STEPS = np.array(
    list(product((-0.1, 0.0, 0.1), (-0.05, 0.0, 0.08), (-0.07, 0.0, 0.07), (0.0,)))
)
WINTERS_LIMITS = ((0.01, 0.99), (0.005, 0.9), (0.005, 0.6), (0.8, 0.985))


def complex_smoothing(y: Floats, horizon: int) -> Floats:
    """Complex exponential smoothing of series without season.

    Args: y: shape (series, periods), seasonally adjusted.
    Returns: shape (series, horizon).
    """
    return _in_chunks(_complex, y, horizon)


def holt_winters(y: Floats, seasonal: Floats, horizon: int) -> Floats:
    """Damped trend with an additive season that goes on adapting; give logarithms.

    Args:
        y: shape (series, periods), not seasonally adjusted.
        seasonal: the first seasonal terms, shape (series, season), mean 0.
        horizon: periods ahead.

    Returns: shape (series, horizon).
    """
    parts = [
        _winters(y[start : start + CHUNK], seasonal[start : start + CHUNK], horizon)
        for start in range(0, len(y), CHUNK)
    ]
    return np.concatenate(parts) if parts else np.empty((0, horizon))


def _in_chunks(model: Callable[[Floats, int], Floats], y: Floats, horizon: int) -> Floats:
    parts = [model(y[start : start + CHUNK], horizon) for start in range(0, len(y), CHUNK)]
    return np.concatenate(parts) if parts else np.empty((0, horizon))


def _complex(y: Floats, horizon: int) -> Floats:
    columns = np.ascontiguousarray(y.T)
    series = columns.shape[1]
    first = columns[:12].mean(axis=0)
    coarse = np.broadcast_to(COMPLEX_GRID, (series, *COMPLEX_GRID.shape))
    best = _best(coarse, _complex_errors(columns, first, coarse))
    finer = _around(best, COMPLEX_STEPS, COMPLEX_LIMITS)
    real, imaginary = _best(finer, _complex_errors(columns, first, finer)).T
    level, potential = first.copy(), first / 1.1
    for value in columns:
        error = value - level
        level, potential = (
            level - (1 - imaginary) * potential + (real - imaginary) * error,
            level + (1 - real) * potential + (real + imaginary) * error,
        )
    ahead = np.empty((series, horizon))
    for h in range(horizon):
        ahead[:, h] = level
        level, potential = (
            level - (1 - imaginary) * potential,
            level + (1 - real) * potential,
        )
    return ahead


def _complex_errors(columns: Floats, first: Floats, grid: Floats) -> Floats:
    """Sum of squared one-step errors, shape (series, candidates)."""
    real, imaginary = np.ascontiguousarray(grid[:, :, 0]), np.ascontiguousarray(grid[:, :, 1])
    pull, keep = 1 - imaginary, 1 - real
    level_gain, potential_gain = real - imaginary, real + imaginary
    level = np.broadcast_to(first[:, None], real.shape).copy()
    potential = level / 1.1
    squared, error = np.zeros(real.shape), np.empty(real.shape)
    for value in columns:
        np.subtract(value[:, None], level, out=error)
        moved = level - pull * potential
        potential *= keep
        potential += level
        potential += potential_gain * error
        level = moved
        level += level_gain * error
        error *= error
        squared += error
    return squared


def _winters(y: Floats, seasonal: Floats, horizon: int) -> Floats:
    series, periods = y.shape
    season = seasonal.shape[1]
    columns = np.ascontiguousarray(y.T)
    level, trend = _first_line(columns - seasonal.T[np.arange(periods) % season])
    coarse = np.broadcast_to(WINTERS_GRID, (series, *WINTERS_GRID.shape))
    best = _best(coarse, _winters_errors(columns, level, trend, seasonal, coarse))
    finer = _around(best, WINTERS_STEPS, WINTERS_LIMITS)
    best = _best(finer, _winters_errors(columns, level, trend, seasonal, finer))
    alpha, ratio, gamma, damping = best.T
    terms = seasonal.T.copy()
    for t, value in enumerate(columns):
        expected = level + damping * trend
        error = value - expected - terms[t % season]
        level = expected + alpha * error
        trend = damping * trend + alpha * ratio * error
        terms[t % season] += gamma * (1 - alpha) * error
    steps = np.cumsum(damping[:, None] ** np.arange(1, horizon + 1), axis=1)
    phases = (periods + np.arange(horizon)) % season
    ahead: Floats = level[:, None] + steps * trend[:, None] + terms.T[:, phases]
    return ahead


def _winters_errors(
    columns: Floats, level: Floats, trend: Floats, seasonal: Floats, grid: Floats
) -> Floats:
    """Sum of squared one-step errors, shape (series, candidates)."""
    alpha, ratio, gamma, damping = (np.ascontiguousarray(grid[:, :, k]) for k in range(4))
    beta, gain = alpha * ratio, gamma * (1 - alpha)
    levels = np.broadcast_to(level[:, None], alpha.shape).copy()
    trends = np.broadcast_to(trend[:, None], alpha.shape).copy()
    season = seasonal.shape[1]
    terms = np.broadcast_to(seasonal.T[:, :, None], (season, *alpha.shape)).copy()
    squared, error, step = np.zeros(alpha.shape), np.empty(alpha.shape), np.empty(alpha.shape)
    for t, value in enumerate(columns):
        trends *= damping
        levels += trends
        np.subtract(value[:, None], levels, out=error)
        term = terms[t % season]
        error -= term
        np.multiply(alpha, error, out=step)
        levels += step
        np.multiply(beta, error, out=step)
        trends += step
        np.multiply(gain, error, out=step)
        term += step
        error *= error
        squared += error
    return squared


def _first_line(columns: Floats) -> tuple[Floats, Floats]:
    """Level before the first period and trend, by least squares over the first 30 periods."""
    start = columns[:30]
    if len(start) < 3:
        return start[0].copy(), np.zeros(columns.shape[1])
    times = np.arange(1, len(start) + 1, dtype=np.float64)
    centred = times - times.mean()
    trend = centred @ start / (centred @ centred)
    return start.mean(axis=0) - trend * times.mean(), trend


def _around(best: Floats, steps: Floats, limits: tuple[tuple[float, float], ...]) -> Floats:
    finer = best[:, None, :] + steps
    for column, (low, high) in enumerate(limits):
        np.clip(finer[:, :, column], low, high, out=finer[:, :, column])
    return finer


def _best(grid: Floats, squared: Floats) -> Floats:
    """The parameters of least error, shape (series, parameters); an explosion never wins."""
    chosen = np.where(np.isfinite(squared), squared, np.inf).argmin(axis=1)
    best: Floats = grid[np.arange(len(grid)), chosen]
    return best
