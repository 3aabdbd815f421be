"""What the status page shows: how all is, the last events and their delays, the last forecast."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from uuid import UUID

from takt.common.bus import Record
from takt.common.contracts.forecast import ForecastChanged
from takt.common.event import Envelope, Event, decode
from takt.common.ops import Handled
from takt.console.schemas import DoorStatus
from takt.console.service.backends import Backends
from takt.console.service.feed import Feed
from takt.console.service.traces import handled_marks

LAST_EVENTS = 20
AT_ONCE = timedelta(seconds=10)
"""Forecasts that changed within this time belong to one change."""
LATE_SECONDS = 60
"""Beyond this age an unsent event is worth a word."""


@dataclass(frozen=True, slots=True)
class Delay:
    """How long after an event a consumer had handled it, in milliseconds."""

    consumer: str
    ms: float


@dataclass(frozen=True, slots=True)
class LastEvent:
    """One of the last events."""

    time: datetime
    type: str
    subject: str
    service: str
    correlation: UUID
    delays: tuple[Delay, ...]


async def last_events(
    feed: Feed, backends: Backends, visible: frozenset[str], authorization: str | None
) -> list[LastEvent]:
    """The last events of the topics that may be seen, the latest first, with their delays."""
    read = [_envelope(record) for record in feed.last(visible, LAST_EVENTS)]
    envelopes = [envelope for envelope in read if envelope is not None]
    if not envelopes:
        return []
    ids = [envelope.id for envelope in envelopes]
    marks = await handled_marks(backends, ids, authorization)
    return [_last_event(envelope, marks) for envelope in envelopes]


def _envelope(record: Record) -> Envelope[Event] | None:
    found = decode(record.headers, record.value, record.place)
    return found if isinstance(found, Envelope) else None


def _last_event(envelope: Envelope[Event], marks: Sequence[Handled]) -> LastEvent:
    delays = [
        Delay(mark.consumer, max(0.0, (mark.at - envelope.time).total_seconds() * 1000))
        for mark in marks
        if mark.event_id == envelope.id
    ]
    return LastEvent(
        time=envelope.time,
        type=envelope.type,
        subject=envelope.event.subject,
        service=envelope.source.removeprefix("/takt/"),
        correlation=envelope.cause.correlations[0],
        delays=tuple(sorted(delays, key=lambda delay: delay.ms)),
    )


def median_delay(events: Sequence[LastEvent]) -> float | None:
    """The median over events of when the last of its consumers had handled it, in milliseconds."""
    slowest = [event.delays[-1].ms for event in events if event.delays]
    return median(slowest) if slowest else None


def last_forecast(feed: Feed) -> ForecastChanged | None:
    """Of the forecasts that changed last, which may be many at once, the one worth most."""
    read = [_envelope(record) for record in feed.forecasts]
    changed = [
        (envelope.time, envelope.event)
        for envelope in read
        if envelope is not None
        and isinstance(envelope.event, ForecastChanged)
        and len(envelope.event.buckets) > 1
    ]
    if not changed:
        return None
    last = max(time for time, _ in changed)
    return max((event for time, event in changed if last - time <= AT_ONCE), key=_worth)


def _worth(forecast: ForecastChanged) -> Decimal:
    return forecast.price * sum(bucket.quantity for bucket in forecast.buckets)


def headline(status: DoorStatus) -> tuple[str, bool]:
    """How all is, in a sentence; and whether it is well."""
    down = [service.name for service in status.services if not service.up]
    letters = sum(service.dead_letters for service in status.services)
    late = [s.name for s in status.services if (s.outbox_oldest_seconds or 0) > LATE_SECONDS]
    waiting = [
        consumer.group
        for service in status.services
        for consumer in service.consumers
        if consumer.waiting_for is not None
    ]
    faults = [
        f"{_listed(down)} {'does' if len(down) == 1 else 'do'} not answer." if down else "",
        "The log cannot be reached." if status.waiting_for is not None else "",
        f"{_listed(waiting)} cannot go on." if waiting else "",
        f"Events of {_listed(late)} wait to be sent." if late else "",
        f"{letters} dead letter{'s wait' if letters != 1 else ' waits'}." if letters else "",
    ]
    said = " ".join(fault for fault in faults if fault)
    return (said[0].upper() + said[1:], False) if said else ("Everything runs.", True)


def _listed(names: Sequence[str]) -> str:
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
