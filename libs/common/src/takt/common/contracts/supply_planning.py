"""What supply planning says: procurement about plans and purchase orders, finance about cash."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from takt.common.amounts import Code, Currency, Money, Quantity, SignedMoney, SignedQuantity, Sum
from takt.common.contracts import topics
from takt.common.contracts.deals import Part
from takt.common.event import Event


class PlanBucket(Part):
    """One week: start + scheduled receipts + planned receipts - gross = projected."""

    week: date
    gross: Quantity
    scheduled_receipts: Quantity
    planned_receipts: Quantity
    """What comes good."""
    planned_releases: Quantity
    """What is started: with a yield below 1, more than comes good."""
    projected: SignedQuantity


class StandIn(Part):
    """In a week, so much of a parent takes an alternate instead of a component of its bill."""

    week: date
    parent: Code
    component: Code
    alternate: Code
    parent_quantity: Quantity
    """Of what is released of the parent in this week."""
    spared: Quantity
    """Of the component."""
    taken: Quantity
    """Of the alternate."""


MessageKind = Literal["expedite", "defer", "increase", "decrease", "cancel", "release"]


MessagePriority = Literal["high", "medium", "low"]


class ActionMessage(Part):
    """What a planner should do about an order, and why."""

    message_id: UUID
    order_id: UUID
    kind: MessageKind
    reason: str
    from_date: date | None = None
    to_date: date | None = None
    from_quantity: Quantity | None = None
    to_quantity: Quantity | None = None
    days: int | None = None
    """By how many days the date changes."""
    amount: Sum | None = None
    """Money at stake.

    Of the quantity that changes, or of the order whose date does, at the price of the order or the
    item.
    """
    priority: MessagePriority = "medium"
    """High: something will be short unless it is done; low: the order only comes too early."""


class PlanChanged(Event):
    """The plan of an item at a site, whole. A change that stops here says why in `because`."""

    event_type = "takt.plan.changed.v1"
    topic = topics.PLANS

    item: Code
    site: Code
    as_of: datetime
    on_hand: SignedQuantity
    safety_stock: Quantity
    outcome: Literal["changed", "unchanged"]
    because: Literal["lot", "tolerance", "fence", "stock"] | None = None
    buckets: tuple[PlanBucket, ...]
    messages: tuple[ActionMessage, ...] = ()
    stand_ins: tuple[StandIn, ...] = ()
    """Gross demand is after these; the plans of both items tell them."""

    @property
    def subject(self) -> str:
        return f"{self.item}|{self.site}"


OrderStatus = Literal["proposed", "approved", "released", "confirmed", "received", "cancelled"]


class PurchaseOrderState(Part):
    """A purchase order as it stands."""

    order_id: UUID
    number: str
    status: OrderStatus
    item: Code
    site: Code
    supplier: Code
    due_period: date
    """The ISO Monday of the week in which it is due."""
    due_on: date
    release_on: date
    quantity: Quantity
    price: Money
    """A unit, after price breaks."""
    amount: Money
    payment_days: int
    """Days from receipt to payment."""
    confirmed_quantity: Quantity | None = None
    confirmed_on: date | None = None
    received_quantity: Quantity = Decimal(0)
    received_on: date | None = None
    erp_revision: int = 0


class PurchaseOrderEvent(Event):
    """Any change of a purchase order; the state after it is inside."""

    topic = topics.PURCHASING

    order: PurchaseOrderState

    @property
    def subject(self) -> str:
        return str(self.order.order_id)


class PurchaseOrderProposed(PurchaseOrderEvent):
    """Planning proposes to buy."""

    event_type = "takt.purchase_order.proposed.v1"


class PurchaseOrderRevised(PurchaseOrderEvent):
    """An order was changed in place: an unapproved one by planning, a later one by the ERP."""

    event_type = "takt.purchase_order.revised.v1"

    changed: tuple[str, ...] = ()


class PurchaseOrderApproved(PurchaseOrderEvent):
    """A person, or a rule, agreed to buy."""

    event_type = "takt.purchase_order.approved.v1"


class PurchaseOrderReleased(PurchaseOrderEvent):
    """The order went to the supplier."""

    event_type = "takt.purchase_order.released.v1"


class PurchaseOrderConfirmed(PurchaseOrderEvent):
    """The supplier, through the ERP, confirmed quantity and date."""

    event_type = "takt.purchase_order.confirmed.v1"


class PurchaseOrderReceived(PurchaseOrderEvent):
    """Goods arrived; `received_quantity` is the sum so far."""

    event_type = "takt.purchase_order.received.v1"


class PurchaseOrderCancelled(PurchaseOrderEvent):
    """The order is no more."""

    event_type = "takt.purchase_order.cancelled.v1"


class PurchaseOrderHeld(Event):
    """An order has changed and is not told to the ERP: publishing is switched off.

    For what reckons with orders inside Takt. What the ERP acts on is `takt.purchasing.v1`, which
    tells the state of the order when publishing is on again.
    """

    event_type = "takt.purchase_order.held.v1"
    topic = topics.PURCHASING_HELD

    order: PurchaseOrderState

    @property
    def subject(self) -> str:
        return str(self.order.order_id)


ORDER_EVENTS: tuple[type[PurchaseOrderEvent], ...] = (
    PurchaseOrderProposed,
    PurchaseOrderRevised,
    PurchaseOrderApproved,
    PurchaseOrderReleased,
    PurchaseOrderConfirmed,
    PurchaseOrderReceived,
    PurchaseOrderCancelled,
)


class KanbanSignalled(Event):
    """Containers of an item at a site are used up: cards call for as many.

    Each container is signalled once. How the loop stands is after this signal.
    """

    event_type = "takt.kanban.signalled.v1"
    topic = topics.KANBAN

    item: Code
    site: Code
    cards: int
    """That are signalled now."""
    container_quantity: Quantity
    quantity: Quantity
    """Cards x container."""
    due_on: date
    """The loop's lead time from today."""
    on_hand: SignedQuantity
    loop_cards: int
    """In the loop: full + on order + free."""
    full: int
    on_order: int
    free: int

    @property
    def subject(self) -> str:
        return f"{self.item}|{self.site}"


