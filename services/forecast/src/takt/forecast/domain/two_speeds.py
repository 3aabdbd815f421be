"""The two speeds: a combination fitted by runs, and the fast path that goes on between them.

A run says what the combination and the fast path each expect from a week on. Until the next run
the published baseline is the fast path as it stands, moved by the difference of the two in that
run: new weeks, corrections and returns move it as they move the fast path, the level is the
combination's.

Trials of the past lie four weeks apart, so that their next four weeks never overlap. A run replays
those that are missing; as time goes on they are the forecasts that were made, by both methods, of
which one was published: the other is its shadow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import accuracy, fast_path, intermittent
from takt.forecast.domain.calendar import HORIZON_WEEKS, weeks_between
from takt.forecast.domain.demand_classes import RARE, classify_all
from takt.forecast.domain.intervals import scale
from takt.forecast.domain.naive import seasonal_naive

Floats = npt.NDArray[np.float64]

FAST, COMBINATION, NAIVE = "fast", "combination", "naive"
RATE = "rate"
"""Of rare demand: what both speeds publish of series that are intermittent or lumpy."""
METHODS = (NAIVE, FAST, COMBINATION, RATE)
SEASON = fast_path.WEEKS_PER_SEASON

RECIPE = 2
"""To be raised when the combination's recipe changes: trials of another are replayed anew."""
STEP_WEEKS = 4
"""Between two trials; also the weeks over which a method's loss is summed, a lead time."""
REPLAYS = 6
"""Trials that a first run replays: with the forecast itself, seven times its work."""
JUDGED = 13
"""The latest trials by which methods are judged: a year."""
SHORTEST = 26
"""Weeks of history that a trial of the past needs."""

_FIRST_MONDAY = date(1970, 1, 5)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a run expected of a series, from the week of `origin` on, shape (HORIZON_WEEKS,)."""

    origin: date
    fast: Floats
    combination: Floats


def adjusted(fast: Floats, outlook: Outlook | None, week: date) -> Floats:
    """The baseline to publish: the fast path, moved by what the combination saw otherwise.

    Weeks that have come into sight since the run are moved like its last.

    Args:
        fast: what the fast path expects now, from `week` on, shape (HORIZON_WEEKS,).
        outlook: of the last run; None where the fast path is published itself.
        week: the week in progress.
    """
    if outlook is None:
        return fast
    passed = min(max(weeks_between(outlook.origin, week), 0), HORIZON_WEEKS - 1)
    moved = outlook.combination - outlook.fast
    moved = np.concatenate([moved[passed:], np.full(passed, moved[-1])])
    baseline: Floats = np.maximum(fast + moved, 0.0)
    return baseline


def is_trial(monday: date) -> bool:
    """Whether forecasts made in this week are kept as trials."""
    return weeks_between(_FIRST_MONDAY, monday) % STEP_WEEKS == 0


def past_trials(week: date, count: int) -> list[date]:
    """The origins of the latest trials before the week in progress, in the order of time.

    All of them lie far enough back for a loss.
    """
    latest = week - timedelta(weeks=STEP_WEEKS)
    latest -= timedelta(weeks=weeks_between(_FIRST_MONDAY, latest) % STEP_WEEKS)
    return [latest - timedelta(weeks=STEP_WEEKS * back) for back in reversed(range(count))]


@dataclass(frozen=True, slots=True)
class Said:
    """What each method says of some series; shapes (series, horizon).

    `rate`, `unit` and `scale` are of shape (series,); `rate` is NaN where demand is not rare.
    """

    naive: Floats
    fast: Floats
    combination: Floats
    rate: Floats
    methods: tuple[str, ...]
    unit: Floats
    """MASE's: the in-sample error of the seasonal naive; zero where it never erred."""
    scale: Floats


def forecast_all(histories: Sequence[Floats]) -> Said:
    """Every method's forecast of every series. Long: the combination is fitted.

    Args: histories: weekly units, one array each, at least one week.
    """
    from takt.forecast.domain import combination

    series = len(histories)
    naive, fast = np.empty((series, HORIZON_WEEKS)), np.empty((series, HORIZON_WEEKS))
    scales = np.empty(series)
    for places, y in fast_path.same_length(histories):
        states = fast_path.fit(y)
        fast[places] = fast_path.forecast(states, HORIZON_WEEKS)
        naive[places] = seasonal_naive(y, SEASON, HORIZON_WEEKS)
        scales[places] = scale(states)
    combined = combination.points(histories, SEASON, HORIZON_WEEKS)
    points = np.maximum(combined.points, 0.0)
    if points.shape != fast.shape or not np.isfinite(points).all():
        raise ValueError("the combination gave no finite forecast for each series and week")
    unit = np.nan_to_num(accuracy.seasonal_error(histories, SEASON))
    return Said(naive, fast, points, _rates(histories), combined.methods, unit, scales)


def _rates(histories: Sequence[Floats]) -> Floats:
    """The rates of rare demand, by what those given have in common; NaN for other series."""
    rates = np.full(len(histories), np.nan)
    rare = [place for place, name in enumerate(classify_all(histories)) if name in RARE]
    if rare:
        found = intermittent.rates([histories[place] for place in rare])
        rates[rare] = found[intermittent.PUBLISHED]
    return rates
