"""Curve or model: which of the two says a deal's probability, and what it says at each age.

The curves of stage and age hold until a model has beaten them on later deals (`Validation`). A
model speaks of the moment when the deal entered its stage; from there on its odds fall with the
curve's: what staying in the stage says is the same for both, and so is the time to a win. What a
deal's attributes were in the past is not kept: its lines, team and owner are those of today.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self

import numpy as np

from takt.common.contracts.deals import DealState
from takt.forecast.domain.win_curves import Visit, WinCurve, estimate
from takt.forecast.domain.win_history import DealPath, Entry, Milestone, milestones_of
from takt.forecast.domain.win_leaks import Leak, leaks_of
from takt.forecast.domain.win_learners import LEAST, log_odds, sigmoid
from takt.forecast.domain.win_model import Floats, OutcomeModel, fit
from takt.forecast.domain.win_validation import Validation

SECONDS_PER_DAY = 86_400
BETWEEN = " / "
"""Between pipeline and stage, which together are the stage that a model knows."""
AGE, CLOSING = "age", "closing"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What became of a model that was fitted to replace the curves."""

    validation: Validation
    leaks: tuple[Leak, ...]
    model: OutcomeModel | None
    """None where the curves were not beaten."""

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "validation": asdict(self.validation),
            "leaks": [asdict(leak) for leak in self.leaks],
            "model": None if self.model is None else self.model.written(),
        }

    @classmethod
    def read(cls, written: dict[str, Any]) -> Self:
        """From JSON."""
        model = written["model"]
        return cls(
            Validation(**written["validation"]),
            tuple(Leak(**leak) for leak in written["leaks"]),
            None if model is None else OutcomeModel.read(model),
        )


NO_CHALLENGE = Challenge(Validation(), (), None)
"""None was tried."""


@dataclass(frozen=True, slots=True)
class Reasons:
    """A probability: its log-odds are those of `start` and all contributions."""

    start: float
    probability: float
    contributions: dict[str, float]


def days_of(moment: datetime) -> float:
    """Days since 1970."""
    return moment.timestamp() / SECONDS_PER_DAY


def path_of(deal: DealState, closing_stages: frozenset[tuple[str, str]] = frozenset()) -> DealPath:
    """A deal as the model sees it.

    Args:
        deal: with its whole stage history.
        closing_stages: (pipeline, stage) of closed deals; a reopened deal passed through one.
    """
    entries = [
        Entry(deal.pipeline + BETWEEN + interval.stage, days_of(interval.entered_at), deal.owner)
        for interval in deal.history
        if (deal.pipeline, interval.stage) not in closing_stages
    ]
    if deal.status == "open" and (not entries or deal.history[-1].stage != deal.stage):
        here = deal.pipeline + BETWEEN + deal.stage
        entries.append(Entry(here, days_of(deal.stage_entered_at), deal.owner))
    attributes: dict[str, float | str] = {"region": deal.region, "team": deal.team or ""}
    if deal.lines:
        attributes["amount"] = float(deal.value)
        attributes["lines"] = float(len(deal.lines))
        attributes["product"] = max(deal.lines, key=lambda line: line.quantity * line.price).product
    closed = deal.closed_at if deal.status != "open" else None
    return DealPath(
        str(deal.deal_id),
        days_of(deal.opened_at),
        tuple(sorted(entries, key=lambda entry: entry.at)),
        deal.status,
        None if closed is None else days_of(closed),
        attributes,
    )


def challenge(paths: Sequence[DealPath], now: float) -> Challenge:
    """Fit a model, and keep it if it beat the curves on later deals. Pure, and long.

    Args: paths: all deals. now: the moment of the calibration, in days.
    """
    leaks = leaks_of(paths)
    attributes = {name for path in paths for name in path.attributes}
    usable = sorted(attributes - {leak.attribute for leak in leaks})
    model = fit(paths, now, usable, rival=curve_odds)
    kept = model if model.validation.learned_weight > 0 else None
    return Challenge(model.validation, tuple(leaks), kept)


