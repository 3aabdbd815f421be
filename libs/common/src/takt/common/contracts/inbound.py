"""What other systems say, in their words.

The owner deduplicates by (source, id) and emits its own fact.

The source is the CloudEvents `source`, the id its `id`.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from takt.common.amounts import (
    Code,
    Currency,
    Money,
    PositiveQuantity,
    Probability,
    Quantity,
    SignedQuantity,
)
from takt.common.contracts import topics
from takt.common.contracts.deals import Part
from takt.common.contracts.forecast import SignalKind, Strength
from takt.common.event import Event


class InboundDealLine(Part):
    """A line of a CRM's opportunity; `reference` is the CRM's own id of the line."""

    reference: str | None = None
    product: Code
    quantity: PositiveQuantity
    price: Money
    requested_date: date | None = None


class InboundDeal(Event):
    """A CRM's opportunity as it stands there; fields left out stay as they are here."""

    event_type = "takt.inbound.deal.v1"
    topic = topics.INBOUND_DEALS

    sequence: int = 0
    external_id: str
    name: str | None = None
    account: str | None = None
    """The external id or name of the account."""
    owner: str | None = None
    team: Code | None = None
    region: Code | None = None
    pipeline: Code | None = None
    stage: Code | None = None
    expected_close: date | None = None
    manual_probability: Probability | None = None
    currency: Currency | None = None
    lines: tuple[InboundDealLine, ...] | None = None
    reason: str | None = None
    competitor: str | None = None

    @property
    def subject(self) -> str:
        return self.external_id


class InboundSale(Event):
    """An order line as an ERP or a till knows it."""

    event_type = "takt.inbound.sale.v1"
    topic = topics.INBOUND_SALES

    sequence: int = 0
    order_line: str
    deal_line_id: UUID | None = None
    account: str | None = None
    product: Code
    region: Code
    quantity: Quantity
    price: Money
    currency: Currency | None = None
    sold_on: date
    requested_date: date | None = None
    payment_days: int | None = None
    shipped_quantity: Quantity = Decimal(0)
    shipped_on: date | None = None

    @property
    def subject(self) -> str:
        return self.order_line


class InboundPurchaseOrder(Event):
    """An ERP's answer about a purchase order.

    An older `order_revision` changes nothing and is kept.
    """

    event_type = "takt.inbound.purchase_order.v1"
    topic = topics.INBOUND_PURCHASING

    sequence: int = 0
    order_id: UUID
    order_revision: int
    answer: Literal["confirmed", "changed", "received", "cancelled"]
    quantity: Quantity | None = None
    """Confirmed or changed quantity; for `received` the sum so far."""
    due_on: date | None = None
    received_on: date | None = None
    said_at: datetime | None = None

    @property
    def subject(self) -> str:
        return str(self.order_id)


class InboundSignal(Event):
    """A dated signal as its source states it, whole: what is left out is none.

    `sequence` counts the source's own changes of it; an older one changes nothing.
    """

    event_type = "takt.inbound.signal.v1"
    topic = topics.INBOUND_SIGNALS

    sequence: int = 0
    external_id: str
    kind: SignalKind
    product: Code | None = None
    family: Code | None = None
    region: Code | None = None
    begins: date
    ends: date
    strength: Strength | None = None
    value: SignedQuantity | None = None
    note: str | None = None
    withdrawn: bool = False
    """It does not hold any more."""

    @property
    def subject(self) -> str:
        return self.external_id
