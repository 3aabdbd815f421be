"""Imports: what was sent, how far it is, and every row that did not go in."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from takt.common.db import Tx
from takt.deals.domain.csv_file import RowProblem
from takt.deals.store.rows import fetch, fetch_maps, to_json

IMPORT = """
SELECT i.id, i.state, i.mapping, i.dry_run, i.created_at, i.started_at, i.ended_at, i.rows_read,
    i.rows_total, i.rows_done, i.counts::text AS counts, i.problems, i.failure, i.correlation,
    ARRAY(SELECT name FROM import_files f WHERE f.import_id = i.id ORDER BY name) AS files
FROM imports i
"""


async def add_import(
    tx: Tx, identity: UUID, mapping: str, *, dry_run: bool, correlation: UUID, now: datetime
) -> None:
    """A new import that waits for its files."""
    await fetch(
        tx,
        "INSERT INTO imports (id, state, mapping, dry_run, created_at, correlation)"
        " VALUES ($1, 'receiving', $2, $3, $4, $5)",
        identity,
        mapping,
        dry_run,
        now,
        correlation,
    )


async def lock_import(tx: Tx, identity: UUID) -> dict[str, Any] | None:
    """An import, held until the commit."""
    rows = await fetch_maps(tx, f"{IMPORT} WHERE i.id = $1 FOR UPDATE OF i", identity)
    return _import(rows[0]) if rows else None


async def page_imports(
    tx: Tx, *, identity: UUID | None = None, before: UUID | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """Imports, the latest first."""
    rows = await fetch_maps(
        tx,
        f"{IMPORT} WHERE ($1::uuid IS NULL OR i.id = $1) AND ($2::uuid IS NULL OR i.id < $2)"
        " ORDER BY i.id DESC LIMIT $3",
        identity,
        before,
        limit,
    )
    return [_import(row) for row in rows]


def _import(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "counts": json.loads(row["counts"])}


async def put_file(tx: Tx, identity: UUID, name: str, content: bytes) -> None:
    """Keep a file of an import; a later one of its name replaces it."""
    await fetch(
        tx,
        "INSERT INTO import_files (import_id, name, content) VALUES ($1, $2, $3)"
        " ON CONFLICT (import_id, name) DO UPDATE SET content = excluded.content",
        identity,
        name,
        content,
    )


async def read_files(tx: Tx, identity: UUID) -> dict[str, bytes]:
    """The files of an import by name."""
    rows = await fetch(tx, "SELECT name, content FROM import_files WHERE import_id = $1", identity)
    return {name: bytes(content) for name, content in rows}


async def drop_files(tx: Tx, identity: UUID) -> None:
    """Forget the files of an import that has ended."""
    await fetch(tx, "DELETE FROM import_files WHERE import_id = $1", identity)


async def write_progress(tx: Tx, identity: UUID, changes: Mapping[str, Any]) -> None:
    """Set columns of an import: state, instants, row numbers, counts, failure."""
    typed = {
        "state": "text",
        "started_at": "timestamptz",
        "ended_at": "timestamptz",
        "rows_read": "int",
        "rows_total": "int",
        "rows_done": "int",
        "counts": "jsonb",
        "problems": "int",
        "failure": "text",
    }
    names = [name for name in typed if name in changes]
    await fetch(
        tx,
        f"UPDATE imports i SET {', '.join(f'{name} = g.{name}' for name in names)}"
        " FROM json_to_recordset($2::json) AS g"
        f" ({', '.join(f'{name} {typed[name]}' for name in names)}) WHERE i.id = $1",
        identity,
        to_json([changes]),
    )


async def write_problems(
    tx: Tx, identity: UUID, first: int, problems: Sequence[RowProblem]
) -> None:
    """Keep row problems, numbered from `first`; a number already kept stays."""
    rows = [
        {"number": number, **{name: getattr(one, name) for name in RowProblem.__slots__}}
        for number, one in enumerate(problems, first)
    ]
    await fetch(
        tx,
        "INSERT INTO import_problems (import_id, number, file, line, field, value, remedy)"
        " SELECT $1, * FROM json_to_recordset($2::json) AS g (number int, file text, line int,"
        " field text, value text, remedy text) ON CONFLICT DO NOTHING",
        identity,
        json.dumps(rows).replace("\\u0000", "\\ufffd"),
    )


async def page_problems(
    tx: Tx, identity: UUID, *, after: int = 0, limit: int = 100
) -> list[dict[str, Any]]:
    """A page of row problems by number."""
    return await fetch_maps(
        tx,
        "SELECT number, file, line, field, value, remedy FROM import_problems"
        " WHERE import_id = $1 AND number > $2::bigint ORDER BY number LIMIT $3",
        identity,
        after,
        limit,
    )
