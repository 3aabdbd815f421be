"""The webhook of other systems: the same words as on Kafka, deduplicated by source and id."""

from typing import Annotated, TypeVar, cast

from fastapi import APIRouter
from pydantic import Field

from takt.common.amounts import Code
from takt.common.auth import requires
from takt.common.contracts.inbound import InboundDeal, InboundSale
from takt.common.db import RequestTx
from takt.common.event import Cause, Envelope, decode
from takt.common.http import Now, RequestCause, RequestModel
from takt.common.inbox import claim
from takt.deals.schemas.moves import BulkOutcome
from takt.deals.service.inbound import INBOUND, take_deal, take_sales

router = APIRouter(prefix="/v1/inbound", tags=["inbound"])
Said = TypeVar("Said", InboundDeal, InboundSale)


class DealNotice(RequestModel):
    """A CRM's notice: `id` is the source's own id of this message."""

    source: Code
    id: Annotated[str, Field(min_length=1, max_length=400)]
    deal: InboundDeal


class SaleNotice(RequestModel):
    """An ERP's or a till's notice: `id` is the source's own id of this message."""

    source: Code
    id: Annotated[str, Field(min_length=1, max_length=400)]
    sale: InboundSale


@router.post("/deals", dependencies=[requires("deals:write")])
async def post_deal_notice(
    body: DealNotice, tx: RequestTx, now: Now, cause: RequestCause
) -> BulkOutcome:
    """A CRM's opportunity as it stands there; the same notice twice is one."""
    envelope = _envelope(body.source, body.id, body.deal, cause)
    if not await claim(tx, INBOUND, [envelope.id]):
        return BulkOutcome(external_id=body.deal.external_id, result="repeated")
    outcome = await take_deal(tx, envelope, now)
    return BulkOutcome(
        id=outcome.deal.id,
        external_id=body.deal.external_id,
        result=outcome.result,
        stage=outcome.deal.stage,
        sequence=outcome.deal.sequence,
    )


@router.post("/sales", dependencies=[requires("deals:write")])
async def post_sale_notice(
    body: SaleNotice, tx: RequestTx, now: Now, cause: RequestCause
) -> BulkOutcome:
    """An order line as it stands there; the same notice twice is one."""
    envelope = _envelope(body.source, body.id, body.sale, cause)
    if not await claim(tx, INBOUND, [envelope.id]):
        return BulkOutcome(external_id=body.sale.order_line, result="repeated")
    [sale] = await take_sales(tx, [envelope], now)
    return BulkOutcome(
        id=sale.id, external_id=sale.order_line, result="taken", sequence=sale.sequence
    )


def _envelope(source: str, identity: str, said: Said, cause: Cause) -> Envelope[Said]:
    """The notice as Kafka would have brought it: the same source and id are the same message."""
    headers = {
        "ce_id": identity,
        "ce_source": source,
        "ce_type": said.event_type,
        "ce_correlations": ",".join(map(str, cause.correlations)),
    }
    read = decode(headers, said.model_dump_json().encode(), source)
    assert isinstance(read, Envelope), "it was validated as this type"
    return cast(Envelope[Said], read)
