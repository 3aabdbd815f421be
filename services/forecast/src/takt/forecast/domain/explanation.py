"""Why two versions differ: parts that sum to the difference, exactly, in whole millionths.

    difference of a week
        = calendar + series + actuals + model + reconciliation + signal + orders
          + known share                                                         (baseline)
        + each deal                                                             (pipeline)

    calendar      weeks that one version sees and the other does not: the season moves on
    series        a product or region that is forecast for the first time
    actuals       what the weeks observed between them tell the older version's own model
    model         the rest of the model's new view: it was fitted anew
    analogue      what a new product is expected to sell because those like it do
    reconciliation  by what the series is moved, so that all levels agree, is another
    signal        one signal multiplies the model's view by something else (`signal_parts.py`)
    order         an order that was never a deal takes its quantity out of what is still expected
    known_share   the share of demand that is known from deals was measured anew
    deal          what one deal's lines ask for, whatever changed it
    price         moves no units, only their value

The baseline's parts are found by exchanging one thing after another in the order above, from the
older version's to the newer's, and putting the baseline together each time: a part is what its
exchange changes. A baseline cannot fall below zero, so that where orders exceed it, those that come
first take all. Baseline is valued at the series' price, a deal at its line's.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import fast_path
from takt.forecast.domain.calendar import HORIZON_WEEKS, weeks_between
from takt.forecast.domain.held_series import HeldSeries
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.joining import MILLION, expected_baseline
from takt.forecast.domain.series import move_to_week
from takt.forecast.domain.signal_parts import told_apart

Floats = npt.NDArray[np.float64]
Millionths = npt.NDArray[np.int64]

PartKind = Literal[
    "calendar",
    "series",
    "actuals",
    "model",
    "analogue",
    "reconciliation",
    "signal",
    "order",
    "known_share",
    "deal",
    "price",
]


@dataclass(frozen=True, slots=True)
class Axis:
    """Consecutive weeks that hold every week of what is compared."""

    first_week: date
    weeks: int

    @classmethod
    def over(cls, held: Iterable[HeldSeries]) -> "Axis":
        """The weeks of all of them; none for none."""
        found = [(one.first_week, len(one.baseline)) for one in held]
        if not found:
            return cls(date(1970, 1, 5), 0)
        first = min(week for week, _ in found)
        return cls(first, max(weeks_between(first, week) + length for week, length in found))

    def place(self, first_week: date, values: Millionths) -> Millionths:
        """Values from a week on, put on this axis."""
        placed = np.zeros(self.weeks, dtype=np.int64)
        start = weeks_between(self.first_week, first_week)
        placed[start : start + len(values)] = values
        return placed


@dataclass(frozen=True, slots=True)
class Part:
    """One reason: what it adds to each week of the axis, and its money in units of 10^-12.

    `subject` is the deal, sale or signal; without one it is of those that were not told apart.
    """

    kind: PartKind
    quantities: Millionths
    value: int
    subject: UUID | None = None

    def __neg__(self) -> "Part":
        return replace(self, quantities=-self.quantities, value=-self.value)


def explain(
    before: Mapping[SeriesKey, HeldSeries], after: Mapping[SeriesKey, HeldSeries], axis: Axis
) -> dict[SeriesKey, list[Part]]:
    """The parts of each series' difference, after minus before; those that are zero are left out.

    Args:
        before: series of the older version.
        after: series of the newer.
        axis: weeks that hold those of both.
    """
    news = learned(before, after)
    return {
        key: [
            part
            for part in _series_parts(before.get(key), after.get(key), news.get(key), axis)
            if part.value or part.quantities.any()
        ]
        for key in sorted({*before, *after})
    }


def learned(
    before: Mapping[SeriesKey, HeldSeries], after: Mapping[SeriesKey, HeldSeries]
) -> dict[SeriesKey, Floats]:
    """What newly observed weeks tell the older model: change of its view, from `after`'s week on.

    The states of the older version observe those weeks, with nothing fitted anew, and forecast
    again. A series whose states were not kept, or that observed nothing new, is left out.
    """
    alike: dict[int, list[tuple[SeriesKey, Floats, Floats]]] = defaultdict(list)
    for key in sorted(before.keys() & after.keys()):
        states, seen = _newly_observed(before[key], after[key])
        if states is not None:
            alike[len(seen)].append((key, states, seen))
    found: dict[SeriesKey, Floats] = {}
    for weeks, group in alike.items():
        states_then = fast_path.States.from_rows(np.stack([states for _, states, _ in group]))
        ahead = fast_path.forecast(states_then, HORIZON_WEEKS + weeks)[:, weeks:]
        states_now = states_then
        for quantities in np.stack([seen for _, _, seen in group]).T:
            states_now = fast_path.append(states_now, quantities)
        changes = fast_path.forecast(states_now, HORIZON_WEEKS) - ahead
        found |= {key: change for (key, _, _), change in zip(group, changes, strict=True)}
    return found


def _newly_observed(before: HeldSeries, after: HeldSeries) -> tuple[Floats | None, Floats]:
    """The older states, and the weeks observed since; no states where that cannot be followed."""
    nothing = np.zeros(0)
    old, new = before.model, after.model
    if old is None or new is None or old.observed_before is None:
        return None, nothing
    if not (old.by_states and new.by_states):
        return None, nothing
    # What is observed ends where the newer view begins, or the change has no place in it.
    if new.observed_before != after.first_week:
        return None, nothing
    weeks = weeks_between(old.observed_before, after.first_week)
    if not 0 < weeks <= min(len(new.observed), HORIZON_WEEKS):
        return None, nothing
    return old.states, new.observed[-weeks:]


def _series_parts(
    before: HeldSeries | None, after: HeldSeries | None, news: Floats | None, axis: Axis
) -> Iterator[Part]:
    if before is not None and after is not None and before.first_week > after.first_week:
        yield from (-part for part in _series_parts(after, before, None, axis))
        return
    yield from _baseline_parts(before, after, news, axis)
    if before is not None and after is not None and before.price != after.price:
        change = _exact(after.price) - _exact(before.price)
        nothing = np.zeros(axis.weeks, dtype=np.int64)
        yield Part("price", nothing, change * int(after.baseline.sum()))
    yield from _deal_parts(before, after, axis)


def _baseline_parts(
    before: HeldSeries | None, after: HeldSeries | None, news: Floats | None, axis: Axis
) -> Iterator[Part]:
    if before is None or after is None:
        for held, sign in ((before, -1), (after, 1)):
            if held is not None:
                quantities = sign * axis.place(held.first_week, held.baseline)
                yield _priced("series", quantities, held.price)
        return
    passed = min(weeks_between(before.first_week, after.first_week), len(before.baseline))
    shared = len(before.baseline) - passed
    calendar = axis.place(after.first_week, np.r_[np.zeros(shared, int), after.baseline[shared:]])
    calendar -= axis.place(before.first_week, before.baseline[:passed])
    yield _priced("calendar", calendar, before.price)
    difference = after.baseline[:shared] - before.baseline[passed:]
    explained = np.zeros(shared, dtype=np.int64)
    for kind, subject, change in _exchanges(before, after, news, passed):
        explained += change
        quantities = axis.place(after.first_week, change)
        yield _priced(kind, quantities, before.price, subject)
    rest: PartKind = "model" if before.model is None or after.model is None else "known_share"
    left = axis.place(after.first_week, difference - explained)
    yield _priced(rest, left, before.price)


def _exchanges(
    before: HeldSeries, after: HeldSeries, news: Floats | None, passed: int
) -> Iterator[tuple[PartKind, UUID | None, Millionths]]:
    """What makes up a baseline, exchanged in order, in the weeks that both see."""
    old, new = before.model, after.model
    if old is None or new is None:
        return
    shared = len(before.baseline) - passed
    known = old.known[:shared]
    ordered = old.ordered[passed:]
    view, lift = old.statistical[passed:], old.lifts[passed:]
    here = expected_baseline(view * lift, known, ordered)
    # A view that is made of the history whole changes by what it has seen, if it has.
    seen = not new.by_states and new.observed_before != old.observed_before
    own, like, moved = new.own[:shared], old.analogues[passed:], old.shifts[passed:]
    views: list[tuple[PartKind, Floats]] = [
        ("actuals" if seen else "model", np.maximum(own + like + moved, 0.0) * lift),
        ("analogue", np.maximum(own + new.analogues[:shared] + moved, 0.0) * lift),
        ("reconciliation", new.statistical[:shared] * lift),
    ]
    if news is not None:
        views.insert(0, ("actuals", np.maximum(view + news[:shared], 0.0) * lift))
    for kind, view in views:
        there = expected_baseline(view, known, ordered)
        yield kind, None, there - here
        here = there
    gross = (1 - known) * new.statistical[:shared] * MILLION
    view = new.statistical[:shared] * new.lifts[:shared]
    there = expected_baseline(view, known, ordered)
    logs = old.logs(slice(passed, None)), new.logs(slice(shared))
    for subject, change in told_apart(there - here, gross, ordered, *logs):
        yield "signal", subject, change
    here = there
    for subject, week, quantity in _order_changes(before, after, shared):
        ordered = ordered.copy()
        ordered[week] += quantity
        there = expected_baseline(view, known, ordered)
        yield "order", subject, there - here
        here = there
    there = expected_baseline(view, known, new.ordered[:shared])
    yield "order", None, there - here


def _order_changes(
    before: HeldSeries, after: HeldSeries, shared: int
) -> Iterator[tuple[UUID, int, int]]:
    """What changed of each order: subject, week counted from `after`'s first, millionths."""
    for held, sign in ((before, -1), (after, 1)):
        other = set(after.orders if sign < 0 else before.orders)
        for order in sorted(held.orders, key=lambda order: order.sale_id):
            week = weeks_between(after.first_week, order.week)
            if order not in other and 0 <= week < shared:
                yield order.sale_id, week, sign * order.quantity


