"""What alerting says: alerts raised and resolved; reviews opened, decided and closed."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from takt.common.amounts import SignedMoney, SignedQuantity
from takt.common.contracts import topics
from takt.common.contracts.deals import Part
from takt.common.event import Event


class Scope(Part):
    """What an alert or review is about.

    A deviation names level, product or family, region and week.
    """

    kind: Literal["deviation", "cash_shortfall"]
    level: str
    product: str | None = None
    region: str | None = None
    week: date | None = None

    def __str__(self) -> str:
        parts = (self.kind, self.level, self.product, self.region, self.week)
        return "|".join("" if part is None else str(part) for part in parts)


class AlertState(Part):
    """An alert as it stands."""

    alert_id: UUID
    scope: Scope
    rule: str
    """Which rule fired: percentage, interval, tracking_signal, consecutive, minimum_cash."""
    summary: str
    raised_at: datetime
    resolved_at: datetime | None = None
    expected: SignedQuantity | None = None
    actual: SignedQuantity | None = None
    money: SignedMoney = Decimal(0)
    review_id: UUID | None = None


class AlertEvent(Event):
    """Any change of an alert."""

    topic = topics.ALERTS

    alert: AlertState

    @property
    def subject(self) -> str:
        return str(self.alert.alert_id)


class AlertRaised(AlertEvent):
    """Something left its limits."""

    event_type = "takt.alert.raised.v1"


class AlertResolved(AlertEvent):
    """It is back inside."""

    event_type = "takt.alert.resolved.v1"


class ReviewCause(Part):
    """A part of the deviation, in money; all parts sum to it exactly."""

    cause: Literal["price", "mix", "volume", "win_rate", "timing", "new", "lost", "baseline"]
    amount: SignedMoney
    within: Literal["deviation", "volume"]
    """`price`, `mix`, `volume` sum to the deviation; the others sum to `volume`."""
    deals: tuple[UUID, ...] = ()


class ReviewState(Part):
    """A review as it stands."""

    review_id: UUID
    scope: Scope
    status: Literal["open", "decided", "closed"]
    opened_at: datetime
    proposed_at: datetime
    """When the meeting is proposed."""
    owner: str
    invited: tuple[str, ...]
    deviation: SignedMoney
    """Actual minus forecast, in money."""
    causes: tuple[ReviewCause, ...] = ()
    decision: str | None = None
    outcome: str | None = None


class ReviewEvent(Event):
    """Any change of a review."""

    topic = topics.ALERTS

    review: ReviewState

    @property
    def subject(self) -> str:
        return str(self.review.review_id)


class ReviewOpened(ReviewEvent):
    """A breach opened a review."""

    event_type = "takt.review.opened.v1"


class ReviewDecided(ReviewEvent):
    """People decided."""

    event_type = "takt.review.decided.v1"


class ReviewClosed(ReviewEvent):
    """The review is done."""

    event_type = "takt.review.closed.v1"


ALERT_EVENTS: tuple[type[Event], ...] = (
    AlertRaised,
    AlertResolved,
    ReviewOpened,
    ReviewDecided,
    ReviewClosed,
)
