"""The probability that a deal is won, from the deal as it stood when it entered a stage.

The mean of three learners (win_learners.py) in place of the rate of its stage, and that in place of
the rate of all deals, as far as each was better than the one before on later deals of the training
part (`validate`). With few closed deals, or none that were better, the rate of the stage or of all
deals remains: a model never knows more than it has shown.

Odds are those of winning among deals that close. `within` tells them of deals that close by a day,
`probability` that a deal is won at all.

Reasons, in log-odds from the rate of all deals: the stage's rate counts for the feature `stage`;
each learner's contributions by column (its term, or Saabas' rule along its trees' paths), told in
probability, are scaled by the slope of the chord to log-odds, and added by feature; what the
learners expect of no deal in particular beside the rate of all deals is `general`. They sum to the
log-odds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import win_learners
from takt.forecast.domain.win_censoring import Horizons, horizons_of, shares, stays_of
from takt.forecast.domain.win_columns import Columns, KnownRates
from takt.forecast.domain.win_history import DealPath, Milestone, as_known, milestones_of
from takt.forecast.domain.win_learners import Ensemble, chord, log_odds, sigmoid

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
WEIGHTS = (0.25, 0.5, 0.75, 1.0)
SURE = 1.645
"""Standard errors by which a gain must differ from nothing."""
MOST_ROWS = 60_000
"""Milestones that are learned from, the latest."""
GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Validation:
    """On later deals of the training part: mean squared errors, and the weights that follow."""

    deals: int = 0
    milestones: int = 0
    base: float = 0.0
    stage: float = 0.0
    learned: float = 0.0
    stage_gain_errors: float = 0.0
    """The gain of the stage's rate upon that of all deals, in standard errors over deals."""
    learned_gain_errors: float = 0.0
    """The gain of the learners upon the rate that they would replace, likewise."""
    stage_weight: float = 0.0
    learned_weight: float = 0.0


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
        learned = log_odds(self.ensemble.predict(self.rows(milestones)))
        blended: Floats = (1 - weight) * prior + weight * learned
        return blended

    def within(self, milestones: Sequence[Milestone], until: float) -> Floats:
        """P(won) of deals that close by a day, shape (milestones,)."""
        shifts = [self.horizons.shift(m.entry.stage, until - m.entry.at) for m in milestones]
        return sigmoid(self.log_odds(milestones) + np.array(shifts))

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
        total = (1 - weight) * prior + weight * self.base
        if self.ensemble is not None and weight:
            start, moved = self.ensemble.contributions(self.rows([milestone])[0])
            end = start + float(moved.sum())
            first, last = log_odds(np.array([start, end]))
            scale = weight / chord(float(first), float(last))
            by_feature[GENERAL] = weight * float(first - self.base)
            for feature, move in zip(self.columns.features(), moved, strict=True):
                by_feature[feature] = by_feature.get(feature, 0.0) + scale * float(move)
            total += weight * float(last - self.base)
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
            written["closing"],
            Horizons(**written["horizons"]),
            None if ensemble is None else Ensemble.read(ensemble),
            Validation(**written["validation"]),
        )


def fit(paths: Sequence[DealPath], at: float, attributes: Sequence[str] = ()) -> OutcomeModel:
    """Fit a model on what was known at a moment.

    Args:
        paths: deals; what came later than the moment is not looked at.
        at: the moment, in days.
        attributes: which of the deals' attributes may be used; none that leaks (win_leaks.py).
    """
    known = as_known(paths, at)
    validation = validate(known, at, attributes)
    return _learn(known, at, attributes, validation, learned=validation.learned_weight > 0)


def validate(known: Sequence[DealPath], at: float, attributes: Sequence[str]) -> Validation:
    """How much better stage and learners are on later deals, and the weights that they deserve.

    Trains on what was known at earlier moments; scores the milestones entered since, of deals that
    have closed by now.

    Args: known: deals as they stand at `at`. at, attributes: as in `fit`.
    """
    closed = sorted(path.closed_at for path in known if path.closed_at is not None)
    if not _enough(known):
        return _few(known)
    scored: list[tuple[Milestone, float, float, float, float]] = []
    for origin in ORIGINS:
        moment = closed[int(origin * len(closed))]
        earlier = as_known(known, moment)
        later = [
            milestone
            for milestone in milestones_of(known)
            if milestone.entry.at > moment and milestone.path.closed_at is not None
        ]
        if not later or not any(path.outcome != "open" for path in earlier):
            continue
        model = _learn(earlier, moment, attributes, ALL_STAGE, learned=_enough(earlier))
        shift = np.array([model.horizons.shift(m.entry.stage, at - m.entry.at) for m in later])
        stage = model.log_odds(later)
        learned = stage
        if model.ensemble is not None:
            learned = log_odds(model.ensemble.predict(model.rows(later)))
        base = np.full(len(later), model.base)
        won = [float(m.path.outcome == "won") for m in later]
        scored += list(zip(later, base + shift, stage + shift, learned + shift, won, strict=True))
    return _weigh(scored)


