"""From what is known of a deal, a sale, an order or a series to the cash that it contributes.

Each state holds the latest of what was said, whatever the order in which it arrived, and each
`*_contributions` function gives all the cash of one state. Nothing is counted twice:

- an open deal's lines are expected, a won deal's are committed in their place, a lost one's gone;
- the quantity of a line that was sold is left out of its deal: the sale carries that money;
- a series contributes its baseline part only, since its pipeline part is the deals'.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal, assert_never

from takt.supply_planning.domain.cash import Certainty, Contribution, cents, to_cents
from takt.supply_planning.domain.cash_terms import PaymentTerms, TermsPolicy

DealStatus = Literal["open", "won", "lost"]
OrderStatus = Literal["proposed", "approved", "released", "confirmed", "received", "cancelled"]

NOT_SEEN = -1
"""The sequence of a fact that has not arrived: any sequence is newer."""

NOTHING = Decimal(0)

_LAST_DAY_OF_WEEK = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class WeeklyCash:
    """Cents that are invoiced in the weeks that begin on `weeks`, in the same order."""

    weeks: tuple[date, ...]
    amounts: tuple[int, ...]

    @classmethod
    def of(cls, quantities: Sequence[tuple[date, Decimal]], price: Decimal) -> "WeeklyCash":
        """Quantities per week at a price a unit, to the cent of their total."""
        amounts = to_cents([quantity * price for _, quantity in quantities])
        moved = [(week, cash) for (week, _), cash in zip(quantities, amounts, strict=True) if cash]
        return cls(tuple(week for week, _ in moved), tuple(cash for _, cash in moved))


@dataclass(frozen=True, slots=True)
class DealLine:
    """One product of a deal: its whole quantity at a price a unit."""

    id: str
    product: str
    quantity: Decimal
    price: Decimal
    requested: date | None = None


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """What forecast expects of an open deal's line: probability x quantity x price, dated."""

    id: str
    product: str
    cash: WeeklyCash


@dataclass(frozen=True, slots=True)
class DealFact:
    """What deals says of a deal."""

    sequence: int
    name: str
    status: DealStatus
    closed_at: datetime | None
    payment_days: int
    lines: tuple[DealLine, ...]


@dataclass(frozen=True, slots=True)
class DemandFact:
    """What forecast says of a deal."""

    sequence: int
    status: DealStatus
    lines: tuple[ExpectedLine, ...]


@dataclass(frozen=True, slots=True)
class DealState:
    """All that is known of a deal; `sold` is the quantity per line and sale that took it over."""

    fact: DealFact | None = None
    demand: DemandFact | None = None
    sold: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)


SourceKind = Literal["deal", "sale", "order", "series"]


@dataclass(frozen=True, slots=True, order=True)
class SourceKey:
    """What contributes: a deal, sale or order by its id, a series by `product|region`."""

    kind: SourceKind
    id: str


