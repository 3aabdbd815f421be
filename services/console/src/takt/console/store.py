"""Every query of the door: tickets and sessions in `takt_access`."""

from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

USE_TICKET = """
UPDATE tickets t SET used_at = $3 FROM keys k
WHERE t.prefix = $1 AND t.digest = $2 AND t.used_at IS NULL AND t.expires_at > $3
    AND k.prefix = t.key_prefix AND k.revoked_at IS NULL
    AND (k.expires_at IS NULL OR k.expires_at > $3)
RETURNING t.key_prefix
"""

TICKET = """
SELECT used_at, expires_at FROM tickets WHERE prefix = $1 AND digest = $2
"""

KEPT = timedelta(days=7)
"""How long a session is remembered after its end, so that its token is told why it is refused."""


class Ticket(NamedTuple):
    """What became of a ticket."""

    used_at: datetime | None
    expires_at: datetime


async def use_ticket(
    connection: asyncpg.Connection, prefix: str, digest: bytes, now: datetime
) -> str | None:
    """Use a ticket up; the prefix of its key, None when it opens nothing (any more).

    Of several who try at once, one gets it.
    """
    found: str | None = await connection.fetchval(USE_TICKET, prefix, digest, now)
    return found


async def find_ticket(connection: asyncpg.Connection, prefix: str, digest: bytes) -> Ticket | None:
    """A ticket, whatever became of it."""
    row = await connection.fetchrow(TICKET, prefix, digest)
    return None if row is None else Ticket(**row)


async def add_session(
    connection: asyncpg.Connection,
    prefix: str,
    digest: bytes,
    key_prefix: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Write a new session, and let those go that ended long ago."""
    await connection.execute("DELETE FROM sessions WHERE expires_at < $1", now - KEPT)
    await connection.execute(
        "INSERT INTO sessions (prefix, digest, key_prefix, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        prefix,
        digest,
        key_prefix,
        now,
        expires_at,
    )


async def end_session(connection: asyncpg.Connection, prefix: str, now: datetime) -> None:
    """End a session; one that has ended stays so."""
    await connection.execute(
        "UPDATE sessions SET ended_at = $2 WHERE prefix = $1 AND ended_at IS NULL", prefix, now
    )
