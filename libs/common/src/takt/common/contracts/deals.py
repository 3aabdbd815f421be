"""What the deals service says: catalog, accounts, deals and sales.

Every event carries the whole current state.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from takt.common.amounts import Code, Currency, Money, Probability, Quantity
from takt.common.contracts import topics
from takt.common.event import Event


class Part(BaseModel):
    """A value inside an event."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class CompanyChanged(Event):
    """The one company here; currency and time zone are fixed with the first data."""

    event_type = "takt.company.changed.v1"
    topic = topics.CATALOG

    name: str
    currency: Currency
    time_zone: str

    @property
    def subject(self) -> str:
        return "company"


class ProductChanged(Event):
    """A product that is sold; supply planning knows it as the item of the same code."""

    event_type = "takt.product.changed.v1"
    topic = topics.CATALOG

    code: Code
    name: str
    family: str | None = None
    unit: str = "each"
    list_price: Money
    cost: Money
    active: bool = True

    @property
    def subject(self) -> str:
        return f"product:{self.code}"


class RegionChanged(Event):
    """A region, inside another or at the top."""

    event_type = "takt.region.changed.v1"
    topic = topics.CATALOG

    code: Code
    name: str
    parent: Code | None = None

    @property
    def subject(self) -> str:
        return f"region:{self.code}"


class TeamChanged(Event):
    """A sales team, inside another or at the top."""

    event_type = "takt.team.changed.v1"
    topic = topics.CATALOG

    code: Code
    name: str
    parent: Code | None = None
    region: Code | None = None

    @property
    def subject(self) -> str:
        return f"team:{self.code}"


class AccountChanged(Event):
    """A customer."""

    event_type = "takt.account.changed.v1"
    topic = topics.ACCOUNTS

    account_id: UUID
    external_id: str | None = None
    name: str
    sector: str | None = None
    region: Code | None = None
    payment_days: int | None = None

    @property
    def subject(self) -> str:
        return str(self.account_id)


class DealLine(Part):
    """What is offered: quantity in the product's base unit, price a unit in company currency."""

    line_id: UUID
    product: Code
    quantity: Quantity
    price: Money
    requested_date: date | None = None


class StageInterval(Part):
    """A time spent in a stage; `imported` when it was told by another system's history."""

    stage: Code
    entered_at: datetime
    left_at: datetime | None = None
    imported: bool = False


class DealState(Part):
    """A deal as it stands, with its whole stage history: enough for anyone to start from."""

    deal_id: UUID
    external_id: str | None = None
    name: str
    account_id: UUID | None = None
    owner: str
    team: Code | None = None
    region: Code
    """The ship-to region."""
    pipeline: Code
    stage: Code
    status: Literal["open", "won", "lost"]
    opened_at: datetime
    stage_entered_at: datetime
    closed_at: datetime | None = None
    expected_close: date | None = None
    payment_days: int
    """Days from delivery to payment."""
    manual_probability: Probability | None = None
    """A person's own value; the model's is published by forecast and neither replaces the other."""
    lines: tuple[DealLine, ...] = ()
    history: tuple[StageInterval, ...] = ()
    imported: bool = False

    @property
    def value(self) -> Decimal:
        """Sum of quantity x price over the lines."""
        return sum((line.quantity * line.price for line in self.lines), Decimal(0))


class DealEvent(Event):
    """Any change of a deal; the state after it is inside."""

    topic = topics.DEALS

    deal: DealState

    @property
    def subject(self) -> str:
        return str(self.deal.deal_id)


class DealOpened(DealEvent):
    """A deal began."""

    event_type = "takt.deal.opened.v1"


class DealChanged(DealEvent):
    """Other than the stage: lines, owner, dates, terms, a person's own probability."""

    event_type = "takt.deal.changed.v1"

    changed: tuple[str, ...] = ()


class DealStageChanged(DealEvent):
    """An open deal entered another open stage."""

    event_type = "takt.deal.stage_changed.v1"

    from_stage: Code
    to_stage: Code


class DealWon(DealEvent):
    """A deal was won; its lines are firm demand until they are shipped."""

    event_type = "takt.deal.won.v1"

    from_stage: Code
    reason: str | None = None


class DealLost(DealEvent):
    """A deal was lost."""

    event_type = "takt.deal.lost.v1"

    from_stage: Code
    reason: str | None = None
    competitor: str | None = None


class DealReopened(DealEvent):
    """A closed deal is open again; a sale that its win had made is reversed."""

    event_type = "takt.deal.reopened.v1"

    from_stage: Code
    to_stage: Code


class SaleReturn(Part):
    """Goods that came back: revenue and cash fall, demand history does not."""

    return_id: str
    returned_on: date
    quantity: Quantity
    amount: Money


class SaleState(Part):
    """A sale as it stands.

    Identified by source and order line, linked to its deal line where it has one.
    """

    sale_id: UUID
    source: str
    order_line: str
    deal_id: UUID | None = None
    deal_line_id: UUID | None = None
    account_id: UUID | None = None
    product: Code
    region: Code
    """The ship-to at sale."""
    quantity: Quantity
    """Zero when it was reversed."""
    price: Money
    sold_on: date
    requested_date: date
    payment_days: int
    shipped_quantity: Quantity = Decimal(0)
    shipped_on: date | None = None
    returns: tuple[SaleReturn, ...] = ()


class SaleEvent(Event):
    """Any change of a sale; the state after it is inside."""

    topic = topics.SALES

    sale: SaleState

    @property
    def subject(self) -> str:
        return str(self.sale.sale_id)


class SaleClosed(SaleEvent):
    """An order line was sold."""

    event_type = "takt.sale.closed.v1"


class SaleCorrected(SaleEvent):
    """Quantity, price or dates were put right; a reversed sale has quantity zero."""

    event_type = "takt.sale.corrected.v1"


class SaleReturned(SaleEvent):
    """Goods came back."""

    event_type = "takt.sale.returned.v1"


class SaleShipped(SaleEvent):
    """Goods left: demand and stock go together."""

    event_type = "takt.sale.shipped.v1"


DEAL_EVENTS: tuple[type[DealEvent], ...] = (
    DealOpened,
    DealChanged,
    DealStageChanged,
    DealWon,
    DealLost,
    DealReopened,
)
SALE_EVENTS: tuple[type[SaleEvent], ...] = (SaleClosed, SaleCorrected, SaleReturned, SaleShipped)