@dataclass(frozen=True, slots=True)
class Return:
    """Goods that came back and the money that was paid back for them."""

    on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class SaleState:
    """A closed sale and the deal line that it took over; quantity zero when it was reversed."""

    sequence: int
    product: str
    quantity: Decimal
    price: Decimal
    invoiced: date
    payment_days: int
    deal: str | None = None
    deal_line: str | None = None
    returns: tuple[Return, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderState:
    """A purchase order, paid by the supplier's terms from the day it is or will be received."""

    sequence: int
    number: str
    item: str
    supplier: str
    status: OrderStatus
    amount: Decimal
    receipt: date
    payment_days: int


@dataclass(frozen=True, slots=True)
class SeriesState:
    """The baseline part of a series' forecast, at its expected price a unit."""

    sequence: int
    baseline: WeeklyCash


SourceState = DealState | SaleState | OrderState | SeriesState


def learn_deal(deal: DealState, fact: DealFact) -> DealState:
    """The deal after deals spoke; an older or equal sequence changes nothing."""
    known = deal.fact.sequence if deal.fact else NOT_SEEN
    return replace(deal, fact=fact) if fact.sequence > known else deal


def learn_demand(deal: DealState, demand: DemandFact) -> DealState:
    """The deal after forecast spoke; an older or equal sequence changes nothing."""
    known = deal.demand.sequence if deal.demand else NOT_SEEN
    return replace(deal, demand=demand) if demand.sequence > known else deal


def link_sale(deal: DealState, line: str, sale: str, quantity: Decimal) -> DealState:
    """The deal when a sale carries `quantity` of its line; zero takes the link away."""
    sales = {**deal.sold.get(line, {}), sale: quantity}
    if not quantity:
        del sales[sale]
    sold = {**deal.sold, line: sales}
    if not sales:
        del sold[line]
    return replace(deal, sold=sold)


def contributions_of(state: SourceState, policy: TermsPolicy) -> list[Contribution]:
    """All the cash of a source."""
    match state:
        case DealState():
            return deal_contributions(state, policy)
        case SaleState():
            return sale_contributions(state, policy)
        case OrderState():
            return order_contributions(state, policy)
        case SeriesState():
            return series_contributions(state, policy)
        case _:
            assert_never(state)


def label_of(key: SourceKey, state: SourceState, line: str) -> str:
    """A line of a source, named for people."""
    match state:
        case DealState(fact=DealFact(name=name, lines=lines)):
            products = [deal_line.product for deal_line in lines if deal_line.id == line]
            return ": ".join([name, *products])
        case DealState(demand=DemandFact(lines=lines)):
            return ", ".join(expected.product for expected in lines if expected.id == line)
        case DealState():
            return key.id
        case SaleState():
            return state.product
        case OrderState():
            return f"{state.number}: {state.item} from {state.supplier}"
        case SeriesState():
            return key.id.replace("|", " in ")
        case _:
            assert_never(state)


def deal_contributions(deal: DealState, policy: TermsPolicy) -> list[Contribution]:
    """Cash of a deal's lines, less what was sold of them.

    What deals says of the status decides; forecast's expected part counts while it, too, sees the
    deal open. A won deal is nothing until deals itself has told its lines.
    """
    if deal.fact is None:
        if deal.demand is None or deal.demand.status != "open":
            return []
        return _open_contributions(deal.demand, policy.customers)
    terms = policy.receivable(deal.fact.payment_days)
    match deal.fact.status:
        case "lost":
            return []
        case "won":
            return _won_contributions(deal.fact, deal.sold, terms, policy)
        case "open":
            if deal.demand is None or deal.demand.status != "open":
                return []
            return _open_contributions(deal.demand, terms)
        case _:
            assert_never(deal.fact.status)


def sale_contributions(sale: SaleState, policy: TermsPolicy) -> list[Contribution]:
    """The receivable of a sale, and what its returns pay back, on the day they came back."""
    due = policy.receivable(sale.payment_days).due(sale.invoiced)
    amount = cents(sale.quantity * sale.price)
    refunds = to_cents([returned.amount for returned in sale.returns])
    return [
        *_one("receivable", sale.product, due, "committed", amount),
        *(
            contribution
            for returned, refund in zip(sale.returns, refunds, strict=True)
            for contribution in _one("refund", sale.product, returned.on, "committed", -refund)
        ),
    ]


def order_contributions(order: OrderState, policy: TermsPolicy) -> list[Contribution]:
    """The payment of an order: expected while proposed, committed from its approval on."""
    if order.status == "cancelled":
        return []
    certainty: Certainty = "expected" if order.status == "proposed" else "committed"
    due = policy.payable(order.payment_days).due(order.receipt)
    amount = cents(order.amount)
    kind: Literal["payable", "purchase_order"] = (
        "payable" if order.status == "received" else "purchase_order"
    )
    return _one(kind, order.item, due, certainty, -amount)


def series_contributions(series: SeriesState, policy: TermsPolicy) -> list[Contribution]:
    """Expected cash of the part of a series' forecast that no known deal accounts for."""
    return _by_week("baseline", "", series.baseline, policy.customers)


def _open_contributions(demand: DemandFact, terms: PaymentTerms) -> list[Contribution]:
    return [
        contribution
        for line in demand.lines
        for contribution in _by_week("deal_line", line.id, line.cash, terms)
    ]


def _won_contributions(
    fact: DealFact,
    sold: Mapping[str, Mapping[str, Decimal]],
    terms: PaymentTerms,
    policy: TermsPolicy,
) -> list[Contribution]:
    """What is won and not yet sold, invoiced when requested, or on winning if that is later."""
    won_on = policy.date_of(fact.closed_at) if fact.closed_at else None
    contributions = []
    for line in fact.lines:
        left = max(NOTHING, line.quantity - sum(sold.get(line.id, {}).values(), NOTHING))
        amount = cents(left * line.price)
        days = [day for day in (line.requested, won_on) if day is not None]
        if days:
            due = terms.due(max(days))
            contributions += _one("deal_line", line.id, due, "committed", amount)
    return contributions


def _by_week(
    kind: Literal["deal_line", "baseline"], line: str, cash: WeeklyCash, terms: PaymentTerms
) -> list[Contribution]:
    """Expected cash; a week's is invoiced on its last day: an offset rounds up to whole periods."""
    return [
        Contribution(kind, line, terms.due(week + _LAST_DAY_OF_WEEK), "expected", amount)
        for week, amount in zip(cash.weeks, cash.amounts, strict=True)
    ]


def _one(
    kind: Literal["deal_line", "receivable", "refund", "purchase_order", "payable"],
    line: str,
    due: date,
    certainty: Certainty,
    amount: int,
) -> list[Contribution]:
    """A single contribution, unless it moves nothing."""
    return [Contribution(kind, line, due, certainty, amount)] if amount else []
