"""Smoothing of rare demand with every candidate weight at once: SBA, TSB, and IMAPA by bucket.

A weight is chosen by the one-step errors in a series' own history and, because rare demand says
little, ten times as much by those of all series together; what these say is kept in `Common`, so
that a series is smoothed alone as it would be among them.
Sources: as in intermittent.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import demand_classes

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

WEIGHTS = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4])
SIZE_WEIGHTS = np.array([0.02, 0.05, 0.1, 0.2, 0.3])
POOLED = 10.0
"""What the errors of all series count beside a series' own, when its weights are chosen."""
COARSEST = 12
"""Most periods in a bucket of IMAPA."""
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
class Smoothed:
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


def smoothed(y: Floats) -> Smoothed:
    """Smooth histories that end together, shape (series, periods); NaN where not known."""
    parts = [y[start : start + CHUNK] for start in range(0, len(y), CHUNK)]
    return Smoothed(
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
