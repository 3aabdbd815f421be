"""The cash ledger: the settings that a projection starts from, and what was last told of it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from takt.supply_planning.domain.cash import (
    Contribution,
    Opening,
    Projection,
    WeekFlow,
    project,
    week_of,
)
from takt.supply_planning.domain.cash_shortfall import Verdict, judge
from takt.supply_planning.domain.cash_terms import (
    FixedPayment,
    TermsPolicy,
    fixed_contributions,
)

HORIZON_WEEKS = 26
NO_CURRENCY = "XXX"
"""ISO 4217 for no currency: the company has not been told yet."""

_TOLERANCE_PART = 20
_LEAST_TOLERANCE = 100


@dataclass(frozen=True, slots=True)
class Ledger:
    """The company's one ledger.

    Until a person gives the opening balance (`opening_revision` 0) it opens with nothing in the
    week of the first event, and there is no minimum to fall below. The sequences count what was
    told; `projected_on` is the company's day of the projection last told, `shortfall_lowest` the
    balance in cents last told of an open shortfall.
    """

    code: str
    currency: str
    company_sequence: int
    opening_revision: int
    opening: Opening | None
    terms_revision: int
    policy: TermsPolicy
    fixed_revision: int
    fixed_payments: tuple[FixedPayment, ...]
    projection_sequence: int
    projected_on: date | None
    shortfall_sequence: int
    shortfall_lowest: int | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """A projection from the company's day on, and whether its lowest balance is news."""

    today: date
    projection: Projection
    fixed: tuple[Contribution, ...]
    verdict: Verdict


def opened(ledger: Ledger, now: datetime) -> Ledger:
    """The ledger with an opening."""
    if ledger.opening is not None:
        return ledger
    return replace(ledger, opening=Opening(week_of(ledger.policy.date_of(now)), 0, 0))


def opening_of(ledger: Ledger) -> Opening:
    """The opening of an opened ledger. Raises ValueError when it was not opened."""
    if ledger.opening is None:
        raise ValueError(f"the ledger {ledger.code} has no opening")
    return ledger.opening


def look_ahead(ledger: Ledger, weeks: dict[date, WeekFlow], now: datetime) -> Outlook:
    """Project an opened ledger over the horizon.

    Args:
        ledger: opened.
        weeks: sums of all sources.
        now: business time.
    """
    opening, today = opening_of(ledger), ledger.policy.date_of(now)
    end = max(week_of(today), week_of(opening.on)) + timedelta(weeks=HORIZON_WEEKS)
    fixed = fixed_contributions(ledger.fixed_payments, opening.on, end)
    projection = project(opening, weeks, fixed, today, HORIZON_WEEKS)
    verdict: Verdict = "unchanged"
    if ledger.opening_revision:
        verdict = judge(
            ledger.shortfall_lowest,
            projection.lowest.balance,
            opening.minimum,
            shortfall_tolerance(opening.minimum, projection),
        )
    return Outlook(today, projection, tuple(fixed), verdict)


def shortfall_tolerance(minimum: int, projection: Projection) -> int:
    """By how many cents the lowest balance may move without being news.

    A twentieth of the minimum, since a person chose that as an amount that matters. A minimum of
    nothing, or next to it, says nothing of what matters: then it is a twentieth of what moves in
    and out in an average week of the projection, so that it is small for this company and yet more
    than its daily noise. And it is never less than one unit of the currency: cents are no news.
    """
    moved = sum(week.flow.turnover for week in projection.weeks)
    scale = max(abs(minimum), moved // len(projection.weeks))
    return max(scale // _TOLERANCE_PART, _LEAST_TOLERANCE)


def told(ledger: Ledger, outlook: Outlook) -> Ledger:
    """The ledger after the outlook was told."""
    ledger = replace(
        ledger,
        projection_sequence=ledger.projection_sequence + 1,
        projected_on=outlook.today,
    )
    if outlook.verdict == "unchanged":
        return ledger
    lowest = None if outlook.verdict == "resolved" else outlook.projection.lowest.balance
    return replace(
        ledger, shortfall_sequence=ledger.shortfall_sequence + 1, shortfall_lowest=lowest
    )
