"""Databases for tests: made once a session, emptied after each test, dropped at the end.

A database is copied from a template, which is prepared (migrated) once. After a test its filled
tables are emptied and its sequences begin anew, over a connection that is kept: 7 ms where a fresh
copy costs 150. What the preparation itself put in (revisions, reference data) is put back if a test
has changed it; should the tables as such have changed, the database is thrown away and the next
test gets a fresh copy.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from takt.common.event import new_id

Prepare = Callable[[str], Awaitable[object]]
"""Given the URL of an empty database, makes its tables."""

OURS = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"

TABLES = f"""
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND {OURS}
"""
"""Every table, partitions one by one."""

SHAPE = f"""
SELECT string_agg(concat_ws(' ', n.nspname, c.relname, c.relkind, c.relnatts), ','
    ORDER BY n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS}
"""
"""The tables, indexes and sequences as such."""

COUNTED = """
SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences WHERE last_value IS NOT NULL
"""
"""The sequences that have begun."""

EMPTY = """
DO $empty$
DECLARE
    name text;
    filled bool;
BEGIN
    SET LOCAL lock_timeout = '10s';
    SET LOCAL session_replication_role = replica;  -- neither foreign keys nor triggers object
    FOR name IN {tables} EXCEPT SELECT unnest({kept}) LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', name) INTO filled;
        IF filled THEN
            EXECUTE format('DELETE FROM %s', name);
        END IF;
    END LOOP;
    FOR name IN {sequences} EXCEPT SELECT unnest({begun}) LOOP
        EXECUTE format('ALTER SEQUENCE %s RESTART', name);
    END LOOP;
END $empty$
"""

ALONE = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


FIRST_OWN_OID = 16_384
"""What is numbered below comes with PostgreSQL, and is the same in every database."""


def remember_builtin_types() -> None:
    """Have asyncpg ask once a session, not once a connection, what arrays of built-in types are.

    It asks with a recursive query of 5 ms: half of all that PostgreSQL did for most tests.
    """
    ask = asyncpg.Connection._introspect_types
    known: dict[frozenset[int], Any] = {}

    async def answer(connection: asyncpg.Connection, oids: Iterable[int], seconds: float) -> Any:
        asked = frozenset(oids)
        if max(asked) >= FIRST_OWN_OID:
            return await ask(connection, oids, seconds)
        if asked not in known:
            known[asked] = await ask(connection, oids, seconds)
        return known[asked]

    asyncpg.Connection._introspect_types = answer


@dataclass(frozen=True, slots=True)
class _Template:
    name: str
    empty: str
    """Empties a copy."""
    fingerprint: str
    """Asks for what the preparation left: the tables as such, and the rows in them."""
    prepared: str
    """The fingerprint's answer in the template."""
    rows: dict[str, list[str]]
    """What the preparation put in: a table's rows, as PostgreSQL writes a row."""
    counts: dict[str, int]
    """How far the preparation's sequences have counted."""


@dataclass(frozen=True, slots=True)
class _Copy:
    name: str
    connection: asyncpg.Connection
    """Kept from test to test: another one costs more than all that is asked over it."""


@dataclass(slots=True)
class _Kind:
    template: _Template
    idle: list[_Copy] = field(default_factory=list)


_kinds: dict[tuple[str, str], _Kind] = {}


def with_database(url: str, name: str) -> str:
    """The URL with another database."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


async def execute(url: str, sql: str) -> None:
    """Run statements outside a transaction."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@asynccontextmanager
async def temporary_database(url: str, key: str, prepare: Prepare) -> AsyncIterator[str]:
    """A prepared database of one's own, as empty as after `prepare`.

    Args:
        url: an administrator's.
        key: what tells this preparation from others.
        prepare: makes the tables; called once a session.
    """
    kind = _kinds.get((url, key))
    if kind is None:
        kind = _kinds[url, key] = _Kind(await _template(url, prepare))
    copy = kind.idle.pop() if kind.idle else await _copy(url, kind.template)
    try:
        yield with_database(url, copy.name)
    finally:
        if await _emptied(copy.connection, kind.template):
            kind.idle.append(copy)
        else:
            await _drop(url, copy)


async def drop_databases(url: str) -> None:
    """Drop every database that was made here on this server."""
    for server, key in [place for place in _kinds if place[0] == url]:
        kind = _kinds.pop((server, key))
        for copy in kind.idle:
            await _drop(url, copy)
        await execute(url, f"DROP DATABASE IF EXISTS {kind.template.name}")


async def _template(url: str, prepare: Prepare) -> _Template:
    name = f"template_{new_id().hex}"
    await execute(url, f"CREATE DATABASE {name}")
    await prepare(with_database(url, name))
    connection = await asyncpg.connect(with_database(url, name))
    try:
        rows, counts = {}, {}
        for (table,) in await connection.fetch(TABLES):
            found = await connection.fetch(f"SELECT r::text FROM {table} r")
            if found:
                rows[table] = [row[0] for row in found]
        for (sequence,) in await connection.fetch(COUNTED):
            counts[sequence] = await connection.fetchval(f"SELECT last_value FROM {sequence}")
        asked = [f"({SHAPE})"]
        asked += [f"(SELECT string_agg(r::text, ',' ORDER BY r::text) FROM {t} r)" for t in rows]
        asked += [f"(SELECT last_value::text FROM {sequence})" for sequence in counts]
        fingerprint = f"SELECT md5(concat_ws('|', {', '.join(asked)}))"
        empty = EMPTY.format(
            tables=TABLES, kept=_array(rows), sequences=COUNTED, begun=_array(counts)
        )
        prepared = await connection.fetchval(fingerprint)
        return _Template(name, empty, fingerprint, prepared, rows, counts)
    finally:
        await connection.close()


async def _copy(url: str, template: _Template) -> _Copy:
    name = f"test_{new_id().hex}"
    await execute(url, f"CREATE DATABASE {name} TEMPLATE {template.name}")
    return _Copy(name, await asyncpg.connect(with_database(url, name)))


async def _drop(url: str, copy: _Copy) -> None:
    copy.connection.terminate()
    await execute(url, f"DROP DATABASE {copy.name} WITH (FORCE)")


async def _emptied(connection: asyncpg.Connection, template: _Template) -> bool:
    """Empty a database; whether it is now as its template is."""
    try:
        await connection.execute(ALONE)
        await connection.execute(template.empty)
        if await connection.fetchval(template.fingerprint) == template.prepared:
            return True
        await _put_back(connection, template)
        return bool(await connection.fetchval(template.fingerprint) == template.prepared)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return False  # tables that are gone, or a server that was restarted


async def _put_back(connection: asyncpg.Connection, template: _Template) -> None:
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for table, rows in template.rows.items():
            await connection.execute(f"DELETE FROM {table}")
            await connection.execute(
                f"INSERT INTO {table} OVERRIDING SYSTEM VALUE"
                f" SELECT (r::{table}).* FROM unnest($1::text[]) AS r",
                rows,
            )
        for sequence, last in template.counts.items():
            await connection.execute("SELECT setval($1::text::regclass, $2)", sequence, last)


def _array(names: Iterable[str]) -> str:
    return "ARRAY[" + ", ".join("'" + name.replace("'", "''") + "'" for name in names) + "]::text[]"
