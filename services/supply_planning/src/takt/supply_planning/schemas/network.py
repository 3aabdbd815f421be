"""Wire shapes of what planning works in."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, Field, model_validator

from takt.common.amounts import Code, Money, PositiveQuantity, Probability, Quantity, Share
from takt.common.http import RequestModel
from takt.supply_planning.domain.bom import BillLine, Part, refuse_overlap
from takt.supply_planning.domain.lots import LotPolicy, economic_order_quantity
from takt.supply_planning.domain.netting import Source
from takt.supply_planning.domain.quantity import to_millionths

T = TypeVar("T")

Minutes = Annotated[int, Field(ge=0, le=1440)]
Days = Annotated[int, Field(ge=0, le=3650)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Scrap = Annotated[Probability, Field(lt=1)]
Yield = Annotated[Probability, Field(gt=0)]
ServiceLevel = Annotated[Probability, Field(gt=0, lt=1)]


class Many(RequestModel, Generic[T]):
    """A set of things, written together: all of them or none."""

    items: Annotated[list[T], Field(min_length=1, max_length=10_000)]


class Written(BaseModel):
    """How many were written."""

    written: int


class Calendar(RequestModel):
    """Working minutes of each weekday, Monday first, and of the dates that differ (0 is closed)."""

    code: Code
    minutes: Annotated[tuple[Minutes, ...], Field(min_length=7, max_length=7)]
    exceptions: dict[date, Minutes] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _works(self) -> Self:
        if not any(self.minutes):
            raise ValueError("at least one weekday needs working minutes")
        return self


class Site(RequestModel):
    """A place with stock; without a calendar it receives round the clock."""

    code: Code
    name: Name
    calendar: Code | None = None


class PriceBreak(RequestModel):
    """From this quantity on, a unit costs this."""

    quantity: Quantity = Decimal(0)
    price: Money


class Limits(RequestModel):
    """What a lot may be."""

    minimum: Quantity = Decimal(0)
    multiple: Quantity = Decimal(0)
    maximum: PositiveQuantity | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        LotPolicy(
            minimum=to_millionths(self.minimum),
            multiple=to_millionths(self.multiple),
            maximum=None if self.maximum is None else to_millionths(self.maximum),
        )
        return self


class Offer(Limits):
    """An item that a supplier sells. The supplier with the lowest preference is asked."""

    item: Code
    preference: Annotated[int, Field(ge=0, le=1000)] = 0
    lead_time_days: Days
    price_breaks: Annotated[tuple[PriceBreak, ...], Field(min_length=1, max_length=50)]


class Supplier(RequestModel):
    """Who sells, and what; lead times count its working days, payment days run from receipt."""

    code: Code
    name: Name
    calendar: Code | None = None
    payment_days: Days
    offers: tuple[Offer, ...] = ()


class EconomicLot(RequestModel):
    """What the economic order quantity follows from."""

    annual_demand: PositiveQuantity
    order_cost: Annotated[Money, Field(gt=0)]
    holding_cost: Annotated[Money, Field(gt=0)]
    """Money a unit and year."""


class Lot(RequestModel):
    """How much is ordered at a time; `economic` in place of a quantity has it computed."""

    rule: Literal["lot_for_lot", "fixed", "period", "economic"] = "lot_for_lot"
    quantity: Quantity = Decimal(0)
    periods: Annotated[int, Field(ge=1, le=52)] = 1
    economic: EconomicLot | None = None

    @property
    def lot_quantity(self) -> Decimal:
        """The quantity of the rules that have one."""
        if self.economic is None:
            return self.quantity
        return economic_order_quantity(
            self.economic.annual_demand, self.economic.order_cost, self.economic.holding_cost
        )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        LotPolicy(self.rule, to_millionths(self.lot_quantity), self.periods)
        return self


class ItemSite(Limits):
    """How an item is planned at a site.

    Limits of lots count for what is made; suppliers have their own. `minutes_per_unit` is added to
    the lead time; `fence_days` keeps the next days free of new orders, and `demand_fence_days` free
    of what is forecast, so that orders alone are demand there; tolerances hold back action messages
    that differ too little from what was said last. Of what is made, `yield_share` of what is
    started comes out good. `unit_cost` is what a unit is worth where no supplier has a price.
    Safety stock is proposed (`/v1/safety-stock-proposals`) for a `service_level`, the share of
    order cycles without a shortage, and a `fill_rate`, the share of demand met from stock. A
    `phantom` has none of these: what is needed of it and not in stock is demand for its components,
    in the same week.
    """

    site: Code
    source: Source
    safety_stock: Quantity = Decimal(0)
    lot: Lot = Lot()
    lead_time_days: Days = 0
    minutes_per_unit: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    buffer_days: Days = 0
    fence_days: Days = 0
    demand_fence_days: Days = 0
    tolerance_days: Days = 0
    tolerance_share: Probability = Decimal("0.1")
    yield_share: Yield = Decimal(1)
    unit_cost: Money | None = None
    service_level: ServiceLevel | None = None
    fill_rate: ServiceLevel | None = None

    @model_validator(mode="after")
    def _of_its_source(self) -> Self:
        if self.source == "buy" and self.yield_share != 1:
            raise ValueError(
                f"yield_share {self.yield_share} is of what is made; leave it out for what is"
                " bought, and give the line that takes it a scrap"
            )
        if self.source == "phantom":
            given = sorted(self.model_fields_set & PHANTOM_HAS_NO)
            if set_ := [name for name in given if getattr(self, name) != _default(name)]:
                raise ValueError(
                    f"a phantom is never stocked or ordered by itself: leave out {', '.join(set_)}"
                )
        return self


PHANTOM_HAS_NO = frozenset(ItemSite.model_fields) - {"site", "source"}


def _default(name: str) -> object:
    return ItemSite.model_fields[name].get_default(call_default_factory=True)


class Item(RequestModel):
    """Something stocked, sold or not, and the sites at which it is planned."""

    code: Code
    name: Name
    unit: Code = "each"
    sites: tuple[ItemSite, ...] = ()


class Alternate(RequestModel):
    """What one unit of the item may take instead: `quantity` of this, with a scrap of its own."""

    component: Code
    quantity: PositiveQuantity
    scrap: Scrap = Decimal(0)


class Component(Alternate):
    """One unit of the item takes `quantity` of this; `scrap` is the share of it that is lost.

    It is taken by what is released from `valid_from` to `valid_to`, both days included. What stock
    does not cover and a new order cannot bring in time is taken of its `alternates`, the first
    before the second.
    """

    valid_from: date | None = None
    valid_to: date | None = None
    alternates: Annotated[tuple[Alternate, ...], Field(max_length=20)] = ()

    def line(self, parent: str) -> BillLine:
        """The line of the bill of its parent."""
        return BillLine(
            parent,
            self.component,
            to_millionths(self.quantity),
            self.scrap,
            self.valid_from,
            self.valid_to,
            tuple(
                Part(one.component, to_millionths(one.quantity), one.scrap)
                for one in self.alternates
            ),
        )


class BillOfMaterial(RequestModel):
    """What an item is made of, whole: lines that are left out are removed.

    A component may come again when it is valid on other days.
    """

    item: Code
    components: tuple[Component, ...]

    @model_validator(mode="after")
    def _is_one_bill(self) -> Self:
        refuse_overlap(component.line(self.item) for component in self.components)
        return self


class SiteShare(RequestModel):
    """The part that a site serves."""

    site: Code
    share: Share


class Sourcing(RequestModel):
    """Which sites serve a product in a region from a date on, until the next rule."""

    product: Code
    region: Code
    valid_from: date
    shares: Annotated[tuple[SiteShare, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len({one.site for one in self.shares}) < len(self.shares):
            raise ValueError("a site may have one share only")
        if sum(one.share for one in self.shares) != 1:
            raise ValueError("the shares must sum to 1")
        return self


class MissingSourcing(BaseModel):
    """Demand for a product in a region that reaches no plan: write its sourcing, or its sites.

    `sites` should serve it by the rule, but the item is not planned there.
    """

    product: Code
    region: Code
    reason: Literal["no_sourcing", "not_planned_at_site"]
    quantity: Quantity
    first_wanted_on: date
    sites: tuple[Code, ...] = ()


class Stock(RequestModel):
    """A count of an item at a site, taken before the movements of that day; today by default."""

    item: Code
    site: Code
    on_hand: Quantity
    counted_on: date | None = None


class ScheduledReceipt(RequestModel):
    """An order of another system that will bring stock; quantity 0 removes it.

    `scheduled` is with its shop or supplier and has drawn its components; `firm` has not, and can
    still be changed.
    """

    reference: Name
    item: Code
    site: Code
    kind: Literal["scheduled", "firm"] = "scheduled"
    due_on: date
    release_on: date | None = None
    quantity: Quantity
