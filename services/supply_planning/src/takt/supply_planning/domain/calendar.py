"""Working calendars, and when work must start so that it ends on its due date.

Time is whole minutes per day; a date is a day on which something happens. Work that takes minutes
fills the days before the due date, latest first, and occupies every day that it touches: offsets
round up to whole days.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice

from takt.supply_planning.domain.quantity import ONE, ceil_div

DAY = timedelta(days=1)
MINUTES_A_DAY = 1440
LONGEST_CLOSURE_DAYS = 366


class NoWorkingTimeError(ValueError):
    """A calendar has no working day where one is needed."""


@dataclass(frozen=True, eq=False)
class WorkingCalendar:
    """When work is done. Two are the same only when they are one object: offsets are remembered.

    Args:
        code: its name.
        minutes: working minutes of each weekday, Monday first.
        exceptions: other minutes on single dates; 0 is closed.
    """

    code: str
    minutes: tuple[int, int, int, int, int, int, int]
    exceptions: Mapping[date, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for minutes in (*self.minutes, *self.exceptions.values()):
            if not 0 <= minutes <= MINUTES_A_DAY:
                raise ValueError(f"{minutes} minutes is not within a day of {MINUTES_A_DAY}")
        if not any(self.minutes):
            raise NoWorkingTimeError(f"calendar {self.code} has no working weekday")

    def minutes_on(self, day: date) -> int:
        """Working minutes on `day`."""
        return self.exceptions.get(day, self.minutes[day.weekday()])

    def working_days_before(self, day: date) -> Iterator[date]:
        """Working days before `day`, latest first. NoWorkingTimeError after a closed year."""
        return self._working_days(day - DAY, -DAY)

    def working_days_from(self, day: date) -> Iterator[date]:
        """Working days from `day` on, earliest first. NoWorkingTimeError after a closed year."""
        return self._working_days(day, DAY)

    def _working_days(self, day: date, step: timedelta) -> Iterator[date]:
        closed = 0
        while closed < LONGEST_CLOSURE_DAYS:
            if self.minutes_on(day):
                closed = 0
                yield day
            else:
                closed += 1
            day += step
        raise NoWorkingTimeError(f"calendar {self.code} is closed for the year around {day}")


ROUND_THE_CLOCK = WorkingCalendar("round the clock", (MINUTES_A_DAY,) * 7)


@dataclass(frozen=True, slots=True)
class LeadTime:
    """How long an order takes.

    Args:
        days: whole working days, whatever the quantity.
        minutes_per_unit: working minutes for each base unit on top of them.
        buffer_days: whole working days kept free before the due date.
    """

    days: int = 0
    minutes_per_unit: int = 0
    buffer_days: int = 0

    def __post_init__(self) -> None:
        for name in ("days", "minutes_per_unit", "buffer_days"):
            if (value := getattr(self, name)) < 0:
                raise ValueError(f"{name} {value} lies in the past; give 0 or more")


def release_date(due: date, lead: LeadTime, quantity: int, calendar: WorkingCalendar) -> date:
    """The last day on which an order can start and still be done on `due`.

    Args: quantity: in millionths; it matters only where the lead time has minutes per unit.
    """
    start = due
    if lead.minutes_per_unit:
        minutes = ceil_div(quantity * lead.minutes_per_unit, ONE)
        days = calendar.working_days_before(due)
        while minutes > 0:
            start = next(days)
            minutes -= calendar.minutes_on(start)
    return _days_before(calendar, start, lead.days + lead.buffer_days)


@lru_cache(maxsize=1 << 16)
def _days_before(calendar: WorkingCalendar, day: date, working_days: int) -> date:
    if not working_days:
        return day
    return next(islice(calendar.working_days_before(day), working_days - 1, None))


def earliest_due(release: date, lead: LeadTime, quantity: int, calendar: WorkingCalendar) -> date:
    """The first day on which an order that starts on `release` can be done.

    The reverse of `release_date`: the first of all days whose release date is not before `release`.
    """
    start = _days_after(calendar, release, lead.days + lead.buffer_days)
    if lead.minutes_per_unit:
        minutes = ceil_div(quantity * lead.minutes_per_unit, ONE)
        days = calendar.working_days_from(start)
        while minutes > 0:
            day = next(days)
            minutes -= calendar.minutes_on(day)
            start = day + DAY
    return start


@lru_cache(maxsize=1 << 16)
def _days_after(calendar: WorkingCalendar, day: date, working_days: int) -> date:
    if not working_days:
        return day
    return next(islice(calendar.working_days_from(day), working_days - 1, None)) + DAY


def open_day(due: date, calendar: WorkingCalendar) -> date:
    """`due` itself, or the last working day before it when `calendar` is closed then."""
    return due if calendar.minutes_on(due) else next(calendar.working_days_before(due))
