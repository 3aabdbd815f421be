"""What a dated signal does to a forecast: a factor a week, estimated from history where it can be.

The effect of a price, promotion or other signal is, in this order,
- estimated: within the series of the product, log demand by week on the log of the price that was
  paid and on the weeks of past signals of each kind (`elasticities.py`);
- stated: the strength that the signal itself names;
- none.
A week of which a signal covers a part takes that part of its effect. Effects of several signals
multiply, and their errors add in quadrature.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import log, log1p
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from takt.common.contracts.forecast import SignalState
from takt.forecast.domain.calendar import DAYS_PER_WEEK, weeks_between
from takt.forecast.domain.elasticities import Effects, estimate
from takt.forecast.domain.history import SeriesKey

Floats = npt.NDArray[np.float64]

PRICE = "price"
WEEKS_NEEDED = 26
"""Weeks with a price from which on an elasticity is estimated."""
MOVES_NEEDED = 4
"""Weeks in which the price, or a signal of a kind, was another than usual."""
MOVED = 0.02
Z95 = 1.959964
"""Standard errors on either side of a 95 % interval."""
LARGEST_ERROR = 0.35
"""An estimate that may as well be twice or half of what it says is none."""
STATED_ERROR = 0.5
"""What somebody states is taken to be uncertain by half of itself."""
LARGEST_LOG = log(10)


@dataclass(frozen=True, slots=True)
class PaidWeek:
    """What was sold of a series in a week, and the mean price that was paid for it."""

    series: SeriesKey
    week: date
    quantity: float
    price: float


@dataclass(frozen=True, slots=True)
class SignalEffect:
    """By what a signal changes the demand of a series while it lasts: logs."""

    log_factor: float
    error: float
    origin: Literal["history", "stated"]
    observed: int
    """Weeks of series behind an estimate."""


class Dated(Protocol):
    """What lasts from one day to another, both included."""

    @property
    def begins(self) -> date:
        """The first day."""

    @property
    def ends(self) -> date:
        """The last."""


def week_shares(signal: Dated, first_week: date, weeks: int) -> Floats:
    """Which part of each week a signal covers, shape (weeks,)."""
    shares = np.zeros(weeks)
    begins = max((signal.begins - first_week).days, 0)
    ends = min((signal.ends - first_week).days + 1, weeks * DAYS_PER_WEEK)
    for day in range(begins, ends):
        shares[day // DAYS_PER_WEEK] += 1 / DAYS_PER_WEEK
    return shares


def learned(
    paid: Sequence[PaidWeek], signals: Mapping[SeriesKey, Sequence[SignalState]]
) -> Effects | None:
    """What prices and past signals did to the demand of a product, over all of its series.

    Args:
        paid: weeks before the one in progress, with demand and a price.
        signals: those that cover each series.
    """
    if len({row.week for row in paid}) < WEEKS_NEEDED:
        return None
    rows = sorted(paid, key=lambda row: (row.series, row.week))
    places = {key: place for place, key in enumerate(dict.fromkeys(row.series for row in rows))}
    series = np.array([places[row.series] for row in rows], dtype=np.int64)
    first = min(row.week for row in rows)
    week = np.array([weeks_between(first, row.week) for row in rows], dtype=np.int64)
    prices = np.log([row.price for row in rows])
    usual = np.array([np.median(prices[series == place]) for place in range(len(places))])
    columns: dict[str, Floats] = {}
    if len(np.unique(week[np.abs(prices - usual[series]) > MOVED])) >= MOVES_NEEDED:
        columns[PRICE] = prices
    kinds = sorted({signal.kind for group in signals.values() for signal in group})
    for kind in kinds:
        shown = np.zeros(len(rows))
        for key, place in places.items():
            mine = series == place
            for signal in signals.get(key, ()):
                if signal.kind == kind:
                    covered = week_shares(signal, first, int(week.max()) + 1)
                    shown[mine] = np.maximum(shown[mine], covered[week[mine]])
        touched = np.unique(week[shown > 0])
        if len(touched) >= MOVES_NEEDED and not shown.all():
            columns[f"signal:{kind}"] = shown
    if not columns:
        return None
    quantity = np.log([row.quantity for row in rows])
    return estimate(quantity, np.stack([*columns.values()], axis=1), [*columns], series, week)


def effect_of(
    signal: SignalState, expected_price: float, effects: Effects | None
) -> SignalEffect | None:
    """What a signal does to a series at this expected price; None when nobody can say."""
    change: dict[str, float] = {}
    if effects is not None:
        paid = signal.kind in ("price", "promotion") and signal.value is not None
        if paid and PRICE in effects.names and expected_price > 0 and float(signal.value or 0) > 0:
            change[PRICE] = log(float(signal.value or 0) / expected_price)
        if (kind := f"signal:{signal.kind}") in effects.names:
            change[kind] = 1.0
    if change and effects is not None:
        found = effects.of_change(change)
        moved = float(np.clip(log(found.factor), -LARGEST_LOG, LARGEST_LOG))
        if found.error <= LARGEST_ERROR:
            return SignalEffect(moved, found.error, "history", effects.rows)
    if signal.strength is not None:
        moved = max(log1p(float(signal.strength)), -LARGEST_LOG)
        return SignalEffect(moved, STATED_ERROR * abs(moved), "stated", 0)
    return None


def lift(
    effects: Sequence[tuple[SignalState, SignalEffect]], first_week: date, weeks: int
) -> tuple[Floats, Floats]:
    """The factor of each week and the standard error of its logarithm, shape (weeks,) each."""
    logs = week_logs([(signal, effect.log_factor) for signal, effect in effects], first_week, weeks)
    squares = np.zeros(weeks)
    for signal, effect in effects:
        squares += (week_shares(signal, first_week, weeks) * effect.error) ** 2
    return np.exp(logs.sum(axis=0)), np.sqrt(squares)


def week_logs(factors: Sequence[tuple[Dated, float]], first_week: date, weeks: int) -> Floats:
    """What each signal adds to the logarithm of a lift, shape (signals, weeks).

    Where all together pass the largest lift there is, each is less by the same share.

    Args: factors: signals with the logarithms of their factors.
    """
    logs = np.zeros((len(factors), weeks))
    for row, (signal, log_factor) in enumerate(factors):
        logs[row] = np.log1p(week_shares(signal, first_week, weeks) * np.expm1(log_factor))
    whole = logs.sum(axis=0)
    bounded: Floats = logs * np.minimum(1.0, LARGEST_LOG / np.maximum(np.abs(whole), LARGEST_LOG))
    return bounded


def lasts_into(signal: SignalState, week: date, weeks: int) -> bool:
    """Whether a signal covers any day of these weeks."""
    return signal.ends >= week and signal.begins < week + timedelta(weeks=weeks)
