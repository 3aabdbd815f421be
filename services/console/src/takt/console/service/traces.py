"""A trace put together from all services: every step that an id set in motion.

They are asked first with the correlation id, then with the ids of the events found, until nothing
new comes. So an event that names only 64 of its correlations is found through its causes, and the
chain of each deal in a batch is whole.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pydantic import ValidationError

from takt.common.contracts.topics import TOPICS
from takt.common.ops import MAX_STEPS, Handled, Step, TracePart
from takt.console.schemas import Edge, HandledMark, Trace, TraceStep
from takt.console.service.backends import Backend, Backends, NoAnswer

ANSWER_SECONDS = 15
IDS_A_QUESTION = 2_000


@dataclass(slots=True)
class Found:
    """What the services know."""

    steps: dict[UUID, Step] = field(default_factory=dict)
    handled: list[tuple[str, Handled]] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    truncated: bool = False


async def gather(backends: Backends, start: UUID, authorization: str | None) -> Found:
    """Ask all services until nothing new comes. One that does not answer is named in `missing`."""
    found = Found()
    asked: set[UUID] = set()
    new = {start}
    while new and not found.truncated:
        asked |= new
        for part in await _ask(backends, sorted(new), authorization, found):
            found.steps.update({step.id: step for step in part.steps})
        found.truncated = len(found.steps) > MAX_STEPS
        new = found.steps.keys() - asked
    return found


async def handled_marks(
    backends: Backends, ids: Sequence[UUID], authorization: str | None
) -> list[Handled]:
    """When these events were handled, as far as services answer."""
    found = Found()
    await _ask(backends, ids, authorization, found, steps=False)
    return [mark for _, mark in found.handled]


async def _ask(
    backends: Backends,
    ids: Sequence[UUID],
    authorization: str | None,
    found: Found,
    *,
    steps: bool = True,
) -> list[TracePart]:
    questions = [
        (backend, ids[first : first + IDS_A_QUESTION])
        for backend in backends.values()
        if backend.name not in found.missing
        for first in range(0, len(ids), IDS_A_QUESTION)
    ]
    parts = await asyncio.gather(
        *(_part(backend, some, authorization, steps) for backend, some in questions)
    )
    answered = []
    for (backend, _), part in zip(questions, parts, strict=True):
        if part is None:
            found.missing.add(backend.name)
        else:
            answered.append(part)
            found.handled += [(backend.name, mark) for mark in part.handled]
    return answered


async def _part(
    backend: Backend, ids: Sequence[UUID], authorization: str | None, steps: bool
) -> TracePart | None:
    body = {"ids": [str(one) for one in ids], "steps": steps}
    try:
        answer = await backend.ask(
            "POST", "/ops/traces", authorization, body, within=ANSWER_SECONDS
        )
        return TracePart.model_validate(answer.body) if answer.status == 200 else None
    except (NoAnswer, ValidationError):
        return None


def assemble(found: Found, start: UUID, visible: frozenset[str]) -> Trace:
    """The graph, in the order of time.

    Args:
        found: at least one step.
        start: the id that was asked for.
        visible: topics whose data the caller may read; of other events only that they happened.
    """
    steps = sorted(found.steps.values(), key=lambda step: (step.time, step.id))[:MAX_STEPS]
    known = {step.id for step in steps}
    began_at = steps[0].time
    marks: dict[UUID, list[HandledMark]] = {}
    for service, mark in sorted(found.handled, key=lambda pair: (pair[1].at, pair[0])):
        ms = _milliseconds(began_at, mark.at)
        made = HandledMark(service=service, consumer=mark.consumer, at=mark.at, ms=ms)
        marks.setdefault(mark.event_id, []).append(made)
    return Trace(
        correlation_id=start,
        began_at=began_at,
        steps=[_step(step, began_at, marks.get(step.id, []), _sees(visible)) for step in steps],
        edges=list(_edges(steps, known)),
        missing=sorted(found.missing),
        truncated=found.truncated,
    )


DECLARED = frozenset(topic.name for topic in TOPICS)


def _sees(visible: frozenset[str]) -> Callable[[str], bool]:
    """Steps that are no events (of no declared topic) show their data to all who may see traces."""
    return lambda topic: topic in visible or topic not in DECLARED


def _step(
    step: Step, began_at: datetime, handled: list[HandledMark], sees: Callable[[str], bool]
) -> TraceStep:
    data = step.data if sees(step.topic) else None
    return TraceStep(
        **step.model_dump(exclude={"data"}),
        ms=_milliseconds(began_at, step.time),
        data=data,
        handled=handled,
    )


def _edges(steps: Iterable[Step], known: set[UUID]) -> Iterable[Edge]:
    for step in steps:
        for cause in step.causes:
            if cause in known:
                yield Edge(from_=cause, to=step.id)


def _milliseconds(start: datetime, end: datetime) -> float:
    return round((end - start).total_seconds() * 1000, 3)
