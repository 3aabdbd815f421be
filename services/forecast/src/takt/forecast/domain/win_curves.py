"""Win probability and time to win by competing risks, per stage and age.

Won, lost and still open are one process: a deal that is open today counts as long as it was
watched. The estimate is Aalen-Johansen's cumulative incidence of winning, started anew at each age
(a landmark every week), among the deals that were still in the stage at that age. Daily risks of a
stage are shrunk to those of its pipeline as if 20 more deals of the pipeline had been in it. Closed
deals alone would over-represent the fast ones.
Source: Aalen & Johansen (1978); van Houwelingen & Putter, Dynamic Prediction (2011), ch. 3.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LANDMARK_DAYS = 7
CURVE_DAYS = 200
"""Days ahead that a curve tells apart: the horizon of 26 weeks and a part of a week."""
SHRINKAGE_CASES = 20
CASES_NEEDED = 20
"""Closed deals from which on a pipeline speaks for itself."""
PRIOR_WIN_RATE, PRIOR_DAYS, PRIOR_REACH = 0.25, 60, 180
"""Before any deal closed: one in four, a daily risk of closing of 1/60, ages up to 180 days."""
STALLED_HALF_LIFE = 0.1
"""Beyond the oldest age that ever closed a probability halves with each tenth of that age."""


class Visit(NamedTuple):
    """One stay of a deal in a stage, in days since it entered."""

    pipeline: str
    stage: str
    days_in_stage: float
    """Until it left, or was last seen."""
    days_watched: float
    """Until the deal closed, or was last seen."""
    outcome: Literal["won", "lost", "open"]


@dataclass(frozen=True, slots=True)
class Counts:
    """The cases behind a probability, what became of them, and those open at this age."""

    entered: int
    won: int
    lost: int
    open: int
    at_risk: int


NO_CASES = Counts(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class WinCurve:
    """From one stage and age: P(won within d days), shape (CURVE_DAYS + 1,), and P(won ever)."""

    cumulative: Floats
    probability: float
    counts: Counts = NO_CASES
    stalled: bool = False

    def days_to_half(self) -> int:
        """Days until half of the wins have come; the curve's last day when they take longer."""
        reached = np.flatnonzero(self.cumulative >= self.probability / 2)
        return int(reached[0]) if reached.size and self.probability > 0 else CURVE_DAYS


