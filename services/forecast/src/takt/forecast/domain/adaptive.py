"""Intervals that adapt: what came against what was published moves the shares that may miss.

Each scope, number of weeks ahead and edge has a share of misses that is allowed to it, .1 below the
low end of an 80 % interval to begin with. A week in which more missed lowers the share, and
calibration takes the quantile further out; a week in which fewer did raises it. Over time misses
come to their aim however errors change, without a word on why they do. The shares follow from the
outcomes kept, so that there is no other state.
Source: Gibbs & Candès (2021), adaptive conformal inference, for each edge and horizon.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.intervals import AIMS

Floats = npt.NDArray[np.float64]

ADAPTING = 0.03
"""Step of the update: larger follows a change sooner and wavers more."""
LEAST, MOST = 0.02, 3.0
"""Bounds of a share, as multiples of its aim."""
MEASURED_WEEKS = 26
"""The latest weeks over which coverage is said."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A week's values against the intervals that were published for it so many weeks ahead.

    `missed` counts below low 95, below low 80, above high 80, above high 95.
    """

    week: date
    lag: int
    """From 1 on."""
    compared: int
    missed: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What published intervals held."""

    weeks: int
    """Weeks in which anything was compared."""
    compared: int
    inside80: float
    inside95: float


def allowed_shares(outcomes: Sequence[Outcome], horizon: int) -> Floats:
    """The share of misses to allow at each edge and week ahead, shape (4, horizon).

    Args:
        outcomes: of one scope.
        horizon: weeks ahead.
    """
    aims = np.array(AIMS)
    allowed = np.tile(aims[:, None], (1, horizon))
    for outcome in sorted(outcomes, key=lambda one: one.week):
        if outcome.compared and outcome.lag <= horizon:
            missed = np.array(outcome.missed) / outcome.compared
            moved = allowed[:, outcome.lag - 1] + ADAPTING * (aims - missed)
            allowed[:, outcome.lag - 1] = np.clip(moved, LEAST * aims, MOST * aims)
    allowed[0] = np.minimum(allowed[0], allowed[1])
    allowed[3] = np.minimum(allowed[3], allowed[2])
    return allowed


def coverage(outcomes: Sequence[Outcome]) -> Coverage | None:
    """What the intervals of the latest weeks held; None where nothing was compared."""
    weeks = sorted({one.week for one in outcomes if one.compared})[-MEASURED_WEEKS:]
    counted = [one for one in outcomes if weeks and one.week >= weeks[0]]
    compared = sum(one.compared for one in counted)
    if not compared:
        return None
    low95, low80, high80, high95 = np.array([one.missed for one in counted]).sum(axis=0)
    return Coverage(
        len(weeks),
        compared,
        float(1 - (low80 + high80) / compared),
        float(1 - (low95 + high95) / compared),
    )