ALL_STAGE = Validation(stage_weight=1.0)
ALL_STAGE_CLOSED = 20
"""Closed deals from which on stages differ; fewer are all alike."""


def _enough(known: Sequence[DealPath]) -> bool:
    won = sum(path.outcome == "won" for path in known)
    lost = sum(path.outcome == "lost" for path in known)
    return won + lost >= CLOSED_NEEDED and min(won, lost) >= FEWER_NEEDED


def _few(known: Sequence[DealPath]) -> Validation:
    """With few closed deals nothing can be validated: the stage's shrunken rate."""
    closed = sum(path.outcome != "open" for path in known)
    return ALL_STAGE if closed >= ALL_STAGE_CLOSED else Validation()


def _weigh(scored: Sequence[tuple[Milestone, float, float, float, float]]) -> Validation:
    if not scored:
        return ALL_STAGE
    names = [milestone.path.deal_id for milestone, *_ in scored]
    _, deal = np.unique(names, return_inverse=True)
    base, stage, learned, won = np.array([row[1:] for row in scored]).T

    def loss(odds: Floats) -> Floats:
        squared: Floats = (sigmoid(odds) - won) ** 2
        return squared

    stage_gain = gain_in_errors(loss(base) - loss(stage), deal)
    stage_weight = 1.0 if stage_gain > SURE else 0.0
    prior = stage if stage_weight else base
    blends = {w: loss((1 - w) * prior + w * learned) for w in WEIGHTS}
    best = min(WEIGHTS, key=lambda w: (float(blends[w].mean()), w))
    learned_gain = gain_in_errors(loss(prior) - blends[best], deal)
    return Validation(
        int(deal.max()) + 1,
        len(scored),
        float(loss(base).mean()),
        float(loss(stage).mean()),
        float(loss(learned).mean()),
        stage_gain,
        learned_gain,
        stage_weight,
        best if learned_gain > SURE else 0.0,
    )


def gain_in_errors(gains: Floats, deal: npt.NDArray[np.intp]) -> float:
    """The mean gain of milestones over its standard error, whose cases are deals.

    Args: gains: shape (milestones,). deal: of each milestone, from 0 on, shape (milestones,).
    """
    mean = float(gains.mean())
    spread = np.bincount(deal, gains - mean)
    error = float(np.sqrt((spread**2).sum())) / len(gains)
    return mean / error if error > 0 else 0.0


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
    base = np.log((won.sum() + PRIOR_WON) / (lost.sum() + PRIOR_LOST))
    rate = float(sigmoid(np.array(base)))
    places: dict[str, list[int]] = {}
    for place, milestone in enumerate(milestones):
        places.setdefault(milestone.entry.stage, []).append(place)
    stages, closing = {}, {"": _share_closing(won, lost)}
    for stage, mine in places.items():
        wins = won[mine].sum() + STAGE_CASES * rate
        losses = lost[mine].sum() + STAGE_CASES * (1 - rate)
        stages[stage] = float(np.log(wins / losses))
        closing[stage] = _share_closing(won[mine], lost[mine])
    return OutcomeModel(
        at,
        columns,
        rates,
        float(base),
        stages,
        closing,
        horizons_of(stays),
        win_learners.fit(_single(rows), won, lost) if learned else None,
        validation,
    )


def _share_closing(won: Floats, lost: Floats) -> float:
    return float(min((won.sum() + lost.sum() + 1) / (len(won) + 1), 1.0))


def _single(rows: Floats) -> Floats:
    """Values that float32 holds exactly, as the forest was fitted on."""
    kept: Floats = rows.astype(np.float32).astype(np.float64)
    return kept
