"""Rows as the use cases see them. The tables themselves are in `migrations/`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SaleRow:
    """A sale as it stands; `demand_date` is the day that the customer asked for."""

    sale_id: UUID
    product: str
    region: str
    quantity: Decimal
    price: Decimal
    demand_date: date
    sold_on: date
    deal_id: UUID | None
    line_id: UUID | None
    shipped_on: date | None
    sequence: int


@dataclass(frozen=True, slots=True)
class SeriesWeek:
    """A series in one week of a version, with its 95 % interval, in the series' unit."""

    product: str
    region: str
    unit: str
    price: Decimal
    quantity: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class DayRow:
    """What was sold of a scope for a day, in units and in money."""

    scope: str
    day: date
    quantity: Decimal
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class DealWeek:
    """What a version expected of a deal's product: in one week, and ever."""

    deal_id: UUID
    product: str
    region: str
    expected: Decimal
    expected_ever: Decimal


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert; `scope` is the key of what it is about."""

    alert_id: UUID
    kind: Literal["deviation", "cash_shortfall"]
    scope: str
    level: str
    product: str | None
    family: str | None
    region: str | None
    week: date | None
    rule: str
    direction: Literal["under", "over"]
    summary: str
    raised_at: datetime
    resolved_at: datetime | None
    expected: Decimal | None
    actual: Decimal | None
    money: Decimal
    review_id: UUID | None
    sequence: int


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """A receiver of webhooks; `types` are the event types that it takes."""

    endpoint_id: UUID
    url: str
    description: str
    types: tuple[str, ...]
    state: Literal["enabled", "disabled"]
    disabled_because: str | None
    failing_since: datetime | None
    created_at: datetime
    sequence: int


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A message on its way to an endpoint."""

    delivery_id: UUID
    message_id: UUID
    endpoint_id: UUID
    type: str
    body: str
    state: Literal["waiting", "delivered", "failed"]
    attempts: int


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt of a delivery, as the log shows it."""

    attempt_id: UUID
    delivery_id: UUID
    message_id: UUID
    type: str
    number: int
    at: datetime
    status: int | None
    milliseconds: int
    error: str | None
