"""Wire shapes of the win probabilities' routes."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from takt.common.amounts import Code, Probability
from takt.common.contracts.forecast import OutcomeCounts


class StageProbability(BaseModel):
    """P(won) of a deal in a stage at an age, and the cases behind it."""

    pipeline: Code
    stage: Code
    age_days: int
    """From this age, for a week."""
    probability: Probability
    median_days_to_win: int | None
    """Of those that will be won; none when more than half of them take longer than 200 days."""
    oldest_closed_days: int
    """A deal that is older is stalled, and its probability decays to zero."""
    counts: OutcomeCounts


class WinReason(BaseModel):
    """How far a feature moves the log-odds of winning.

    Features are codes: stage, previous_stage, stages_entered, returns, days_open, days_since_stage,
    days_in_stages, owner, calendar; amount, lines, product, region, team; closing (how many deals
    of this stage never close), age (what staying in the stage says), general (the rest).
    """

    feature: str
    log_odds: float


class DealWinProbability(BaseModel):
    """P(won) of a deal as it stands, and why."""

    deal_id: UUID
    status: Literal["open", "won", "lost"]
    stage: Code
    probability: Probability
    """1 of a won deal, 0 of a lost one; neither is ever scored again."""
    manual_probability: Probability | None
    """A person's own value; neither replaces the other."""
    said_by: Literal["outcome", "curves", "model"]
    curve_probability: Probability | None
    """By stage and age alone; none for a closed deal."""
    base_probability: Probability | None
    """The rate of all deals, from which the reasons count."""
    base_log_odds: float | None
    log_odds: float | None
    """`base_log_odds` and all reasons together. None where the curves speak."""
    reasons: list[WinReason]
    """The largest first."""


class WinValidation(BaseModel):
    """Mean squared errors on later deals of the evidence, as the calibration measured them."""

    deals: int
    milestones: int
    """Stages entered, which were scored."""
    base_rate: float
    stage_rate: float
    curves: float
    model: float
    gain_in_standard_errors: float
    """Of the model upon the curves, over deals; at more than 1.645 it takes their place."""
    model_weight: float
    """How far its log-odds replace those of the stage; 0 when it does not."""


class WinLeak(BaseModel):
    """An attribute that tells the outcome, and is not learned from."""

    attribute: str
    reason: Literal["only_closed", "presence", "zero", "separates"]
    share: float
    other: float


class WinChampion(BaseModel):
    """What says win probabilities now."""

    champion: Literal["curves", "model"]
    measured_at: datetime | None
    closed_deals: int
    validation: WinValidation | None
    """None where no model was tried: with fewer than 200 closed deals."""
    leaks: list[WinLeak]
