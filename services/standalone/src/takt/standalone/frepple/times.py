"""frePPLe's calendars, day by day, as weeks of working minutes and the days that differ."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from takt.standalone.frepple.model import Model, Row
from takt.standalone.supply_folder.calendars import WEEKDAYS

BACK, AHEAD = 92, 1100
"""Days before and after the day of planning for which a calendar is written."""
DAY = 1440
ALWAYS = datetime.combine(date.min, time()), datetime.combine(date.max, time())

Value = Callable[[date], list[tuple[int, float]]]
"""Of a day its stretches: how many minutes, with which value."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Working minutes by weekday, Monday first, and of the days that differ."""

    week: tuple[int, ...]
    single: dict[date, int]

    @property
    def usual(self) -> float:
        """The mean of its working days' minutes."""
        return sum(self.week) / max(sum(1 for minutes in self.week if minutes), 1)


def days_around(today: date) -> list[date]:
    """The days for which calendars are written."""
    return [today + timedelta(days=number) for number in range(-BACK, AHEAD)]


def value_of(model: Model, calendar: str) -> Value:
    """What a calendar says of each day: the entry of the lowest priority holds."""
    default = model.named("calendar")[calendar].number("defaultvalue", 0.0)
    entries = sorted(
        (
            (row.number("priority", 0.0), row)
            for row in model.of("calendarbucket", "calendar", calendar)
        ),
        key=lambda one: one[0],
    )
    read = [_entry(row) for _, row in entries]

    def found(day: date) -> list[tuple[int, float]]:
        holding = [(entry.value, *stretch) for entry in read if (stretch := entry.on(day))]
        marks = sorted({0, DAY, *(at for _, *stretch in holding for at in stretch)})
        return [
            (
                end - begin,
                next(
                    (v for v, begins, ends in holding if begins <= begin and end <= ends), default
                ),
            )
            for begin, end in pairwise(marks)
        ]

    return found


@dataclass(frozen=True, slots=True)
class _Entry:
    """Minutes `begins` to `ends` of weekdays, from the moment `first` until `after`."""

    value: float
    first: datetime
    after: datetime
    weekdays: tuple[bool, ...]
    begins: int
    ends: int

    def on(self, day: date) -> tuple[int, int] | None:
        """From which minute of a day to which it holds; None where it does not."""
        if not self.weekdays[day.weekday()]:
            return None
        midnight = datetime.combine(day, time())
        begins = max(self.begins, _minutes(self.first - midnight))
        ends = min(self.ends, _minutes(self.after - midnight))
        return (begins, ends) if begins < ends else None


def _minutes(passed: timedelta) -> int:
    """Whole minutes, the nearest: the last second of a day is its end."""
    return round(passed / timedelta(minutes=1))


def _entry(row: Row) -> _Entry:
    begins, ends = row.clock("starttime", 0), row.clock("endtime", DAY) or DAY
    if ends <= begins:
        row.fault("endtime", "it is not after starttime; give each day an entry of its own.")
    return _Entry(
        row.number("value", 0.0),
        row.moment("startdate") or ALWAYS[0],
        row.moment("enddate") or ALWAYS[1],
        tuple(row.flag(name) for name in WEEKDAYS),
        begins,
        ends,
    )


def open_minutes(value: Value, days: Iterable[date]) -> dict[date, int]:
    """Minutes of each day with a value above 0."""
    return {day: sum(minutes for minutes, worth in value(day) if worth > 0) for day in days}


def hours_of(minutes: dict[date, int]) -> Hours:
    """The usual week of these days, and what differs from it."""
    week = tuple(
        Counter(n for day, n in minutes.items() if day.weekday() == place).most_common(1)[0][0]
        for place in range(7)
    )
    return Hours(week, {day: n for day, n in minutes.items() if n != week[day.weekday()]})


def capacity_of(
    model: Model, resource: str, days: Sequence[date]
) -> tuple[float, dict[date, float]]:
    """Units that a resource has at most, and the unit-minutes of each day.

    A resource that owns others is their pool.
    """
    members = model.of("resource", "owner", resource)
    if members:
        parts = [capacity_of(model, row.name, days) for row in members]
        return (
            sum(units for units, _ in parts),
            {day: sum(minutes[day] for _, minutes in parts) for day in days},
        )
    row = model.named("resource")[resource]
    calendar = row.text("maximum_calendar")
    if calendar not in model.named("calendar"):
        units = row.quantity("maximum", 1.0)
        return units, dict.fromkeys(days, units * DAY)
    value = value_of(model, calendar)
    said = {day: value(day) for day in days}
    units = max((worth for parts in said.values() for n, worth in parts if n), default=0.0)
    return units, {day: sum(n * max(worth, 0) for n, worth in said[day]) for day in days}
