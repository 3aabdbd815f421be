"""The inbox: which of these events has this consumer not seen?

One statement per batch, first in the handler's transaction. A consumer that lost its partition and
still writes is harmless: it waits on the other's open claim, then finds nothing new. Kept 35 days,
longer than any topic.
"""

from collections.abc import Collection
from uuid import UUID

from takt.common.db import Tx

CLAIM = """
INSERT INTO inbox (consumer, event_id)
SELECT $1, event_id FROM unnest($2::uuid[]) AS event_id
ON CONFLICT DO NOTHING RETURNING event_id
"""


async def claim(tx: Tx, consumer: str, events: Collection[UUID]) -> set[UUID]:
    """Mark events as handled by `consumer` in this transaction; return those that were not before.

    Ids are sorted, so that two transactions with the same events wait on each other instead of
    deadlocking.
    """
    rows = await tx.exec_driver_sql(CLAIM, (consumer, sorted(set(events))))
    return {row[0] for row in rows}
