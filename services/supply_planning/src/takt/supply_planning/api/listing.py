"""Pages and single things of what planning works in, in their wire shapes."""

from typing import TypeVar

from pydantic import BaseModel

from takt.common.db import Tx
from takt.common.http import Page, PlaceText, decode_cursor, encode_cursor
from takt.common.problems import NotFound
from takt.supply_planning.store import definitions as store

Shape = TypeVar("Shape", bound=BaseModel)


async def page_of(
    tx: Tx, noun: str, shape: type[Shape], cursor: str | None, limit: int
) -> Page[Shape]:
    """A keyset page of a noun."""
    place = decode_cursor(cursor, tuple[PlaceText])
    rows = await store.list_page(tx, noun, place[0] if place else None, limit + 1)
    items = [shape.model_validate(row) for row, _ in rows[:limit]]
    more = len(rows) > limit
    return Page[Shape](items=items, next=encode_cursor(rows[limit - 1][1]) if more else None)


async def one_of(tx: Tx, noun: str, shape: type[Shape], code: str) -> Shape:
    """One of a noun. Raises NotFound."""
    row = await store.find(tx, noun, code)
    if row is None:
        raise NotFound(
            f"there is no {shape.__name__.lower()} {code}",
            field="code",
            value=code,
            remedy="the list of this address names those that there are",
        )
    return shape.model_validate(row)
