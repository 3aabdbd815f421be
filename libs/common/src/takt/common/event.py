"""Events: what a service tells the others, and why it says so.

    Event       the body: frozen values that are enough by themselves, written as plain JSON
    Cause       why: the events that led to it and the correlation ids that they carry
    Envelope    an event on its way: body, identity, time, cause

On the wire an envelope is a CloudEvent 1.0 in binary mode: attributes as headers named `ce_*`, the
body as the value. A trace is a graph: `causes` are its edges and are always complete;
`correlations` names at most 64 of the ids that the event belongs to, and `more` counts the rest,
which are found through the causes.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, Self, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

import uuid_utils.compat
from pydantic import BaseModel, ConfigDict, ValidationError

MAX_CORRELATIONS = 64


def new_id() -> UUID:
    """A UUIDv7: unique, and in the order of time."""
    return uuid_utils.compat.uuid7()


def wall_now() -> datetime:
    """The real time in UTC, for identity, delays and expiry; never for business dates."""
    return datetime.now(UTC)


class Event(BaseModel):
    """Something that happened, in past tense, in its owner's words.

    A subclass names its `event_type` and `topic`, and says which field is its `subject` (what it
    happened to) and its `key` (what keeps it in order in the topic). `sequence` counts the changes
    of the subject.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    event_type: ClassVar[str]
    topic: ClassVar[str]
    types: ClassVar[dict[str, "type[Event]"]] = {}

    sequence: int

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "event_type" in cls.__dict__:
            Event.types[cls.event_type] = cls

    @property
    def subject(self) -> str:
        """What it happened to."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """What keeps it in order within its topic; the subject unless a subclass says otherwise."""
        return self.subject


E = TypeVar("E", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is said.

    The ids of the events that led to it, and the correlation ids that it belongs to.
    """

    causes: tuple[UUID, ...] = ()
    correlations: tuple[UUID, ...] = ()
    more: int = 0

    @classmethod
    def start(cls, correlation: UUID | None = None) -> Self:
        """The beginning of a chain: a request or a schedule, not another event."""
        return cls(correlations=(correlation or new_id(),))

    @classmethod
    def of(cls, *envelopes: "Envelope[Event]") -> Self:
        """These events together. Causes are all kept; past 64 correlations the rest are counted."""
        seen: dict[UUID, None] = {}
        more = 0
        for envelope in envelopes:
            seen.update(dict.fromkeys(envelope.cause.correlations))
            more += envelope.cause.more
        known = tuple(seen)
        more += max(0, len(known) - MAX_CORRELATIONS)
        return cls(tuple(e.id for e in envelopes), known[:MAX_CORRELATIONS], more)


@dataclass(frozen=True, slots=True)
class Envelope(Generic[E]):
    """An event with its identity, time and cause."""

    event: E
    id: UUID
    time: datetime
    cause: Cause
    source: str

    @property
    def type(self) -> str:
        """The event's type."""
        return self.event.event_type

    def headers(self) -> dict[str, str]:
        """CloudEvents attributes, binary mode, as Kafka headers."""
        cause = self.cause
        trace = cause.correlations[0] if cause.correlations else self.id
        headers = {
            "ce_specversion": "1.0",
            "ce_id": str(self.id),
            "ce_source": self.source,
            "ce_type": self.event.event_type,
            "ce_subject": self.event.subject,
            "ce_time": self.time.isoformat().replace("+00:00", "Z"),
            "ce_sequence": str(self.event.sequence),
            "ce_correlations": ",".join(map(str, cause.correlations)),
            "ce_causes": ",".join(map(str, cause.causes)),
            "content-type": "application/json",
            "traceparent": f"00-{trace.hex}-{secrets.token_hex(8)}-01",
        }
        if cause.more:
            headers["ce_morecorrelations"] = str(cause.more)
        return headers

    def body(self) -> str:
        """The event as JSON."""
        return self.event.model_dump_json()


@dataclass(frozen=True, slots=True)
class UnknownType:
    """A type that this version does not know: others may add types; counted and skipped."""

    type: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes that are no event, or a known type that does not fit its schema: to be quarantined."""

    id: UUID
    reason: str
    errors: list[dict[str, Any]] = field(default_factory=list)


def decode(
    headers: Mapping[str, str], body: bytes, origin: str
) -> Envelope[Event] | UnknownType | Unreadable:
    """Read an envelope from the wire. Never raises.

    Args:
        headers: CloudEvents attributes named `ce_*`.
        body: JSON.
        origin: where it was read (topic, partition, position), its identity when it brings none.
    """
    source = headers.get("ce_source", origin)
    identity = _identity(headers.get("ce_id"), source, origin)
    name = headers.get("ce_type")
    if not name:
        return Unreadable(identity, "the header ce_type is missing; send it as a CloudEvent 1.0")
    known = Event.types.get(name)
    if known is None:
        return UnknownType(name)
    try:
        event = known.model_validate_json(body)
    except ValidationError as error:
        errors = [
            {
                "field": ".".join(map(str, e["loc"])),
                "value": repr(e["input"])[:200],
                "problem": e["msg"],
            }
            for e in error.errors(include_url=False, include_context=False)
        ]
        first = errors[0]
        place = f"{first['field']} = {first['value']}: " if first["field"] else ""
        return Unreadable(identity, f"{name}: {place}{first['problem']}", errors)
    try:
        cause = Cause(
            _uuids(headers.get("ce_causes")),
            _uuids(headers.get("ce_correlations")) or (identity,),
            int(headers.get("ce_morecorrelations", "0")),
        )
        time = datetime.fromisoformat(headers["ce_time"]) if "ce_time" in headers else wall_now()
        if time.tzinfo is None:
            raise ValueError(f"ce_time {headers['ce_time']} has no zone; add one, such as Z")
    except ValueError as error:
        return Unreadable(identity, f"a ce_ header cannot be read: {error}")
    return Envelope(event, identity, time, cause, source)


def _identity(given: str | None, source: str, origin: str) -> UUID:
    """A UUID is kept; of any other id one is made with its source, the same for a repeat."""
    if given is None:
        return uuid5(NAMESPACE_URL, origin)
    try:
        return UUID(given)
    except ValueError:
        return uuid5(NAMESPACE_URL, f"{source}#{given}")


def _uuids(text: str | None) -> tuple[UUID, ...]:
    return tuple(map(UUID, text.split(","))) if text else ()


def seal(pairs: Iterable[tuple[Event, Cause]], source: str) -> list[Envelope[Event]]:
    """Give events their identity and time: the last step before the outbox."""
    now = wall_now()
    return [Envelope(event, new_id(), now, cause, source) for event, cause in pairs]
