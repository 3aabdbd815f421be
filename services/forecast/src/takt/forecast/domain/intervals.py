"""Prediction intervals by conformal scores from rolling origins.

A score is the error of a forecast at an origin in the past, divided by the series' mean one-step
error there. Scores of all series are pooled per horizon; their quantiles times a series' own scale
are its interval. Nothing is assumed about the shape of errors, and low and high are kept apart
because demand is skewed.
Source: Vovk, Gammerman & Shafer (2005), split conformal quantiles with the finite-sample rank.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import fast_path

Floats = npt.NDArray[np.float64]

LEVELS = (0.025, 0.1, 0.9, 0.975)
"""Low 95, low 80, high 80, high 95."""
AIMS = (0.025, 0.1, 0.1, 0.025)
"""The share of values that may lie beyond each of them."""
NORMAL_QUANTILES = (-1.959964, -1.281552, 1.281552, 1.959964)
MEAN_TO_STANDARD = 1.253314
"""Standard deviation over mean absolute deviation of a normal distribution."""
ORIGINS = 52
SHORTEST = 30
"""Periods that a series needs to be replayed."""
SCORES_NEEDED = 40
SCALE_FLOOR = 0.02
"""Least scale, as a share of the mean demand: a series that never erred may still err."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Quantiles of the scores, shape (4, horizon), rows as in LEVELS; `scores` counts them."""

    quantiles: Floats
    scores: tuple[int, ...]

    @classmethod
    def normal(cls, horizon: int) -> Self:
        """Before any replay: normal errors that grow with the fourth root of time."""
        growth = np.arange(1, horizon + 1) ** 0.25
        quantiles = np.outer(NORMAL_QUANTILES, growth) * MEAN_TO_STANDARD
        return cls(quantiles, (0,) * horizon)


def scale(states: fast_path.States) -> Floats:
    """The unit of a series' scores, shape (series,): its mean one-step error, with a floor.

    Below eight periods the error is hardly known, and the mean demand stands in where it is larger.
    """
    mean = states.total / np.maximum(states.observed, 1)
    floor = np.where(states.observed < 8, mean, SCALE_FLOOR * mean)
    return np.maximum(states.one_step_error, np.maximum(floor, 1e-6))


def replay(
    y: Floats,
    horizon: int,
    season: int = fast_path.WEEKS_PER_SEASON,
    shortest: int = SHORTEST,
) -> Floats:
    """Scores at rolling origins, shape (series, origins, horizon), NaN where nothing is known yet.

    Fitted once on what lies before the first origin, then each period is observed in turn: no
    score has seen its future.

    Args:
        y: histories of one length, shape (series, periods).
        horizon: periods ahead.
        season: periods in a season.
        shortest: periods that a series needs; half of them lie before the first origin.
    """
    periods = y.shape[1]
    origins = min(ORIGINS, periods - shortest // 2)
    if periods < shortest:
        return np.full((len(y), 0, horizon), np.nan)
    first = periods - origins
    states = fast_path.fit(y[:, :first], season)
    scores = np.full((len(y), origins, horizon), np.nan)
    for origin in range(origins):
        now = first + origin
        known = min(horizon, periods - now)
        ahead = fast_path.forecast(states, known)
        scores[:, origin, :known] = (y[:, now : now + known] - ahead) / scale(states)[:, None]
        states = fast_path.append(states, y[:, now])
    return scores


def calibrate(replayed: Iterable[Floats], horizon: int, allowed: Floats | None = None) -> Bands:
    """Pool scores and take their quantiles per horizon, with one neighbour on either side.

    A horizon with fewer than 40 scores takes the widest that is known before it, else the normal
    quantile.

    Args:
        replayed: scores, the last axis being weeks ahead.
        horizon: weeks ahead.
        allowed: the share that may lie beyond each edge, shape (4, horizon); None for `AIMS`.
    """
    shares = np.tile(np.array(AIMS)[:, None], (1, horizon)) if allowed is None else allowed
    levels = np.where(np.array(LEVELS)[:, None] < 0.5, shares, 1 - shares)
    flat = [part.reshape(-1, horizon) for part in replayed]
    pooled = np.concatenate(flat) if flat else np.empty((0, horizon))
    fallback = Bands.normal(horizon).quantiles
    quantiles = np.empty((len(LEVELS), horizon))
    counts: list[int] = []
    for h in range(horizon):
        column = pooled[:, max(0, h - 1) : h + 2].ravel()
        column = np.sort(column[~np.isnan(column)])
        counts.append(int((~np.isnan(pooled[:, h])).sum()))
        if len(column) >= SCORES_NEEDED:
            quantiles[:, h] = [_rank_quantile(column, level) for level in levels[:, h]]
        else:
            quantiles[:, h] = quantiles[:, h - 1] if h and counts[0] else fallback[:, h]
    return Bands(quantiles, tuple(counts))


def calibrate_histories(
    histories: Sequence[Floats], horizon: int, allowed: Floats | None = None
) -> Bands:
    """Bands from the rolling origins of all series. Args: histories: of any length each."""
    alike = fast_path.same_length(histories)
    return calibrate((replay(y, horizon) for _, y in alike), horizon, allowed)


def _rank_quantile(ordered: Floats, level: float) -> float:
    """The conformal quantile: rank (n + 1) x level, rounded outwards."""
    n = len(ordered)
    rank = np.floor((n + 1) * level) if level < 0.5 else np.ceil((n + 1) * level)
    return float(ordered[int(min(max(rank, 1), n)) - 1])


def around(
    quantity: Floats, baseline_scale: Floats, pipeline_variance: Floats, bands: Bands
) -> Floats:
    """Low 95, low 80, high 80, high 95 of a joined forecast, never negative, never crossing it.

    The half-widths of baseline and pipeline are independent and add in quadrature.

    Args:
        quantity: the joined forecast, shape (..., horizon).
        baseline_scale: the scale times the share of the baseline that counts, shape (..., horizon).
        pipeline_variance: sum of p(1-p)q^2, shape (..., horizon).
        bands: calibrated scores.

    Returns: shape (4, ..., horizon).
    """
    deviation = np.sqrt(pipeline_variance)
    edges = []
    for level, z in enumerate(NORMAL_QUANTILES):
        sign = -1.0 if z < 0 else 1.0
        from_baseline = np.maximum(sign * bands.quantiles[level] * baseline_scale, 0.0)
        width = np.hypot(from_baseline, z * deviation)
        edges.append(np.maximum(quantity + sign * width, 0.0))
    return np.stack(edges)
