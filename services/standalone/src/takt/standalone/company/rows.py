"""What the demonstration company is made of: plain frozen rows, as its systems would export them.

Codes and external ids are its own; quantities are in base units, money in its one currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

DealStatus = Literal["open", "won", "lost"]
Recurrence = Literal["monthly", "quarterly", "yearly"]
FixedPaymentCategory = Literal["payroll", "rent", "tax", "loan", "insurance"]


@dataclass(frozen=True, slots=True)
class Product:
    """Something sold; `weekly_demand` is the mean of all regions today."""

    code: str
    name: str
    family: str
    list_price: Decimal
    cost: Decimal
    weekly_demand: int


@dataclass(frozen=True, slots=True)
class Region:
    """A sales region; `share` is its part of demand, 0 for one that only holds others."""

    code: str
    name: str
    parent: str | None
    share: float


@dataclass(frozen=True, slots=True)
class Team:
    """A sales team and the people in it."""

    code: str
    name: str
    parent: str | None
    region: str
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """A customer."""

    external_id: str
    name: str
    sector: str
    region: str
    payment_days: int


@dataclass(frozen=True, slots=True)
class PriceRule:
    """How far below list a product family may be sold, and the least gross margin."""

    code: str
    family: str
    max_discount: Decimal
    min_gross_margin: Decimal


@dataclass(frozen=True, slots=True)
class Promotion:
    """A price cut of a family in a region during some weeks, and what it did to demand."""

    family: str
    region: str
    first_week: date
    weeks: int
    discount: float
    uplift: float


@dataclass(frozen=True, slots=True)
class Item:
    """Something stocked: made from its bill of material, or bought from its supplier."""

    code: str
    name: str
    source: Literal["made", "bought"]
    lead_time_days: int


@dataclass(frozen=True, slots=True)
class BillLine:
    """One unit of the parent takes `quantity` of the component."""

    parent: str
    component: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Supplier:
    """Who sells to the company; lead times are in its working days."""

    code: str
    name: str
    lead_time_days: int
    payment_days: int
    calendar: str


@dataclass(frozen=True, slots=True)
class SupplierItem:
    """What a supplier asks for an item: lot rules, and (from quantity, price a unit) breaks."""

    supplier: str
    item: str
    minimum: Decimal
    multiple: Decimal
    prices: tuple[tuple[Decimal, Decimal], ...]


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Working minutes a weekday, Monday first, and the dates that differ."""

    code: str
    minutes: tuple[int, int, int, int, int, int, int]
    exceptions: Mapping[date, int]


@dataclass(frozen=True, slots=True)
class Site:
    """A plant with its stock."""

    code: str
    name: str
    calendar: str


@dataclass(frozen=True, slots=True)
class SourcingShare:
    """The part of a product's demand in a region that a site serves from a date on."""

    product: str
    region: str
    site: str
    share: Decimal
    valid_from: date


@dataclass(frozen=True, slots=True)
class Stock:
    """What lies at a site, and what should never be touched."""

    item: str
    site: str
    on_hand: Decimal
    safety_stock: Decimal


@dataclass(frozen=True, slots=True)
class Resource:
    """A line of a plant: so many people side by side, and the minutes a week that they may add."""

    code: str
    calendar: str
    units: int
    overtime_minutes: int


@dataclass(frozen=True, slots=True)
class Operation:
    """Making an item at a site takes minutes of a resource for each unit, and for each lot."""

    item: str
    site: str
    resource: str
    minutes: int
    setup_minutes: int


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """A purchase order that is with its supplier, or was received and is not yet paid."""

    number: str
    item: str
    site: str
    supplier: str
    quantity: Decimal
    price: Decimal
    ordered_on: date
    due_on: date
    received_on: date | None


@dataclass(frozen=True, slots=True)
class StageEntry:
    """A deal entered a stage."""

    stage: str
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class DealLine:
    """A product of a deal at the offered price."""

    reference: str
    product: str
    quantity: Decimal
    price: Decimal
    requested_on: date


@dataclass(frozen=True, slots=True)
class Deal:
    """A sales opportunity with every stage it has been in, the present one last."""

    external_id: str
    name: str
    account: str
    owner: str
    team: str
    region: str
    status: DealStatus
    payment_days: int
    lines: tuple[DealLine, ...]
    history: tuple[StageEntry, ...]
    expected_close: date
    manual_probability: Decimal | None
    requirements_completed: bool
    reason: str | None = None

    @property
    def stage(self) -> str:
        """Where it stands."""
        return self.history[-1].stage

    @property
    def value(self) -> Decimal:
        """Sum of quantity x price."""
        return sum((line.quantity * line.price for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class Sale:
    """An order line of the ERP; `deal` and `deal_line` name the deal it came from, if one did."""

    order_line: str
    product: str
    region: str
    quantity: Decimal
    price: Decimal
    sold_on: date
    requested_on: date
    shipped_on: date | None
    payment_days: int
    deal: str | None = None
    deal_line: str | None = None

    @property
    def amount(self) -> Decimal:
        """Quantity x price."""
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class FixedPayment:
    """A payment that recurs whatever is sold."""

    code: str
    name: str
    category: FixedPaymentCategory
    amount: Decimal
    recurrence: Recurrence
    first: date


@dataclass(frozen=True, slots=True)
class Company:
    """The whole company as of an instant."""

    name: str
    currency: str
    time_zone: str
    as_of: datetime
    products: tuple[Product, ...]
    regions: tuple[Region, ...]
    teams: tuple[Team, ...]
    accounts: tuple[Account, ...]
    price_rules: tuple[PriceRule, ...]
    promotions: tuple[Promotion, ...]
    items: tuple[Item, ...]
    bill_lines: tuple[BillLine, ...]
    calendars: tuple[WorkCalendar, ...]
    sites: tuple[Site, ...]
    suppliers: tuple[Supplier, ...]
    supplier_items: tuple[SupplierItem, ...]
    sourcing: tuple[SourcingShare, ...]
    stocks: tuple[Stock, ...]
    resources: tuple[Resource, ...]
    operations: tuple[Operation, ...]
    orders: tuple[PurchaseOrder, ...]
    deals: tuple[Deal, ...]
    sales: tuple[Sale, ...]
    fixed_payments: tuple[FixedPayment, ...]
    opening_balance: Decimal
    minimum_balance: Decimal
