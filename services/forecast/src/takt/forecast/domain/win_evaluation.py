"""Train on what was known at a time, score the deals that were opened later, and say what it shows.

Each stage entered is scored while its deal was open; deals not closed by the end are left out and
counted. What is scored are so deals that closed by the end, and the forecast that is scored says
P(won) of those (`OutcomeModel.within`); P(won) at all is scored beside it. Beside both stand the
rate of all milestones of deals that had closed at the time, and that rate by stage.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.win_history import (
    DealPath,
    Milestone,
    as_known,
    closed_count,
    milestones_of,
)
from takt.forecast.domain.win_leaks import Leak, leaks_of
from takt.forecast.domain.win_model import OutcomeModel, fit
from takt.forecast.domain.win_scores import (
    Bin,
    Interval,
    Scores,
    brier_difference,
    calibrated_error,
    calibration_slope,
    numbered,
    reliability,
    scores,
)
from takt.forecast.domain.win_table import HistoryProblem

Floats = npt.NDArray[np.float64]

SEED = 5


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation found."""

    trained_deals: int
    trained_closed: int
    trained_milestones: int
    deals: int
    milestones: int
    unresolved_deals: int
    unresolved_milestones: int
    attributes: list[str]
    leaks: list[Leak]
    model: OutcomeModel
    forecast: Scores
    bins: list[Bin]
    ever: Scores
    """Of P(won) at all."""
    base_rate: Scores
    stage_rate: Scores
    difference: Interval
    """Brier score less that of the stage's rate."""
    difference_to_base: Interval
    calibrated: Interval
    """The calibration error that these forecasts would have if they were right."""
    slope: Interval | None


def evaluate(paths: Sequence[DealPath], as_of: float, until: float) -> Evaluation:
    """Train as of a time, score later deals by what became of them until another.

    Raises: HistoryProblem: there is nothing to learn from, or nothing to score.
    """
    known = as_known(paths, as_of)
    _both_classes(known)
    later = as_known([path for path in paths if path.opened_at > as_of], until)
    resolved, unresolved = _split(milestones_of(later))
    if not resolved:
        raise HistoryProblem(
            "as-of",
            "",
            f"{len(later)} deals were opened after it, and none of them has closed.",
            "Name an earlier time, or a later one for the outcomes.",
        )
    leaks = leaks_of(paths)
    attributes = sorted(
        {name for path in paths for name in path.attributes} - {leak.attribute for leak in leaks}
    )
    model = fit(paths, as_of, attributes)
    won = np.array([float(m.path.outcome == "won") for m in resolved])
    deal = numbered([m.path.deal_id for m in resolved])
    forecast = model.within(resolved, until)
    base, stage = closed_rates(known, resolved)
    return Evaluation(
        len(known),
        sum(path.outcome != "open" for path in known),
        len(milestones_of(known)),
        int(deal.max()) + 1,
        len(resolved),
        len({m.path.deal_id for m in unresolved}),
        len(unresolved),
        attributes,
        leaks,
        model,
        scores(forecast, won),
        reliability(forecast, won),
        scores(model.probability(resolved), won),
        scores(base, won),
        scores(stage, won),
        brier_difference(forecast, stage, won, deal, SEED),
        brier_difference(forecast, base, won, deal, SEED),
        calibrated_error(forecast, deal, SEED),
        calibration_slope(forecast, won, deal),
    )


def closed_rates(known: Sequence[DealPath], scored: Sequence[Milestone]) -> tuple[Floats, Floats]:
    """For each scored milestone: the rate of all milestones of closed deals, and of its stage."""
    cases: dict[str, list[float]] = {}
    for milestone in milestones_of(known):
        if milestone.path.outcome != "open":
            won = float(milestone.path.outcome == "won")
            cases.setdefault(milestone.entry.stage, []).append(won)
    rate = float(np.mean([won for stage in cases.values() for won in stage]))
    by_stage = {stage: float(np.mean(won)) for stage, won in cases.items()}
    base = np.full(len(scored), rate)
    return base, np.array([by_stage.get(m.entry.stage, rate) for m in scored])


def _split(milestones: Sequence[Milestone]) -> tuple[list[Milestone], list[Milestone]]:
    resolved = [m for m in milestones if m.path.outcome != "open"]
    return resolved, [m for m in milestones if m.path.outcome == "open"]


def _both_classes(known: Sequence[DealPath]) -> None:
    won, lost = closed_count(known)
    if not won or not lost:
        which = (
            "none had closed" if not won + lost else "all had been " + ("won" if won else "lost")
        )
        raise HistoryProblem(
            "outcome",
            "",
            f"of {len(known)} deals known at the time, {which}.",
            "Name a later time, or a history in which deals are won and lost.",
        )