@dataclass(frozen=True, slots=True)
class StageCurves:
    """The curves of one stage, one a week of age, and the oldest age that ever closed."""

    curves: tuple[WinCurve, ...]
    oldest_closed_days: float

    def at(self, age_days: float) -> WinCurve:
        """The curve of a deal that has been in the stage for `age_days`."""
        landmark = min(int(max(age_days, 0.0) // LANDMARK_DAYS), len(self.curves) - 1)
        curve = self.curves[landmark]
        # In whole days, as they are shown: the hour of the look makes no deal older than any.
        beyond = int(age_days) - int(self.oldest_closed_days)
        if beyond <= 0:
            return curve
        half_life = max(self.oldest_closed_days * STALLED_HALF_LIFE, 1.0)
        left = 0.5 ** (beyond / half_life)
        return WinCurve(curve.cumulative * left, curve.probability * left, curve.counts, True)


@dataclass(frozen=True, slots=True)
class WinModel:
    """Curves per pipeline and stage; what was never seen falls back to what holds its kind."""

    stages: dict[tuple[str, str], StageCurves]
    pipelines: dict[str, StageCurves]
    unknown: StageCurves

    def curve(self, pipeline: str, stage: str, age_days: float) -> WinCurve:
        """The curve for a deal in this stage at this age."""
        known = self.stages.get((pipeline, stage)) or self.pipelines.get(pipeline) or self.unknown
        return known.at(age_days)


class _Risks(NamedTuple):
    """Daily cause-specific risks from a landmark on, and how many were watched on each day."""

    won: Floats
    lost: Floats
    at_risk: Floats


def estimate(visits: Iterable[Visit]) -> WinModel:
    """Fit the curves of every stage.

    Args: visits: the stays of all deals in open stages, closed deals and open ones alike.
    """
    by_stage: dict[tuple[str, str], list[Visit]] = {}
    by_pipeline: dict[str, list[Visit]] = {}
    for visit in visits:
        by_stage.setdefault((visit.pipeline, visit.stage), []).append(visit)
        by_pipeline.setdefault(visit.pipeline, []).append(visit)
    stages: dict[tuple[str, str], StageCurves] = {}
    pipelines: dict[str, StageCurves] = {}
    for pipeline, pooled in by_pipeline.items():
        pool = _Cases(pooled)
        pipelines[pipeline] = _curves(pool, pool)
        for (owner, stage), own in by_stage.items():
            if owner == pipeline:
                stages[owner, stage] = _curves(_Cases(own), pool)
    return WinModel(stages, pipelines, _curves(_Cases([]), _Cases([])))


class _Cases:
    """Visits as arrays."""

    def __init__(self, visits: Sequence[Visit]) -> None:
        self.in_stage = np.array([v.days_in_stage for v in visits], dtype=np.float64)
        self.watched = np.array([v.days_watched for v in visits], dtype=np.float64)
        self.won = np.array([v.outcome == "won" for v in visits], dtype=bool)
        self.lost = np.array([v.outcome == "lost" for v in visits], dtype=bool)
        closed = self.won | self.lost
        self.closed = int(closed.sum())
        self.oldest = float(self.in_stage[closed].max()) if self.closed else 0.0

    def counts(self, landmark: float) -> Counts:
        """The cases, and those still in the stage at the landmark."""
        won, lost = int(self.won.sum()), int(self.lost.sum())
        entered = len(self.in_stage)
        at_risk = int((self.in_stage >= landmark).sum())
        return Counts(entered, won, lost, entered - won - lost, at_risk)

    def risks(self, landmark: float, days: int) -> _Risks:
        """Daily risks among those still in the stage at the landmark, shape (days,) each."""
        chosen = self.in_stage >= landmark
        day = np.clip(np.ceil(self.watched[chosen] - landmark), 1, days).astype(np.int64) - 1
        beyond = self.watched[chosen] - landmark > days
        won = np.bincount(day[self.won[chosen] & ~beyond], minlength=days).astype(np.float64)
        lost = np.bincount(day[self.lost[chosen] & ~beyond], minlength=days).astype(np.float64)
        leaving = np.bincount(day, minlength=days)
        at_risk = leaving[::-1].cumsum()[::-1].astype(np.float64)
        return _Risks(won, lost, at_risk)


def _curves(own: _Cases, pool: _Cases) -> StageCurves:
    oldest = own.oldest if own.closed >= CASES_NEEDED else max(own.oldest, pool.oldest)
    if pool.closed < CASES_NEEDED:
        oldest = max(oldest, float(PRIOR_REACH))
    longest = max(float(pool.watched.max()) if pool.closed else 0.0, float(PRIOR_REACH))
    days = max(int(np.ceil(longest)), CURVE_DAYS)
    landmarks = range(0, int(oldest) + 1, LANDMARK_DAYS)
    return StageCurves(
        tuple(_curve(own, pool, float(landmark), days) for landmark in landmarks), oldest
    )


def _curve(own: _Cases, pool: _Cases, landmark: float, days: int) -> WinCurve:
    pool_won, pool_lost = _with_prior(pool.risks(landmark, days), CASES_NEEDED - pool.closed)
    if own is pool:
        won, lost = pool_won, pool_lost
    else:
        mine = own.risks(landmark, days)
        watched = mine.at_risk + SHRINKAGE_CASES
        won = (mine.won + SHRINKAGE_CASES * pool_won) / watched
        lost = (mine.lost + SHRINKAGE_CASES * pool_lost) / watched
    surviving = np.concatenate([[1.0], np.cumprod(np.maximum(1 - won - lost, 0.0))[:-1]])
    incidence = np.concatenate([[0.0], np.cumsum(surviving * won)])
    return WinCurve(
        incidence[: CURVE_DAYS + 1], float(min(incidence[-1], 1.0)), own.counts(landmark)
    )


def _with_prior(risks: _Risks, prior_cases: int) -> tuple[Floats, Floats]:
    """Daily risks, with the prior in place of the closed deals that are missing."""
    cases = float(max(prior_cases, 0))
    days = len(risks.won)
    prior = np.where(np.arange(days) < PRIOR_REACH, cases / PRIOR_DAYS, 0.0)
    watched = np.maximum(risks.at_risk + cases, 1e-300)
    won: Floats = (risks.won + prior * PRIOR_WIN_RATE) / watched
    lost: Floats = (risks.lost + prior * (1 - PRIOR_WIN_RATE)) / watched
    return won, lost
