"""Purchase orders: from planning's proposal through people's approval to the supplier's delivery.

    proposed -> approved -> released -> confirmed -> received
    any of them -> cancelled

Planning owns a proposal: it revises it in place and withdraws it when its need is gone. People own
an approved order. The ERP has the last word: of each thing that it can say (terms, receipts,
cancellation) the answer with the highest order revision holds, so that the state follows from the
set of answers and not from their order.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal
from uuid import UUID, uuid5

from takt.supply_planning.domain.lots import PriceBreak, unit_price
from takt.supply_planning.domain.netting import Horizon, PlannedOrder, Supply
from takt.supply_planning.domain.quantity import to_decimal, to_millionths

OrderStatus = Literal["proposed", "approved", "released", "confirmed", "received", "cancelled"]
Stage = Literal["proposed", "withdrawn", "approved", "released"]
AnswerKind = Literal["confirmed", "changed", "received", "cancelled"]

NAMESPACE = UUID("6f1d4f0c-2d5b-5c1a-9f57-0b9a4c1e7d20")
"""Of order ids: with the same place and week, any process names an order the same."""

TERMS = ("quantity", "due_on", "release_on", "price", "payment_days")


class OrderRefusedError(ValueError):
    """An order is not in a state in which this can be done."""

    def __init__(self, action: str, order: "PurchaseOrder", remedy: str) -> None:
        super().__init__(f"cannot {action} order {order.number}: it is {order.status}; {remedy}")
        self.action = action
        self.status = order.status
        self.remedy = remedy


class ReceiptWithoutQuantityError(ValueError):
    """A receipt does not say how much has arrived, which must not be guessed."""

    def __init__(self, order_id: UUID) -> None:
        super().__init__(
            f"order {order_id} was received without a quantity; send the sum that has arrived"
        )


@dataclass(frozen=True, slots=True)
class SupplierTerms:
    """What a supplier asks for an item; payment days count from receipt."""

    supplier: str
    price_breaks: tuple[PriceBreak, ...]
    payment_days: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the ERP says about an order.

    `quantity` of `received` is the sum so far, and a receipt without it says nothing.
    """

    revision: int
    kind: AnswerKind
    quantity: Decimal | None = None
    due_on: date | None = None
    received_on: date | None = None


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """An order as it stands.

    Args:
        due_period: the Monday of the week for which it was proposed. With item, site, supplier and
            `generation` (how many
            orders for the same week were approved before it) it is the identity.
        stage: how far it came here, apart from what the ERP says.
        sequence: counts its changes.
        reference: its number in another system, and its identity, when it was not planned here.
        terms_revision, receipt_revision, cancel_revision: of the answer that holds for each; 0 when
        there is none.
    """

    item: str
    site: str
    supplier: str
    due_period: date
    generation: int
    due_on: date
    release_on: date
    quantity: Decimal
    price: Decimal
    payment_days: int
    stage: Stage = "proposed"
    sequence: int = 1
    confirmed_quantity: Decimal | None = None
    confirmed_on: date | None = None
    received_quantity: Decimal = Decimal(0)
    received_on: date | None = None
    terms_revision: int = 0
    receipt_revision: int = 0
    cancel_revision: int = 0
    reference: str | None = None

    @property
    def place(self) -> tuple[str, str, date, int]:
        """What tells it from other orders of its item at its site."""
        return self.reference or "", self.supplier, self.due_period, self.generation

    @property
    def terms(self) -> tuple[Decimal, date, date, Decimal, int]:
        """What planning revises: quantity, due date, release date, price, payment days."""
        return self.quantity, self.due_on, self.release_on, self.price, self.payment_days

    @property
    def order_id(self) -> UUID:
        """Stable: the same proposal whenever and wherever it is planned."""
        if self.reference is not None:
            return uuid5(NAMESPACE, f"order|{self.reference}")
        return _order_id(self.item, self.site, self.supplier, self.due_period, self.generation)

    @property
    def number(self) -> str:
        """For people."""
        if self.reference is not None:
            return self.reference
        year, week, _ = self.due_period.isocalendar()
        return f"PO-{year}W{week:02}-{self.order_id.hex[:8].upper()}"

    @property
    def erp_revision(self) -> int:
        """The highest order revision that the ERP has told."""
        return max(self.terms_revision, self.receipt_revision, self.cancel_revision)

    @property
    def status(self) -> OrderStatus:
        """Where it stands, all told."""
        if self.cancel_revision > max(self.terms_revision, self.receipt_revision):
            return "cancelled"
        if self.receipt_revision and self.received_quantity >= self.agreed_quantity:
            return "received"
        if self.terms_revision or self.receipt_revision:
            return "confirmed"
        return "cancelled" if self.stage == "withdrawn" else self.stage

    @property
    def agreed_quantity(self) -> Decimal:
        """What the supplier confirmed, or else what was ordered."""
        return self.quantity if self.confirmed_quantity is None else self.confirmed_quantity

    @property
    def agreed_due(self) -> date:
        """The date that the supplier confirmed, or else the one that was ordered."""
        return self.confirmed_on or self.due_on

    @property
    def amount(self) -> Decimal:
        """Money for all of it."""
        return (self.agreed_quantity * self.price).quantize(Decimal("0.000001"))

    @property
    def left_planning(self) -> bool:
        """Whether planning may no longer change it."""
        return self.stage in ("approved", "released") or self.erp_revision > 0


def approve(order: PurchaseOrder) -> PurchaseOrder:
    """Agree to buy. Raises OrderRefusedError: it is not a proposal."""
    if order.status != "proposed":
        raise OrderRefusedError("approve", order, "only a proposed order can be approved")
    return _next(order, stage="approved")


