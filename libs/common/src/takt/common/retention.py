"""Partitions of outbox and inbox: made ahead, dropped when they are old enough.

Both are partitioned by the time inside the event's id (UUIDv7), a partition a day. What fits none
(a repeat from weeks ago, an id of a clock that runs ahead) lies in the default partition, and so
does what a compacted topic must still be able to say: the last event of each key outlives its day.
"""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from takt.common.contracts.topics import COMPACTED
from takt.common.db import Tx

KEPT_DAYS = {"outbox": 8, "inbox": 35}
AHEAD_DAYS = 3
IDEMPOTENCY_DAYS = 2
PARTITIONS_LOCK = 7_265_002

SUPERSEDED = """
EXISTS (
    SELECT FROM outbox later
    WHERE later.topic = said.topic AND later.key = said.key AND later.event_id > said.event_id
)
"""


def first_id(instant: date | datetime) -> UUID:
    """The smallest UUIDv7 of an instant, or of a day in UTC."""
    if not isinstance(instant, datetime):
        instant = datetime(instant.year, instant.month, instant.day, tzinfo=UTC)
    return UUID(int=int(instant.timestamp() * 1000) << 80)


async def keep_partitions(tx: Tx, today: date) -> None:
    """Create the partitions of the next days and drop what is past keeping.

    An outbox partition that holds unsent events stays, however long the log is away.

    Args:
        tx: the caller's transaction.
        today: by the wall clock in UTC, since ids carry wall time.
    """
    # One replica at a time; and whoever holds a table for long is not to hold up all others.
    await tx.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
    await tx.exec_driver_sql(f"SELECT pg_advisory_xact_lock({PARTITIONS_LOCK})")
    rows = await tx.exec_driver_sql(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent IN ('outbox'::regclass, 'inbox'::regclass)"
    )
    present = {row[0] for row in rows}
    for table in KEPT_DAYS:
        for day in (today + timedelta(days=n) for n in range(AHEAD_DAYS + 1)):
            if _name(table, day) not in present:
                await _create(tx, table, day)
    unsent = await tx.exec_driver_sql("SELECT min(event_id::text)::uuid FROM outbox_unsent")
    oldest_unsent: UUID | None = unsent.scalar_one()
    for table, kept in KEPT_DAYS.items():
        oldest = today - timedelta(days=kept)
        if table == "outbox" and oldest_unsent is not None:
            oldest = min(oldest, _day(oldest_unsent))
        past = [
            n for n in sorted(present) if n.startswith(f"{table}_2") and n < _name(table, oldest)
        ]
        for name in past:
            states = await _last_states(tx, name) if table == "outbox" else []
            await tx.exec_driver_sql(f"ALTER TABLE {table} DETACH PARTITION {name}")
            if states:
                await tx.exec_driver_sql(
                    f"INSERT INTO outbox SELECT * FROM {name} WHERE event_id = ANY($1::uuid[])",
                    (states,),
                )
            await tx.exec_driver_sql(f"DROP TABLE {name}")
        if table == "outbox" and past:
            await tx.exec_driver_sql(
                "DELETE FROM outbox_default said WHERE event_id < $1"
                f" AND (topic <> ALL ($2::text[]) OR {SUPERSEDED})",
                (first_id(oldest), COMPACTED),
            )
    await tx.exec_driver_sql(
        "DELETE FROM inbox_default WHERE handled_at < $1",
        (datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(KEPT_DAYS["inbox"]),),
    )
    await tx.exec_driver_sql(
        f"DELETE FROM idempotency WHERE at < now() - interval '{IDEMPOTENCY_DAYS} days'"
    )


async def _last_states(tx: Tx, name: str) -> list[UUID]:
    """The events of an outbox partition that compacted topics would still hold."""
    rows = await tx.exec_driver_sql(
        f"SELECT event_id FROM {name} said WHERE topic = ANY($1::text[]) AND NOT {SUPERSEDED}",
        (COMPACTED,),
    )
    return [row[0] for row in rows]


async def _create(tx: Tx, table: str, day: date) -> None:
    """Create a day's partition, with what of that day already lies in the default one."""
    name, begin, end = _name(table, day), first_id(day), first_id(day + timedelta(days=1))
    await tx.exec_driver_sql(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS)")
    await tx.exec_driver_sql(
        f"WITH early AS (DELETE FROM {table}_default"
        f" WHERE event_id >= '{begin}' AND event_id < '{end}' RETURNING *)"
        f" INSERT INTO {name} SELECT * FROM early"
    )
    await tx.exec_driver_sql(
        f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{begin}') TO ('{end}')"
    )


def _name(table: str, day: date) -> str:
    return f"{table}_{day:%Y%m%d}"


def _day(event_id: UUID) -> date:
    """The day inside a UUIDv7."""
    return datetime.fromtimestamp((event_id.int >> 80) / 1000, UTC).date()
