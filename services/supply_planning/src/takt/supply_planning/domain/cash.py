"""Weekly cash: what every source contributes, summed exactly, and the balance that follows.

A source (a deal, a sale, a purchase order, a forecast series) contributes dated amounts of money.
The ledger keeps only their weekly sums, so replacing one source's contributions touches only the
weeks they fall in, and equals summing everything again: amounts are whole cents in `Decimal`.

*Committed* cash is promised by someone (won deals, closed sales, approved orders, fixed payments);
*expected* cash is likely (open deals, baseline sales, proposed orders). A week's balance is shown
both ways: from committed cash alone, and from both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
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

CENT = Decimal("0.01")
ZERO = Decimal(0)


class Contribution(NamedTuple):
    """Money that one line moves on one day, in whole cents: positive in, negative out."""

    kind: ContributionKind
    line: str
    due: date
    certainty: Certainty
    amount: Decimal


class WeekFlow(NamedTuple):
    """One week's cash; receipts are at least zero and payments at most zero."""

    committed_receipts: Decimal = ZERO
    committed_payments: Decimal = ZERO
    expected_receipts: Decimal = ZERO
    expected_payments: Decimal = ZERO

    @property
    def committed(self) -> Decimal:
        """Committed cash of the week, net."""
        return self.committed_receipts + self.committed_payments

    @property
    def expected(self) -> Decimal:
        """Expected cash of the week, net, on top of the committed."""
        return self.expected_receipts + self.expected_payments

    def plus(self, other: "WeekFlow") -> "WeekFlow":
        """The two flows of the same week together."""
        return WeekFlow(*map(add, self, other))

    def minus(self, other: "WeekFlow") -> "WeekFlow":
        """What is left of the flow without the other."""
        return WeekFlow(*map(sub, self, other))


NO_FLOW = WeekFlow()


@dataclass(frozen=True, slots=True)
class Opening:
    """The balance on the morning of `on`; whatever was due before that day is already in it."""

    on: date
    balance: Decimal
    minimum: Decimal


@dataclass(frozen=True, slots=True)
class ProjectedWeek:
    """A week's flow and the two balances at its end."""

    week: date
    flow: WeekFlow
    committed_balance: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Projection:
    """Consecutive weeks from the current one; `balance` counts committed and expected cash."""

    opening_balance: Decimal
    weeks: tuple[ProjectedWeek, ...]

    @property
    def lowest(self) -> ProjectedWeek:
        """The first week that ends with the lowest balance."""
        return min(self.weeks, key=lambda week: week.balance)

    @property
    def lowest_committed(self) -> ProjectedWeek:
        """The first week that ends with the lowest balance of committed cash alone."""
        return min(self.weeks, key=lambda week: week.committed_balance)


def week_of(day: date) -> date:
    """The Monday of the ISO week of `day`."""
    return day - timedelta(days=day.weekday())


def to_cents(amounts: Iterable[Decimal]) -> list[Decimal]:
    """Round each amount to the cent so that they sum to their rounded total.

    The running total is rounded, and each amount is its step: no cent is made or lost, and the
    rounding of one amount differs from its exact value by less than a cent.
    """
    rounded = []
    running = before = ZERO
    for amount in amounts:
        running += amount
        after = running.quantize(CENT, ROUND_HALF_EVEN)
        rounded.append(after - before)
        before = after
    return rounded


def sum_weeks(contributions: Iterable[Contribution], opening: date) -> dict[date, WeekFlow]:
    """The contributions' sums per week.

    Contributions due before `opening` are part of the opening balance and count in no week.
    """
    weeks: dict[date, list[Decimal]] = {}
    for contribution in contributions:
        if contribution.due >= opening:
            cells = weeks.setdefault(week_of(contribution.due), [ZERO] * len(NO_FLOW))
            cells[_cell(contribution)] += contribution.amount
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
        (flow.committed for week, flow in all_weeks.items() if week < first), ZERO
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


def _cell(contribution: Contribution) -> int:
    """Position of the contribution's field in `WeekFlow`."""
    paid = contribution.amount < 0
    return (2 if contribution.certainty == "expected" else 0) + (1 if paid else 0)
