"""Wire shapes of finance: cash, its opening, fixed payments, payment terms."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from takt.common.amounts import Code, Currency, SignedMoney
from takt.common.contracts.supply_planning import CashWeek, LowestBalance
from takt.common.http import RequestModel
from takt.supply_planning.domain.cash import Certainty
from takt.supply_planning.domain.cash_sources import SourceKind
from takt.supply_planning.domain.cash_terms import FixedPaymentCategory, Recurrence
from takt.supply_planning.service.cash_events import WireKind

Cents = Annotated[SignedMoney, Field(decimal_places=2)]
"""Money in whole cents."""


class CashProjection(BaseModel):
    """The coming weeks. Expected includes committed; receipts are positive, payments negative."""

    ledger: str
    currency: Currency
    as_of: datetime
    sequence: int
    """Of the last projection that was told on takt.cash.v1."""
    opening: SignedMoney
    """The balance that the first week begins with."""
    minimum: SignedMoney
    weeks: list[CashWeek]
    lowest_expected: LowestBalance
    lowest_committed: LowestBalance
    shortfall: Literal["none", "open"]
    """As last told: raised below the minimum, cleared a twentieth of it above."""


class CashContribution(BaseModel):
    """What one line moves on one day: positive comes in, negative goes out."""

    kind: WireKind
    source: str
    """The id of the deal, sale or order, `product|region`, or the code of a fixed payment."""
    line: str
    label: str
    due: date
    certainty: Certainty
    amount: SignedMoney


class CashSource(BaseModel):
    """What a deal, a sale, an order or a series adds to the projection, by due date."""

    kind: SourceKind
    id: str
    currency: Currency
    contributions: list[CashContribution]
    committed: SignedMoney
    """The sum of what is committed."""
    expected: SignedMoney
    """The sum of all; as in the projection, expected includes committed."""


class OpeningBody(RequestModel):
    """The balance on the morning of `on`: what was due before that day is in it."""

    on: date
    balance: Cents
    minimum: Cents
    """Below this a shortfall is told."""


class FixedPaymentBody(RequestModel):
    """A payment that recurs. `first_on` gives the weekday, or the day of the month."""

    code: Code
    name: Annotated[str, Field(min_length=1, max_length=200)]
    category: FixedPaymentCategory
    amount: Annotated[Cents, Field(gt=0)]
    recurrence: Recurrence
    first_on: date
    last_on: date | None = None
    """The last day on which it can fall; none goes on for ever."""


class FixedPaymentsBody(RequestModel):
    """All fixed payments."""

    items: Annotated[tuple[FixedPaymentBody, ...], Field(max_length=500)]


class FixedPayments(BaseModel):
    """All fixed payments, by code."""

    items: list[FixedPaymentBody]


class PaymentTermsBody(RequestModel):
    """How the company is paid and pays. A deal, a sale and an order bring their own net days."""

    customers_net_days: Annotated[int, Field(ge=0, le=365)]
    """Of baseline sales, whose customers are not known yet."""
    customers_end_of_month: bool = False
    """Customers pay at the end of the month in which the net days end."""
    suppliers_end_of_month: bool = False
    """The company pays its suppliers so."""
