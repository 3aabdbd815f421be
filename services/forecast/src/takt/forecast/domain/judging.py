"""Judging methods by their trials: how good each was, its intervals, and which is published.

Series of rare demand are published by their rate, others by one of the two speeds. Which speed is
decided for all others at once; whether the rate of a rare class gives way to it, by squared errors:
what is often nothing is missed least, in absolute errors, by expecting nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import backtest
from takt.forecast.domain.backtest import Measures, Trials
from takt.forecast.domain.comparison import Decision, decide
from takt.forecast.domain.demand_classes import RARE, Class
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.intervals import Bands, calibrate
from takt.forecast.domain.two_speeds import COMBINATION, FAST, NAIVE, RATE, STEP_WEEKS

Floats = npt.NDArray[np.float64]

PUBLISHED = "published"
"""In a backtest: of each series what would have been published of it, by today's decisions."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The trials of all series, beside what came.

    Forecasts by method and `actual` have the shape (series, origins, horizon), NaN where one is
    not known; `unit` and `scale` (series, origins); origins in the order of time.
    """

    keys: Sequence[SeriesKey]
    classes: Sequence[Class]
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
    """Of what is published where a speed is champion."""
    decision: Decision
    classes: Mapping[Class, Decision]
    """Of each class of rare demand: its rate, or the speed that was better beyond chance."""


def judge(evidence: Evidence, champion: str) -> Judged:
    """Measure every method, and decide between the champion and the other."""
    decision, classes = _decisions(evidence, champion)
    forecasts = dict(evidence.forecasts)
    forecasts[PUBLISHED] = routed(evidence, decision.champion, classes)
    by_method: list[list[Group]] = []
    series: dict[str, Sequence[Measures]] = {}
    for method, ahead in forecasts.items():  # all their edges at once are much to hold
        edges = None
        if method != NAIVE:
            edges = backtest.intervals(evidence.actual, ahead, evidence.scale)
        trials = Trials(evidence.actual, ahead, evidence.unit, edges)
        by_method.append(_groups(evidence, method, trials))
        if method != PUBLISHED:
            series[method] = backtest.measure_series(trials)
    groups = [
        group for beside in zip(*by_method, strict=True) for group in beside if _is_told(group)
    ]
    bands = {
        speed: _bands(evidence, routed(evidence, speed, classes)) for speed in (FAST, COMBINATION)
    }
    return Judged(groups, series, bands, decision, classes)


def _decisions(evidence: Evidence, champion: str) -> tuple[Decision, dict[Class, Decision]]:
    """Which speed is published where demand is not rare, and whether it is where demand is."""
    counted = evidence.counted
    challenger = COMBINATION if champion == FAST else FAST
    rare = ~np.isnan(evidence.forecasts[RATE][:, :, 0])
    decision = decide(
        champion,
        challenger,
        *(
            np.where(rare, np.nan, losses(evidence, method))[:, counted]
            for method in (champion, challenger)
        ),
    )
    labels = np.array(evidence.classes)
    squared = {name: losses(evidence, name) ** 2 for name in (RATE, decision.champion)}
    classes = {
        label: decide(
            RATE,
            decision.champion,
            *(loss[labels == label][:, counted] for loss in squared.values()),
        )
        for label in RARE
    }
    return decision, classes


def _is_told(group: Group) -> bool:
    """A rate stands beside other methods where demand is rare: elsewhere it is of a few series."""
    told = group.method != RATE or (group.grouping == "class" and group.label in RARE)
    return told and group.measures.weeks > 0


def routed(evidence: Evidence, speed: str, classes: Mapping[Class, Decision]) -> Floats:
    """What is published of each series where `speed` is champion, shape as the evidence's."""
    by_rate = [classes[n].champion == RATE if n in classes else True for n in evidence.classes]
    rate = evidence.forecasts[RATE]
    taken = np.array(by_rate)[:, None, None] & ~np.isnan(rate)
    return np.where(taken, rate, evidence.forecasts[speed])


def _bands(evidence: Evidence, ahead: Floats) -> Bands:
    scores = (evidence.actual - ahead) / evidence.scale[:, :, None]
    return calibrate([scores], ahead.shape[2], evidence.allowed)


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
