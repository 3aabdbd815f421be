"""Between the contracts and the domain of cash: events into facts, an outlook into events."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from takt.common.contracts import deals, forecast, supply_planning
from takt.common.event import Event
from takt.supply_planning.domain.cash import ContributionKind, ProjectedWeek, money
from takt.supply_planning.domain.cash_facts import KeyedFact
from takt.supply_planning.domain.cash_ledger import Ledger, Outlook, opening_of
from takt.supply_planning.domain.cash_shortfall import ShortfallExplanation
from takt.supply_planning.domain.cash_sources import (
    DealFact,
    DealLine,
    DemandFact,
    ExpectedLine,
    OrderState,
    Return,
    SaleState,
    SeriesState,
    SourceKey,
    WeeklyCash,
)

WireKind = Literal["deal_line", "sale", "baseline", "purchase_order", "fixed_payment"]

WIRE_KINDS: Mapping[ContributionKind, WireKind] = {
    "deal_line": "deal_line",
    "receivable": "sale",
    "refund": "sale",
    "baseline": "baseline",
    "purchase_order": "purchase_order",
    "payable": "purchase_order",
    "fixed_payment": "fixed_payment",
}


def fact_of(event: Event) -> KeyedFact | None:
    """What an event says of cash; None when it says nothing."""
    match event:
        case deals.DealEvent():
            return SourceKey("deal", event.subject), _deal(event)
        case forecast.PipelineDemandChanged():
            return SourceKey("deal", event.subject), _demand(event)
        case deals.SaleEvent():
            return SourceKey("sale", event.subject), _sale(event)
        case supply_planning.PurchaseOrderEvent() | supply_planning.PurchaseOrderHeld():
            return SourceKey("order", event.subject), _order(event)
        case forecast.ForecastChanged():
            return SourceKey("series", event.subject), _series(event)
        case _:
            return None


def projected(ledger: Ledger, outlook: Outlook, now: datetime) -> supply_planning.CashProjected:
    """The projection as it is told."""
    projection = outlook.projection
    committed = projection.lowest_committed
    return supply_planning.CashProjected(
        sequence=ledger.projection_sequence,
        ledger=ledger.code,
        currency=ledger.currency,
        as_of=now,
        opening=money(projection.opening_balance),
        minimum=money(opening_of(ledger).minimum),
        weeks=tuple(cash_week(week) for week in projection.weeks),
        lowest_expected=_lowest(projection.lowest),
        lowest_committed=supply_planning.LowestBalance(
            week=committed.week, balance=money(committed.committed_balance)
        ),
    )


def shortfall(
    ledger: Ledger,
    outlook: Outlook,
    explanation: ShortfallExplanation,
    labels: Mapping[tuple[str, str], str],
    now: datetime,
) -> supply_planning.CashShortfall:
    """A shortfall, or its end, as it is told.

    Args:
        ledger: after it was told.
        outlook: what is told.
        explanation: why, and what would help.
        labels: names for people, by source and line.
        now: business time.
    """
    return supply_planning.CashShortfall(
        sequence=ledger.shortfall_sequence,
        ledger=ledger.code,
        currency=ledger.currency,
        as_of=now,
        state="cleared" if outlook.verdict == "resolved" else "open",
        minimum=money(opening_of(ledger).minimum),
        lowest=_lowest(outlook.projection.lowest),
        causes=tuple(
            supply_planning.CashCause(
                kind=WIRE_KINDS[cause.kind],
                reference=cause.line if cause.kind == "deal_line" else cause.source,
                label=labels[cause.source, cause.line],
                week=cause.week,
                amount=money(cause.amount),
            )
            for cause in explanation.causes
        ),
        remedies=tuple(
            supply_planning.CashRemedy(
                kind=remedy.action,
                reference=remedy.source,
                label=labels[remedy.source, remedy.line],
                amount=money(remedy.amount),
            )
            for remedy in explanation.remedies
        ),
    )


def cash_week(week: ProjectedWeek) -> supply_planning.CashWeek:
    """A week as it is told: expected includes committed, payments are negative."""
    flow = week.flow
    return supply_planning.CashWeek(
        week=week.week,
        receipts_expected=money(flow.committed_receipts + flow.expected_receipts),
        receipts_committed=money(flow.committed_receipts),
        payments_expected=money(flow.committed_payments + flow.expected_payments),
        payments_committed=money(flow.committed_payments),
        balance_expected=money(week.balance),
        balance_committed=money(week.committed_balance),
    )


def _lowest(week: ProjectedWeek) -> supply_planning.LowestBalance:
    return supply_planning.LowestBalance(week=week.week, balance=money(week.balance))


def _deal(event: deals.DealEvent) -> DealFact:
    deal = event.deal
    return DealFact(
        sequence=event.sequence,
        name=deal.name,
        status=deal.status,
        closed_at=deal.closed_at,
        payment_days=deal.payment_days,
        lines=tuple(
            DealLine(
                str(line.line_id), line.product, line.quantity, line.price, line.requested_date
            )
            for line in deal.lines
        ),
    )


def _demand(event: forecast.PipelineDemandChanged) -> DemandFact:
    return DemandFact(
        sequence=event.sequence,
        status=event.status,
        lines=tuple(
            ExpectedLine(
                str(line.line_id),
                line.product,
                WeeklyCash.of([(part.week, part.quantity) for part in line.expected], line.price),
            )
            for line in event.lines
        ),
    )


def _sale(event: deals.SaleEvent) -> SaleState:
    """A sale is invoiced when all of it has left; until then when it was wished for."""
    sale = event.sale
    shipped = sale.shipped_on if sale.shipped_quantity >= sale.quantity else None
    return SaleState(
        sequence=event.sequence,
        product=sale.product,
        quantity=sale.quantity,
        price=sale.price,
        invoiced=shipped or max(sale.sold_on, sale.requested_date),
        payment_days=sale.payment_days,
        deal=str(sale.deal_id) if sale.deal_id else None,
        deal_line=str(sale.deal_line_id) if sale.deal_line_id else None,
        returns=tuple(Return(back.returned_on, back.amount) for back in sale.returns),
    )


def _order(
    event: supply_planning.PurchaseOrderEvent | supply_planning.PurchaseOrderHeld,
) -> OrderState:
    order = event.order
    received = order.received_on if order.status == "received" else None
    return OrderState(
        sequence=event.sequence,
        number=order.number,
        item=order.item,
        supplier=order.supplier,
        status=order.status,
        amount=order.amount,
        receipt=received or order.confirmed_on or order.due_on,
        payment_days=order.payment_days,
    )


def _series(event: forecast.ForecastChanged) -> SeriesState:
    return SeriesState(
        sequence=event.sequence,
        baseline=WeeklyCash.of(
            [(bucket.week, bucket.baseline) for bucket in event.buckets], event.price
        ),
    )
