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

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import accuracy
from takt.forecast.domain.rare_smoothing import Common, smoothed

Floats = npt.NDArray[np.float64]

NAMES = ("sba", "tsb", "imapa", "mean", "combination")
PUBLISHED = "combination"
DRAWN = np.linspace(0.0, 1.0, 21)
"""How far the mean is tried to be drawn to the common rate."""
BELIEVED = 0.5
"""Share of the draw that did best inside the histories which is taken."""


def rates(histories: Sequence[Floats]) -> dict[str, Floats]:
    """Units per period by each method, shape (series,).

    Args: histories: units, one array of shape (periods,) for each series; NaN where not known.
    Raises: ValueError: no series, one without a known period, or a negative quantity.
    """
    y = _side_by_side(histories)
    every = smoothed(y)
    found = every.three(every.common())
    found["mean"] = _mean(found)
    found["combination"] = _drawn(y, found["mean"], _how_far(y), *_usual(y, found["mean"]))
    return found


def common(histories: Sequence[Floats]) -> Common:
    """What series have in common, to be kept for `published`. Takes what `rates` takes."""
    y = _side_by_side(histories)
    every = smoothed(y)
    pooled = every.common()
    chance, size = _usual(y, _mean(every.three(pooled)))
    return replace(pooled, share=_how_far(y), chance=chance, size=size)


def published(histories: Sequence[Floats], known: Common) -> Floats:
    """The combination of each series by what is known of all of them, shape (series,).

    A series' rate depends on its own history and on `known`, not on the others that are given.
    """
    y = _side_by_side(histories)
    rate = _mean(smoothed(y).three(known))
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
    every = smoothed(before)
    mean = _mean(every.three(every.common()))
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
