"""Whether the door answers, and which services behind it cannot."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from takt.common.auth import public
from takt.console.service.status import not_ready

router = APIRouter(tags=["operations"])


class Readiness(BaseModel):
    """The door serves as long as it answers: one service that is away takes no other with it."""

    status: str = "ready"
    not_ready: list[str] = Field(description="services that cannot serve now")


@router.get("/health/live")
@public
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get("/health/ready")
@public
async def ready(request: Request) -> Readiness:
    """The door serves; services that cannot are named."""
    return Readiness(not_ready=await not_ready(request.app.state.backends))
