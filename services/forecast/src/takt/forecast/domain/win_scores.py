"""How good win probabilities were, and how much of that is chance.

Milestones of one deal share its outcome, so every interval here is over deals.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.win_learners import LEAST, log_odds

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

BINS = 10
DRAWS = 1000
CLOSE = 1.96
"""Standard errors of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts between two probabilities: their mean, and the share that was won."""

    low: float
    high: float
    milestones: int
    forecast: float
    won: float


@dataclass(frozen=True, slots=True)
class Scores:
    """Of forecasts against outcomes, over milestones."""

    brier: float
    ece: float
    auc: float | None
    """None when all were won, or none."""
    log_loss: float


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure, and its 95 % interval."""

    value: float
    low: float
    high: float


def scores(forecast: Floats, won: Floats) -> Scores:
    """Brier score, expected calibration error over ten bins, AUC and log loss."""
    kept = np.clip(forecast, LEAST, 1 - LEAST)
    return Scores(
        float(np.mean((forecast - won) ** 2)),
        calibration_error(forecast, won),
        auc(forecast, won),
        float(-np.mean(won * np.log(kept) + (1 - won) * np.log(1 - kept))),
    )


def auc(forecast: Floats, won: Floats) -> float | None:
    """P(a won milestone has the higher forecast), ties by half."""
    wins, losses = forecast[won > 0], np.sort(forecast[won == 0])
    if not len(wins) or not len(losses):
        return None
    below = np.searchsorted(losses, wins, "left") + np.searchsorted(losses, wins, "right")
    return float(below.mean() / 2 / len(losses))


def _places(forecast: Floats) -> Ints:
    return np.minimum((forecast * BINS).astype(np.intp), BINS - 1)


def calibration_error(forecast: Floats, won: Floats) -> float:
    """Mean distance of forecast and outcome over bins, each by its number of milestones."""
    off = np.bincount(_places(forecast), forecast - won, BINS)
    return float(np.abs(off).sum() / len(forecast))


def reliability(forecast: Floats, won: Floats) -> list[Bin]:
    """The bins that hold any."""
    places = _places(forecast)
    return [
        Bin(
            place / BINS,
            (place + 1) / BINS,
            int(inside.sum()),
            float(forecast[inside].mean()),
            float(won[inside].mean()),
        )
        for place in range(BINS)
        if (inside := places == place).any()
    ]


def numbered(deals: Sequence[str]) -> Ints:
    """The deals of milestones as numbers from 0 on, in the order of their names."""
    return np.unique(deals, return_inverse=True)[1].astype(np.intp)


def brier_difference(
    forecast: Floats, other: Floats, won: Floats, deal: Ints, seed: int
) -> Interval:
    """Brier score less the other's, with the paired bootstrap over deals.

    Args: forecast, other, won: shape (milestones,). deal: of each, from 0 on. seed: of the draws.
    """
    gained = (forecast - won) ** 2 - (other - won) ** 2
    by_deal, sizes = np.bincount(deal, gained), np.bincount(deal)
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(DRAWS):
        times = np.bincount(random.integers(0, len(sizes), len(sizes)), minlength=len(sizes))
        drawn.append(float(times @ by_deal / (times @ sizes)))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(float(gained.mean()), float(low), float(high))


def calibrated_error(forecast: Floats, deal: Ints, seed: int) -> Interval:
    """The calibration error that these forecasts have when they are right: mean, and interval.

    Outcomes are drawn from the forecasts, one draw a deal for all of its milestones.
    """
    random = np.random.default_rng(seed)
    deals = int(deal.max()) + 1
    drawn = [
        calibration_error(forecast, (random.random(deals)[deal] < forecast).astype(np.float64))
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(float(np.mean(drawn)), float(low), float(high))


def calibration_slope(forecast: Floats, won: Floats, deal: Ints) -> Interval | None:
    """The slope of the outcome's log-odds on the forecast's: 1 is right, less is too sure.

    The interval is by the sandwich over deals. None when forecasts or outcomes are all alike.
    """
    odds = log_odds(forecast)
    if np.ptp(odds) < 1e-9 or not 0 < won.mean() < 1:
        return None
    rows = np.column_stack([np.ones(len(odds)), odds])
    found = np.array([0.0, 1.0])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-(rows @ found)))
        bread = rows.T @ (rows * (chance * (1 - chance))[:, None])
        if np.linalg.cond(bread) > 1e12:
            return None
        step = np.linalg.solve(bread, rows.T @ (won - chance))
        found = found + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    residual = rows * (won - chance)[:, None]
    by_deal = np.column_stack([np.bincount(deal, residual[:, column]) for column in range(2)])
    inverse = np.linalg.inv(bread)
    error = float(np.sqrt((inverse @ (by_deal.T @ by_deal) @ inverse)[1, 1]))
    slope = float(found[1])
    return Interval(slope, slope - CLOSE * error, slope + CLOSE * error)
