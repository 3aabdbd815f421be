"""Says what happened: to the log, and to those who asked for it by webhook, in one transaction."""

from __future__ import annotations

from takt.alerting.service.deliveries import queue
from takt.common.db import Tx
from takt.common.event import Cause, Event
from takt.common.outbox import emit


async def announce(tx: Tx, *pairs: tuple[Event, Cause]) -> None:
    """Emit events and queue their webhooks."""
    await queue(tx, await emit(tx, *pairs))
