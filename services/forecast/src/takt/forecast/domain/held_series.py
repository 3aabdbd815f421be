"""A series as a version holds it: the numbers that its forecast was put together from."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.signal_parts import HeldSignal, Logs, logs_of

Floats = npt.NDArray[np.float64]
Millionths = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HeldModel:
    """What a baseline was put together from. Shapes (HORIZON_WEEKS,) from the series' first week.

    `states` are those of the fast path before `observed_before`; `observed` is the demand of the
    weeks before the series' first week, the latest last, in units.
    """

    statistical: Floats
    known: Floats
    ordered: Millionths
    observed: Floats
    observed_before: date | None = None
    states: Floats | None = None
    lift: Floats | None = None
    """By what signals multiply `statistical`; None without any."""
    signals: tuple[HeldSignal, ...] = ()
    """What each of them has of it; none in versions from before they were kept."""
    by_states: bool = True
    """Whether `statistical` follows from `states`: a rate, and a new product's view, do not."""
    analogue: Floats | None = None
    """What products like it add to `statistical` of a new product."""
    shift: Floats | None = None
    """By what reconciling has moved `statistical`, in units; None where it has not."""

    @property
    def own(self) -> Floats:
        """What its own history says."""
        return self.statistical - self.analogues - self.shifts

    @property
    def analogues(self) -> Floats:
        """What products like it add, in every week."""
        return np.zeros(len(self.statistical)) if self.analogue is None else self.analogue

    @property
    def shifts(self) -> Floats:
        """The shift of every week."""
        return np.zeros(len(self.statistical)) if self.shift is None else self.shift

    @property
    def lifts(self) -> Floats:
        """The lift of every week."""
        return np.ones(len(self.statistical)) if self.lift is None else self.lift

    def logs(self, weeks: slice) -> Logs:
        """The logarithm of the lift by signal, in these weeks."""
        told = logs_of(self.signals, self.lifts)
        return {name: logs[weeks] for name, logs in told.items()}


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """An order that was never a deal, as it was counted: whole millionths in one week."""

    sale_id: UUID
    week: date
    quantity: int


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A deal's line, as it was counted from the week of `first_week` on."""

    deal_id: UUID
    price: Decimal
    first_week: date
    expected: Millionths


@dataclass(frozen=True, slots=True)
class HeldSeries:
    """A series as a version holds it; `model` is None in versions from before it was kept."""

    key: SeriesKey
    price: Decimal
    first_week: date
    baseline: Millionths
    pipeline: Millionths
    model: HeldModel | None = None
    orders: tuple[HeldOrder, ...] = ()
    lines: tuple[HeldLine, ...] = ()
