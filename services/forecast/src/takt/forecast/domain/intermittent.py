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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

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

    @property
    def relative(self) -> Floats:
        """Errors in each series' own mean error."""
        level = self.errors.mean(axis=1, keepdims=True)
        return self.errors / np.where(level > 0, level, 1.0)

    def best(self, pooled: Floats) -> Floats:
        """The rate with the least error, one's own and that of all series, shape (series,)."""
        chosen = (self.relative + POOLED * pooled).argmin(axis=1)
        best: Floats = self.rates[np.arange(len(chosen)), chosen]
        return best


@dataclass(frozen=True, slots=True)
class Common:
    """What many series of rare demand have in common: what a rate needs beside its own history.

    `sba`, `tsb` and `imapa` are the errors of candidate weights, in each series' own mean error and
    averaged over the series, the last of shape (COARSEST, weights); rates are drawn by `share` to
    the mean `chance` of a demand in a period, and to its usual `size`.
    """

    sba: Floats
    tsb: Floats
    imapa: Floats
    share: float = 0.0
    chance: float = 0.0
    size: float = 0.0

    @classmethod
    def nothing(cls) -> Self:
        """For a series that is alone."""
        weights = len(WEIGHTS)
        return cls(
            np.zeros(weights),
            np.zeros(weights * len(SIZE_WEIGHTS)),
            np.zeros((COARSEST, weights)),
        )

    def row(self) -> Floats:
        """One row of numbers: what is stored."""
        drawn = [self.share, self.chance, self.size]
        return np.concatenate([self.sba, self.tsb, self.imapa.ravel(), drawn])

    @classmethod
    def from_row(cls, row: Floats) -> Self:
        """From what `row` gave."""
        weights, pairs = len(WEIGHTS), len(WEIGHTS) * len(SIZE_WEIGHTS)
        sba, tsb, imapa, drawn = np.split(row, np.cumsum([weights, pairs, COARSEST * weights]))
        share, chance, size = drawn.tolist()
        return cls(sba, tsb, imapa.reshape(COARSEST, weights), share, chance, size)


@dataclass(frozen=True, slots=True)
class _Smoothed:
    """Every candidate of every method; IMAPA's by size of the buckets, of the series taking it."""

    sba: _Candidates
    tsb: _Candidates
    imapa: Sequence[tuple[Booleans, _Candidates]]

    def common(self) -> Common:
        """Which weights suit all series."""
        imapa = np.zeros((COARSEST, len(WEIGHTS)))
        for size, (_, candidates) in enumerate(self.imapa):
            imapa[size] = candidates.relative.mean(axis=0)
        return Common(self.sba.relative.mean(axis=0), self.tsb.relative.mean(axis=0), imapa)

    def three(self, common: Common) -> dict[str, Floats]:
        """The rate of each method, shape (series,)."""
        total, sizes = np.zeros(len(self.sba.rates)), np.zeros(len(self.sba.rates))
        for size, (taking, candidates) in enumerate(self.imapa, start=1):
            total[taking] += candidates.best(common.imapa[size - 1]) / size
            sizes += taking
        return {
            "sba": self.sba.best(common.sba),
            "tsb": self.tsb.best(common.tsb),
            "imapa": total / sizes,
        }


def rates(histories: Sequence[Floats]) -> dict[str, Floats]:
    """Units per period by each method, shape (series,).

    Args: histories: units, one array of shape (periods,) for each series; NaN where not known.
    Raises: ValueError: no series, one without a known period, or a negative quantity.
    """
    y = _side_by_side(histories)
    smoothed = _smoothed(y)
    found = smoothed.three(smoothed.common())
    found["mean"] = _mean(found)
    found["combination"] = _drawn(y, found["mean"], _how_far(y), *_usual(y, found["mean"]))
    return found


def common(histories: Sequence[Floats]) -> Common:
    """What series have in common, to be kept for `published`. Takes what `rates` takes."""
    y = _side_by_side(histories)
    smoothed = _smoothed(y)
    pooled = smoothed.common()
    chance, size = _usual(y, _mean(smoothed.three(pooled)))
    return replace(pooled, share=_how_far(y), chance=chance, size=size)


def published(histories: Sequence[Floats], known: Common) -> Floats:
    """The combination of each series by what is known of all of them, shape (series,).

    A series' rate depends on its own history and on `known`, not on the others that are given.
    """
    y = _side_by_side(histories)
    rate = _mean(_smoothed(y).three(known))
    return _drawn(y, rate, known.share, known.chance, known.size)


def _mean(three: Mapping[str, Floats]) -> Floats:
    return (three["sba"] + three["tsb"] + three["imapa"]) / 3


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


