"""Which forecast deserves to speak, by what each said of later deals."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.win_history import Milestone
from takt.forecast.domain.win_learners import sigmoid

Floats = npt.NDArray[np.float64]

WEIGHTS = (0.25, 0.5, 0.75, 1.0, 1.15, 1.3)
"""Of the learners against the rate that they replace; learners that shrink may be drawn out."""
HORIZON_WEIGHTS = (1.0, 0.5, 0.0)
SURE = 1.645
"""Standard errors by which a gain must differ from nothing."""


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
    rival: float = 0.0
    rival_gain_errors: float = 0.0
    """The gain upon another forecast that must be beaten too, likewise."""
    closed: float = 0.0
    """Of the rate of closed deals, by stage where that is better."""
    closed_gain_errors: float = 0.0
    """The gain of the best of the above upon it, likewise."""
    stage_weight: float = 0.0
    learned_weight: float = 0.0
    horizon_weight: float = 1.0
    closed_stage_weight: float = 0.0
    better_than_closed: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """Later milestones, and the log-odds that each forecast gave them; shape (milestones,)."""

    milestones: list[Milestone]
    base: Floats
    stage: Floats
    learned: Floats
    rival: Floats
    shift: Floats
    closed: Floats
    closed_stage: Floats


def weigh(judged: Sequence[Judged], has_rival: bool) -> Validation:
    """The weights that forecasts deserve.

    Args:
        judged: what they said, from each earlier moment.
        has_rival: whether there is one that the learners have to beat too.
    """
    milestones = [milestone for each in judged for milestone in each.milestones]
    _, deal = np.unique([m.path.deal_id for m in milestones], return_inverse=True)
    won = np.array([float(m.path.outcome == "won") for m in milestones])
    base, stage, learned, rival, shift, closed, closed_stage = (
        np.concatenate([getattr(each, field.name) for each in judged])
        for field in fields(Judged)[1:]
    )

    def loss(odds: Floats) -> Floats:
        squared: Floats = (sigmoid(odds) - won) ** 2
        return squared

    def mean_loss(odds: Floats) -> float:
        return float(loss(odds).mean())

    def gain(odds: Floats, upon: Floats) -> float:
        return gain_in_errors(loss(upon) - loss(odds), deal)

    # The first of those that are as good.
    horizon = min(HORIZON_WEIGHTS, key=lambda weight: mean_loss(stage + weight * shift))
    base, stage, learned, rival = (odds + horizon * shift for odds in (base, stage, learned, rival))
    stage_gain = gain(stage, base)
    prior = stage if stage_gain > SURE else base
    blends = {weight: (1 - weight) * prior + weight * learned for weight in WEIGHTS}
    best = min(WEIGHTS, key=lambda weight: mean_loss(blends[weight]))
    learned_gain, rival_gain = gain(blends[best], prior), gain(blends[best], rival)
    better = learned_gain > SURE and (rival_gain > SURE or not has_rival)
    by_stage = gain(closed_stage, closed) > SURE
    plain = closed_stage if by_stage else closed
    closed_gain = gain(blends[best] if better else prior, plain)
    return Validation(
        deals=int(deal.max()) + 1,
        milestones=len(milestones),
        base=mean_loss(base),
        stage=mean_loss(stage),
        learned=mean_loss(blends[best]),
        stage_gain_errors=stage_gain,
        learned_gain_errors=learned_gain,
        rival=mean_loss(rival) if has_rival else 0.0,
        rival_gain_errors=rival_gain if has_rival else 0.0,
        closed=mean_loss(plain),
        closed_gain_errors=closed_gain,
        stage_weight=float(stage_gain > SURE),
        learned_weight=best if better else 0.0,
        horizon_weight=horizon,
        closed_stage_weight=float(by_stage),
        better_than_closed=closed_gain > SURE,
    )


def gain_in_errors(gains: Floats, deal: npt.NDArray[np.intp]) -> float:
    """The mean gain of milestones over its standard error, whose cases are deals.

    Args: gains: shape (milestones,). deal: of each milestone, from 0 on, shape (milestones,).
    """
    mean = float(gains.mean())
    spread = np.bincount(deal, gains - mean)
    error = float(np.sqrt((spread**2).sum())) / len(gains)
    return mean / error if error > 0 else 0.0
