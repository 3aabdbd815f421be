"""Partitions of outbox and inbox: made ahead, dropped when they are old enough.

Both are partitioned by the time inside the event's id (UUIDv7), a partition a day.
"""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from takt.common.db import Tx

KEPT_DAYS = {"outbox": 8, "inbox": 35}
AHEAD_DAYS = 3
IDEMPOTENCY_DAYS = 2


def first_id(day: date) -> UUID:
    """The smallest UUIDv7 of a day."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return UUID(int=int(start.timestamp() * 1000) << 80)


async def keep_partitions(tx: Tx, today: date) -> None:
    """Create the partitions of the next days and drop those that are past keeping.

    Args:
        tx: the caller's transaction.
        today: by the wall clock in UTC, since ids carry wall time.
    """
    rows = await tx.exec_driver_sql(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent IN ('outbox'::regclass, 'inbox'::regclass)"
    )
    present = {row[0] for row in rows}
    for table, kept in KEPT_DAYS.items():
        wanted = {
            f"{table}_{today + timedelta(days=n):%Y%m%d}": today + timedelta(days=n)
            for n in range(AHEAD_DAYS + 1)
        }
        for name, day in wanted.items():
            if name not in present:
                await tx.exec_driver_sql(
                    f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM"
                    f" ('{first_id(day)}') TO ('{first_id(day + timedelta(days=1))}')"
                )
        oldest = f"{table}_{today - timedelta(days=kept):%Y%m%d}"
        for name in sorted(present):
            if name.startswith(f"{table}_2") and name < oldest:
                await tx.exec_driver_sql(f"DROP TABLE {name}")
    await tx.exec_driver_sql(
        f"DELETE FROM idempotency WHERE at < now() - interval '{IDEMPOTENCY_DAYS} days'"
    )
