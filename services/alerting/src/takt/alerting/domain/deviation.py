"""A1: do sales leave the forecast that was frozen when the bucket began?

One sign everywhere: an error is forecast less actual, so a positive one is a forecast too high.
Quantities are in the measure of the scope: its unit, or money where the scope sums products of
several units (what was paid against the version's prices).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal

Direction = Literal["under", "over"]
Measure = Literal["quantity", "value"]
WeekdayProfile = tuple[Decimal, Decimal, Decimal, Decimal, Decimal, Decimal, Decimal]

ZERO = Decimal(0)
BUSINESS_WEEK: WeekdayProfile = (*(Decimal("0.2"),) * 5, ZERO, ZERO)


class Reason(StrEnum):
    """Which rule decided."""

    NO_SALES = "no_sales"
    INTERVAL = "interval"
    PERCENTAGE = "percentage"
    TRACKING_SIGNAL = "tracking_signal"
    CONSECUTIVE = "consecutive"
    WITHIN_LIMITS = "within_limits"
    BELOW_MINIMUM_VOLUME = "below_minimum_volume"
    TOO_EARLY = "too_early"


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as a deviation; relative sizes are shares of what was expected.

    `minimum_volume` is in the scope's unit, `minimum_value` in money, for scopes that sum several
    units. `under_from_weekday` counts Monday as 0: before it
    a week that sells too little is not judged.
    """

    relative: Decimal = Decimal("0.20")
    interval_relative: Decimal = Decimal("0.10")
    minimum_volume: Decimal = Decimal(10)
    minimum_value: Decimal = Decimal(1000)
    tracking_signal: Decimal = Decimal(4)
    tracking_periods: int = 6
    tracking_relative: Decimal = Decimal("0.05")
    consecutive_periods: int = 3
    consecutive_relative: Decimal = Decimal("0.10")
    under_from_weekday: int = 2

    def of(self, measure: Measure) -> Limits:
        """The limits for a scope that is measured in its unit, or in money."""
        if measure == "quantity":
            return self
        return replace(self, minimum_volume=self.minimum_value)


@dataclass(frozen=True, slots=True)
class Spread:
    """Squared half-widths of the 95 % interval, below and above the forecast.

    They are kept squared because those of independent series add: a roll-up is a sum, and a
    parent without one of its children a difference.
    """

    below: Decimal
    above: Decimal

    def __sub__(self, other: Spread) -> Spread:
        return Spread(max(ZERO, self.below - other.below), max(ZERO, self.above - other.above))


