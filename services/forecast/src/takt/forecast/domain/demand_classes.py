"""Demand classes: how often and how evenly a series is asked for, and which methods that calls for.

Source: Syntetos, Boylan & Croston (2005), "On the categorization of demand patterns", Journal of
the Operational Research Society 56(5).
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import accuracy

Floats = npt.NDArray[np.float64]
Class = Literal["smooth", "erratic", "intermittent", "lumpy"]

INTERVAL_CUT = 1.32
"""Mean periods from one demand to the next; above it demand is intermittent or lumpy."""
VARIATION_CUT = 0.49
"""Squared coefficient of variation of the demands' sizes; above it they are erratic or lumpy."""

RARE: tuple[Class, ...] = ("intermittent", "lumpy")
"""Classes that are forecast by a rate: what a median says of them is nothing."""

METHODS: Mapping[Class, tuple[str, ...]] = {
    "smooth": ("fast", "combination"),
    "erratic": ("fast", "combination"),
    "intermittent": ("sba", "tsb", "imapa", "mean", "combination"),
    "lumpy": ("sba", "tsb", "imapa", "mean", "combination"),
}
"""What is fitted to the series of each class; the last is what Takt publishes.

A mean over many periods with trend and season, or rates of rare demand; measured in
docs/decisions/0402-intermittent-demand.md.
"""


def intervals(y: Floats) -> Floats:
    """Mean periods from one demand to the next (ADI), shape (series,); infinite without demand.

    Args: y: units, shape (series, periods); NaN where a period is not known.
    """
    known, demands = (~np.isnan(y)).sum(axis=1), (np.nan_to_num(y) != 0).sum(axis=1)
    return np.where(demands == 0, np.inf, known / np.maximum(demands, 1))


def variations(y: Floats) -> Floats:
    """Squared coefficient of variation of the periods with demand, shape (series,).

    Zero where there are fewer than two such periods; infinite where their mean is zero, which
    takes negative demand.
    """
    sizes = np.where(np.nan_to_num(y) != 0, y, np.nan)
    mean = accuracy.mean(sizes, axis=1)
    variance = accuracy.mean((sizes - mean[:, None]) ** 2, axis=1)
    relative = accuracy.ratio(variance, mean**2)
    return np.where(np.nan_to_num(variance) == 0, 0.0, np.where(mean == 0, np.inf, relative))


def classify(y: Floats) -> list[Class]:
    """The class of each series of a matrix; one without any demand counts as intermittent.

    Args: y: units, shape (series, periods); NaN where a period is not known.
    """
    seldom, uneven = intervals(y) > INTERVAL_CUT, variations(y) > VARIATION_CUT
    names: dict[tuple[bool, bool], Class] = {
        (False, False): "smooth",
        (False, True): "erratic",
        (True, False): "intermittent",
        (True, True): "lumpy",
    }
    return [names[bool(a), bool(b)] for a, b in zip(seldom, uneven, strict=True)]


def classify_all(histories: Sequence[Floats]) -> list[Class]:
    """The class of each of some histories, of any lengths from 1 on."""
    y = np.full((len(histories), max(map(len, histories), default=1)), np.nan)
    for row, history in zip(y, histories, strict=True):
        row[len(row) - len(history) :] = history
    return classify(y)
