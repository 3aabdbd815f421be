"""Signing in: a key or a ticket becomes a session, whose token a browser keeps as a cookie."""

import re
from datetime import datetime, timedelta
from typing import ClassVar

from takt.common.auth import Access, Caller, TooManyRequests, Unauthenticated, digest, make_key
from takt.console import store

FORM = re.compile(r"takt_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")
"""Of a key, a session's token and a ticket."""

NEW_KEY = "use a valid key; takt keys create makes one"
NEW_TICKET = "make a new link with takt open"


class SignInRefused(Unauthenticated):
    """This does not sign you in."""

    slug = "sign-in-refused"
    headers: ClassVar[dict[str, str]] = {}


class NoSession(Unauthenticated):
    """There is no session."""

    slug = "no-session"
    headers: ClassVar[dict[str, str]] = {}


class TooManyAttempts(TooManyRequests):
    """Too many attempts to sign in failed."""

    slug = "too-many-attempts"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "2"}


async def sign_in_with_key(access: Access, key: str, now: datetime, lasts: timedelta) -> str:
    """The token of a new session of this key. Raises SignInRefused, Unavailable."""
    if FORM.fullmatch(key) is None:
        raise SignInRefused("it does not look like a key of Takt", field="key", remedy=NEW_KEY)
    try:
        caller = await access.caller(f"Bearer {key}")
    except Unauthenticated as error:
        raise SignInRefused(error.detail, field="key", remedy=NEW_KEY) from error
    if caller.session:
        # Else whoever has a session's token could prolong it for ever.
        raise SignInRefused("it is a session's token, not a key", field="key", remedy=NEW_KEY)
    text, prefix, secret = make_key()
    async with access.connection() as connection, connection.transaction():
        await store.add_session(connection, prefix, secret, caller.prefix, now, now + lasts)
    return text


async def sign_in_with_ticket(access: Access, ticket: str, now: datetime, lasts: timedelta) -> str:
    """The token of a new session of the ticket's key. Raises SignInRefused, Unavailable."""
    form = FORM.fullmatch(ticket)
    if form is None:
        raise _no_ticket("the link does not look like one of Takt")
    text, prefix, secret = make_key()
    async with access.connection() as connection, connection.transaction():
        key = await store.use_ticket(connection, form[1], digest(ticket), now)
        if key is not None:
            await store.add_session(connection, prefix, secret, key, now, now + lasts)
            return text
        found = await store.find_ticket(connection, form[1], digest(ticket))
    if found is None:
        raise _no_ticket("the link is not known here")
    if found.used_at is not None:
        raise _no_ticket(f"the link was used already, at {found.used_at.isoformat()}")
    if found.expires_at <= now:
        raise _no_ticket(f"the link expired at {found.expires_at.isoformat()}")
    raise _no_ticket("the key behind the link was revoked or has expired")


async def end(access: Access, session: Caller, now: datetime) -> None:
    """End a session; other processes notice within seconds. Raises Unavailable."""
    async with access.connection() as connection:
        await store.end_session(connection, session.prefix, now)
    access.forget(session.prefix)


def _no_ticket(why: str) -> SignInRefused:
    return SignInRefused(why, field="ticket", remedy=NEW_TICKET)
