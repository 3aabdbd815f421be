"""Which series are fitted anew and which only observe one more week; both in batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import fast_path
from takt.forecast.domain.calendar import HORIZON_WEEKS
from takt.forecast.domain.history import SeriesKey, WeeklyHistory
from takt.forecast.domain.intervals import scale

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """The states of a series, the weeks that they have seen, and what follows from them."""

    key: SeriesKey
    observed_from: date
    observed_before: date
    states: Floats
    statistical: Floats
    """Shape (HORIZON_WEEKS,)."""
    scale: float


@dataclass(frozen=True, slots=True)
class KnownStates:
    """States from an earlier fit."""

    observed_from: date
    observed_before: date
    states: Sequence[float]
    stale: bool


def refit(
    histories: Sequence[WeeklyHistory], known: Mapping[SeriesKey, KnownStates], week: date
) -> list[Fit]:
    """Bring every series up to the week in progress.

    A series whose history did not change but by the last whole week observes it; others are fitted.
    """
    appended: list[WeeklyHistory] = []
    anew: list[WeeklyHistory] = []
    for history in histories:
        seen = known.get(history.series)
        if seen is not None and _goes_on(seen, history, week):
            appended.append(history)
        else:
            anew.append(history)
    found: list[Fit] = []
    if appended:
        before = fast_path.States.from_rows(np.array([known[h.series].states for h in appended]))
        last = np.array([history.quantities[-1] for history in appended])
        found += _fits(appended, fast_path.append(before, last), week)
    for rows, y in fast_path.same_length([history.quantities for history in anew]):
        found += _fits([anew[row] for row in rows], fast_path.fit(y), week)
    return found


def _goes_on(states: KnownStates, history: WeeklyHistory, week: date) -> bool:
    return (
        not states.stale
        and states.observed_from == history.first_week
        and states.observed_before == week - timedelta(weeks=1)
    )


def _fits(group: Sequence[WeeklyHistory], states: fast_path.States, week: date) -> list[Fit]:
    ahead = fast_path.forecast(states, HORIZON_WEEKS)
    units = scale(states)
    rows = states.rows()
    return [
        Fit(h.series, h.first_week, week, rows[i], ahead[i], float(units[i]))
        for i, h in enumerate(group)
    ]
