"""The forecast's win probability, kept beside and never over a person's own value."""

from collections.abc import Sequence
from datetime import datetime

from takt.common.contracts.forecast import PipelineDemandChanged
from takt.common.db import Tx
from takt.common.event import Envelope
from takt.deals.store.probabilities import write_probabilities


async def keep_probabilities(
    tx: Tx, events: Sequence[Envelope[PipelineDemandChanged]], now: datetime
) -> None:
    """Keep the latest word on each deal; an older one changes nothing."""
    latest: dict[object, PipelineDemandChanged] = {}
    for envelope in events:
        known = latest.get(envelope.event.deal_id)
        if known is None or envelope.event.sequence > known.sequence:
            latest[envelope.event.deal_id] = envelope.event
    await write_probabilities(tx, list(latest.values()))
