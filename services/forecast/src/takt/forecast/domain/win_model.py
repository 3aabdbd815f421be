"""The probability that a deal is won, from the deal as it stood when it entered a stage.

The mean of three learners (win_learners.py) in place of the rate of its stage, and that in place of
the rate of all deals, as far as each was better than the one before on later deals of the training
part (`validate`). With few closed deals, or none that were better, the rate of the stage or of all
deals remains: a model never knows more than it has shown.

Odds are those of winning among deals that close, open ones counted in. `within` tells them of deals
that close by a day, `probability` that a deal is won at all.

Reasons, in log-odds from the rate of all deals: the stage's rate counts for the feature `stage`;
each learner's contributions by column (its term, or Saabas' rule along its trees' paths; the
forest's, in probability, by the slope of the chord to log-odds) are averaged and added by feature;
what the learners expect of no deal in particular beside the rate of all deals is `general`. They
sum to the log-odds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import win_learners
from takt.forecast.domain.win_censoring import Horizons, horizons_of, shares, stays_of
from takt.forecast.domain.win_columns import Columns, KnownRates
from takt.forecast.domain.win_history import (
    DealPath,
    Milestone,
    as_known,
    closed_count,
    milestones_of,
)
from takt.forecast.domain.win_learners import LEAST, Ensemble, log_odds, sigmoid
from takt.forecast.domain.win_validation import Judged, Validation, weigh

Floats = npt.NDArray[np.float64]

CLOSED_NEEDED = 200
"""Closed deals from which on the learners are tried."""
FEWER_NEEDED = 25
"""Won ones, and lost ones, without which they are not."""
STAGE_CASES = 20.0
"""So many milestones at the rate of all deals are put beside a stage's own."""
PRIOR_WON, PRIOR_LOST = 1.0, 3.0
"""Before anything closed: one in four."""
ORIGINS = (0.5, 0.75)
"""Shares of the closed deals that are known when validation trains; it scores what follows."""
MOST_ROWS = 40_000
"""Milestones that are learned from, the latest."""
SUREST = float(-log_odds(np.array(LEAST)))
"""Log-odds beyond which no forecast goes."""
GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Explained:
    """Log-odds and what they are made of; start + the sum of the contributions = log_odds."""

    start: float
    log_odds: float
    contributions: dict[str, float]
    """By feature, the largest first."""


