"""Autoregression of the changes of whole matrices of series at once.

Orders are averaged by their weight under the corrected information criterion, coefficients drawn
a little towards zero, and half of the mean change goes on: a drift seen so far seldom lasts whole.
Source: Burnham & Anderson, "Model Selection and Multimodel Inference" (2002), ch. 2.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

HIGHEST_ORDER = 8
SHORTEST = 6
PERIODS_A_COEFFICIENT = 4
DRAWN = 0.5
"""What the ridge counts: so many periods in which nothing followed from anything."""
DRIFT = 0.5
FARTHEST = 50.0
LEAST_VARIANCE = 1e-18


def autoregression(y: Floats, horizon: int) -> Floats:
    """Forecasts without season; give logarithms where growth is in proportion.

    Below six periods the last value.

    Args: y: shape (series, periods).
    Returns: shape (series, horizon).
    """
    if y.shape[1] < SHORTEST:
        return np.repeat(y[:, -1:], horizon, axis=1)
    changes = np.diff(y, axis=1)
    drift = changes.mean(axis=1, keepdims=True)
    changes = changes - drift
    coefficients = _coefficients(changes)
    order = coefficients.shape[1]
    course = np.concatenate([changes[:, len(changes[0]) - order :], np.zeros((len(y), horizon))], 1)
    for h in range(horizon):
        latest = course[:, h : h + order][:, ::-1]
        ahead = (latest * coefficients).sum(axis=1)
        course[:, order + h] = np.clip(ahead, -FARTHEST, FARTHEST)
    points: Floats = y[:, -1:] + np.cumsum(course[:, order:] + DRIFT * drift, axis=1)
    return points


def _coefficients(changes: Floats) -> Floats:
    """Averaged over the orders, shape (series, highest order); changes have mean 0."""
    series, periods = changes.shape
    highest = min(HIGHEST_ORDER, (periods - 3) // PERIODS_A_COEFFICIENT)
    if highest < 1:
        return np.zeros((series, 0))
    known = periods - highest
    after = changes[:, highest:]
    lags = np.stack([changes[:, highest - k : periods - k] for k in range(1, highest + 1)], axis=2)
    products = lags.transpose(0, 2, 1) @ lags
    towards = (lags * after[:, :, None]).sum(axis=1)
    plain = (after**2).mean(axis=1) + LEAST_VARIANCE
    found = np.zeros((series, highest + 1, highest))
    criterion = np.empty((series, highest + 1))
    for order in range(highest + 1):
        if order:
            ridge = DRAWN * plain[:, None, None] * np.eye(order)
            solved = np.linalg.solve(products[:, :order, :order] + ridge, towards[:, :order, None])
            found[:, order, :order] = solved[:, :, 0]
        error = after - (lags @ found[:, order, :, None])[:, :, 0]
        parameters = order + 1
        criterion[:, order] = (
            known * np.log((error**2).mean(axis=1) + LEAST_VARIANCE)
            + 2 * parameters
            + 2 * parameters * (parameters + 1) / max(known - parameters - 1, 1)
        )
    weights = np.exp((criterion.min(axis=1, keepdims=True) - criterion) / 2)
    weights /= weights.sum(axis=1, keepdims=True)
    averaged: Floats = (weights[:, :, None] * found).sum(axis=1)
    return averaged
