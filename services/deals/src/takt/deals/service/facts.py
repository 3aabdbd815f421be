"""What happened, in the words of the public events."""

from typing import assert_never

from takt.common.contracts.deals import (
    DealChanged,
    DealEvent,
    DealLost,
    DealOpened,
    DealReopened,
    DealStageChanged,
    DealState,
    DealWon,
    SaleReturn,
    SaleState,
)
from takt.deals.domain.deal import Deal, Move
from takt.deals.store.catalog import Company
from takt.deals.store.sales import Sale


def state_of(deal: Deal, company: Company) -> DealState:
    """A deal as others see it. Payment days: the deal's own, else its account's, else usual."""
    entries = deal.entries
    left = [*(entry.entered_at for entry in entries[1:]), None]
    days = (deal.terms.payment_days, deal.account_payment_days, company.payment_days)
    return DealState.model_validate(
        {
            "deal_id": deal.id,
            "external_id": deal.external_id,
            "name": deal.name,
            "account_id": deal.account,
            "owner": deal.owner,
            "team": deal.team,
            "region": deal.region,
            "pipeline": deal.pipeline,
            "stage": deal.stage,
            "status": deal.status,
            "opened_at": deal.opened_at,
            "stage_entered_at": deal.entered_at,
            "closed_at": deal.closed_at,
            "expected_close": deal.expected_close,
            "payment_days": next(one for one in days if one is not None),
            "manual_probability": deal.manual_probability,
            "lines": [
                {
                    "line_id": line.offer.line,
                    "product": line.offer.product,
                    "quantity": line.offer.quantity,
                    "price": line.offer.price,
                    "requested_date": line.requested,
                }
                for line in deal.lines
            ],
            "history": [
                {
                    "stage": entry.stage,
                    "entered_at": entry.entered_at,
                    "left_at": left_at,
                    "imported": entry.imported,
                }
                for entry, left_at in zip(entries, left, strict=True)
            ],
            "imported": deal.imported,
        }
    )


def opened(deal: Deal, company: Company) -> DealOpened:
    """A deal began here, or came with its history from elsewhere."""
    return DealOpened(sequence=deal.sequence, deal=state_of(deal, company))


def changed(deal: Deal, company: Company, fields: tuple[str, ...]) -> DealChanged:
    """Something other than the stage changed."""
    return DealChanged(sequence=deal.sequence, deal=state_of(deal, company), changed=fields)


def stage_changed(deal: Deal, company: Company, move: Move) -> DealEvent:
    """A deal moved; what the move means is in the type."""
    state, sequence = state_of(deal, company), deal.sequence
    match move.kind:
        case "forward" | "skip" | "back":
            return DealStageChanged(
                sequence=sequence, deal=state, from_stage=move.source, to_stage=move.target
            )
        case "won":
            return DealWon(
                sequence=sequence, deal=state, from_stage=move.source, reason=deal.reason
            )
        case "lost":
            return DealLost(
                sequence=sequence,
                deal=state,
                from_stage=move.source,
                reason=deal.reason,
                competitor=deal.competitor,
            )
        case "reopen":
            return DealReopened(
                sequence=sequence, deal=state, from_stage=move.source, to_stage=move.target
            )
        case _:
            assert_never(move.kind)


def sale_state(sale: Sale) -> SaleState:
    """A sale as others see it."""
    return SaleState(
        sale_id=sale.id,
        source=sale.source,
        order_line=sale.order_line,
        deal_id=sale.deal_id,
        deal_line_id=sale.deal_line_id,
        account_id=sale.account_id,
        product=sale.product,
        region=sale.region,
        quantity=sale.quantity,
        price=sale.price,
        sold_on=sale.sold_on,
        requested_date=sale.requested_date,
        payment_days=sale.payment_days,
        shipped_quantity=sale.shipped_quantity,
        shipped_on=sale.shipped_on,
        returns=tuple(
            SaleReturn(
                return_id=one.return_id,
                returned_on=one.returned_on,
                quantity=one.quantity,
                amount=one.amount,
            )
            for one in sale.returns
        ),
    )