@dataclass(frozen=True, slots=True)
class OutcomeModel:
    """A fitted model; it never changes."""

    at: float
    """What was known when."""
    columns: Columns
    rates: KnownRates
    base: float
    """Log-odds of winning of all milestones."""
    stages: Mapping[str, float]
    """Log-odds by stage, drawn to those of all."""
    closed: Mapping[str, float]
    """Log-odds among closed deals alone, by stage, drawn to those of all, which are at ""."""
    closing: Mapping[str, float]
    """Share that ever closes, by stage; "" is of all."""
    horizons: Horizons
    ensemble: Ensemble | None
    validation: Validation

    def _prior(self, milestones: Sequence[Milestone]) -> Floats:
        stage = np.array([self.stages.get(m.entry.stage, self.base) for m in milestones])
        prior: Floats = self.base + self.validation.stage_weight * (stage - self.base)
        return prior

    def rows(self, milestones: Sequence[Milestone]) -> Floats:
        """The numbers of milestones, with the rates of the fit; shape (milestones, columns)."""
        rows = [self.columns.row(milestone, self.rates) for milestone in milestones]
        return _single(np.array(rows).reshape(len(rows), -1))

    def log_odds(self, milestones: Sequence[Milestone]) -> Floats:
        """Of winning, of deals that close; shape (milestones,)."""
        prior = self._prior(milestones)
        weight = self.validation.learned_weight
        if self.ensemble is None or not weight or not milestones:
            return prior
        learned = self.ensemble.predict(self.rows(milestones))
        blended: Floats = np.clip((1 - weight) * prior + weight * learned, -SUREST, SUREST)
        return blended

    def within(self, milestones: Sequence[Milestone], until: float) -> Floats:
        """P(won) of deals that close by a day, shape (milestones,).

        The rate of closed deals, where nothing was better on later deals.
        """
        if not self.validation.better_than_closed:
            return sigmoid(self.closed_odds(milestones, self.validation.closed_stage_weight))
        shift = self.validation.horizon_weight * self.shifts(milestones, until)
        return sigmoid(self.log_odds(milestones) + shift)

    def closed_odds(self, milestones: Sequence[Milestone], stage_weight: float) -> Floats:
        """Log-odds of closed deals, by stage as far as its weight; shape (milestones,)."""
        all_of_them = self.closed[""]
        stage = np.array([self.closed.get(m.entry.stage, all_of_them) for m in milestones])
        odds: Floats = all_of_them + stage_weight * (stage - all_of_them)
        return odds

    def shifts(self, milestones: Sequence[Milestone], until: float) -> Floats:
        """What closing by a day does to the log-odds, shape (milestones,)."""
        return np.array(
            [self.horizons.shift(m.entry.stage, until - m.entry.at) for m in milestones]
        )

    def probability(self, milestones: Sequence[Milestone]) -> Floats:
        """P(won), whenever, of deals that may never close; shape (milestones,)."""
        closing = [self.closing.get(m.entry.stage, self.closing[""]) for m in milestones]
        chances: Floats = sigmoid(self.log_odds(milestones)) * np.array(closing)
        return chances

    def explain(self, milestone: Milestone) -> Explained:
        """Why the log-odds of a milestone differ from those of all."""
        weight = self.validation.learned_weight
        prior = float(self._prior([milestone])[0])
        by_feature = {"stage": (1 - weight) * (prior - self.base)}
        if self.ensemble is not None and weight:
            start, moved = self.ensemble.contributions(self.rows([milestone])[0])
            by_feature[GENERAL] = weight * (start - self.base)
            for feature, move in zip(self.columns.features(), moved, strict=True):
                by_feature[feature] = by_feature.get(feature, 0.0) + weight * float(move)
            # Where the learners are surer than any forecast may be.
            total = self.base + sum(by_feature.values())
            by_feature[GENERAL] += float(np.clip(total, -SUREST, SUREST)) - total
        total = self.base + sum(by_feature.values())
        ranked = sorted(by_feature.items(), key=lambda item: (-abs(item[1]), item[0]))
        return Explained(self.base, total, dict(ranked))

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "at": self.at,
            "columns": self.columns.written(),
            "rates": asdict(self.rates),
            "base": self.base,
            "stages": dict(self.stages),
            "closed": dict(self.closed),
            "closing": dict(self.closing),
            "horizons": asdict(self.horizons),
            "ensemble": None if self.ensemble is None else self.ensemble.written(),
            "validation": asdict(self.validation),
        }

    @classmethod
    def read(cls, written: dict[str, Any]) -> Self:
        """From JSON."""
        ensemble = written["ensemble"]
        return cls(
            written["at"],
            Columns.read(written["columns"]),
            KnownRates(**written["rates"]),
            written["base"],
            written["stages"],
            written["closed"],
            written["closing"],
            Horizons(**written["horizons"]),
            None if ensemble is None else Ensemble.read(ensemble),
            Validation(**written["validation"]),
        )


Rival = Callable[[Sequence[DealPath], float, Sequence[Milestone]], Floats]
"""Another forecast: deals as known at a moment, that moment, later milestones; their log-odds."""


def fit(
    paths: Sequence[DealPath],
    at: float,
    attributes: Sequence[str] = (),
    rival: Rival | None = None,
) -> OutcomeModel:
    """Fit a model on what was known at a moment.

    Args:
        paths: deals; what came later than the moment is not looked at.
        at: the moment, in days.
        attributes: which of the deals' attributes may be used; none that leaks (win_leaks.py).
        rival: what the learners have to beat beside the stage's rate.
    """
    known = as_known(paths, at)
    validation = validate(known, at, attributes, rival)
    return _learn(known, at, attributes, validation, learned=validation.learned_weight > 0)


