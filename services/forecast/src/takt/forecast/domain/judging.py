"""Judging methods by their trials: how good each was, its intervals, and which is published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import backtest
from takt.forecast.domain.backtest import Measures, Trials
from takt.forecast.domain.comparison import Decision, decide
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.intervals import Bands
from takt.forecast.domain.two_speeds import COMBINATION, FAST, METHODS, NAIVE, STEP_WEEKS

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The trials of all series, beside what came.

    Forecasts by method and `actual` have the shape (series, origins, horizon), NaN where one is
    not known; `unit` and `scale` (series, origins); origins in the order of time.
    """

    keys: Sequence[SeriesKey]
    classes: Sequence[str]
    families: Sequence[str | None]
    actual: Floats
    forecasts: Mapping[str, Floats]
    unit: Floats
    scale: Floats
    counted: npt.NDArray[np.bool_]
    """Which origins count for the decision, shape (origins,)."""
    allowed: Floats | None = None
    """The shares of misses that intervals are allowed, as they have adapted."""


@dataclass(frozen=True, slots=True)
class Group:
    """The measures of one method for one label of a grouping: a row of the backtest."""

    grouping: str
    label: str
    method: str
    measures: Measures


@dataclass(frozen=True, slots=True)
class Judged:
    """What a run found."""

    groups: Sequence[Group]
    series: Mapping[str, Sequence[Measures]]
    """By method, in the order of the evidence."""
    bands: Mapping[str, Bands]
    decision: Decision


def judge(evidence: Evidence, champion: str) -> Judged:
    """Measure every method, and decide between the champion and the other."""
    by_method: list[list[Group]] = []
    series: dict[str, Sequence[Measures]] = {}
    bands: dict[str, Bands] = {}
    for method in METHODS:  # one after the other: all their edges at once are much to hold
        ahead = evidence.forecasts[method]
        edges = None
        if method != NAIVE:
            edges, bands[method] = backtest.intervals(
                evidence.actual, ahead, evidence.scale, evidence.allowed
            )
        trials = Trials(evidence.actual, ahead, evidence.unit, edges)
        by_method.append(_groups(evidence, method, trials))
        series[method] = backtest.measure_series(trials)
    groups = [group for beside in zip(*by_method, strict=True) for group in beside]
    challenger = COMBINATION if champion == FAST else FAST
    decision = decide(
        champion,
        challenger,
        losses(evidence, champion)[:, evidence.counted],
        losses(evidence, challenger)[:, evidence.counted],
    )
    return Judged(groups, series, bands, decision)


def losses(evidence: Evidence, method: str) -> Floats:
    """The loss of each trial, shape (series, origins): a lead time's error, scaled; NaN if unknown.

    It is the error of the sum over four weeks, which is what stock has to bear: judged week by
    week, a forecast of nothing would win wherever demand is rare.
    """
    window = slice(0, STEP_WEEKS)
    difference = evidence.actual[:, :, window] - evidence.forecasts[method][:, :, window]
    total: Floats = np.abs(difference.sum(axis=2)) / (STEP_WEEKS * evidence.scale)
    return total


def _groups(evidence: Evidence, method: str, trials: Trials) -> list[Group]:
    found = [
        Group("lag", str(lag), method, measures)
        for lag, measures in enumerate(backtest.measure_lags(trials), start=1)
        if measures.weeks
    ]
    by_class = backtest.measure_labels(trials, evidence.classes)
    found += [Group("class", label, method, measures) for label, measures in by_class.items()]
    found.append(Group("level", "series", method, backtest.measure(trials)))
    levels: dict[str, Sequence[str | None]] = {
        "product": [key.product for key in evidence.keys],
        "region": [key.region for key in evidence.keys],
        "family": evidence.families,
        "all": ["all"] * len(evidence.keys),
    }
    found += [
        Group("level", level, method, backtest.measure_level(trials, nodes))
        for level, nodes in levels.items()
    ]
    return found
