"""A deal's life on the wire."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from takt.common.amounts import Money, Quantity
from takt.deals.domain.life import FactKind


class ChangeOut(BaseModel):
    """A field with its values; with a line it is a field of that line. Empty values are left out.

    A line that came or went has values on one side only.
    """

    model_config = ConfigDict(from_attributes=True)

    field: str
    before: str | None = None
    after: str | None = None
    line: UUID | None = None
    product: str | None = None


class OfferOut(BaseModel):
    """A line as it was approved."""

    model_config = ConfigDict(from_attributes=True)

    line: UUID
    product: str
    quantity: Quantity
    price: Money


class FactOut(BaseModel):
    """Something that happened to a deal; what does not belong to its kind is left out."""

    kind: FactKind
    on: date
    """The company's day."""
    at: datetime | None = None
    """Left out where only the day is kept: with sales."""
    correlation_id: UUID | None = None
    """Of the chain that it began or belongs to, while the outbox keeps its event: eight days."""
    from_stage: str | None = None
    to_stage: str | None = None
    taken_back: bool | None = None
    """A slip, or its return, within ten minutes."""
    imported: bool | None = None
    reason: str | None = None
    competitor: str | None = None
    changes: list[ChangeOut] | None = None
    also_changed: list[str] | None = None
    """Fields that changed and of which no values are kept."""
    document: str | None = None
    name: str | None = None
    address: str | None = None
    approval_id: UUID | None = None
    role: str | None = None
    by: str | None = None
    """Who did it: the name of a key, or the source that told it."""
    offers: list[OfferOut] | None = None
    expires_at: datetime | None = None
    sale_id: UUID | None = None
    return_id: str | None = None
    product: str | None = None
    quantity: Quantity | None = None
    """Of a sale as it stands now, of a shipment the sum so far."""
    price: Money | None = None
    amount: Money | None = None
