"""How often a series is observed: dates and integer steps as places on a line of periods.

A place is a whole number that grows by one a period, so that a gap is a difference above one. A
frequency that nobody names is read off the steps between the observations.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from math import gcd

Moment = int | datetime
"""When something was observed: an integer step, or a moment without a time zone."""

RUN = 3
"""Equal steps in a row that make a frequency rather than a coincidence."""


@dataclass(frozen=True, slots=True)
class Frequency:
    """How moments become places, and what a period is called."""

    period: str
    place: Callable[[Moment], int]
    in_a_year: float
    """Periods in a year; infinite for integer steps, which have none."""


def _of_dates(period: str, in_a_year: float, place: Callable[[datetime], int]) -> Frequency:
    def checked(moment: Moment) -> int:
        if isinstance(moment, int):
            raise TypeError("an integer step has no date")
        return place(moment)

    return Frequency(period, checked, in_a_year)


def _workday(moment: datetime) -> int:
    if moment.weekday() > 4:
        raise ValueError("not a working day")
    return moment.toordinal() // 7 * 5 + (moment.toordinal() - 1) % 7


YEARLY = _of_dates("year", 1, lambda moment: moment.year)
QUARTERLY = _of_dates("quarter", 4, lambda moment: moment.year * 4 + (moment.month - 1) // 3)
MONTHLY = _of_dates("month", 12, lambda moment: moment.year * 12 + moment.month - 1)
WEEKLY = _of_dates("week", 52, lambda moment: (moment.toordinal() - 1) // 7)
DAILY = _of_dates("day", 365, lambda moment: moment.toordinal())
WORKDAYS = _of_dates("working day", 260, _workday)
HOURLY = _of_dates("hour", 8760, lambda moment: moment.toordinal() * 24 + moment.hour)
TELLING = (
    (YEARLY, ("months", 12)),
    (QUARTERLY, ("months", 3)),
    (MONTHLY, ("months", 1)),
    (WEEKLY, ("days", 7)),
    (DAILY, ("days", 1)),
    (HOURLY, ("days", 1 / 24)),
)
"""The step that tells of a frequency."""
COARSE_FIRST = (MONTHLY, WEEKLY, DAILY, HOURLY)
"""What may be meant where no step is the usual one, as when periods without demand are left out."""

NAMES = {
    "Y": YEARLY,
    "Q": QUARTERLY,
    "M": MONTHLY,
    "W": WEEKLY,
    "D": DAILY,
    "B": WORKDAYS,
    "H": HOURLY,
}
"""What --freq takes; pandas' longer spellings (MS, QE-DEC, W-SUN, YS) mean the same."""


def steps(unit: int) -> Frequency:
    """Integer steps of one size."""

    def place(moment: Moment) -> int:
        if not isinstance(moment, int):
            raise TypeError("a date is no integer step")
        return moment // unit

    return Frequency("step" if unit == 1 else f"step of {unit}", place, float("inf"))


def named(name: str) -> Frequency | None:
    """The frequency of a name, or None where there is no such."""
    if name.isdecimal() and int(name) > 0:
        return steps(int(name))
    found = re.fullmatch(r"(?:([YAQMW])[SE]?|([DBH]))(?:-[A-Z]{3})?", name.upper())
    if found is None:
        return None
    letter = found[1] or found[2]
    return NAMES["Y" if letter == "A" else letter]


def moment_of(value: object) -> Moment:
    """Read a cell: an integer, an ISO date or time, or year and month.

    Eight digits that are a date, such as 19960131, are that date. Raises ValueError: neither.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if isinstance(value, int | float):
        if value != int(value):
            raise ValueError("not a whole number")
        return int(value)
    text = str(value).strip()
    if re.fullmatch(r"-?\d{1,7}|-?\d{9,18}|-?\d+\.0+", text):
        return int(text.partition(".")[0])
    if re.fullmatch(r"\d{4}-\d{2}", text):
        text += "-01"
    try:
        return moment_of(datetime.fromisoformat(text))
    except ValueError:
        if re.fullmatch(r"\d{8}", text):
            return int(text)
        raise


def inferred(series: Sequence[Sequence[Moment]]) -> Frequency:
    """The frequency of most steps between the sorted, different moments of all series.

    Where none has: the coarsest of `COARSE_FIRST` in which no two moments of a series share a
    period.
    """
    if any(isinstance(moment, int) for moments in series for moment in moments[:1]):
        unit = 0
        for moments in series:
            for before, after in pairwise(moments):
                unit = gcd(unit, int(after) - int(before))  # type: ignore[arg-type]
        return steps(unit or 1)
    sizes = Counter(_calendar_step(*pair) for moments in series for pair in pairwise(moments))
    for frequency, step in TELLING:
        if sizes[step] * 2 > sizes.total():
            return _without_weekends(series) if frequency is DAILY else frequency
    return next((f for f in COARSE_FIRST if not _share(series, f)), HOURLY)


def _calendar_step(before: Moment, after: Moment) -> tuple[str, float]:
    """A step in months, where the day is the same or both are at a month's end; else in days."""
    if isinstance(before, int) or isinstance(after, int):
        raise TypeError("an integer step has no calendar")
    months = MONTHLY.place(after) - MONTHLY.place(before)
    if months and (before.day == after.day or min(before.day, after.day) > 27):
        return "months", months
    return "days", (after - before) / timedelta(1)


def _share(series: Iterable[Sequence[Moment]], frequency: Frequency) -> bool:
    return any(
        frequency.place(a) == frequency.place(b) for each in series for a, b in pairwise(each)
    )


def _without_weekends(series: Sequence[Sequence[Moment]]) -> Frequency:
    """Daily, or working days where there are two weeks of them and never a weekend."""
    days = {m.toordinal() for moments in series for m in moments if isinstance(m, datetime)}
    return DAILY if len(days) < 10 or any((day - 1) % 7 > 4 for day in days) else WORKDAYS


def changes(moments: Sequence[Moment], frequency: Frequency) -> int | None:
    """Where sorted moments go over from one regular step to another, or None.

    So it is when all steps belong to long runs of equal ones, of more than one kind, but for one
    step between two runs: months and then weeks, say. A long step or two are gaps.
    """
    sizes = [_size(before, after, frequency) for before, after in pairwise(moments)]
    runs: list[tuple[tuple[str, float], int, int]] = []
    start = 0
    for size, run in groupby(sizes):
        length = len(list(run))
        runs.append((size, start, length))
        start += length
    regular = [(size, start) for size, start, length in runs if length >= RUN]
    between = sum(length for _, _, length in runs if length < RUN)
    if between >= max(len(regular), 1):
        return None
    return next((start + 1 for size, start in regular if size != regular[0][0]), None)


def _size(before: Moment, after: Moment, frequency: Frequency) -> tuple[str, float]:
    """A step in months, where it is whole in them and longer than a period; else in periods."""
    periods = frequency.place(after) - frequency.place(before)
    if periods > 1 and not isinstance(before, int):
        unit, size = _calendar_step(before, after)
        if unit == "months":
            return unit, size
    return "periods", periods
