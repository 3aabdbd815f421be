"""Where a page begins, for lists that run from the newest to the oldest or by id."""

from __future__ import annotations

from uuid import UUID

from takt.common.http import decode_cursor


def before(cursor: str | None) -> UUID | None:
    """The id that a cursor stands for.

    Raises:
        BadCursor: it stands for none.
    """
    place = decode_cursor(cursor, tuple[UUID])
    return place[0] if place else None
