"""A deal's life, put together from everything that is kept of it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from takt.common.db import Tx
from takt.deals.domain.life import Fact, changes_of, latest_first, moves_of
from takt.deals.domain.price import Offer
from takt.deals.service.moves import company_of
from takt.deals.service.problems import deal_not_found
from takt.deals.store.catalog import load_catalog
from takt.deals.store.deals import offer_of, read_deals
from takt.deals.store.life import (
    read_documents,
    read_movers,
    read_revisions,
    read_sales_told,
    read_told,
)
from takt.deals.store.sales import Sale, read_sales
from takt.deals.store.views import read_approvals

Changes = Mapping[datetime, tuple[UUID | None, str | None]]
"""By the instant of a change: its chain and who made it, as far as they are kept."""

MOST_SALES = 10_000
"""A deal has at most 500 lines, and a line one sale."""


async def read_life(tx: Tx, deal_id: UUID) -> list[Fact]:
    """Every fact of a deal's life, the latest first. Raises NotFound."""
    stored = (await read_deals(tx, [deal_id])).get(deal_id)
    if stored is None:
        raise deal_not_found(deal_id)
    deal = stored.deal
    catalog = await load_catalog(tx, stored.revision)
    zone = company_of(catalog).zone
    told = await read_told(tx, deal_id)
    revisions = await read_revisions(tx, deal_id)
    documents = await read_documents(tx, deal_id)
    approvals = await read_approvals(tx, deal_id)
    sales = await read_sales(tx, deal=deal_id, limit=MOST_SALES)
    instants = {entry.entered_at for entry in deal.entries} | {one.at for one in revisions}
    on = {at: at.astimezone(zone).date() for at in instants}
    elsewhere = {one["completed_at"] for one in documents}
    elsewhere |= {one["created_at"] for one in approvals}
    said = {event.sequence: event.correlation for event in told}
    changes = {one.at: (said.get(one.sequence), one.by) for one in revisions}
    movers = await read_movers(tx, deal_id)
    facts = moves_of(deal, catalog.pipelines[deal.pipeline], told, on, movers)
    facts += changes_of(revisions, told, on, frozenset(elsewhere))
    for document in documents:
        facts.append(_document(document, zone, changes))
    for approval in approvals:
        facts += _approval(approval, zone, changes)
    sales_told = await read_sales_told(tx, [sale.id for sale in sales])
    for sale in sales:
        facts += _sale(sale, sales_told)
    return latest_first(facts)


def _document(row: dict[str, Any], zone: ZoneInfo, changes: Changes) -> Fact:
    at: datetime = row["completed_at"]
    chain, by = changes.get(at, (None, None))
    details = {"document": row["kind"], "name": row["name"], "address": row["address"], "by": by}
    day = at.astimezone(zone).date()
    return Fact("document", day, at, f"3 {row['kind']}", chain, details)


def _approval(row: dict[str, Any], zone: ZoneInfo, changes: Changes) -> list[Fact]:
    offers: list[Offer] = [offer_of(offer) for offer in row["offers"]]
    details = {
        "approval_id": row["id"],
        "role": row["role"],
        "by": row["approver"],
        "reason": row["reason"],
        "offers": offers,
        "expires_at": row["expires_at"],
    }
    at, voided = row["created_at"], row["voided_at"]
    chain, _ = changes.get(at, (None, None))
    place = f"4 {row['id']}"
    facts = [
        Fact("approved", at.astimezone(zone).date(), at, place, chain, details),
    ]
    if voided is not None:
        chain, by = changes.get(voided, (None, None))
        about = {"approval_id": row["id"], "role": row["role"], "by": by}
        day = voided.astimezone(zone).date()
        place = f"5 {row['id']}"
        facts.append(Fact("approval_voided", day, voided, place, chain, about))
    return facts


def _sale(sale: Sale, told: dict[tuple[UUID, str, str | None], UUID]) -> list[Fact]:
    """What became of a sale; of each step only its day is kept."""
    about = {"sale_id": sale.id, "product": sale.product}

    def fact(kind: Any, day: date, said: str, place: str, more: dict[str, Any]) -> Fact:
        return_id = more.get("return_id")
        chain = told.get((sale.id, said, return_id))
        return Fact(kind, day, None, f"{place} {sale.id} {return_id}", chain, about | more)

    amounts = {"quantity": sale.quantity, "price": sale.price}
    facts = [fact("sold", sale.sold_on, "closed", "6", amounts)]
    if sale.shipped_on is not None:
        shipped = {"quantity": sale.shipped_quantity}
        facts.append(fact("shipped", sale.shipped_on, "shipped", "7", shipped))
    for one in sale.returns:
        back = {"quantity": one.quantity, "amount": one.amount, "return_id": one.return_id}
        facts.append(fact("returned", one.returned_on, "returned", "8", back))
    return facts
