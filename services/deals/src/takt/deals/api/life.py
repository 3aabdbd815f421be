"""The life of a deal: everything that is kept of what happened to it."""

from uuid import UUID

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Page, decode_cursor, encode_cursor
from takt.deals.schemas.life import FactOut
from takt.deals.service.life import read_life

router = APIRouter(prefix="/v1/deals", tags=["deals"])


@router.get(
    "/{deal_id}/life",
    dependencies=[requires("deals:read")],
    response_model_exclude_none=True,
)
async def get_life(
    deal_id: UUID, tx: RequestTx, cursor: Cursor = None, limit: Limit = 100
) -> Page[FactOut]:
    """What happened to a deal, the latest first: changes, moves, documents, approvals, sales.

    It is told from what is only ever appended. `by` is who did it: the name of the key, or the
    source that told it on Kafka, by webhook or in a file; of sales it is not kept. Of name,
    terms and the manual probability, of earlier reasons and of a document that was replaced
    there is no past; of sales, shipments and returns the day is kept. Left out is what a fact
    does not have.
    """
    facts = await read_life(tx, deal_id)
    after = decode_cursor(cursor, tuple[str, str, str])
    if after is not None:
        facts = [fact for fact in facts if fact.order < after]
    page = facts[:limit]
    return Page(
        items=[
            FactOut(
                kind=fact.kind,
                on=fact.on,
                at=fact.at,
                correlation_id=fact.correlation,
                **fact.details,
            )
            for fact in page
        ],
        next=encode_cursor(*page[-1].order) if len(facts) > limit else None,
    )
