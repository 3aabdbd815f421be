"""Rows in the words of the public contract."""

from __future__ import annotations

from datetime import date

from takt.alerting.domain.causes import Causes, DealCause
from takt.alerting.domain.scopes import Scope
from takt.alerting.store.reviews import ReviewRow
from takt.alerting.tables import AlertRow
from takt.common.contracts import alerting
from takt.common.contracts.alerting import AlertState, ReviewCause, ReviewState


def alert_state(alert: AlertRow) -> AlertState:
    """An alert as it stands."""
    scope = alerting.Scope(
        kind=alert.kind,
        level=alert.level,
        product=alert.product or alert.family,
        region=alert.region,
        week=alert.week,
    )
    return AlertState(
        alert_id=alert.alert_id,
        scope=scope,
        rule=alert.rule,
        summary=alert.summary,
        raised_at=alert.raised_at,
        resolved_at=alert.resolved_at,
        expected=alert.expected,
        actual=alert.actual,
        money=alert.money,
        review_id=alert.review_id,
    )


def review_state(row: ReviewRow) -> ReviewState:
    """A review as it stands."""
    review = row.review
    return ReviewState(
        review_id=review.id,
        scope=deviation_scope(row.scope, row.week),
        status=review.state,
        opened_at=review.opened_at,
        proposed_at=review.slot.starts_at,
        owner=review.owner,
        invited=review.roles,
        deviation=row.deviation,
        causes=row.causes,
        decision=review.decisions[-1].text if review.decisions else None,
        outcome=review.outcome,
    )


def deviation_scope(scope: Scope, week: date) -> alerting.Scope:
    """A scope of products and regions, in a week."""
    return alerting.Scope(
        kind="deviation",
        level=scope.level,
        product=scope.product or scope.family,
        region=scope.region,
        week=week,
    )


def review_causes(causes: Causes) -> tuple[ReviewCause, ...]:
    """The waterfall: price, mix and volume, then what the volume is made of."""
    within_deviation = [
        ReviewCause(cause="price", amount=causes.price, within="deviation"),
        ReviewCause(cause="mix", amount=causes.mix, within="deviation"),
        ReviewCause(cause="volume", amount=causes.volume, within="deviation"),
    ]
    amounts = {
        DealCause.WIN_RATE: causes.win_rate,
        DealCause.TIMING: causes.timing,
        DealCause.NEW: causes.new,
        DealCause.LOST: causes.lost,
    }
    within_volume = [
        ReviewCause(
            cause=cause.value,
            amount=amount,
            within="volume",
            deals=tuple(dict.fromkeys(p.deal for p in causes.deals if p.cause is cause)),
        )
        for cause, amount in amounts.items()
    ]
    baseline = ReviewCause(cause="baseline", amount=causes.baseline, within="volume")
    return (*within_deviation, *within_volume, baseline)
