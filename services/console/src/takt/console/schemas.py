"""What the door says of all services together."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from takt.common.dead_letters import DeadLetter
from takt.common.http import RequestModel
from takt.common.ops import ConsumerStatus


class SignIn(RequestModel):
    """What signs somebody in: one of the two."""

    key: str | None = Field(None, description="an API key, `takt_…`")
    ticket: str | None = Field(None, description="from a link of `takt open`; it works once")


class CompanyState(BaseModel):
    """The company, as far as whoever is signed in must know it to read times and amounts."""

    name: str
    currency: str = Field(description="of all money")
    time_zone: str = Field(description="of all its days")


class SessionState(BaseModel):
    """Who is signed in, and to whose Takt."""

    name: str = Field(description="of the key")
    scopes: list[str] = Field(description="all that the session opens")
    expires_at: datetime
    now: datetime = Field(description="Takt's time, from which a page counts ages and dates")
    version: str = Field(description="of the door")
    company: CompanyState | None = Field(
        description="null while there is none, or the door has not read the log yet"
    )


class HandledMark(BaseModel):
    """When a consumer handled an event, and how many milliseconds after the trace began."""

    service: str
    consumer: str
    at: datetime
    ms: float


class TraceStep(BaseModel):
    """An event in a trace, or a further step such as the attempt of a webhook."""

    id: UUID
    service: str
    type: str
    topic: str
    subject: str
    time: datetime
    ms: float = Field(description="milliseconds since the trace began")
    causes: list[UUID]
    correlations: list[UUID] = Field(description="at most 64; `more` counts the rest")
    more: int
    data: dict[str, Any] | None = Field(description="null where the key may not read its topic")
    handled: list[HandledMark]


class Edge(BaseModel):
    """One step led to another."""

    model_config = ConfigDict(populate_by_name=True)

    from_: UUID = Field(alias="from")
    to: UUID


class Trace(BaseModel):
    """All that one id set in motion, as a graph, in the order of time."""

    correlation_id: UUID
    began_at: datetime
    steps: list[TraceStep]
    edges: list[Edge]
    missing: list[str] = Field(description="services that did not answer")
    truncated: bool = Field(description="there are more steps than are shown")


class DoorDeadLetter(DeadLetter):
    """A message that a consumer could not handle; its id is `<service>-<number>`."""

    id: str  # type: ignore[assignment]
    service: str


class DoorDeadLetterContent(DoorDeadLetter):
    """A dead letter with what it held."""

    headers: dict[str, str]
    value: str


class DeadLetters(BaseModel):
    """A page of the dead letters of all services, oldest first."""

    items: list[DoorDeadLetter]
    next: str | None = None
    missing: list[str] = Field(description="services that did not answer")


class ServiceStatus(BaseModel):
    """How a service is; of one that does not answer, why."""

    name: str
    up: bool
    problem: str | None = None
    title: str | None = None
    version: str | None = None
    lag: int | None = Field(None, description="events before all its consumers; null while unknown")
    handled: int = 0
    consumers: list[ConsumerStatus] = []
    outbox_unsent: int = 0
    outbox_oldest_seconds: float | None = None
    dead_letters: int = 0

    @property
    def known_lag(self) -> int:
        """Events before those of its consumers that know how many they are."""
        return sum(consumer.lag or 0 for consumer in self.consumers)

    @property
    def last_handled_at(self) -> datetime | None:
        """When one of its consumers last handled something."""
        return max((c.last_handled_at for c in self.consumers if c.last_handled_at), default=None)


class DoorStatus(BaseModel):
    """How Takt is."""

    version: str
    now: datetime = Field(description="business time")
    wall_time: datetime
    waiting_for: str | None = Field(description="why the door reads no events now")
    services: list[ServiceStatus]
