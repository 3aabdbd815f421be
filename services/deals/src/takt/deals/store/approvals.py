"""Approvals of what a deal offers."""

from datetime import datetime
from uuid import UUID

from takt.common.db import Tx
from takt.deals.domain.price import Approval
from takt.deals.store.rows import fetch, to_json


async def add_approval(
    tx: Tx, deal: UUID, approval: Approval, approver: str, reason: str | None, now: datetime
) -> None:
    """Keep an approval with what exactly was approved."""
    offers = [
        {"line": o.line, "product": o.product, "quantity": o.quantity, "price": o.price}
        for o in approval.offers
    ]
    await fetch(
        tx,
        "INSERT INTO approvals (id, deal_id, role, approver, reason, offers, payment_days,"
        " warranty_months, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10)",
        approval.id,
        deal,
        approval.role,
        approver,
        reason,
        to_json(offers),
        approval.terms.payment_days,
        approval.terms.warranty_months,
        now,
        approval.expires_at,
    )
