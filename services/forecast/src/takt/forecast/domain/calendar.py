"""The declared calendar: days, ISO weeks from Monday, and months as the sums of their days."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from takt.common.amounts import MICRO

HORIZON_WEEKS = 26
DAYS_PER_WEEK = 7


def week_of(day: date) -> date:
    """The ISO Monday of the week in which `day` lies."""
    return day - timedelta(days=day.weekday())


def month_of(day: date) -> date:
    """The first of the month in which `day` lies."""
    return day.replace(day=1)


def weeks_from(first: date, count: int) -> list[date]:
    """`count` consecutive Mondays beginning with the week of `first`."""
    monday = week_of(first)
    return [monday + timedelta(weeks=offset) for offset in range(count)]


def weeks_between(first: date, last: date) -> int:
    """Whole weeks from the week of `first` to the week of `last`; negative when it is earlier."""
    return (week_of(last) - week_of(first)).days // DAYS_PER_WEEK


def spread_over_days(week: date, quantity: Decimal) -> dict[date, Decimal]:
    """A week's quantity on its seven days, equally.

    The millionths left over fall on the first days; the days sum to `quantity` exactly.
    """
    millionths = int((quantity / MICRO).to_integral_value())
    share, rest = divmod(abs(millionths), DAYS_PER_WEEK)
    sign = -1 if millionths < 0 else 1
    return {
        week + timedelta(days=day): sign * (share + (1 if day < rest else 0)) * MICRO
        for day in range(DAYS_PER_WEEK)
    }


def months_of_weeks(weekly: Mapping[date, Decimal]) -> dict[date, Decimal]:
    """Monthly sums of weekly quantities, every week being spread over its days. Sums exactly."""
    return months_of_days(
        (day, quantity)
        for week, total in weekly.items()
        for day, quantity in spread_over_days(week, total).items()
    )


def months_of_days(daily: Iterable[tuple[date, Decimal]]) -> dict[date, Decimal]:
    """Monthly sums of daily quantities, by the first of the month, in order."""
    months: dict[date, Decimal] = {}
    for day, quantity in daily:
        months[month_of(day)] = months.get(month_of(day), Decimal(0)) + quantity
    return dict(sorted(months.items()))
