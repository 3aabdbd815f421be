"""Documents of deals: completed ones are what exit criteria ask for."""

from datetime import datetime
from uuid import UUID

from takt.common.db import Tx
from takt.common.event import Cause
from takt.deals.domain.deal import Deal
from takt.deals.service.drafts import DealDraft, DocumentDraft
from takt.deals.service.upserts import change_deal
from takt.deals.store.documents import add_documents


async def attach_document(
    tx: Tx,
    deal_id: UUID,
    document: DocumentDraft,
    *,
    by: str,
    expected: int | None,
    now: datetime,
    cause: Cause,
) -> Deal:
    """Attach a completed document; one of its kind that is there already is replaced.

    Raises: NotFound, Stale.
    """
    draft = DealDraft(cause=cause, by=by, id=deal_id, expected=expected, documents=(document,))
    deal = await change_deal(tx, draft, now)
    await add_documents(tx, [(deal_id, document.kind, document.name, document.address)], now)
    return deal
