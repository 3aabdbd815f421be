"""One way to read rows."""

from __future__ import annotations

from typing import Any

from takt.common.db import Tx


async def fetch(tx: Tx, sql: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
    """All rows of a query, in asyncpg's syntax; columns by place and by name."""
    result = await tx.exec_driver_sql(sql, parameters)
    return list(result.all())
