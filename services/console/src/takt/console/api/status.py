"""/v1/status."""

from fastapi import APIRouter, Request

from takt.common.auth import requires
from takt.common.http import Now
from takt.console.schemas import DoorStatus
from takt.console.service.status import status

router = APIRouter(tags=["status"])


@router.get("/v1/status", dependencies=[requires("events:read")])
async def show_status(request: Request, now: Now) -> DoorStatus:
    """How Takt is: each service with its consumers' lag, its outbox, its dead letters."""
    state = request.app.state
    authorization = request.headers.get("authorization")
    return await status(state.backends, state.events, authorization, now)
