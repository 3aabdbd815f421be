"""Cursors of lists that are in the order of an id."""

from uuid import UUID

from takt.common.http import BadCursor, decode_cursor


def id_after(cursor: str | None) -> UUID | None:
    """The id after which the next page begins. Raises BadCursor (400)."""
    place = decode_cursor(cursor)
    if place is None:
        return None
    try:
        return UUID(str(place[0]))
    except ValueError as error:
        raise BadCursor(
            field="cursor", value=cursor, remedy="send a cursor as it was answered, or none"
        ) from error


def number_after(cursor: str | None) -> int:
    """The number after which the next page begins, 0 at first. Raises BadCursor (400)."""
    place = decode_cursor(cursor)
    if place is None:
        return 0
    if not isinstance(place[0], int):
        raise BadCursor(
            field="cursor", value=cursor, remedy="send a cursor as it was answered, or none"
        )
    return place[0]