def release(order: PurchaseOrder) -> PurchaseOrder:
    """Send it to the supplier. Raises OrderRefusedError: it is not approved."""
    if order.status != "approved":
        raise OrderRefusedError("release", order, "approve it first, and release it once")
    return _next(order, stage="released")


def change(
    order: PurchaseOrder,
    quantity: Decimal | None,
    due_on: date | None,
    release_day: Callable[[date, Decimal], date],
) -> PurchaseOrder:
    """Change an approved order before it is sent, or a sent one as agreed with the supplier.

    Args: release_day: of a due date and a quantity.

    Raises: OrderRefusedError: it is a proposal (planning revises those), or done.
    """
    if order.status == "approved":
        units = order.quantity if quantity is None else quantity
        due = due_on or order.due_on
        return _next(order, quantity=units, due_on=due, release_on=release_day(due, units))
    if order.status not in ("released", "confirmed"):
        raise OrderRefusedError(
            "change", order, "change the demand or its parameters, or approve it first"
        )
    return answer(order, Answer(order.erp_revision + 1, "changed", quantity, due_on))


def cancel(order: PurchaseOrder) -> PurchaseOrder:
    """Call off an approved or sent order. Raises OrderRefusedError: it is a proposal, or done."""
    if order.status not in ("approved", "released", "confirmed"):
        raise OrderRefusedError(
            "cancel", order, "planning withdraws a proposal itself when its need is gone"
        )
    return answer(order, Answer(order.erp_revision + 1, "cancelled"))


def answer(order: PurchaseOrder, said: Answer) -> PurchaseOrder:
    """The order after an answer of the ERP; the same object when a newer one has said it."""
    match said.kind:
        case "confirmed" | "changed" if said.revision > order.terms_revision:
            return _next(
                order,
                confirmed_quantity=order.quantity if said.quantity is None else said.quantity,
                confirmed_on=said.due_on or order.due_on,
                terms_revision=said.revision,
            )
        case "received" if said.quantity is not None and said.revision > order.receipt_revision:
            return _next(
                order,
                received_quantity=said.quantity,
                received_on=said.received_on,
                receipt_revision=said.revision,
            )
        case "cancelled" if said.revision > order.cancel_revision:
            return _next(order, cancel_revision=said.revision)
        case _:
            return order


def propose(
    planned: Iterable[PlannedOrder],
    orders: Sequence[PurchaseOrder],
    item: str,
    site: str,
    terms: SupplierTerms | None,
    horizon: Horizon,
) -> list[PurchaseOrder]:
    """The proposals that change to what is planned: new, revised in place, or withdrawn at zero.

    Args:
        planned: without those that a firm order is to grow by.
        orders: all of the item at the site that are open or belong to a week of the horizon.
        item: what is bought.
        site: where it is to come.
        terms: of the supplier it is bought from; None when it is not bought.
        horizon: the weeks that are planned.
    """
    changed: list[PurchaseOrder] = []
    wanted: set[tuple[str, str, date, int]] = set()
    known_orders = {order.place: order for order in orders}
    left = Counter((order.supplier, order.due_period) for order in orders if order.left_planning)
    for plan in planned:
        if terms is None:
            break
        period = horizon.mondays[plan.bucket]
        place = ("", terms.supplier, period, left[terms.supplier, period])
        wanted.add(place)
        known = known_orders.get(place)
        price = unit_price(plan.quantity, terms.price_breaks)
        quantity = to_decimal(plan.quantity)
        new_terms = (quantity, plan.due, plan.release, price, terms.payment_days)
        if known and known.stage != "withdrawn" and known.terms == new_terms:
            continue
        changed.append(
            PurchaseOrder(
                item=item,
                site=site,
                supplier=terms.supplier,
                due_period=period,
                generation=left[terms.supplier, period],
                due_on=plan.due,
                release_on=plan.release,
                quantity=quantity,
                price=price,
                payment_days=terms.payment_days,
                sequence=known.sequence + 1 if known else 1,
            )
        )
    changed += [
        _next(order, stage="withdrawn")
        for order in orders
        if order.status == "proposed" and order.place not in wanted
    ]
    return changed


@lru_cache(maxsize=1 << 16)
def _order_id(item: str, site: str, supplier: str, due_period: date, generation: int) -> UUID:
    # A plan names each of its orders several times, and the next plan names the same.
    place = (item, site, supplier, due_period.isoformat())
    return uuid5(NAMESPACE, "|".join((*place, str(generation))))


@lru_cache(maxsize=1 << 16)
def planned_id(place: tuple[str, str], week: date) -> UUID:
    """What names a planned order of an item at a site that is no purchase order, in messages."""
    return uuid5(NAMESPACE, "|".join(("planned", *place, week.isoformat())))


def changed_terms(before: PurchaseOrder, after: PurchaseOrder) -> tuple[str, ...]:
    """The names of the terms that differ."""
    return tuple(name for name in TERMS if getattr(before, name) != getattr(after, name))


def supply_of(order: PurchaseOrder) -> Supply | None:
    """What an order brings; None for proposals, which planning makes anew, and for what is done."""
    status = order.status
    left = order.agreed_quantity - order.received_quantity
    if status not in ("approved", "released", "confirmed") or left <= 0:
        return None
    return Supply(
        order.order_id,
        "firm" if status == "approved" else "scheduled",
        order.agreed_due,
        to_millionths(left),
        order.release_on,
        order.price,
    )


def _next(order: PurchaseOrder, **changes: object) -> PurchaseOrder:
    return replace(order, sequence=order.sequence + 1, **changes)  # type: ignore[arg-type]