def validate(
    known: Sequence[DealPath], at: float, attributes: Sequence[str], rival: Rival | None = None
) -> Validation:
    """How much better stage and learners are on later deals, and the weights that they deserve.

    Trains on what was known at earlier moments; scores the milestones entered since, of deals that
    have closed by now.

    Args: known: deals as they stand at `at`. at, attributes, rival: as in `fit`.
    """
    if not _enough(known):
        closed_deals = sum(path.outcome != "open" for path in known)
        return ALL_STAGE if closed_deals >= STAGES_DIFFER else Validation()
    closed = sorted(path.closed_at for path in known if path.closed_at is not None)
    judged = []
    for origin in ORIGINS:
        moment = closed[int(origin * len(closed))]
        earlier = as_known(known, moment)
        later = [
            milestone
            for milestone in milestones_of(known)
            if milestone.entry.at > moment and milestone.path.closed_at is not None
        ]
        if later:
            judged.append(_judge(earlier, moment, later, at, attributes, rival))
    return weigh(judged, rival is not None) if judged else ALL_STAGE


def _judge(
    earlier: Sequence[DealPath],
    moment: float,
    later: list[Milestone],
    at: float,
    attributes: Sequence[str],
    rival: Rival | None,
) -> Judged:
    enough = _enough(earlier, ORIGINS[0] * CLOSED_NEEDED)
    model = _learn(earlier, moment, attributes, ALL_STAGE, learned=enough)
    stage = model.log_odds(later)
    learned = stage
    if model.ensemble is not None:
        learned = model.ensemble.predict(model.rows(later))
    return Judged(
        later,
        np.full(len(later), model.base),
        stage,
        learned,
        stage if rival is None else rival(earlier, moment, later),
        model.shifts(later, at),
        model.closed_odds(later, 0.0),
        model.closed_odds(later, 1.0),
    )


ALL_STAGE = Validation(stage_weight=1.0, closed_stage_weight=1.0)
STAGES_DIFFER = 20
"""Closed deals from which on stages differ; with fewer all are alike."""


def _enough(known: Sequence[DealPath], needed: float = CLOSED_NEEDED) -> bool:
    won, lost = closed_count(known)
    return won + lost >= needed and min(won, lost) >= FEWER_NEEDED


def _learn(
    known: Sequence[DealPath],
    at: float,
    attributes: Sequence[str],
    validation: Validation,
    *,
    learned: bool,
) -> OutcomeModel:
    milestones = milestones_of(known)[-MOST_ROWS:]
    stays = stays_of(milestones, at)
    won, lost = shares(milestones, stays, at)
    columns = Columns.fit(milestones, attributes)
    rows, rates = columns.replay(milestones)
    base = _odds(won, lost, np.log(PRIOR_WON / PRIOR_LOST), PRIOR_WON + PRIOR_LOST)
    is_closed = np.array([m.path.outcome != "open" for m in milestones], dtype=bool)
    closed_base = _odds(won[is_closed], lost[is_closed], base, PRIOR_WON + PRIOR_LOST)
    places: dict[str, list[int]] = {}
    for place, milestone in enumerate(milestones):
        places.setdefault(milestone.entry.stage, []).append(place)
    stages, closed, closing = {}, {"": closed_base}, {"": _share_closing(won, lost)}
    for stage, mine in places.items():
        stages[stage] = _odds(won[mine], lost[mine], base, STAGE_CASES)
        ended = [place for place in mine if is_closed[place]]
        closed[stage] = _odds(won[ended], lost[ended], closed_base, STAGE_CASES)
        closing[stage] = _share_closing(won[mine], lost[mine])
    return OutcomeModel(
        at,
        columns,
        rates,
        base,
        stages,
        closed,
        closing,
        horizons_of(stays),
        win_learners.fit(_single(rows), won, lost) if learned else None,
        validation,
    )


def _odds(won: Floats, lost: Floats, prior: float, cases: float) -> float:
    """Log-odds of wins and losses, beside so many cases at prior log-odds."""
    rate = float(sigmoid(np.array(prior)))
    wins, losses = won.sum() + cases * rate, lost.sum() + cases * (1 - rate)
    return float(np.log(wins / losses))


def _share_closing(won: Floats, lost: Floats) -> float:
    return float(min((won.sum() + lost.sum() + 1) / (len(won) + 1), 1.0))


def _single(rows: Floats) -> Floats:
    """Values that float32 holds exactly, as the forest was fitted on."""
    kept: Floats = rows.astype(np.float32).astype(np.float64)
    return kept
