"""/v1/traces."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request

from takt.common.auth import Caller, requires
from takt.common.problems import NotFound, Unavailable
from takt.console.schemas import Trace
from takt.console.service.stream import topics_for
from takt.console.service.traces import assemble, gather

router = APIRouter(tags=["traces"])


@router.get("/v1/traces/{correlation_id}")
async def show_trace(
    request: Request,
    correlation_id: UUID,
    caller: Annotated[Caller, requires("events:read")],
) -> Trace:
    """All that one correlation id set in motion, in every service.

    An event's id shows what followed from it.
    """
    authorization = request.headers.get("authorization")
    found = await gather(request.app.state.backends, correlation_id, authorization)
    if found.steps:
        return assemble(found, correlation_id, topics_for(caller.may))
    if found.missing:
        raise Unavailable(
            f"nothing is found, and {', '.join(sorted(found.missing))} did not answer",
            remedy="ask again when all services are up; /v1/status shows how they are",
            missing=sorted(found.missing),
        )
    raise NotFound(
        f"no event carries the id {correlation_id}",
        field="correlation_id",
        value=str(correlation_id),
        remedy="take an id from a Correlation-Id header or an event; they are kept for eight days",
    )
