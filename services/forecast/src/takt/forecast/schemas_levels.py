"""Wire shapes of levels: how good intervals of sums are, how all levels are made to agree."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from takt.common.http import RequestModel


class LevelIntervals(BaseModel):
    """How good the intervals of sums at one level of products and one depth of regions are."""

    level: Literal["series", "all", "family", "product"]
    depth: int
    """Of regions: 0 is all of them, 1 a region that lies in no other."""
    nodes: int
    """Sums, or series, at this level."""
    replayed80: float | None
    """Share of past weeks inside the 80 % interval, replayed; none for series: see their models."""
    replayed95: float | None
    weeks: int
    """The latest weeks, 26 at most, that were compared with what was published for them."""
    compared: int
    """Published intervals that were compared with what came."""
    inside80: float | None
    """Share of them that held what came."""
    inside95: float | None


class ReconciledLevel(LevelIntervals):
    """A level as it was measured last."""

    allowed80: float
    """Share beyond the 80 % interval that is allowed, as it has adapted: .2 before anything came.

    The mean over the weeks ahead.
    """
    errors: dict[str, float]
    """By method: error of four weeks' sums, as a share of what was wanted; empty if not tested."""


ReconciliationMethod = Literal["bottom_up", "reconciled"]


class ReconciliationDecision(BaseModel):
    """Why sums are reconciled, or not, with the numbers of the test."""

    at: datetime
    method: ReconciliationMethod
    """Published from then on."""
    outcome: Literal["promoted", "kept", "chosen"]
    decided_by: str
    """`test`, or the person who chose."""
    reason: str
    origins: int | None
    bottom_up_loss: float | None
    """Mean error over the levels."""
    reconciled_loss: float | None
    p_value: float | None


class Reconciliation(BaseModel):
    """How forecasts of all levels are brought to agree, and how good they and their intervals are.

    `bottom_up` sums series; `reconciled` also asks the sums' own history (MinT-shrink).
    """

    method: ReconciliationMethod
    chosen: Literal["tested", "bottom_up", "reconciled"]
    """`tested` leaves it to the test."""
    levels: list[ReconciledLevel]
    decisions: list[ReconciliationDecision]
    """The newest first, 50 at most."""


class ChooseReconciliation(RequestModel):
    """Choose a method, or leave it to the test."""

    method: Literal["tested", "bottom_up", "reconciled"]
