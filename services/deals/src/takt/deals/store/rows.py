"""Rows to and from PostgreSQL: a set of rows travels as one JSON parameter, whatever its size."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from takt.common.db import Tx


async def fetch(tx: Tx, sql: str, *parameters: Any) -> list[Any]:
    """The rows of a statement, its parameters numbered $1, $2, ..."""
    found = await tx.exec_driver_sql(sql, parameters)
    return list(found) if found.returns_rows else []


async def fetch_maps(tx: Tx, sql: str, *parameters: Any) -> list[dict[str, Any]]:
    """The rows of a statement, by column name."""
    found = await tx.exec_driver_sql(sql, parameters)
    return [dict(row) for row in found.mappings()]


def to_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows for `json_to_recordset`; decimals, ids, dates and instants are written as text."""
    return json.dumps(list(rows), default=str)


def from_json(text: str | None) -> list[Any]:
    """What `json_agg(...)::text` returned; it returns NULL for no rows."""
    return json.loads(text) if text is not None else []
