"""Attributes that tell the outcome because they were written after it.

A value that only closed deals carry, or that is filled in by winning, is not there when a deal is
to be judged: a model that learns from it is right about the past alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.win_history import DealPath

Reason = Literal["only_closed", "presence", "zero", "separates"]

CASES_NEEDED = 10
"""So many deals must be expected to carry it, before their lack of it says anything."""
RARE = 0.1
"""An attribute is kept from a group that carries it less than so often, compared with the other."""
SEPARATES = 0.97
"""Of won and lost deals told apart by one attribute alone."""


@dataclass(frozen=True, slots=True)
class Leak:
    """An attribute that is not to be learned from, and why, with the two shares that show it.

    only_closed: carried by closed deals, and not by open ones. presence: carried by won deals and
    not by lost ones, or the other way round. zero: likewise, of values other than zero.
    separates: it alone tells won from lost deals.
    """

    attribute: str
    reason: Reason
    share: float
    other: float


def leaks_of(paths: Sequence[DealPath]) -> list[Leak]:
    """The attributes of deals, as they stood, that leak; by name."""
    names = sorted({name for path in paths for name in path.attributes})
    found = [_leak(name, paths) for name in names]
    return [leak for leak in found if leak is not None]


def _leak(name: str, paths: Sequence[DealPath]) -> Leak | None:
    groups: dict[str, list[float | str | None]] = {"won": [], "lost": [], "open": []}
    for path in paths:
        groups[path.outcome].append(path.attributes.get(name))
    closed = groups["won"] + groups["lost"]
    if not closed:
        return None
    carried = _share(closed)
    if _kept_from(groups["open"], carried):
        return Leak(name, "only_closed", carried, _share(groups["open"]))
    for reason, zero_counts in (("presence", True), ("zero", False)):
        won, lost = (_share(groups[kind], zero_counts) for kind in ("won", "lost"))
        if _kept_from(groups["lost"], won, zero_counts) or _kept_from(
            groups["won"], lost, zero_counts
        ):
            return Leak(name, "presence" if reason == "presence" else "zero", won, lost)
    told = _told_apart(groups["won"], groups["lost"])
    if told >= SEPARATES:
        return Leak(name, "separates", told, 1 - told)
    return None


def _share(values: Sequence[float | str | None], zero_counts: bool = True) -> float:
    """Of deals that carry a value."""
    carried = sum(value is not None and (zero_counts or value != 0) for value in values)
    return carried / len(values) if values else 0.0


def _kept_from(
    values: Sequence[float | str | None], expected: float, zero_counts: bool = True
) -> bool:
    """Whether a group carries an attribute far less than the other, and not by chance."""
    return expected * len(values) >= CASES_NEEDED and (
        _share(values, zero_counts) < RARE * expected
    )


def _told_apart(won: Sequence[float | str | None], lost: Sequence[float | str | None]) -> float:
    """How well the attribute alone tells won from lost: 0.5 not at all, 1 for certain.

    AUC of numbers; of words that several deals have, the mean of the shares of wins and of losses
    that are told right: where few deals are won, to say that none is would be right nearly always.
    """
    wins = np.array([value for value in won if isinstance(value, float)])
    losses = np.array([value for value in lost if isinstance(value, float)])
    if min(len(wins), len(losses)) >= CASES_NEEDED:
        auc = _auc(wins, losses)
        return max(auc, 1 - auc)
    words: dict[str, list[int]] = {}
    for kind, values in ((0, won), (1, lost)):
        for value in values:
            if isinstance(value, str):
                words.setdefault(value, [0, 0])[kind] += 1
    common = np.array([counts for counts in words.values() if sum(counts) >= CASES_NEEDED])
    if not len(common) or min(common.sum(axis=0)) < CASES_NEEDED:
        return 0.5
    return float((common / common.sum(axis=0)).max(axis=1).sum() / 2)


def _auc(higher: npt.NDArray[np.float64], lower: npt.NDArray[np.float64]) -> float:
    """P(a value of the first is above one of the second), ties by half."""
    ordered = np.sort(lower)
    below = np.searchsorted(ordered, higher, "left") + np.searchsorted(ordered, higher, "right")
    return float(below.mean() / 2 / len(lower))