def _smoothed(y: Floats) -> _Smoothed:
    parts = [y[start : start + CHUNK] for start in range(0, len(y), CHUNK)]
    return _Smoothed(
        _joined([_sba(part) for part in parts]), _joined([_tsb(part) for part in parts]), _imapa(y)
    )


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
    first, waits = _first_demand(y)
    size = np.tile(first[:, None], len(WEIGHTS))
    # Without a demand the size is zero, whatever the interval.
    interval = np.tile(np.where(np.isinf(waits), 1.0, waits)[:, None], len(WEIGHTS))
    corrected = 1 - WEIGHTS / 2
    waited = np.ones((len(y), 1))
    rate = corrected * size / interval
    squared = np.zeros_like(rate)
    for now, known, demand in _steps(y):
        squared += known * (now - rate) ** 2
        weight = demand * WEIGHTS
        size += weight * (now - size)
        interval += weight * (waited - interval)
        rate += demand * (corrected * size / interval - rate)
        waited += known
        waited += demand * (1.0 - waited)
    return _Candidates(rate, squared / (~np.isnan(y)).sum(axis=1)[:, None])


def _steps(y: Floats) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Period by period what was asked for, whether that is known, and whether it is a demand.

    Each of shape (series, 1), the last two 1 or 0: factors are three times as fast as masks.
    """
    known = (~np.isnan(y)).astype(np.float64)
    units = np.nan_to_num(y)
    demand = (units > 0).astype(np.float64)
    return zip(units.T[..., None], known.T[..., None], demand.T[..., None], strict=True)


def _tsb(y: Floats) -> _Candidates:
    of_size, of_probability = (grid.ravel() for grid in np.meshgrid(SIZE_WEIGHTS, WEIGHTS))
    first, interval = _first_demand(y)
    size = np.tile(first[:, None], len(of_size))
    probability = np.tile(1 / interval[:, None], len(of_size))
    squared = np.zeros_like(size)
    for now, known, demand in _steps(y):
        squared += known * (now - size * probability) ** 2
        probability += known * of_probability * (demand - probability)
        size += demand * of_size * (now - size)
    return _Candidates(size * probability, squared / (~np.isnan(y)).sum(axis=1)[:, None])


def _imapa(y: Floats) -> list[tuple[Booleans, _Candidates]]:
    """Exponential smoothing at 1, 2, ... periods a bucket, up to each series' mean interval."""
    interval = demand_classes.intervals(y)
    longest = np.clip((~np.isnan(y)).sum(axis=1) // 2, 1, COARSEST)
    coarsest = np.where(np.isinf(interval), 1, np.minimum(np.round(interval), longest))
    taking = [coarsest >= size for size in range(1, int(coarsest.max()) + 1)]
    return [
        (rows, _exponential(_buckets(y[rows], size))) for size, rows in enumerate(taking, start=1)
    ]


def _buckets(y: Floats, size: int) -> Floats:
    """Sums over `size` periods, counted back from the end; NaN where a period is not known."""
    number = y.shape[1] // size
    sums: Floats = y[:, y.shape[1] - number * size :].reshape(len(y), number, size).sum(axis=2)
    return sums


def _exponential(y: Floats) -> _Candidates:
    known_at_all = ~np.isnan(y)
    first = np.nan_to_num(y[np.arange(len(y)), known_at_all.argmax(axis=1)])
    level = np.tile(first[:, None], len(WEIGHTS))
    squared = np.zeros_like(level)
    for now, known, _ in _steps(y):
        error = known * (now - level)
        squared += error**2
        level += WEIGHTS * error
    return _Candidates(level, squared / np.maximum(known_at_all.sum(axis=1), 1)[:, None])


def _drawn(y: Floats, rate: Floats, share: float, usual: float, common: float) -> Floats:
    """Rates drawn to the common one: mean chance of a demand times its size, shape (series,).

    A size is a series' own mean, with one more demand of the common size.
    """
    demands, own, _ = _sizes(y)
    size = np.where(demands > 0, (own * demands + common) / (demands + 1), common)
    # Without a share to draw there is nothing in common, and a series' own size stands.
    drawn: Floats = size * ((1 - share) * _chances(rate, demands, own) + share * usual)
    return drawn if share else rate


def _usual(y: Floats, rate: Floats) -> tuple[float, float]:
    """The mean chance of a demand, and its usual size."""
    demands, own, common = _sizes(y)
    return float(_chances(rate, demands, own).mean()), common


def _chances(rate: Floats, demands: Floats, own: Floats) -> Floats:
    """How likely a period has a demand."""
    return np.where(demands > 0, rate / np.where(own > 0, own, 1.0), 0.0)


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
    smoothed = _smoothed(before)
    mean = _mean(smoothed.three(smoothed.common()))
    demands, own, common = _sizes(before)
    unit = np.where(demands > 0, own, common)
    if common == 0:
        return 0.0
    usual, _ = _usual(before, mean)
    asked = after.sum(axis=1)
    errors = [
        np.square((_drawn(before, mean, share, usual, common) * held - asked) / unit).mean()
        for share in DRAWN
    ]
    return BELIEVED * float(DRAWN[int(np.argmin(errors))])
