"""The airline model, ARIMA(0,1,1)(0,1,1), and a wider search of orders for aggregates.

    airline       whole matrices of series at once, averaged over a grid
    wider_search  one series, by statsmodels: orders by information criterion, differenced first

Sources: Box & Jenkins (1970), ch. 9; Hyndman & Khandakar (2008) for the search.
"""

import warnings
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.smoothing import likelihood_weights

Floats = npt.NDArray[np.float64]

CHUNK = 32
PLAIN_ORDERS = tuple(product(range(3), range(3)))
SEASONAL_ORDERS = tuple(product(range(2), range(2)))
SEARCHED_SEASONS = 2
ROUNDS = 50
"""Steps of the optimiser for each order of the search."""
GRID = np.array(
    list(product((-0.3, 0.0, 0.2, 0.4, 0.55, 0.7, 0.85, 0.95), (0.0, 0.25, 0.45, 0.6, 0.75, 0.9)))
)
"""Weights of the last shock and of that a season ago; averaged, not chosen, see smoothing.py."""
PLAIN_GRID = np.array(list(product(np.arange(-0.6, 1.0, 0.1), (0.0,))))


def airline(y: Floats, season: int, horizon: int) -> Floats:
    """Forecasts of the airline model; give logarithms where growth is in proportion.

    Without a season, or with fewer than a season and eight periods, it is ARIMA(0,1,1).

    Args: y: shape (series, periods).
    Returns: shape (series, horizon).
    """
    parts = [
        _airline(y[start : start + CHUNK], season, horizon) for start in range(0, len(y), CHUNK)
    ]
    return np.concatenate(parts) if parts else np.empty((0, horizon))


def _airline(y: Floats, season: int, horizon: int) -> Floats:
    series, periods = y.shape
    if periods < 3:
        return np.repeat(y[:, -1:], horizon, axis=1)
    seasonal = season > 1 and periods >= season + 8
    lag = season if seasonal else 1
    changes = np.diff(y, axis=1)
    if seasonal:
        changes = changes[:, lag:] - changes[:, :-lag]
    columns = np.ascontiguousarray(changes.T)
    last, at_lag = (GRID if seasonal else PLAIN_GRID).T
    known = len(columns)
    shocks = np.zeros((lag + 2, series, len(last)))
    squared = np.zeros(shocks.shape[1:])
    for t, value in enumerate(columns):
        shock = value[:, None] + _owed(shocks, t, lag, last, at_lag)
        shocks[t % (lag + 2)] = shock
        shock *= shock
        squared += shock
    weights = likelihood_weights(squared, known)
    course = np.concatenate([y, np.zeros((series, horizon))], axis=1)
    for h in range(horizon):
        now = periods + h
        owed = _owed(shocks, known + h, lag, last, at_lag)
        shocks[(known + h) % (lag + 2)] = 0.0
        course[:, now] = course[:, now - 1] - (weights * owed).sum(axis=1)
        if seasonal:
            course[:, now] += course[:, now - lag] - course[:, now - lag - 1]
    return course[:, periods:]


def _owed(shocks: Floats, t: int, lag: int, last: Floats, at_lag: Floats) -> Floats:
    """What past shocks take back at t, shape (series, candidates); before the first they are 0."""
    size = len(shocks)
    owed: Floats = last * shocks[(t - 1) % size]
    owed += at_lag * (shocks[(t - lag) % size] - last * shocks[(t - lag - 1) % size])
    return owed


@dataclass(frozen=True, slots=True)
class Searched:
    """Points of shape (horizon,) and the order they come from, as in "(2,1,1)(0,1,1)12"."""

    points: Floats
    order: str


def wider_search(y: Floats, season: int, horizon: int) -> Searched:
    """Forecast one series by the order of the least corrected information criterion.

    For aggregates that are worth seconds. Both differences are taken before fitting, which is
    quicker than a full state space and was more accurate; logarithms where the series is positive.

    Args: y: shape (periods,).
    """
    seasonal = season > 1 and len(y) >= SEARCHED_SEASONS * season + 8
    if len(y) < 8 or float(np.ptp(y)) == 0:
        return Searched(np.full(horizon, y[-1]), "(0,1,0)")
    positive = bool((y > 0).all())
    course = np.log(y) if positive else y / np.abs(y).mean()
    stationary = np.diff(course)
    if seasonal:
        stationary = stationary[season:] - stationary[:-season]
    (p, q), (at_lag_p, at_lag_q), ahead = _best_order(stationary, season, horizon, seasonal)
    course = np.concatenate([course, np.zeros(horizon)])
    for now in range(len(y), len(course)):
        course[now] = course[now - 1] + ahead[now - len(y)]
        if seasonal:
            course[now] += course[now - season] - course[now - season - 1]
    last = course[len(y) :]
    points = np.exp(last) if positive else last * np.abs(y).mean()
    order = f"({p},1,{q})" + (f"({at_lag_p},1,{at_lag_q}){season}" if seasonal else "")
    return Searched(points, order)


def _best_order(
    stationary: Floats, season: int, horizon: int, seasonal: bool
) -> tuple[tuple[int, int], tuple[int, int], Floats]:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    least, best = np.inf, ((0, 0), (0, 0), np.zeros(horizon))
    for plain, at_lag in product(PLAIN_ORDERS, SEASONAL_ORDERS if seasonal else ((0, 0),)):
        parameters = sum(plain) + sum(at_lag) + 1
        if len(stationary) <= parameters + 2:
            continue
        model = SARIMAX(
            stationary,
            order=(plain[0], 0, plain[1]),
            seasonal_order=(at_lag[0], 0, at_lag[1], season if seasonal else 0),
        )
        with warnings.catch_warnings():
            # Poor first guesses and unfinished optimisations lose by their criterion.
            warnings.simplefilter("ignore")
            try:
                fitted = model.fit(disp=False, maxiter=ROUNDS)
            except (np.linalg.LinAlgError, ValueError):
                continue
            ahead = np.asarray(fitted.forecast(horizon))
        if fitted.aicc < least and np.isfinite(ahead).all():
            least, best = fitted.aicc, (plain, at_lag, ahead)
    return best
