"""Weekly cash: what every source contributes, summed exactly, and the balance that follows.

A source (a deal, a sale, a purchase order, a forecast series) contributes dated amounts of money.
The ledger keeps only their weekly sums, so replacing one source's contributions touches only the
weeks they fall in, and equals summing everything again: amounts are whole cents, as integers.

*Committed* cash is promised by someone (won deals, closed sales, approved orders, fixed payments);
*expected* cash is likely (open deals, baseline sales, proposed orders). A week's balance is shown
both ways: from committed cash alone, and from both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from operator import add, sub
from typing import Literal, NamedTuple

Certainty = Literal["committed", "expected"]
ContributionKind = Literal[
    "deal_line",
    "receivable",
    "refund",
    "baseline",
    "purchase_order",
    "payable",
    "fixed_payment",
]

HUNDRED = Decimal(100)


class Contribution(NamedTuple):
    """Money that one line moves on one day, in cents: positive comes in, negative goes out."""

    kind: ContributionKind
    line: str
    due: date
    certainty: Certainty
    amount: int


class WeekFlow(NamedTuple):
    """One week's cash in cents; receipts are at least zero and payments at most zero."""

    committed_receipts: int = 0
    committed_payments: int = 0
    expected_receipts: int = 0
    expected_payments: int = 0

    @property
    def committed(self) -> int:
        """Committed cash of the week, net."""
        return self.committed_receipts + self.committed_payments

    @property
    def expected(self) -> int:
        """Expected cash of the week, net, on top of the committed."""
        return self.expected_receipts + self.expected_payments

    @property
    def turnover(self) -> int:
        """All that comes in and all that goes out, together."""
        return sum(map(abs, self))

    def plus(self, other: "WeekFlow") -> "WeekFlow":
        """The two flows of the same week together."""
        return WeekFlow(*map(add, self, other))

    def minus(self, other: "WeekFlow") -> "WeekFlow":
        """What is left of the flow without the other."""
        return WeekFlow(*map(sub, self, other))


NO_FLOW = WeekFlow()

_CELLS: Mapping[tuple[Certainty, bool], int] = {
    ("committed", False): 0,
    ("committed", True): 1,
    ("expected", False): 2,
    ("expected", True): 3,
}
"""The place in `WeekFlow` of a contribution of that certainty that goes out or not."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The balance on the morning of `on` in cents; whatever was due before that day is in it."""

    on: date
    balance: int
    minimum: int


@dataclass(frozen=True, slots=True)
class ProjectedWeek:
    """A week's flow and the two balances at its end, in cents."""

    week: date
    flow: WeekFlow
    committed_balance: int
    balance: int


@dataclass(frozen=True, slots=True)
class Projection:
    """Consecutive weeks from the current one; `balance` counts committed and expected cash."""

    opening_balance: int
    weeks: tuple[ProjectedWeek, ...]

    @property
    def lowest(self) -> ProjectedWeek:
        """The first week that ends with the lowest balance."""
        return min(self.weeks, key=lambda week: week.balance)

    @property
    def lowest_committed(self) -> ProjectedWeek:
        """The first week that ends with the lowest balance of committed cash alone."""
        return min(self.weeks, key=lambda week: week.committed_balance)


@lru_cache(maxsize=4096)
def week_of(day: date) -> date:
    """The Monday of the ISO week of `day`."""
    return day - timedelta(days=day.weekday())


def money(amount: int) -> Decimal:
    """Cents as money."""
    return Decimal(amount).scaleb(-2)


def cents(amount: Decimal) -> int:
    """Money rounded to the cent, half to even."""
    return round(amount * HUNDRED)


def to_cents(amounts: Iterable[Decimal]) -> list[int]:
    """Round each amount of money to the cent so that they sum to their rounded total.

    The running total is rounded, and each amount is its step: no cent is made or lost, and the
    rounding of one amount differs from its exact value by less than a cent.
    """
    rounded = []
    running, before = Decimal(0), 0
    for amount in amounts:
        running += amount
        after = cents(running)
        rounded.append(after - before)
        before = after
    return rounded


def sum_weeks(contributions: Iterable[Contribution], opening: date) -> dict[date, WeekFlow]:
    """The contributions' sums per week.

    Contributions due before `opening` are part of the opening balance and count in no week.
    """
    weeks: dict[date, list[int]] = {}
    for _, _, due, certainty, amount in contributions:
        if due >= opening:
            week = week_of(due)
            if week not in weeks:
                weeks[week] = [0] * len(NO_FLOW)
            weeks[week][_CELLS[certainty, amount < 0]] += amount
    return {week: WeekFlow(*cells) for week, cells in weeks.items()}


def difference(
    after: Mapping[date, WeekFlow], before: Mapping[date, WeekFlow]
) -> dict[date, WeekFlow]:
    """What replacing some weekly sums by others changes; unchanged weeks are absent."""
    changes = {
        week: after.get(week, NO_FLOW).minus(before.get(week, NO_FLOW))
        for week in after.keys() | before.keys()
    }
    return {week: change for week, change in changes.items() if any(change)}


def add_weeks(*parts: Mapping[date, WeekFlow]) -> dict[date, WeekFlow]:
    """The weekly sums of all parts together."""
    total: dict[date, WeekFlow] = {}
    for part in parts:
        for week, flow in part.items():
            known = total.get(week)
            total[week] = flow if known is None else known.plus(flow)
    return total


def project(
    opening: Opening,
    weeks: Mapping[date, WeekFlow],
    fixed: Sequence[Contribution],
    today: date,
    horizon_weeks: int,
) -> Projection:
    """Balances of `horizon_weeks` weeks from the week of `today`, or the opening's if later.

    Between the opening and the current week, committed cash is taken as paid when it was due;
    expected cash that did not become committed did not happen.

    Args:
        opening: where the balances start.
        weeks: sums of all contributions but the fixed payments.
        fixed: fixed payments from the opening to the end of the horizon.
        today: the business date.
        horizon_weeks: how many weeks to project.
    """
    all_weeks = add_weeks(weeks, sum_weeks(fixed, opening.on))
    first = max(week_of(today), week_of(opening.on))
    carried = opening.balance + sum(
        flow.committed for week, flow in all_weeks.items() if week < first
    )
    committed_balance = balance = carried
    projected = []
    for offset in range(horizon_weeks):
        week = first + timedelta(weeks=offset)
        flow = all_weeks.get(week, NO_FLOW)
        committed_balance += flow.committed
        balance += flow.committed + flow.expected
        projected.append(ProjectedWeek(week, flow, committed_balance, balance))
    return Projection(carried, tuple(projected))
