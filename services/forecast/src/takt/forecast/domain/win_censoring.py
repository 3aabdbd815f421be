"""What deals that are still open say: competing incidences of winning and losing by stage.

Of closed deals alone, those that close fast are too many, and where losing takes longer than
winning, or the other way round, their rate of winning is wrong. So an open deal counts as a part
of a win and a part of a loss: what Aalen-Johansen gives for its stage and age. And a forecast that
is scored on deals that closed within a time is made for those: by Bayes, the odds of winning times
how much more of the wins than of the losses close within it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.win_history import Milestone

Floats = npt.NDArray[np.float64]

CASES_NEEDED = 20
"""Stays behind an incidence; fewer fall back to all that were watched as long, then to nothing."""
SMOOTHING = 0.002
"""Added to both incidences of a ratio: nothing closes in no time."""
GRID = 48


class Incidence(NamedTuple):
    """P(won within t) and P(lost within t) at the times of closing; shape (cases,) each."""

    times: Floats
    won: Floats
    lost: Floats

    def at(self, days: float) -> tuple[float, float]:
        """Both, within so many days."""
        place = int(np.searchsorted(self.times, days, side="right")) - 1
        return (float(self.won[place]), float(self.lost[place])) if place >= 0 else (0.0, 0.0)

    def ever(self) -> tuple[float, float]:
        """Both, within the longest time that was watched."""
        return (float(self.won[-1]), float(self.lost[-1])) if self.times.size else (0.0, 0.0)


def incidence(watched: Floats, outcomes: Floats) -> Incidence:
    """Aalen-Johansen's cumulative incidences.

    Args:
        watched: days until closing, or until last seen, shape (cases,).
        outcomes: 1 won, 0 lost, -1 still open, shape (cases,).
    """
    # Those who close at a moment were at risk then, and so were those last seen at it.
    order = np.lexsort((outcomes < 0, watched))
    outcome = outcomes[order]
    at_risk = np.arange(len(order), 0, -1, dtype=np.float64)
    closing = (outcome >= 0) / at_risk
    surviving = np.concatenate([[1.0], np.cumprod(1.0 - closing)[:-1]]) if len(order) else at_risk
    return Incidence(
        watched[order],
        np.cumsum(surviving * (outcome == 1) / at_risk),
        np.cumsum(surviving * (outcome == 0) / at_risk),
    )


@dataclass(frozen=True, slots=True)
class Stays:
    """The stays of deals in one stage, shape (stays,) each."""

    watched: Floats
    in_stage: Floats
    outcomes: Floats

    def later(self, age: float) -> tuple[float, float]:
        """P(won later) and P(lost later) of a deal that is still in the stage at this age."""
        there = self.in_stage >= age
        if there.sum() < CASES_NEEDED:
            there = self.watched >= age
        if there.sum() < CASES_NEEDED:
            return 0.0, 0.0
        return incidence(self.watched[there] - age, self.outcomes[there]).ever()


def stays_of(milestones: Sequence[Milestone], now: float) -> dict[str, Stays]:
    """The stays by stage, of deals as they stood now."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    for path, position in milestones:
        entry = path.entries[position]
        end = path.watched_until(now)
        left = path.entries[position + 1].at if position + 1 < len(path.entries) else end
        found.setdefault(entry.stage, []).append(
            (end - entry.at, min(left, end) - entry.at, OUTCOMES[path.outcome])
        )
    return {stage: Stays(*np.array(rows).T) for stage, rows in found.items()}


OUTCOMES: Mapping[str, float] = {"won": 1.0, "lost": 0.0, "open": -1.0}


def shares(
    milestones: Sequence[Milestone], stays: Mapping[str, Stays], now: float
) -> tuple[Floats, Floats]:
    """How much of a win and of a loss each milestone is, shape (milestones,) each.

    A closed deal is one of them. An open one is what its present stage and age say; what is left
    to one is that it never closes.
    """
    known: dict[str, tuple[float, float]] = {}
    won, lost = np.zeros(len(milestones)), np.zeros(len(milestones))
    for row, (path, _) in enumerate(milestones):
        match path.outcome:
            case "won":
                won[row] = 1.0
            case "lost":
                lost[row] = 1.0
            case _:
                if path.deal_id not in known:
                    last = path.entries[-1]
                    known[path.deal_id] = stays[last.stage].later(now - last.at)
                won[row], lost[row] = known[path.deal_id]
    return won, lost


@dataclass(frozen=True, slots=True)
class Horizons:
    """By stage: what closing within a time does to the log-odds of winning. Shape (GRID,) each."""

    days: dict[str, list[float]]
    shifts: dict[str, list[float]]

    def shift(self, stage: str, days: float) -> float:
        """The change of the log-odds of winning among deals that close within `days`."""
        if stage not in self.days:
            return 0.0
        return float(np.interp(days, self.days[stage], self.shifts[stage]))


def horizons_of(stays: Mapping[str, Stays]) -> Horizons:
    """Measure them."""
    days: dict[str, list[float]] = {}
    shifts: dict[str, list[float]] = {}
    for stage, cases in stays.items():
        if len(cases.watched) < CASES_NEEDED:
            continue
        curve = incidence(cases.watched, cases.outcomes)
        grid = float(cases.watched.max()) * np.linspace(0.0, 1.0, GRID) ** 2
        within = np.array([curve.at(day) for day in grid]) + SMOOTHING
        ever = np.array(curve.ever()) + SMOOTHING
        ratio = np.log(within / ever)
        days[stage] = [round(day, 4) for day in grid.tolist()]
        shifts[stage] = [round(shift, 5) for shift in (ratio[:, 0] - ratio[:, 1]).tolist()]
    return Horizons(days, shifts)
