"""Exponential smoothing for whole matrices of series at once.

    holt_winters  damped trend and a season that moves
    trend         trend without season, damped or straight
    theta         level by exponential smoothing, half the slope of all periods

Parameters are not chosen but averaged: every candidate of a grid forecasts, weighted by its
likelihood over the history. Where a short history hardly tells one from another, that is steadier
than the one of least error; and the states after one pass are all it needs.
Sources: Hyndman et al., "Forecasting with Exponential Smoothing" (2008), models A,Ad,A and A,Ad,N;
Assimakopoulos & Nikolopoulos (2000) for theta; Raftery et al. (2005) for averaging by likelihood.
"""

from itertools import product

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CHUNK = 32
"""Series at a time: the states of all candidates stay in the processor's second-level cache."""
FIRST_LINE = 30
"""Periods behind the first level and trend."""

SMOOTHING = (0.02, 0.1, 0.25, 0.45, 0.7, 0.92)
TREND_RATIOS = (0.0, 0.06, 0.25)
SEASON_GAINS = (0.0, 0.06, 0.25, 0.6)
WINTERS_GRID = np.array(list(product(SMOOTHING, TREND_RATIOS, SEASON_GAINS, (0.8, 0.9, 0.97))))
TREND_GRID = np.array(list(product(SMOOTHING, TREND_RATIOS, (0.0,), (0.8, 0.9, 0.97, 1.0))))
"""Level, trend as a share of it, season, damping."""
THETA_GRID = np.array([0.02, 0.06, 0.12, 0.2, 0.3, 0.42, 0.55, 0.7, 0.85, 0.98])
LEAST_VARIANCE = 1e-12
"""Of one-step errors; give series of the order of 1, or logarithms."""


def likelihood_weights(squared: Floats, periods: int) -> Floats:
    """What each candidate counts, from its sum of squared one-step errors; rows sum to 1.

    Args:
        squared: shape (series, candidates); what is not finite counts nothing.
        periods: behind each sum.
    """
    least = LEAST_VARIANCE * periods
    held = np.where(np.isfinite(squared), np.maximum(squared, least), np.inf)
    ratio = held.min(axis=1, keepdims=True) / held
    likelihood = ratio ** (periods / 2)
    weights: Floats = likelihood / likelihood.sum(axis=1, keepdims=True)
    return weights


def holt_winters(y: Floats, seasonal: Floats, horizon: int) -> Floats:
    """Damped trend with an additive season that goes on adapting; give logarithms.

    Args:
        y: shape (series, periods), not seasonally adjusted.
        seasonal: the first seasonal terms, shape (series, season), mean 0.
        horizon: periods ahead.

    Returns: shape (series, horizon).
    """
    return _in_chunks(y, seasonal, horizon, WINTERS_GRID)


def trend(y: Floats, horizon: int) -> Floats:
    """Level and trend, damped or straight; give logarithms without season.

    Args: y: shape (series, periods).
    Returns: shape (series, horizon).
    """
    return _in_chunks(y, np.zeros((len(y), 1)), horizon, TREND_GRID)


def theta(y: Floats, horizon: int) -> Floats:
    """Theta; give it without season.

    Args: y: shape (series, periods).
    Returns: shape (series, horizon).
    """
    periods = y.shape[1]
    levels = np.repeat(y[:, :1], len(THETA_GRID), axis=1)
    squared = np.zeros(levels.shape)
    for t in range(1, periods):
        error = y[:, t, None] - levels
        levels += THETA_GRID * error
        squared += error * error
    weights = likelihood_weights(squared, periods)
    times = np.arange(periods) - (periods - 1) / 2
    slope = y @ times / max(times @ times, 1.0)
    remembered = weights @ ((1 - (1 - THETA_GRID) ** periods) / THETA_GRID)
    level = (weights * levels).sum(axis=1)
    ahead: Floats = level[:, None] + slope[:, None] / 2 * (np.arange(horizon) + remembered[:, None])
    return ahead


def _in_chunks(y: Floats, seasonal: Floats, horizon: int, grid: Floats) -> Floats:
    if seasonal.shape[1] == 1:
        grid = grid[grid[:, 2] == 0]
    ahead = np.empty((len(y), horizon))
    for start in range(0, len(y), CHUNK):
        chunk = slice(start, start + CHUNK)
        ahead[chunk] = _averaged(y[chunk], seasonal[chunk], horizon, grid)
    return ahead


def _averaged(y: Floats, seasonal: Floats, horizon: int, grid: Floats) -> Floats:
    series, periods = y.shape
    season = seasonal.shape[1]
    columns = np.ascontiguousarray(y.T)
    first_level, first_trend = _first_line(columns - seasonal.T[np.arange(periods) % season])
    shape = (series, len(grid))
    alpha, ratio, gamma, damping = (np.broadcast_to(part, shape).copy() for part in grid.T)
    beta, gain = alpha * ratio, gamma * (1 - alpha)
    levels = np.broadcast_to(first_level[:, None], shape).copy()
    trends = np.broadcast_to(first_trend[:, None], shape).copy()
    terms = np.broadcast_to(seasonal.T[:, :, None], (season, *shape)).copy()
    squared, error, step = np.zeros(shape), np.empty(shape), np.empty(shape)
    for t, value in enumerate(columns):
        trends *= damping
        levels += trends
        np.subtract(value[:, None], levels, out=error)
        if season > 1:
            error -= terms[t % season]
        np.multiply(alpha, error, out=step)
        levels += step
        np.multiply(beta, error, out=step)
        trends += step
        if season > 1:
            np.multiply(gain, error, out=step)
            terms[t % season] += step
        error *= error
        squared += error
    weights = likelihood_weights(squared, periods)
    level = (weights * levels).sum(axis=1, keepdims=True)
    ahead = np.repeat(level, horizon, axis=1)
    for rate in np.unique(grid[:, 3]):
        same = grid[:, 3] == rate
        slope = (weights * trends)[:, same].sum(axis=1, keepdims=True)
        ahead += slope * np.cumsum(rate ** np.arange(1, horizon + 1))
    phases = (periods + np.arange(horizon)) % season
    ahead += np.einsum("sc,psc->sp", weights, terms)[:, phases]
    return ahead


def _first_line(columns: Floats) -> tuple[Floats, Floats]:
    """Level before the first period and trend, by least squares over the first 30 periods."""
    start = columns[:FIRST_LINE]
    if len(start) < 3:
        return start[0].copy(), np.zeros(columns.shape[1])
    times = np.arange(1, len(start) + 1, dtype=np.float64)
    centred = times - times.mean()
    slope = centred @ start / (centred @ centred)
    return start.mean(axis=0) - slope * times.mean(), slope
