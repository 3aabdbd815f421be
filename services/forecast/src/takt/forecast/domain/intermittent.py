"""Rates of rare demand: SBA, TSB, IMAPA, their mean, and the combination that Takt publishes.

A rate is in units per period and holds for the whole horizon. Weights of smoothing are fitted to
the one-step errors of a series' own history, and, because rare demand says little, ten times as
much to those of all series together. The combination draws the mean towards what all series have in
common: a part that was never asked for will be, at times. How far, the last quarter of the
histories says; half of that is taken, because a file names the parts that were asked for by its
end, so that within it the silent ones wake more often than they will afterwards.

Sources: Croston (1972), corrected by Syntetos & Boylan (2005) (SBA); Teunter, Syntetos & Babai
(2011) (TSB); Petropoulos & Kourentzes (2015) (IMAPA). Choices: docs/decisions/0402.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import accuracy, demand_classes

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

NAMES = ("sba", "tsb", "imapa", "mean", "combination")
PUBLISHED = "combination"
WEIGHTS = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4])
SIZE_WEIGHTS = np.array([0.02, 0.05, 0.1, 0.2, 0.3])
POOLED = 10.0
"""What the errors of all series count beside a series' own, when its weights are chosen."""
COARSEST = 12
"""Most periods in a bucket of IMAPA."""
DRAWN = np.linspace(0.0, 1.0, 21)
"""How far the mean is tried to be drawn to the common rate."""
BELIEVED = 0.5
"""Share of the draw that did best inside the histories which is taken."""
CHUNK = 512
"""Series smoothed at a time."""


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Rates and mean squared one-step errors, both of shape (series, candidates)."""

    rates: Floats
    errors: Floats

    def best(self) -> Floats:
        """The rate with the least error, one's own and that of all series, shape (series,)."""
        level = self.errors.mean(axis=1, keepdims=True)
        relative = self.errors / np.where(level > 0, level, 1.0)
        chosen = (relative + POOLED * relative.mean(axis=0)).argmin(axis=1)
        best: Floats = self.rates[np.arange(len(chosen)), chosen]
        return best


def rates(histories: Sequence[Floats]) -> dict[str, Floats]:
    """Units per period by each method, shape (series,).

    Args: histories: units, one array of shape (periods,) for each series; NaN where not known.
    Raises: ValueError: no series, one without a known period, or a negative quantity.
    """
    y = _side_by_side(histories)
    found = _three(y)
    found["mean"] = (found["sba"] + found["tsb"] + found["imapa"]) / 3
    found["combination"] = _drawn(y, found["mean"], _how_far(y))
    return found


def _side_by_side(histories: Sequence[Floats]) -> Floats:
    """Histories that end together, shape (series, longest), NaN before their start."""
    longest = max((len(history) for history in histories), default=0)
    y = np.full((len(histories), longest), np.nan)
    for row, history in zip(y, histories, strict=True):
        row[longest - len(history) :] = history
    known = ~np.isnan(y)
    if not len(y) or not known.any(axis=1).all():
        raise ValueError("a history has no known period; leave such series out")
    if (y[known] < 0).any() or not np.isfinite(y[known]).all():
        raise ValueError("a history has a negative or infinite quantity; correct the demand rows")
    return y


def _three(y: Floats) -> dict[str, Floats]:
    parts = [y[start : start + CHUNK] for start in range(0, len(y), CHUNK)]
    return {
        "sba": _joined([_sba(part) for part in parts]).best(),
        "tsb": _joined([_tsb(part) for part in parts]).best(),
        "imapa": _imapa(y),
    }


def _joined(parts: Sequence[_Candidates]) -> _Candidates:
    rates = np.concatenate([part.rates for part in parts])
    return _Candidates(rates, np.concatenate([part.errors for part in parts]))


def _first_demand(y: Floats) -> tuple[Floats, Floats]:
    """Size of the first demand, and known periods up to it; 0 and infinity without demand."""
    demand = np.nan_to_num(y) > 0
    rows, first = np.arange(len(y)), demand.argmax(axis=1)
    waited = (~np.isnan(y)).cumsum(axis=1)[rows, first].astype(np.float64)
    some = demand.any(axis=1)
    size: Floats = np.where(some, y[rows, first], 0.0)
    return size, np.where(some, waited, np.inf)


