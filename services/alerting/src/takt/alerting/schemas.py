"""Wire shapes of the API."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, PlainSerializer, model_validator

from takt.common.amounts import SignedMoney, SignedQuantity, micro, plain
from takt.common.contracts.alerting import AlertState, ReviewCause, Scope
from takt.common.http import RequestModel

Ratio = Annotated[
    Decimal, PlainSerializer(lambda value: plain(micro(value)), return_type=str, when_used="json")
]
Text = Annotated[str, Field(min_length=1, max_length=2_000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Url = Annotated[str, Field(min_length=1, max_length=2_048)]


class Deviation(BaseModel):
    """How a scope stands: expected (the part of the forecast that was due) against actual.

    `relative_error` and `tracking_signal` are positive where the forecast is too high. `unit` is
    null where the scope sums several units and is measured in money.
    """

    scope: Scope
    title: str
    unit: str | None
    breached: bool
    direction: Literal["under", "over"] | None
    reason: str
    rules: list[str]
    weeks: list[date]
    expected: SignedQuantity
    actual: SignedQuantity
    relative_error: Ratio
    tracking_signal: Ratio | None


class Check(BaseModel):
    """What a check found."""

    scopes: int
    raised: int
    resolved: int
    opened: int


class Alert(AlertState):
    """An alert."""

    sequence: int


class ActionOut(BaseModel):
    """Who does what until when."""

    id: UUID
    text: str
    owner: str
    due: date
    done_at: datetime | None


class DecisionOut(BaseModel):
    """What was decided."""

    text: str
    decided_by: str
    decided_at: datetime


class ReviewOut(BaseModel):
    """A review with its causes: price, mix and volume sum to the deviation, the rest to volume."""

    review_id: UUID
    scope: Scope
    title: str
    direction: Literal["under", "over"]
    status: Literal["open", "decided", "closed"]
    owner: str
    invited: list[str]
    starts_at: datetime
    ends_at: datetime
    opened_at: datetime
    closed_at: datetime | None
    deviation: SignedMoney
    causes: list[ReviewCause]
    joined: list[str]
    """Keys of the wider scopes whose breach this one explains."""
    decisions: list[DecisionOut]
    actions: list[ActionOut]
    outcome: str | None
    sequence: int


class DecisionIn(RequestModel):
    """What was decided."""

    text: Text


class ActionIn(RequestModel):
    """Who does what until when."""

    text: Text
    owner: Name
    due: date


class MeetingIn(RequestModel):
    """When the review meets."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime


class CloseIn(RequestModel):
    """How it ended."""

    outcome: Text


class WebhookIn(RequestModel):
    """An endpoint to register."""

    url: Url
    types: Annotated[list[str], Field(min_length=1, max_length=50)]
    description: Annotated[str, Field(max_length=500)] = ""


class WebhookChange(RequestModel):
    """What to change of an endpoint; what is left out stays."""

    url: Url | None = None
    types: Annotated[list[str], Field(min_length=1, max_length=50)] | None = None
    description: Annotated[str, Field(max_length=500)] | None = None
    enabled: bool | None = None


class Webhook(BaseModel):
    """An endpoint. Its secrets are read apart."""

    webhook_id: UUID
    url: str
    types: list[str]
    description: str
    state: Literal["enabled", "disabled"]
    disabled_because: str | None
    failing_since: datetime | None
    created_at: datetime
    sequence: int


class WebhookSecret(BaseModel):
    """A secret that signs now; `expires_at` is null for the current one."""

    secret: str
    expires_at: datetime | None


class WebhookSecrets(BaseModel):
    """The secrets that sign now, the current one first."""

    secrets: list[WebhookSecret]


class Sent(BaseModel):
    """A message that is on its way; its attempts tell what came of it."""

    message_id: UUID
    delivery_id: UUID


class ReplayIn(RequestModel):
    """What to send again: one message by id, or those that failed since an instant."""

    message_id: UUID | None = None
    since: AwareDatetime | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> ReplayIn:
        if (self.message_id is None) == (self.since is None):
            raise ValueError("give message_id or since, and not both")
        return self


class Replayed(BaseModel):
    """How many messages are sent again."""

    messages: int


class WebhookAttempt(BaseModel):
    """An attempt: its status, or the error where there was none."""

    attempt_id: UUID
    delivery_id: UUID
    message_id: UUID
    type: str
    number: int
    at: datetime
    status: int | None
    milliseconds: int
    error: str | None
