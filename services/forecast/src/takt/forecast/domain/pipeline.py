"""Pipeline demand: what an open deal asks for, spread over the weeks in which it may be won.

A line's demand falls at the latest of its requested date, its win plus the fulfilment time, and
today. The win is drawn from the curve of the deal's stage and age; the date that the seller
expects moves that curve half of the way towards itself and never replaces it. A won line is
certain, in place, until it is shipped. A lost one is nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import assert_never
from uuid import UUID

import numpy as np
import numpy.typing as npt

from takt.common.contracts.deals import DealLine, DealState
from takt.forecast.domain.calendar import HORIZON_WEEKS, week_of
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.win_champion import judged
from takt.forecast.domain.win_curves import (
    CURVE_DAYS,
    NO_CASES,
    Counts,
    Visit,
    WinCurve,
    WinModel,
)
from takt.forecast.domain.win_model import OutcomeModel

Floats = npt.NDArray[np.float64]
Millionths = npt.NDArray[np.int64]

SELLER_WEIGHT = 0.5
"""How far the seller's date moves the learned one. Sellers know more of this deal, and hope."""
MILLION = 1_000_000
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of a deal: its probability, P(won within d days) of shape (CURVE_DAYS + 1,)."""

    probability: float
    cumulative: Floats
    stalled: bool
    counts: Counts


@dataclass(frozen=True, slots=True)
class LineOutlook:
    """What a line asks for, from the week of `first_week` on.

    Quantities are whole millionths, so that sums of lines are exact. Shapes: (HORIZON_WEEKS,).
    """

    deal_id: UUID
    line: DealLine
    series: SeriesKey
    probability: float
    first_week: date
    expected: Millionths
    variance: Floats


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is known of a won line's sale: sold quantity, and how much of it was shipped."""

    sold: Decimal | None = None
    shipped: Decimal = Decimal(0)


NOT_SOLD_YET = Delivery()


def days_between(start: datetime, end: datetime) -> float:
    """Days from start to end, never negative."""
    return max((end - start).total_seconds() / SECONDS_PER_DAY, 0.0)


def visits_of(
    deal: DealState, closing_stages: frozenset[tuple[str, str]], now: datetime
) -> list[Visit]:
    """The deal's stays in open stages, as cases for the win curves.

    Args:
        deal: with its whole stage history.
        closing_stages: (pipeline, stage) of closed deals; a reopened deal passed through one.
        now: until when an open deal was watched.
    """
    end = deal.closed_at if deal.status != "open" and deal.closed_at is not None else now
    found = []
    for interval in deal.history:
        if (deal.pipeline, interval.stage) in closing_stages or interval.entered_at > end:
            continue
        left = interval.left_at if interval.left_at is not None else end
        found.append(
            Visit(
                deal.pipeline,
                interval.stage,
                days_between(interval.entered_at, min(left, end)),
                days_between(interval.entered_at, end),
                deal.status,
            )
        )
    return found


def outlook(
    deal: DealState, model: WinModel, now: datetime, outcomes: OutcomeModel | None = None
) -> Outlook:
    """The deal's probability and time to win; won is 1 and lost 0, whatever the curves say.

    Args:
        deal: as it stands.
        model: the curves of stage and age.
        now: business time.
        outcomes: what says the probability in their place, where it has shown to be better.
    """
    match deal.status:
        case "won":
            return Outlook(1.0, np.ones(CURVE_DAYS + 1), False, NO_CASES)
        case "lost":
            return Outlook(0.0, np.zeros(CURVE_DAYS + 1), False, NO_CASES)
        case "open":
            curve = model.curve(deal.pipeline, deal.stage, days_between(deal.stage_entered_at, now))
            if outcomes is not None:
                entered = model.curve(deal.pipeline, deal.stage, 0.0)
                curve = judged(deal, entered, curve, outcomes)
            shifted = shift(curve, deal.expected_close, now.date())
            return Outlook(curve.probability, shifted, curve.stalled, curve.counts)
        case _:
            assert_never(deal.status)


