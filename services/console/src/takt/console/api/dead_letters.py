"""/v1/dead-letters."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from takt.common.auth import requires
from takt.common.http import Cursor, Limit
from takt.common.problems import MEDIA_TYPE
from takt.console.schemas import DeadLetters, DoorDeadLetter, DoorDeadLetterContent
from takt.console.service.backends import Answer
from takt.console.service.dead_letters import ask_about, of_door, page

router = APIRouter(tags=["dead-letters"])


@router.get("/v1/dead-letters", dependencies=[requires("operate")])
async def list_dead_letters(
    request: Request, cursor: Cursor = None, limit: Limit = 100
) -> DeadLetters:
    """What waits in quarantine or behind it, in all services, oldest first."""
    authorization = request.headers.get("authorization")
    return await page(request.app.state.backends, cursor, limit, authorization)


@router.get(
    "/v1/dead-letters/{letter}",
    dependencies=[requires("operate")],
    response_model=DoorDeadLetterContent,
)
async def show_dead_letter(request: Request, letter: str) -> DoorDeadLetterContent | JSONResponse:
    """A dead letter with its headers and value."""
    service, answer = await _ask(request, letter, "GET")
    if answer.status != 200:
        return _said(answer)
    found = of_door(service, answer.body).model_dump()
    body = answer.body
    return DoorDeadLetterContent(**found, headers=body["headers"], value=body["value"])


@router.post(
    "/v1/dead-letters/{letter}/replay",
    dependencies=[requires("operate")],
    response_model=list[DoorDeadLetter],
)
async def replay_dead_letter(request: Request, letter: str) -> list[DoorDeadLetter] | JSONResponse:
    """Handle it again, and what is parked behind it; answers those that were handled."""
    service, answer = await _ask(request, letter, "POST", "/replay")
    if answer.status != 200:
        return _said(answer)
    return [of_door(service, one) for one in answer.body]


async def _ask(request: Request, letter: str, method: str, action: str = "") -> tuple[str, Answer]:
    authorization = request.headers.get("authorization")
    return await ask_about(request.app.state.backends, letter, method, action, authorization)


def _said(answer: Answer) -> JSONResponse:
    """The service's own problem."""
    return JSONResponse(answer.body, answer.status, media_type=MEDIA_TYPE)
