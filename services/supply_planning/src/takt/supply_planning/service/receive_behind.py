"""Keep what stands behind forecasts, so that an order can be traced to it; no plan depends on it.

Of several states of one thing in a batch the newest is kept.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from takt.common.contracts.deals import ProductChanged, RegionChanged
from takt.common.contracts.forecast import (
    ForecastVersionPublished,
    PipelineDemandChanged,
    SignalRecorded,
    SignalWithdrawn,
)
from takt.common.db import Tx
from takt.common.event import Envelope, Event
from takt.supply_planning.store import behind

E = TypeVar("E", bound=Event)


async def receive_deals(
    tx: Tx, events: Sequence[Envelope[PipelineDemandChanged]], now: datetime
) -> None:
    """Deals and what they ask for. What was reserved for a lost one is free again."""
    await behind.keep_deals(tx, _newest(events, lambda event: event.deal_id))


async def receive_versions(
    tx: Tx, events: Sequence[Envelope[ForecastVersionPublished]], now: datetime
) -> None:
    """Versions and the revisions in them."""
    await behind.keep_versions(tx, [envelope.event for envelope in events])


async def receive_signals(
    tx: Tx, events: Sequence[Envelope[SignalRecorded] | Envelope[SignalWithdrawn]], now: datetime
) -> None:
    """Signals as they stand."""
    newest: dict[Hashable, SignalRecorded | SignalWithdrawn] = {}
    for envelope in sorted(events, key=lambda one: one.event.sequence):
        newest[envelope.event.signal.signal_id] = envelope.event
    await behind.keep_signals(
        tx,
        [
            (event.sequence, isinstance(event, SignalRecorded), event.signal)
            for event in newest.values()
        ],
    )


async def receive_families(
    tx: Tx, events: Sequence[Envelope[ProductChanged]], now: datetime
) -> None:
    """Which family each product belongs to: a signal may name one."""
    await behind.keep_families(tx, _newest(events, lambda event: event.code))


async def receive_regions(tx: Tx, events: Sequence[Envelope[RegionChanged]], now: datetime) -> None:
    """Which region lies in which: a signal holds with all that lies in its region."""
    await behind.keep_regions(tx, _newest(events, lambda event: event.code))


def _newest(events: Iterable[Envelope[E]], key: Callable[[E], Hashable]) -> list[E]:
    found: dict[Hashable, E] = {}
    for envelope in sorted(events, key=lambda one: one.event.sequence):
        found[key(envelope.event)] = envelope.event
    return list(found.values())
