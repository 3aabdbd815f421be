"""The keys in `takt_access`: made, listed and revoked by whoever may write there; and tickets."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

from takt.common.auth import make_key
from takt.standalone.home import KEY, PAGE_KEY, Home

PAGE_SCOPES = ("events:read", "forecast:read")
TICKET_LASTS = timedelta(minutes=10)
COLUMNS = "name, prefix, scopes, created_at, expires_at, revoked_at"


class Key(NamedTuple):
    """A key as it may be shown: everything but its secret."""

    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


async def create_key(
    access: asyncpg.Connection, name: str, scopes: Sequence[str], expires_at: datetime | None = None
) -> tuple[str, Key]:
    """Make a key; its whole text is known only now."""
    text, prefix, digest = make_key()
    row = await access.fetchrow(
        "INSERT INTO keys (name, prefix, digest, scopes, expires_at) VALUES ($1, $2, $3, $4, $5)"
        f" RETURNING {COLUMNS}",
        name,
        prefix,
        digest,
        sorted(set(scopes)),
        expires_at,
    )
    return text, Key(**row)


async def list_keys(access: asyncpg.Connection) -> list[Key]:
    """All keys, the oldest first."""
    rows = await access.fetch(f"SELECT {COLUMNS} FROM keys ORDER BY created_at, prefix")
    return [Key(**row) for row in rows]


async def revoke_key(access: asyncpg.Connection, prefix: str) -> bool:
    """End a key for good; whether there was one to end."""
    done: str = await access.execute(
        "UPDATE keys SET revoked_at = now() WHERE prefix = $1 AND revoked_at IS NULL", prefix
    )
    return done == "UPDATE 1"


async def create_ticket(access: asyncpg.Connection, key: str) -> str:
    """Make a ticket, which signs somebody in once, within ten minutes, as this key would.

    Raises: ValueError: the key is not known here.
    """
    text, prefix, digest = make_key()
    await access.execute("DELETE FROM tickets WHERE expires_at < now() - interval '7 days'")
    made = await access.execute(
        "INSERT INTO tickets (prefix, digest, key_prefix, expires_at)"
        " SELECT $1, $2, prefix, now() + $4 FROM keys WHERE prefix = $3",
        prefix,
        digest,
        prefix_of(key),
        TICKET_LASTS,
    )
    if made != "INSERT 0 1":
        raise ValueError("the key is not known here")
    return text


def sign_in_link(url: str, ticket: str) -> str:
    """The address that signs a browser in; what stands behind the # reaches no log."""
    return f"{url}/sign-in#ticket={ticket}"


async def has_key(access: asyncpg.Connection, prefix: str | None) -> bool:
    """Does this key still open anything?"""
    found: bool = await access.fetchval(
        "SELECT EXISTS (SELECT FROM keys WHERE prefix = $1 AND revoked_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > now()))",
        prefix,
    )
    return found


async def keep_first_keys(home: Home, url: str) -> None:
    """Have two keys in the home, made anew where the ones there open nothing.

    Args:
        home: keeps them in files that only its owner reads: `key` opens everything, `page-key` lets
            this machine's pages read what they show.
        url: of the database of the keys, as a role that may write there.
    """
    access = await asyncpg.connect(url, timeout=10)
    try:
        for name, kept, scopes in (
            (KEY, home.key(), ("admin",)),
            (PAGE_KEY, home.page_key(), PAGE_SCOPES),
        ):
            if not await has_key(access, prefix_of(kept or "")):
                text, _ = await create_key(access, f"takt up: {name}", scopes)
                home.keep_key(name, text)
    finally:
        await access.close()


async def first_link(home: Home, url: str, door: str) -> str:
    """A link that signs a browser in with the key of the home.

    Args:
        home: where the key is kept.
        url: of the database of the keys, as a role that may write there.
        door: where the page is.
    """
    access = await asyncpg.connect(url, timeout=10)
    try:
        return sign_in_link(door, await create_ticket(access, home.key() or ""))
    finally:
        await access.close()


def prefix_of(key: str) -> str | None:
    """The public part of a key's text."""
    parts = key.split("_", 2)
    return parts[1] if len(parts) == 3 else None