NO_SPREAD = Spread(ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One scope in one week: what the frozen version expected, and what was sold so far.

    `week` is the ISO Monday. `actual` is dated in the week, by the day that the customer asked
    for; `booked` is the part of it that is dated after today. Without a `spread` the version
    carried no interval. A `whole` one is not judged by days: its version was made part-way, with
    what had been sold by then.
    """

    week: date
    forecast: Decimal
    actual: Decimal
    spread: Spread | None = None
    booked: Decimal = ZERO
    whole: bool = False

    def without(self, part: Bucket) -> Bucket:
        """The same scope with a part of it taken out."""
        spread = self.spread
        if spread is not None and part.spread is not None:
            spread = spread - part.spread
        return Bucket(
            self.week,
            self.forecast - part.forecast,
            self.actual - part.actual,
            spread,
            self.booked - part.booked,
            self.whole,
        )


@dataclass(frozen=True, slots=True)
class Record:
    """A scope's weeks: the closed ones, oldest first without gaps, and the one under way."""

    history: tuple[Bucket, ...] = ()
    current: Bucket | None = None

    def without(self, part: Record) -> Record:
        """The same scope with a part of it taken out of the weeks that both have."""
        parts = {bucket.week: bucket for bucket in (*part.history, part.current) if bucket}

        def less(bucket: Bucket) -> Bucket:
            return bucket.without(parts[bucket.week]) if bucket.week in parts else bucket

        return Record(
            tuple(less(bucket) for bucket in self.history),
            less(self.current) if self.current else None,
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, in which weeks, and by which rules.

    `expected` is the forecast of the weeks, or its share `due` by now; `actual` includes what is
    dated after today only where `with_booked` says so. `tracking_signal` is None before the sixth
    period.
    """

    reason: Reason
    direction: Direction | None
    weeks: tuple[date, ...]
    expected: Decimal
    actual: Decimal
    due: Decimal = Decimal(1)
    with_booked: bool = True
    fired: tuple[Reason, ...] = ()
    tracking_signal: Decimal | None = None

    @property
    def week(self) -> date:
        """The last of the weeks."""
        return self.weeks[-1]

    @property
    def breached(self) -> bool:
        """Whether any rule fired."""
        return self.direction is not None

    @property
    def error(self) -> Decimal:
        """Expected less actual: positive is a forecast too high."""
        return self.expected - self.actual

    @property
    def relative_error(self) -> Decimal:
        """The error as a share of what was expected."""
        return relative(self.error, self.expected, self.actual)


def relative(error: Decimal, expected: Decimal, actual: Decimal) -> Decimal:
    """The error as a share of what was expected, or of what was sold where nothing was expected."""
    base = expected or actual
    return error / abs(base) if base else ZERO


def weekday_profile(
    sold: Sequence[Decimal], weeks: int, prior: WeekdayProfile = BUSINESS_WEEK
) -> WeekdayProfile:
    """Share of a week's sales on each weekday, Monday first, shrunk towards `prior`.

    Args:
        sold: quantity by weekday over the observed weeks, shape (7,).
        weeks: how many weeks were observed; the prior weighs as much as four.
        prior: what is assumed before anything is seen.
    """
    total = sum(sold, ZERO)
    if total <= 0:
        return prior
    prior_weeks = 4
    shares = [
        (weeks * quantity / total + prior_weeks * before) / (weeks + prior_weeks)
        for quantity, before in zip(sold, prior, strict=True)
    ]
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = shares
    return (monday, tuesday, wednesday, thursday, friday, saturday, sunday)


def share_due(profile: WeekdayProfile, week: date, day: date) -> Decimal:
    """Share of the week that should have been sold before `day` begins, in [0, 1]."""
    days = (day - week).days
    if days >= 7:
        return Decimal(1)
    return sum(profile[: max(0, days)], ZERO)


def judge(
    record: Record,
    today: date,
    profile: WeekdayProfile = BUSINESS_WEEK,
    limits: Limits = Limits(),
) -> Verdict:
    """Judge a scope today.

    The week under way is compared with what should have been sold by now: too little of it by
    the days that are over, from mid-week on, too much of it by today's end, at once. Until the
    week can be judged low, the last closed one stands. Bias is judged over the closed weeks.

    Args:
        record: the scope's weeks; `current` holds `today`.
        today: the business date.
        profile: share of a week's sales by weekday.
        limits: what counts as a deviation.
    """
    history, current = record.history, record.current
    signal = tracking_signal(history, limits)
    fired: list[tuple[Reason, Verdict]] = []
    quiet: Verdict | None = None
    if current is not None:
        verdict = _judge_open(current, today, profile, limits)
        quiet = verdict
        fired += [(reason, verdict) for reason in verdict.fired]
    if history and (quiet is None or quiet.reason is Reason.TOO_EARLY):
        verdict = judge_bucket(history[-1], Decimal(1), Decimal(1), limits)
        quiet = verdict
        fired += [(reason, verdict) for reason in verdict.fired]
    for persistent in (_judge_tracking(history, signal, limits), _judge_run(history, limits)):
        if persistent is not None:
            fired.append((persistent.reason, persistent))
    if not fired:
        quiet = quiet or Verdict(Reason.TOO_EARLY, None, (today,), ZERO, ZERO)
        return replace(quiet, fired=(), tracking_signal=signal)
    first_reason, first = fired[0]
    same_side = tuple(reason for reason, verdict in fired if verdict.direction == first.direction)
    return replace(first, reason=first_reason, fired=same_side, tracking_signal=signal)


def judge_bucket(bucket: Bucket, due_low: Decimal, due_high: Decimal, limits: Limits) -> Verdict:
    """Judge one bucket by its own size alone.

    Args:
        bucket: what was expected and sold.
        due_low: share that must have been sold by now, for selling too little.
        due_high: share that may have been sold by now, for selling too much.
        limits: what counts as a deviation.

    Orders that are booked for later days of the week count against selling too little; for
    selling too much they count once the week's whole forecast is passed. Inside the 95 % interval
    an error is the noise that the forecast itself announced, whatever its percentage; outside it
    a smaller one counts too. Part-way, half-widths shrink with the root of the share, as
    independent days add. Where the version carries no interval the percentage decides alone.
    """
    side = _side(bucket, due_low, due_high)
    if side.direction is None:
        return side
    if max(side.expected, side.actual) < limits.minimum_volume:
        return replace(side, reason=Reason.BELOW_MINIMUM_VOLUME, direction=None)
    size = abs(side.relative_error)
    half_width = _half_width(bucket.spread, side)
    outside = half_width is None or abs(side.error) > half_width
    fired = []
    if side.actual <= 0 and side.direction == "under":
        fired.append(Reason.NO_SALES)
    if outside and size >= limits.relative:
        fired.append(Reason.PERCENTAGE)
    if outside and half_width is not None and size >= limits.interval_relative:
        fired.append(Reason.INTERVAL)
    if not fired:
        return replace(side, direction=None)
    return replace(side, reason=fired[0], fired=tuple(fired))


def _side(bucket: Bucket, due_low: Decimal, due_high: Decimal) -> Verdict:
    """Whether it sells too little or too much, however slightly, and compared with what."""
    week = (bucket.week,)
    within = Reason.WITHIN_LIMITS
    low, high = bucket.forecast * due_low, bucket.forecast * due_high
    dated = bucket.actual - bucket.booked
    if bucket.actual < low:
        return Verdict(within, "under", week, low, bucket.actual, due_low)
    if dated > high:
        return Verdict(within, "over", week, high, dated, due_high, with_booked=False)
    if bucket.actual > bucket.forecast:
        return Verdict(within, "over", week, bucket.forecast, bucket.actual)
    return Verdict(within, None, week, low, bucket.actual, due_low)


def _half_width(spread: Spread | None, side: Verdict) -> Decimal | None:
    """The interval's half-width on the side of the error, for the share that is due."""
    if spread is None:
        return None
    square = spread.below if side.direction == "under" else spread.above
    return (square * side.due).sqrt()


def tracking_signal(history: Sequence[Bucket], limits: Limits) -> Decimal | None:
    """Sum of errors over their mean absolute deviation; None before `tracking_periods` weeks.

    Positive is a forecast too high. Source: capabilities.md, "Formulas used".
    """
    if len(history) < limits.tracking_periods:
        return None
    errors = [bucket.forecast - bucket.actual for bucket in history]
    spread = sum((abs(error) for error in errors), ZERO) / len(errors)
    return sum(errors, ZERO) / spread if spread else ZERO


def explaining_child(
    parent: Record,
    children: Mapping[str, Record],
    today: date,
    profile: WeekdayProfile = BUSINESS_WEEK,
    limits: Limits = Limits(),
) -> str | None:
    """Key of the breached child without which the parent would be quiet; the largest wins.

    Args:
        parent: the scope that breached.
        children: breached scopes inside it, of the same measure and direction, by key.
        today: as in `judge`.
        profile: as in `judge`.
        limits: as in `judge`.
    """

    def size(key: str) -> Decimal:
        weeks = (*children[key].history, children[key].current)
        return abs(sum((b.forecast - b.actual for b in weeks if b is not None), ZERO))

    for key in sorted(children, key=lambda key: (-size(key), key)):
        if not judge(parent.without(children[key]), today, profile, limits).breached:
            return key
    return None


def _judge_open(bucket: Bucket, today: date, profile: WeekdayProfile, limits: Limits) -> Verdict:
    due_low = share_due(profile, bucket.week, today)
    due_high = share_due(profile, bucket.week, today + timedelta(days=1))
    if bucket.whole:
        due_low, due_high = ZERO, Decimal(1)
    verdict = judge_bucket(bucket, due_low, due_high, limits)
    early = bucket.whole or today < bucket.week + timedelta(days=limits.under_from_weekday)
    if early and verdict.direction != "over":
        return replace(verdict, reason=Reason.TOO_EARLY, direction=None, fired=())
    return verdict


def _judge_tracking(
    history: Sequence[Bucket], signal: Decimal | None, limits: Limits
) -> Verdict | None:
    if signal is None or abs(signal) < limits.tracking_signal:
        return None
    forecast = sum((bucket.forecast for bucket in history), ZERO)
    actual = sum((bucket.actual for bucket in history), ZERO)
    if max(forecast, actual) < limits.minimum_volume * len(history):
        return None
    if abs(relative(forecast - actual, forecast, actual)) < limits.tracking_relative:
        return None
    direction: Direction = "under" if signal > 0 else "over"
    weeks = tuple(bucket.week for bucket in history)
    return Verdict(Reason.TRACKING_SIGNAL, direction, weeks, forecast, actual)


def _judge_run(history: Sequence[Bucket], limits: Limits) -> Verdict | None:
    run = history[-limits.consecutive_periods :]
    if len(run) < limits.consecutive_periods:
        return None
    sizes = [relative(b.forecast - b.actual, b.forecast, b.actual) for b in run]
    high = all(size >= limits.consecutive_relative for size in sizes)
    low = all(size <= -limits.consecutive_relative for size in sizes)
    if not (high or low):
        return None
    if any(max(b.forecast, b.actual) < limits.minimum_volume for b in run):
        return None
    forecast = sum((bucket.forecast for bucket in run), ZERO)
    actual = sum((bucket.actual for bucket in run), ZERO)
    direction: Direction = "under" if high else "over"
    weeks = tuple(bucket.week for bucket in run)
    return Verdict(Reason.CONSECUTIVE, direction, weeks, forecast, actual)
