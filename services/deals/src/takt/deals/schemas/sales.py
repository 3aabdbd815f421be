"""What an ERP or a till says of order lines."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from takt.common.amounts import Code, Currency
from takt.common.http import RequestModel
from takt.deals.schemas.values import AmountOrZero, Days, PositiveAmount, Text


class SaleIn(RequestModel):
    """An order line as its system knows it; a deal line's sale is replaced, not added to."""

    source: Code
    order_line: Code
    sequence: Annotated[int, Field(ge=0)] = 0
    product: Code
    region: Code
    quantity: AmountOrZero
    price: AmountOrZero
    currency: Currency | None = None
    sold_on: date
    requested_date: date | None = None
    payment_days: Days | None = None
    deal_line_id: UUID | None = None
    account: Text | None = None
    shipped_quantity: AmountOrZero = Decimal(0)
    shipped_on: date | None = None
    correlation_id: UUID | None = None


class SalesIn(RequestModel):
    """Many order lines; all go in or none."""

    items: Annotated[list[SaleIn], Field(min_length=1, max_length=1000)]


class ReturnIn(RequestModel):
    """Goods that came back; `amount` is what was credited."""

    return_id: Code
    returned_on: date
    quantity: PositiveAmount
    amount: AmountOrZero


class ShipmentIn(RequestModel):
    """Goods that left: the sum so far."""

    shipped_quantity: PositiveAmount
    shipped_on: date
