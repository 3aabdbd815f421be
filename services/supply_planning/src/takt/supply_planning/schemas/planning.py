"""Wire shapes of what planning makes: plans, action messages, purchase orders."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from takt.common.amounts import Code, Money, PositiveQuantity, Quantity, SignedQuantity, Sum
from takt.common.contracts.supply_planning import (
    ActionMessage,
    PlanBucket,
    PurchaseOrderState,
    StandIn,
)
from takt.common.http import RequestModel
from takt.supply_planning.domain.netting import Source
from takt.supply_planning.domain.publishing import PublishingState

Revision = Annotated[int, Field(ge=1, le=2_000_000_000)]


class Plan(BaseModel):
    """The plan of an item at a site: before + scheduled + planned - gross = projected."""

    item: Code
    site: Code
    sequence: int
    as_of: datetime
    on_hand: SignedQuantity
    outcome: Literal["changed", "unchanged"]
    because: Literal["lot", "tolerance", "fence", "stock"] | None
    buckets: tuple[PlanBucket, ...]
    messages: tuple[ActionMessage, ...]
    stand_ins: tuple[StandIn, ...] = ()
    """What moved from or to this item as an alternate; gross demand is after it."""


class ConsumptionWindows(RequestModel):
    """How many days before and after its own week an order may consume forecast.

    Weeks count that begin within them; 0 is its own week alone.
    """

    early_days: Annotated[int, Field(ge=0, le=3650)] = 0
    late_days: Annotated[int, Field(ge=0, le=3650)] = 0


class ConsumedBy(BaseModel):
    """What the orders of a week took."""

    week: date
    quantity: Quantity


class ConsumptionWeek(BaseModel):
    """A week: baseline - consumed = net; planned are all orders, and net."""

    week: date
    baseline: Quantity
    """What is expected of orders that are never seen as deals."""
    ordered: Quantity
    """Of these, what is wanted in this week, shipped or not."""
    consumed_by: tuple[ConsumedBy, ...]
    net: Quantity
    beyond: Quantity
    """What of the orders of this week found no forecast."""


class SeriesConsumption(BaseModel):
    """What orders consumed of the forecast of a product in a region."""

    product: Code
    region: Code
    early_days: int
    late_days: int
    weeks: tuple[ConsumptionWeek, ...]


class NeedWeek(RequestModel):
    """How much is wanted in the week of a day."""

    week: date
    quantity: Quantity


class NeedLine(RequestModel):
    """A product that is wanted in a region."""

    product: Code
    region: Code
    weeks: Annotated[tuple[NeedWeek, ...], Field(max_length=104)]


class NeedsQuestion(RequestModel):
    """A demand of which is asked what it draws on."""

    lines: Annotated[tuple[NeedLine, ...], Field(min_length=1, max_length=500)]


class ServedLine(BaseModel):
    """A line of the question as far as it lies in the horizon."""

    product: Code
    region: Code
    quantity: Quantity
    unserved: Quantity
    """What no sourcing rule brings to a site that plans the product."""


class OpenOrders(BaseModel):
    """Purchase orders that are proposed, approved, released or confirmed."""

    count: int
    quantity: Quantity
    amount: Sum
    order_ids: tuple[UUID, ...]
    """The first 20 by due date."""


class NeededItem(BaseModel):
    """An item at a site that the demand draws on."""

    item: Code
    site: Code
    name: str
    unit: str
    source: Source
    level: int
    """Of the bills of material: 0 for what is in none."""
    quantity: Quantity
    gross: Quantity
    """All demand for it in its plan, over the same weeks."""
    on_hand: SignedQuantity
    orders: OpenOrders


class Needs(BaseModel):
    """What a demand draws on, products before their components."""

    as_of: datetime
    first_week: date
    weeks: int
    lines: tuple[ServedLine, ...]
    items: tuple[NeededItem, ...]


class PlacedMessage(ActionMessage):
    """An action message with its place."""

    item: Code
    site: Code


class PathStep(BaseModel):
    """An item on the critical path and the day on which it must begin."""

    item: Code
    begins_on: date


class CriticalPath(BaseModel):
    """What must begin when, so that one unit is there on a date: the longest branch of a bill."""

    item: Code
    site: Code
    due_on: date
    steps: tuple[PathStep, ...]


class PurchaseOrder(PurchaseOrderState):
    """A purchase order; `sequence` is its ETag."""

    sequence: int


class PlacedOrder(RequestModel):
    """An order that another system has placed already; `number` is its identity there."""

    number: Annotated[str, Field(min_length=1, max_length=100)]
    item: Code
    site: Code
    supplier: Code
    quantity: PositiveQuantity
    price: Money
    payment_days: Annotated[int, Field(ge=0, le=3650)]
    ordered_on: date
    due_on: date
    received_on: date | None = None


class OrderChange(RequestModel):
    """What is to change; what is left out stays."""

    quantity: PositiveQuantity | None = None
    due_on: date | None = None


class OrderConfirmation(RequestModel):
    """What the supplier confirms; without a quantity or date, what was ordered."""

    order_revision: Revision | None = None
    quantity: PositiveQuantity | None = None
    due_on: date | None = None


class OrderReceipt(RequestModel):
    """What has arrived so far, in all: a quantity, or `everything` that was agreed."""

    order_revision: Revision | None = None
    quantity: Quantity | None = None
    everything: bool = False
    received_on: date | None = None

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        if (self.quantity is not None) == self.everything:
            raise ValueError("say the quantity that has arrived in all, or everything: true")
        return self


class OrderAnswer(BaseModel):
    """Something that was said about an order, and what became of it."""

    revision: int
    kind: Literal["confirmed", "changed", "received", "cancelled"]
    quantity: Quantity | None
    due_on: date | None
    received_on: date | None
    source: str
    said_at: datetime
    outcome: Literal["applied", "older", "waiting"]


class OrderWithAnswers(PurchaseOrder):
    """A purchase order with all that was said about it."""

    answers: tuple[OrderAnswer, ...] = ()


class PublishingSwitch(RequestModel):
    """How publishing to the ERP shall stand, and why."""

    state: PublishingState
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class PublishingChange(BaseModel):
    """That somebody switched publishing."""

    state: PublishingState
    reason: str
    changed_by: str
    """The name of the key."""
    changed_at: datetime


class ErpPublishing(BaseModel):
    """Whether the ERP is told of purchase orders, and the latest 100 changes of that."""

    state: PublishingState
    held_orders: int
    """Orders that have changed since the ERP was told of them."""
    changes: tuple[PublishingChange, ...]