def _deal_parts(before: HeldSeries | None, after: HeldSeries | None, axis: Axis) -> Iterator[Part]:
    found: dict[UUID | None, Part] = {}
    for held, sign in ((before, -1), (after, 1)):
        if held is None:
            continue
        for deal_id, price, expected in _pipeline(held):
            placed = sign * axis.place(held.first_week, expected)
            part = _priced("deal", placed, price, deal_id)
            found[deal_id] = _added(found[deal_id], part) if deal_id in found else part
    yield from found.values()


def _pipeline(held: HeldSeries) -> Iterator[tuple[UUID | None, Decimal, Millionths]]:
    """What makes up a series' pipeline: its lines, and the rest, which is none."""
    rest = held.pipeline
    for line in held.lines:
        expected = move_to_week(line.expected, line.first_week, held.first_week)
        rest = rest - expected
        yield line.deal_id, line.price, expected
    if rest.any():
        yield None, held.price, rest


def _exact(price: Decimal) -> int:
    return int(price * MILLION)


def _priced(
    kind: PartKind, quantities: Millionths, price: Decimal, subject: UUID | None = None
) -> Part:
    return Part(kind, quantities, int(quantities.sum()) * _exact(price), subject)


def _added(one: Part, other: Part) -> Part:
    return replace(one, quantities=one.quantities + other.quantities, value=one.value + other.value)