def shift(curve: WinCurve, expected_close: date | None, today: date) -> Floats:
    """Move the curve in time, half of the way from its median to the expected date.

    What would be won before tomorrow is won tomorrow. An expected date that has passed says
    nothing.
    """
    if expected_close is None or expected_close < today:
        return curve.cumulative
    days = round(SELLER_WEIGHT * ((expected_close - today).days - curve.days_to_half()))
    if days == 0:
        return curve.cumulative
    positions = np.arange(CURVE_DAYS + 1) - days
    moved: Floats = curve.cumulative[np.clip(positions, 0, CURVE_DAYS)]
    moved[0] = 0.0
    return moved


def week_shares(
    cumulative: Floats, requested: date | None, fulfilment_days: int, today: date
) -> Floats:
    """P(the demand falls into each coming week), shape (HORIZON_WEEKS,); week 0 is in progress.

    Args:
        cumulative: P(won within d days from today).
        requested: the day for which the customer wants it; None is as soon as possible.
        fulfilment_days: from a win to its delivery.
        today: the day from which the curve counts.
    """
    first_sunday = 6 - today.weekday()
    week_ends = first_sunday + 7 * np.arange(HORIZON_WEEKS)
    days = week_ends - fulfilment_days
    reached = np.where(days >= 0, cumulative[np.clip(days, 0, CURVE_DAYS)], 0.0)
    if requested is not None:
        reached = np.where(week_ends >= (requested - today).days, reached, 0.0)
    shares: Floats = np.diff(reached, prepend=0.0)
    return shares


def lines_outlook(
    deal: DealState,
    view: Outlook,
    deliveries: dict[UUID, Delivery],
    fulfilment_days: int,
    now: datetime,
) -> list[LineOutlook]:
    """What every line of the deal asks for; lost and shipped ones ask for nothing and are left out.

    Args:
        deal: as it stands.
        view: its outlook.
        deliveries: what is known of the sales of its lines, by line.
        fulfilment_days: from a win to its delivery.
        now: business time in the company's zone, whose days count.
    """
    if deal.status == "lost":
        return []
    found = []
    for line in deal.lines:
        if deal.status == "won":
            quantity = _still_to_ship(deal, line, deliveries.get(line.line_id, NOT_SOLD_YET))
            if not quantity:
                continue
            shares = _certain_shares(deal, line, fulfilment_days, now)
            variance = np.zeros(HORIZON_WEEKS)
        else:
            quantity = line.quantity
            shares = week_shares(view.cumulative, line.requested_date, fulfilment_days, now.date())
            variance = shares * (1 - shares) * float(quantity) ** 2
        found.append(
            LineOutlook(
                deal.deal_id,
                line,
                SeriesKey(line.product, deal.region),
                view.probability,
                week_of(now.date()),
                np.rint(shares * float(quantity) * MILLION).astype(np.int64),
                variance,
            )
        )
    return found


def won_elsewhere(deal: DealState) -> bool:
    """Whether the win was told by another system's history, and so was delivered long ago."""
    if deal.status != "won":
        return False
    return deal.history[-1].imported if deal.history else deal.imported


def _still_to_ship(deal: DealState, line: DealLine, delivery: Delivery) -> Decimal:
    if won_elsewhere(deal) and delivery.sold is None:
        return Decimal(0)
    sold = line.quantity if delivery.sold is None else delivery.sold
    return max(sold - delivery.shipped, Decimal(0))


def _certain_shares(deal: DealState, line: DealLine, fulfilment_days: int, now: datetime) -> Floats:
    today = now.date()
    # Instants are told in UTC: the day of a win is the company's, as it is for its sale.
    won_on = (deal.closed_at or now).astimezone(now.tzinfo).date()
    due = max(line.requested_date or today, won_on + timedelta(days=fulfilment_days), today)
    shares = np.zeros(HORIZON_WEEKS)
    week = (week_of(due) - week_of(today)).days // 7
    if week < HORIZON_WEEKS:
        shares[week] = 1.0
    return shares


def to_decimals(millionths: Sequence[int] | Millionths) -> list[Decimal]:
    """Whole millionths as quantities, exactly."""
    return [Decimal(int(value)).scaleb(-6) for value in millionths]
