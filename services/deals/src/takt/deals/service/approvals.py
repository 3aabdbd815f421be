"""Approvals: somebody of a role agrees to lines as they are, or as they are about to be."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from takt.common.db import Tx
from takt.common.event import Cause, new_id
from takt.common.http import check_match
from takt.deals.domain.price import Approval, Offer, Terms
from takt.deals.domain.refusal import Refusal
from takt.deals.service import facts
from takt.deals.service.moves import ATTEMPTS, company_of
from takt.deals.service.problems import BadDeal, ChangedMeanwhile, deal_not_found
from takt.deals.store.approvals import add_approval
from takt.deals.store.catalog import load_catalog
from takt.deals.store.deals import Written, read_deals, write_changes


async def approve_offer(
    tx: Tx,
    deal_id: UUID,
    *,
    role: str,
    approver: str,
    reason: str | None,
    offers: Sequence[Offer] | None,
    terms: Terms | None,
    expires_at: datetime,
    expected: int | None,
    now: datetime,
    cause: Cause,
) -> Approval:
    """Approve offers of a deal under its terms until `expires_at`; by default all as they stand.

    Given offers may be of lines still to be written: the approval is what lets them in.
    Raises: NotFound; Stale; BadDeal: it expires before it begins, or approves nothing.
    """
    for _ in range(ATTEMPTS):
        stored = (await read_deals(tx, [deal_id])).get(deal_id)
        if stored is None:
            raise deal_not_found(deal_id)
        deal = stored.deal
        check_match(expected, deal.sequence, changed_by=stored.changed_by)
        approval = Approval(
            id=new_id(),
            role=role,
            offers=deal.offers if offers is None else frozenset(offers),
            terms=deal.terms if terms is None else terms,
            expires_at=expires_at,
        )
        refusals = []
        if expires_at <= now:
            remedy = f"Give an instant after {now.isoformat()}."
            refusals.append(
                Refusal("expired-already", "expires_at", expires_at.isoformat(), remedy)
            )
        if not approval.offers:
            refusals.append(Refusal("nothing-to-approve", "lines", "", "Name the lines."))
        if refusals:
            raise BadDeal.of(refusals)
        after = replace(deal, approvals=(*deal.approvals, approval), sequence=deal.sequence + 1)
        company = company_of(await load_catalog(tx, stored.revision))
        written = Written(
            after,
            facts.changed(after, company, ("approvals",)),
            cause,
            approver,
            since=len(deal.entries),
            valid_from=max(now, deal.opened_at),
            source_sequence=stored.source_sequence,
        )
        if await write_changes(tx, [written]):
            await add_approval(tx, deal_id, approval, approver, reason, now)
            return approval
    raise ChangedMeanwhile(field="id", value=str(deal_id), remedy="read the deal and try again")
