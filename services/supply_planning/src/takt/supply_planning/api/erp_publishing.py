"""/v1/erp-publishing: the switch that stops publishing to the ERP at once."""

from typing import Annotated

from fastapi import APIRouter

from takt.common.auth import Caller, requires
from takt.common.db import RequestTx
from takt.common.http import RequestCause
from takt.supply_planning.schemas.planning import (
    ErpPublishing,
    PublishingChange,
    PublishingSwitch,
)
from takt.supply_planning.service.publishing import switch_publishing
from takt.supply_planning.store.publishing import count_held, list_changes, publishing_state

router = APIRouter(prefix="/v1/erp-publishing", tags=["erp-publishing"])
NAMED_CHANGES = 100


@router.get("", dependencies=[requires("supply:read")])
async def read_erp_publishing(tx: RequestTx) -> ErpPublishing:
    """Whether the ERP is told of purchase orders, who switched that, when and why."""
    return ErpPublishing(
        state=await publishing_state(tx),
        held_orders=await count_held(tx),
        changes=tuple(
            PublishingChange.model_validate(dict(row))
            for row in await list_changes(tx, NAMED_CHANGES)
        ),
    )


@router.put("")
async def switch_erp_publishing(
    body: PublishingSwitch,
    caller: Annotated[Caller, requires("supply:write")],
    tx: RequestTx,
    cause: RequestCause,
) -> ErpPublishing:
    """Stop telling the ERP of purchase orders, or tell it again.

    Off: from the reply on nothing new goes to `takt.purchasing.v1` and its webhooks, and no order
    can be released; planning, approvals and what the ERP answers go on. On: the ERP is told once of
    each order that has changed, as it then stands. There is no If-Match: who has to stop something
    does not first read how it stands, and to switch twice is to switch once.
    """
    await switch_publishing(tx, body.state, body.reason, caller.name, cause)
    return await read_erp_publishing(tx)
