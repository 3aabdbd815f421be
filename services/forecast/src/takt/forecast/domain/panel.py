"""Many series of different lengths as one panel of logarithms, and windows cut from it.

The global learners see every series through such windows: its last periods before an origin, less
the last of them, in a unit that makes series alike; the target is what came after, in the same
unit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import seasonality
from takt.forecast.domain.fast_path import same_length

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Unit = Literal["percent", "own change"]
"""Ten per cent for all, or the mean change from period to period of each series."""

SEASONS_KEPT, PERIODS_KEPT = 15, 150
"""A history counts back to 15 seasons, or 150 periods where that is more."""
LOWEST = 0.1
"""Least value of a positive series, as a share of its mean: deeper dips tell little in logs."""
PERCENT = 0.1
LEAST_CHANGE = 1e-3
BATCH_FILLED = 16
LENGTH_DROPPED = 0.08


def recent(history: Floats, season: int) -> Floats:
    """The part of a history that counts."""
    return history[-max(SEASONS_KEPT * season, PERIODS_KEPT) :]


def lift(history: Floats) -> float:
    """What is added to a series so that it is positive, and its logarithm tame; 0 for most."""
    low, mean = float(history.min()), float(history.mean())
    if float(history.max()) == low:
        return max(0.0, 1.0 - low)
    return max(0.0, (LOWEST * mean - low) / (1 - LOWEST))


def batches(histories: Sequence[Floats]) -> Iterator[tuple[Integers, Floats]]:
    """Rows and their histories as matrices: series of one length, or of nearly one.

    A batch with fewer than 16 series takes in longer ones, which lose their oldest periods, 8 % at
    most: a matrix costs hardly more than a single series.
    """
    lengths = np.array([len(history) for history in histories])
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        shortest = lengths[order[start]]
        end = start + int(np.searchsorted(lengths[order[start:]], shortest, side="right"))
        if end - start < BATCH_FILLED:
            longest = shortest * (1 + LENGTH_DROPPED)
            alike = start + int(np.searchsorted(lengths[order[start:]], longest, side="right"))
            end = min(alike, start + BATCH_FILLED)
        rows = order[start:end]
        yield rows, np.stack([histories[int(row)][-shortest:] for row in rows])
        start = end


@dataclass(frozen=True, slots=True)
class Panel:
    """Logarithms of positive series, aligned at their ends.

    `raw` and `adjusted` (without season) have the shape (series, periods of the longest); before
    its start a series repeats its first value. `seasonal` are its seasonal terms, shape (series,
    season), `change` its mean absolute change from period to period, shape (2, series) for raw and
    adjusted.
    """

    raw: Floats
    adjusted: Floats
    lengths: Integers
    seasonal: Floats
    change: Floats

    @classmethod
    def of(cls, histories: Sequence[Floats], season: int) -> Self:
        """A panel of positive series."""
        series = len(histories)
        lengths = np.array([len(history) for history in histories], dtype=np.int64)
        seasonal = np.zeros((series, season))
        for rows, y in same_length(histories):
            seasonal[rows] = np.log(seasonality.indices(y, season))
        longest = int(lengths.max())
        raw, adjusted = np.empty((series, longest)), np.empty((series, longest))
        for row, history in enumerate(histories):
            start = longest - len(history)
            raw[row, start:] = np.log(history)
            adjusted[row, start:] = raw[row, start:] - np.resize(seasonal[row], len(history))
            raw[row, :start], adjusted[row, :start] = raw[row, start], adjusted[row, start]
        known = np.maximum(lengths - 1, 1)
        change = np.stack([np.abs(np.diff(x, axis=1)).sum(axis=1) / known for x in (raw, adjusted)])
        return cls(raw, adjusted, lengths, seasonal, change)

    def __len__(self) -> int:
        return len(self.raw)

    def origins(
        self, history: int, most: int, random: np.random.Generator, among: Booleans
    ) -> tuple[Integers, Integers]:
        """Rows and origins to learn from: `history` periods before, one after at least.

        Args: most: how many; drawn at random where there are more. among: which series.
        """
        longest = self.raw.shape[1]
        counts = np.where(among, np.maximum(self.lengths - history, 0), 0)
        total = int(counts.sum())
        chosen = np.arange(total)
        if total > most:
            chosen = np.sort(random.choice(total, most, replace=False))
        ends = counts.cumsum()
        rows = np.searchsorted(ends, chosen, side="right")
        back = ends[rows] - chosen
        return rows, longest - back

    def ends(self) -> tuple[Integers, Integers]:
        """Rows and origins to forecast from: every series at its end."""
        return np.arange(len(self)), np.full(len(self), self.raw.shape[1])

    def season_ahead(self, rows: Integers, origins: Integers, ahead: Integers) -> Floats:
        """The seasonal terms `ahead` periods after origins, shape (rows, ahead)."""
        position = self.lengths[rows] - (self.raw.shape[1] - origins)
        phase = (position[:, None] + ahead - 1) % self.seasonal.shape[1]
        terms: Floats = self.seasonal[rows[:, None], phase]
        return terms


@dataclass(frozen=True, slots=True)
class Windows:
    """`shape` (rows, length): periods before the origin, less `base` (the last), over `unit`.

    `about` (rows, 3): log of the unit, strength of the season in units, log of the length.
    """

    shape: Floats
    base: Floats
    unit: Floats
    about: Floats


def windows(
    panel: Panel, rows: Integers, origins: Integers, length: int, *, adjusted: bool, unit: Unit
) -> Windows:
    """Cut windows of `length` periods before origins."""
    logs = panel.adjusted if adjusted else panel.raw
    position = np.maximum(origins[:, None] + np.arange(-length, 0), 0)
    before = logs[rows[:, None], position]
    base = before[:, -1]
    if unit == "percent":
        size = np.full(len(rows), PERCENT)
    else:
        lately = np.abs(np.diff(before, axis=1)).mean(axis=1) if length > 1 else 0.0
        size = np.maximum((lately + panel.change[int(adjusted)][rows]) / 2, LEAST_CHANGE)
    strength = np.minimum(panel.seasonal[rows].std(axis=1) / size, 5.0)
    about = np.stack([np.log(size), strength, np.log(panel.lengths[rows])], axis=1)
    return Windows((before - base[:, None]) / size[:, None], base, size, about)


def targets(
    panel: Panel, rows: Integers, origins: Integers, cut: Windows, horizon: int, *, adjusted: bool
) -> tuple[Floats, Booleans]:
    """What came after each origin in the windows' units, and which of it is known."""
    logs = panel.adjusted if adjusted else panel.raw
    position = origins[:, None] + np.arange(horizon)
    known = position < logs.shape[1]
    after = logs[rows[:, None], np.minimum(position, logs.shape[1] - 1)]
    return np.where(known, (after - cut.base[:, None]) / cut.unit[:, None], 0.0), known