@dataclass(frozen=True, slots=True)
class Difference:
    """Two versions of a sum of series, by week of an axis, and the parts of their difference."""

    before: Millionths
    after: Millionths
    value_before: int
    value_after: int
    parts: tuple[Part, ...]
    """The largest first."""

    @property
    def quantities(self) -> Millionths:
        """After minus before."""
        return self.after - self.before

    def __neg__(self) -> "Difference":
        """The same, seen from the newer version."""
        return Difference(
            self.after,
            self.before,
            self.value_after,
            self.value_before,
            tuple(-part for part in self.parts),
        )


def total(
    keys: Sequence[SeriesKey],
    before: Mapping[SeriesKey, HeldSeries],
    after: Mapping[SeriesKey, HeldSeries],
    parts: Mapping[SeriesKey, Sequence[Part]],
    axis: Axis,
) -> Difference:
    """The difference of a sum of series; parts of the same reason are one."""
    sums: dict[tuple[PartKind, UUID | None], Part] = {}
    for key in keys:
        for part in parts[key]:
            known = sums.get((part.kind, part.subject))
            sums[part.kind, part.subject] = part if known is None else _added(known, part)
    (sum_before, value_before), (sum_after, value_after) = (
        _whole([version[key] for key in keys if key in version], axis)
        for version in (before, after)
    )
    kept = [part for part in sums.values() if part.value or part.quantities.any()]
    kept.sort(key=lambda p: (-abs(int(p.quantities.sum())), p.kind, p.subject or UUID(int=0)))
    return Difference(sum_before, sum_after, value_before, value_after, tuple(kept))


def _whole(held: Sequence[HeldSeries], axis: Axis) -> tuple[Millionths, int]:
    quantities, value = np.zeros(axis.weeks, dtype=np.int64), 0
    for one in held:
        quantities += axis.place(one.first_week, one.baseline + one.pipeline)
        value += int(one.baseline.sum()) * _exact(one.price)
        value += sum(int(units.sum()) * _exact(price) for _, price, units in _pipeline(one))
    return quantities, value
