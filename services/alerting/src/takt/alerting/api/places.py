"""Where a page begins, for lists that run from the newest to the oldest or by id."""

from __future__ import annotations

from uuid import UUID

from takt.common.http import BadCursor, decode_cursor


def before(cursor: str | None) -> UUID | None:
    """The id that a cursor stands for.

    Raises:
        BadCursor: it stands for none.
    """
    place = decode_cursor(cursor)
    if place is None:
        return None
    try:
        return UUID(str(place[0]))
    except ValueError as error:
        raise BadCursor(
            field="cursor", value=cursor, remedy="send a cursor as it was answered, or none"
        ) from error
