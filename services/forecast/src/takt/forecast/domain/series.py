"""A series as it stands: the parts from which its forecast is put together by arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.calendar import HORIZON_WEEKS, weeks_between
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.intervals import Bands
from takt.forecast.domain.joining import Joined, join

Floats = npt.NDArray[np.float64]
Millionths = npt.NDArray[np.int64]
Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True, slots=True)
class Share:
    """What a line adds to its series: units in whole millionths, and variance, (HORIZON_WEEKS,).

    `won`: its deal is won, so that it is an order.
    """

    first_week: date
    expected: Millionths
    variance: Floats
    won: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """The parts of a forecast, from the week of `first_week` on, each of shape (HORIZON_WEEKS,).

    `statistical` is the model's view of all demand, `known` is c_h, `ordered` are orders that were
    never deals, `pipeline` and `variance` the sums over its lines, `won` what of `pipeline` is won
    and not shipped.
    """

    key: SeriesKey
    revision: int
    price: Decimal
    unit: str
    first_week: date
    statistical: Floats
    known: Floats
    scale: float
    ordered: Millionths
    pipeline: Millionths
    variance: Floats
    won: Millionths = field(default_factory=lambda: np.zeros(HORIZON_WEEKS, dtype=np.int64))
    model_changed: bool = False
    """Whether price, statistical, known or scale differ from what is stored."""
    lift: Floats | None = None
    """By what signals multiply the statistical view; None without any."""
    lift_error: Floats | None = None
    """The standard error of the lift's logarithm."""

    def rolled_to(self, week: date) -> "Series":
        """The same series seen from a later week.

        Orders and model move on; what the pipeline expected earlier is expected now.
        """
        passed = min(weeks_between(self.first_week, week), HORIZON_WEEKS)
        if passed <= 0:
            return self
        statistical = rolled(self.statistical, passed)
        lift, lift_error = lifts_from(self.lift, self.lift_error, passed)
        ordered = np.concatenate([self.ordered[passed:], np.zeros(passed, dtype=np.int64)])
        return replace(
            self,
            first_week=week,
            model_changed=True,
            statistical=statistical,
            ordered=ordered,
            pipeline=move_to_week(self.pipeline, self.first_week, week),
            variance=move_to_week(self.variance, self.first_week, week),
            won=move_to_week(self.won, self.first_week, week),
            lift=lift,
            lift_error=lift_error,
        )

    def with_lines(self, gone: Sequence[Share], come: Sequence[Share]) -> "Series":
        """The series after lines have been replaced: a difference, not a sum over all lines."""
        pipeline, variance, won = self.pipeline.copy(), self.variance.copy(), self.won.copy()
        for share, sign in [*((s, -1) for s in gone), *((s, 1) for s in come)]:
            expected = move_to_week(share.expected, share.first_week, self.first_week)
            pipeline += sign * expected
            if share.won:
                won += sign * expected
            variance += sign * move_to_week(share.variance, share.first_week, self.first_week)
        return replace(self, pipeline=pipeline, variance=np.maximum(variance, 0.0), won=won)


def rolled(view: Floats, passed: int) -> Floats:
    """A model's view so many weeks later; the weeks that come into sight are like its last."""
    passed = min(max(passed, 0), HORIZON_WEEKS)
    return np.concatenate([view[passed:], np.full(passed, view[-1])])


def lift_from(lift: Floats, passed: int) -> Floats:
    """A lift so many weeks later; the weeks that come into sight have none."""
    passed = min(max(passed, 0), HORIZON_WEEKS)
    return np.concatenate([lift[passed:], np.ones(passed)])


def lifts_from(
    lift: Floats | None, error: Floats | None, passed: int
) -> tuple[Floats | None, Floats | None]:
    """Lifts and their errors so many weeks later."""
    if lift is None or error is None:
        return lift, error
    return lift_from(lift, passed), error_from(error, passed)


def error_from(error: Floats, passed: int) -> Floats:
    """A lift's error so many weeks later; the weeks that come into sight are certain."""
    passed = min(max(passed, 0), HORIZON_WEEKS)
    return np.concatenate([error[passed:], np.zeros(passed)])


def lift_deviation(known: Floats, lifted: Floats, error: Floats) -> Floats:
    """How far signals may be wrong by week, in units: of the share that is not known from deals."""
    deviation: Floats = (1 - known) * lifted * error
    return deviation


def move_to_week(
    values: npt.NDArray[Number], first_week: date, current_week: date
) -> npt.NDArray[Number]:
    """Weekly values of lines as seen from a later week: what was due before is due now.

    Shape (HORIZON_WEEKS,); the weeks that come into sight are zero.
    """
    passed = min(weeks_between(first_week, current_week), HORIZON_WEEKS)
    if passed <= 0:
        return values
    moved = np.zeros_like(values)
    moved[: HORIZON_WEEKS - passed] = values[passed:]
    moved[0] += values[:passed].sum()
    return moved


def join_series(batch: Sequence[Series], bands: Bands) -> Joined:
    """The forecasts of a batch of series; an uncertain lift widens the interval of its weeks."""
    return join(
        np.stack([_lifted(s) for s in batch]),
        np.stack([s.known for s in batch]),
        np.stack([s.ordered for s in batch]),
        np.stack([s.pipeline for s in batch]),
        np.stack([_with_lift_variance(s) for s in batch]),
        np.array([s.scale for s in batch]),
        bands,
    )


def _lifted(series: Series) -> Floats:
    return series.statistical if series.lift is None else series.statistical * series.lift


def _with_lift_variance(series: Series) -> Floats:
    if series.lift_error is None:
        return series.variance
    deviation = lift_deviation(series.known, _lifted(series), series.lift_error)
    variance: Floats = series.variance + deviation**2
    return variance
