"""What other systems say on Kafka or by webhook: their own words become our facts, once each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from takt.common.contracts.inbound import InboundDeal, InboundSale
from takt.common.db import Tx
from takt.common.event import Cause, Envelope
from takt.common.problems import Problem
from takt.deals.domain.refusal import Refusal
from takt.deals.service.drafts import DealDraft, LineDraft, Upserted
from takt.deals.service.moves import company_of
from takt.deals.service.problems import WrongCurrency
from takt.deals.service.references import Names, resolve
from takt.deals.service.sales import SaleStatement, record_sales
from takt.deals.service.upserts import upsert_deals
from takt.deals.store.catalog import load_catalog
from takt.deals.store.deals import deals_of_lines
from takt.deals.store.sales import Sale

INBOUND: Final = "deals-inbound"
"""Topic and webhook claim messages under one name, so that both doors count a message once."""

UNASSIGNED: Final = "unassigned"
"""The owner of a deal whose CRM names none."""


async def take_deals(tx: Tx, events: Sequence[Envelope[InboundDeal]], now: datetime) -> None:
    """A CRM's opportunities as they stand there. What they refer to is made room for.

    Raises: the first problem, so that the consumer sets the message aside with its reason.
    """
    for outcome in await upsert_deals(tx, list(map(_draft, events)), now, placeholders=True):
        if isinstance(outcome, Problem):
            raise outcome


async def take_deal(tx: Tx, event: Envelope[InboundDeal], now: datetime) -> Upserted:
    """One opportunity, and what became of it."""
    [outcome] = await upsert_deals(tx, [_draft(event)], now, placeholders=True)
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


def _draft(envelope: Envelope[InboundDeal]) -> DealDraft:
    said = envelope.event
    return DealDraft(
        cause=Cause.of(envelope),
        by=envelope.source,
        key=(envelope.source, said.external_id),
        name=said.name,
        account=said.account,
        owner=said.owner,
        owner_if_new=UNASSIGNED,
        team=said.team,
        region=said.region,
        pipeline=said.pipeline,
        stage=said.stage,
        expected_close=said.expected_close,
        manual_probability=said.manual_probability,
        currency=said.currency,
        lines=None
        if said.lines is None
        else tuple(
            LineDraft(
                product=line.product,
                quantity=line.quantity,
                price=line.price,
                requested=line.requested_date,
                reference=line.reference,
            )
            for line in said.lines
        ),
        reason=said.reason,
        competitor=said.competitor,
        sequence=said.sequence,
    )


async def keep_sales(tx: Tx, events: Sequence[Envelope[InboundSale]], now: datetime) -> None:
    """Order lines from the topic."""
    await take_sales(tx, events, now)


async def take_sales(tx: Tx, events: Sequence[Envelope[InboundSale]], now: datetime) -> list[Sale]:
    """Order lines as an ERP or a till knows them. What they refer to is made room for."""
    company = company_of(await load_catalog(tx))
    for envelope in events:
        currency = envelope.event.currency
        if currency not in (None, company.currency):
            remedy = f"Give amounts in {company.currency}, the company's only currency."
            refusal = Refusal("wrong-currency", "currency", str(currency), remedy)
            raise WrongCurrency.of([refusal])
    names = [
        Names(
            source=envelope.source,
            account=envelope.event.account,
            region=envelope.event.region,
            products=frozenset({envelope.event.product}),
        )
        for envelope in events
    ]
    resolved = await resolve(tx, names, placeholders=True)
    lines = {one.event.deal_line_id for one in events if one.event.deal_line_id is not None}
    statements = []
    for envelope, named in zip(events, names, strict=True):
        said, account = envelope.event, resolved.account(named)
        statements.append(
            SaleStatement(
                source=envelope.source,
                order_line=said.order_line,
                product=said.product,
                region=said.region,
                quantity=said.quantity,
                price=said.price,
                sold_on=said.sold_on,
                cause=Cause.of(envelope),
                requested_date=said.requested_date,
                payment_days=said.payment_days,
                deal_line=said.deal_line_id,
                account=account.id if account else None,
                shipped_quantity=said.shipped_quantity,
                shipped_on=said.shipped_on,
                sequence=said.sequence,
            )
        )
    deals = await deals_of_lines(tx, lines) if lines else {}
    return await record_sales(tx, statements, deals, company, now)
