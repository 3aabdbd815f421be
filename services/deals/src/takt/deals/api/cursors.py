"""Cursors of lists that are in the order of an id."""

from uuid import UUID

from takt.common.http import PlaceNumber, decode_cursor


def id_after(cursor: str | None) -> UUID | None:
    """The id after which the next page begins. Raises BadCursor (400)."""
    place = decode_cursor(cursor, tuple[UUID])
    return place[0] if place else None


def number_after(cursor: str | None) -> int:
    """The number after which the next page begins, 0 at first. Raises BadCursor (400)."""
    place = decode_cursor(cursor, tuple[PlaceNumber])
    return place[0] if place else 0
