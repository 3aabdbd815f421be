"""The dead letters of all services as one list. A letter's id is `<service>-<number>`."""

import asyncio
import heapq
from typing import Any

from pydantic import TypeAdapter

from takt.common.dead_letters import DeadLetter
from takt.common.http import PlaceNumber, decode_cursor, encode_cursor
from takt.common.problems import NotFound
from takt.console.schemas import DeadLetters, DoorDeadLetter
from takt.console.service.backends import Answer, Backend, Backends, NoAnswer, ServiceUnreachable

REPLAY_SECONDS = 30
"""A replay handles a letter and all that is parked behind it."""

LETTERS = TypeAdapter(list[DeadLetter])


async def page(
    backends: Backends, cursor: str | None, limit: int, authorization: str | None
) -> DeadLetters:
    """A page over all services, oldest first; the cursor keeps a place in each of them."""
    places = _places(cursor)
    listed = await asyncio.gather(
        *(_listed(b, places.get(b.name, 0), limit, authorization) for b in backends.values())
    )
    by_service = dict(zip(backends, listed, strict=True))
    letters = [
        [(letter.at, name, letter) for letter in found]
        for name, found in by_service.items()
        if found is not None
    ]
    # Each service's own order stays: its cursor is a number in it.
    merged = list(heapq.merge(*letters, key=lambda one: one[:2]))
    taken = merged[:limit]
    places |= {name: letter.id for _, name, letter in taken}
    more = len(merged) > limit or any(len(found or ()) == limit for found in by_service.values())
    return DeadLetters(
        items=[of_door(name, letter.model_dump()) for _, name, letter in taken],
        next=encode_cursor(places) if taken and more else None,
        missing=[name for name, found in by_service.items() if found is None],
    )


def _places(cursor: str | None) -> dict[str, int]:
    place = decode_cursor(cursor, tuple[dict[str, PlaceNumber]])
    return place[0] if place else {}


async def _listed(
    backend: Backend, after: int, limit: int, authorization: str | None
) -> list[DeadLetter] | None:
    path = f"/ops/dead-letters?after={after}&limit={limit}"
    try:
        answer = await backend.ask("GET", path, authorization)
    except NoAnswer:
        return None
    return LETTERS.validate_python(answer.body) if answer.status == 200 else None


def of_door(service: str, letter: dict[str, Any]) -> DoorDeadLetter:
    """A service's letter under the door's id."""
    return DoorDeadLetter(**{**letter, "id": f"{service}-{letter['id']}", "service": service})


async def ask_about(
    backends: Backends, letter: str, method: str, action: str, authorization: str | None
) -> tuple[str, Answer]:
    """Ask the service of a letter about it: its name and what it answers.

    Raises:
        NotFound: no service has letters of that name.
        ServiceUnreachable: the service does not answer.
    """
    service, _, number = letter.rpartition("-")
    backend = backends.get(service)
    if backend is None or not number.isascii() or not number.isdigit() or len(number) > 18:
        raise NotFound(
            f"there is no dead letter {letter}",
            field="letter",
            value=letter,
            remedy="give an id as /v1/dead-letters lists it, such as deals-7",
        )
    path = f"/ops/dead-letters/{number}{action}"
    try:
        return service, await backend.ask(method, path, authorization, within=REPLAY_SECONDS)
    except NoAnswer as error:
        raise ServiceUnreachable(
            f"{service} does not answer: {error}", remedy="ask again", service=service
        ) from error