def curve_odds(earlier: Sequence[DealPath], moment: float, later: Sequence[Milestone]) -> Floats:
    """Log-odds of winning, of deals that close, by the curves that were known at a moment.

    Args: earlier: deals as known then. later: milestones that are judged; shape of the result.
    """
    curves = estimate(visits_of_paths(earlier, moment))
    lost = estimate(visits_of_paths([_mirrored(path) for path in earlier], moment))
    found = []
    for milestone in later:
        pipeline, _, stage = milestone.entry.stage.partition(BETWEEN)
        wins, losses = (c.curve(pipeline, stage, 0.0).probability for c in (curves, lost))
        found.append(np.log((wins + LEAST) / (losses + LEAST)))
    return np.array(found)


def _mirrored(path: DealPath) -> DealPath:
    """Won for lost: the curve of this is the curve of losing."""
    match path.outcome:
        case "won":
            return replace(path, outcome="lost")
        case "lost":
            return replace(path, outcome="won")
        case _:
            return path


def visits_of_paths(paths: Iterable[DealPath], now: float) -> list[Visit]:
    """The stays of deals as cases for the curves."""
    found = []
    for path, position in milestones_of(paths):
        entry = path.entries[position]
        end = path.watched_until(now)
        left = path.entries[position + 1].at if position + 1 < len(path.entries) else end
        pipeline, _, stage = entry.stage.partition(BETWEEN)
        in_stage, watched = max(min(left, end) - entry.at, 0.0), max(end - entry.at, 0.0)
        found.append(Visit(pipeline, stage, in_stage, watched, path.outcome))
    return found


def judged(deal: DealState, entered: WinCurve, curve: WinCurve, model: OutcomeModel) -> WinCurve:
    """The curve of an open deal, moved to what the model says of it.

    Args: deal: open. entered: its stage's curve at entry. curve: at its age.
    """
    if min(curve.probability, entered.probability) <= LEAST:
        return curve
    chance = float(model.probability([milestone_of(deal, model)])[0])
    odds = log_odds(np.array([chance, entered.probability, curve.probability]))
    probability = float(sigmoid(odds[0] - odds[1] + odds[2]))
    scale = probability / curve.probability
    return WinCurve(curve.cumulative * scale, probability, curve.counts, curve.stalled)


def reasons_of(
    deal: DealState, entered: WinCurve, curve: WinCurve, model: OutcomeModel
) -> Reasons | None:
    """Why the model says what it says of an open deal, from the rate of all deals on.

    `closing`: how many deals of this stage never close, beside all; `age`: what staying in the
    stage says. None where the curve says that nothing is won here any more.
    """
    if min(curve.probability, entered.probability) <= LEAST:
        return None
    milestone = milestone_of(deal, model)
    explained = model.explain(milestone)
    start = float(sigmoid(np.array(model.base))) * model.closing[""]
    chance = float(model.probability([milestone])[0])
    first, entry, before, after = log_odds(
        np.array([start, chance, entered.probability, curve.probability])
    )
    contributions = dict(explained.contributions)
    contributions[CLOSING] = float(entry - first) - (explained.log_odds - explained.start)
    contributions[AGE] = float(after - before)
    ranked = sorted(contributions.items(), key=lambda item: (-abs(item[1]), item[0]))
    return Reasons(start, float(sigmoid(entry - before + after)), dict(ranked))


def milestone_of(deal: DealState, model: OutcomeModel) -> Milestone:
    """Where an open deal is, as the model was fitted to see it.

    A reopened deal passed a stage of closed deals, which was no milestone when it was fitted.
    """
    unknown = frozenset(
        (deal.pipeline, interval.stage)
        for interval in deal.history
        if interval.stage != deal.stage
        and deal.pipeline + BETWEEN + interval.stage not in model.closing
    )
    path = path_of(deal, unknown)
    return Milestone(path, len(path.entries) - 1)