def _sba(y: Floats) -> _Candidates:
    size, interval = (np.tile(part[:, None], len(WEIGHTS)) for part in _first_demand(y))
    corrected = 1 - WEIGHTS / 2
    waited = np.ones(len(y))
    rate = corrected * size / interval
    squared = np.zeros_like(rate)
    for now in y.T:
        known = ~np.isnan(now)
        squared[known] += (now[known, None] - rate[known]) ** 2
        demand = known & (now > 0)
        size[demand] += WEIGHTS * (now[demand, None] - size[demand])
        interval[demand] += WEIGHTS * (waited[demand, None] - interval[demand])
        rate[demand] = corrected * size[demand] / interval[demand]
        waited = np.where(demand, 1.0, waited + known)
    return _Candidates(rate, squared / (~np.isnan(y)).sum(axis=1)[:, None])


def _tsb(y: Floats) -> _Candidates:
    of_size, of_probability = (grid.ravel() for grid in np.meshgrid(SIZE_WEIGHTS, WEIGHTS))
    first, interval = _first_demand(y)
    size = np.tile(first[:, None], len(of_size))
    probability = np.tile(1 / interval[:, None], len(of_size))
    squared = np.zeros_like(size)
    for now in y.T:
        known = ~np.isnan(now)
        demand = known & (now > 0)
        squared[known] += (now[known, None] - (size * probability)[known]) ** 2
        probability[known] += of_probability * (demand[known, None] - probability[known])
        size[demand] += of_size * (now[demand, None] - size[demand])
    return _Candidates(size * probability, squared / (~np.isnan(y)).sum(axis=1)[:, None])


def _imapa(y: Floats) -> Floats:
    """Mean of exponential smoothing at 1, 2, ... periods a bucket, up to the mean interval."""
    interval = demand_classes.intervals(y)
    longest = np.clip((~np.isnan(y)).sum(axis=1) // 2, 1, COARSEST)
    coarsest = np.where(np.isinf(interval), 1, np.minimum(np.round(interval), longest))
    total = np.zeros(len(y))
    for size in range(1, int(coarsest.max()) + 1):
        taking = coarsest >= size
        total[taking] += _smoothed(_buckets(y[taking], size)).best() / size
    return total / coarsest


def _buckets(y: Floats, size: int) -> Floats:
    """Sums over `size` periods, counted back from the end; NaN where a period is not known."""
    number = y.shape[1] // size
    sums: Floats = y[:, y.shape[1] - number * size :].reshape(len(y), number, size).sum(axis=2)
    return sums


def _smoothed(y: Floats) -> _Candidates:
    level = np.full((len(y), len(WEIGHTS)), np.nan)
    squared = np.zeros_like(level)
    for now in y.T:
        known = ~np.isnan(now)
        starting = known & np.isnan(level[:, 0])
        level[starting] = now[starting, None]
        error = now[known, None] - level[known]
        squared[known] += error**2
        level[known] += WEIGHTS * error
    return _Candidates(
        np.nan_to_num(level), squared / np.maximum((~np.isnan(y)).sum(1), 1)[:, None]
    )


def _drawn(y: Floats, rate: Floats, share: float) -> Floats:
    """Rates drawn to the common one: mean chance of a demand times its size, shape (series,).

    A size is a series' own mean, with one more demand of the common size.
    """
    demands, own, common = _sizes(y)
    chance = np.where(demands > 0, rate / np.where(own > 0, own, 1.0), 0.0)
    size = np.where(demands > 0, (own * demands + common) / (demands + 1), common)
    # Without a share to draw there is nothing in common, and a series' own size stands.
    drawn: Floats = size * ((1 - share) * chance + share * chance.mean())
    return drawn if share else rate


def _sizes(y: Floats) -> tuple[Floats, Floats, float]:
    """Number and mean size of each series' demands, and the median of those sizes."""
    sizes = np.where(np.nan_to_num(y) > 0, y, np.nan)
    demands = (~np.isnan(sizes)).sum(axis=1)
    own = np.nan_to_num(accuracy.mean(sizes, axis=1))
    return demands, own, float(np.median(own[demands > 0])) if (demands > 0).any() else 0.0


def _how_far(y: Floats) -> float:
    """How far to draw: half of what forecast the last quarter's sums best.

    Squared errors in each series' own size of demand, so that no series drowns the others.
    """
    held = y.shape[1] // 4
    before, after = y[:, : y.shape[1] - held], y[:, y.shape[1] - held :]
    judged = (~np.isnan(before)).any(axis=1) & (~np.isnan(after)).all(axis=1)
    if not held or judged.sum() < 2:
        return 0.0
    before, after = before[judged], after[judged]
    mean = np.mean(list(_three(before).values()), axis=0)
    demands, own, common = _sizes(before)
    unit = np.where(demands > 0, own, common)
    if common == 0:
        return 0.0
    errors = [
        (((_drawn(before, mean, share) * held - after.sum(axis=1)) / unit) ** 2).mean()
        for share in DRAWN
    ]
    return BELIEVED * float(DRAWN[int(np.argmin(errors))])