class CashWeek(Part):
    """One week.

    Expected includes committed: it is all that is likely; committed is what is bound.
    """

    week: date
    receipts_expected: SignedMoney
    receipts_committed: SignedMoney
    payments_expected: SignedMoney
    payments_committed: SignedMoney
    balance_expected: SignedMoney
    """At the end of the week."""
    balance_committed: SignedMoney


class LowestBalance(Part):
    """The lowest end-of-week balance of the horizon and its week."""

    week: date
    balance: SignedMoney


class CashProjected(Event):
    """The weekly cash projection, whole."""

    event_type = "takt.cash.projected.v1"
    topic = topics.CASH

    ledger: Code
    currency: Currency
    as_of: datetime
    opening: SignedMoney
    minimum: SignedMoney
    weeks: tuple[CashWeek, ...]
    lowest_expected: LowestBalance
    lowest_committed: LowestBalance

    @property
    def subject(self) -> str:
        return self.ledger


class CashCause(Part):
    """What weighs on the cash up to the low point."""

    kind: Literal["deal_line", "sale", "baseline", "purchase_order", "fixed_payment"]
    reference: str
    label: str
    week: date
    amount: SignedMoney
    """Negative is money out."""


class CashRemedy(Part):
    """What would help, and by how much."""

    kind: Literal["defer_order", "collect_receivable"]
    reference: str
    label: str
    amount: Money


class CashShortfall(Event):
    """The expected balance falls below the minimum, or has recovered from it (with hysteresis)."""

    event_type = "takt.cash.shortfall.v1"
    topic = topics.CASH

    ledger: Code
    currency: Currency
    as_of: datetime
    state: Literal["open", "cleared"]
    minimum: SignedMoney
    lowest: LowestBalance
    causes: tuple[CashCause, ...] = ()
    remedies: tuple[CashRemedy, ...] = ()

    @property
    def subject(self) -> str:
        return f"{self.ledger}:shortfall"
