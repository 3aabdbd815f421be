"""A deal's prices beside their limits, and what they earn."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from takt.common.amounts import Currency, Money, Quantity, SignedMoney, SignedSum, Sum

Ratio = SignedSum
"""A share to six places, negative where a price is above the list or below the cost."""


class LimitOut(BaseModel):
    """A floor or ceiling a unit, the rule that sets it and the role that may approve beyond it."""

    price: Money
    rule: str
    role: str


class RefusalOut(BaseModel):
    """What stands against a line, as a move would say it."""

    reason: str
    field: str
    value: str
    remedy: str


class LinePriceOut(BaseModel):
    """A line's price a unit, from its list price to its limits."""

    line_id: UUID
    product: str
    name: str
    unit: str
    quantity: Quantity
    price: Money
    list_price: Money | None
    cost: Money | None
    discount: Ratio | None
    """Share off the list price."""
    margin: SignedMoney | None
    """A unit: price less cost."""
    margin_share: Ratio | None
    """Of the price."""
    floor: LimitOut | None
    """The lowest price that needs no approval."""
    ceiling: LimitOut | None
    inside: bool
    """No rule objects to the price."""
    approved: bool
    """It is outside, and approvals in force cover it."""
    refusals: list[RefusalOut]
    """What keeps the line from passing now, payment days and warranty included."""


class PricesOut(BaseModel):
    """The prices of a deal. A sum that a line without list price or cost leaves open is none."""

    deal_id: UUID
    sequence: int
    stage: str
    currency: Currency
    as_of: datetime
    lines: list[LinePriceOut]
    value: Money
    list_value: Sum | None
    discount: Ratio | None
    cost: Sum | None
    margin: SignedSum | None
    margin_share: Ratio | None
