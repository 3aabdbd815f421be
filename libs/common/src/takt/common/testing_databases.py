"""Databases for tests: made once a session, emptied after each test, dropped at the end.

A database is copied from a template, which is prepared (migrated) once. After a test its filled
tables are emptied and its sequences begin anew: 20 ms where a fresh copy costs 300. What the
preparation itself put in (revisions, reference data) is never touched; should a test have changed
it, or the tables as such, the database is thrown away and the next test gets a fresh copy.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class _Template:
    name: str
    empty: str
    """Empties a copy."""
    fingerprint: str
    """Asks for what the preparation left: the tables as such, and the rows in them."""
    prepared: str
    """The fingerprint's answer in the template."""


@dataclass(slots=True)
class _Kind:
    template: _Template
    idle: list[str] = field(default_factory=list)


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
    name = kind.idle.pop() if kind.idle else await _copy(url, kind.template)
    try:
        yield with_database(url, name)
    finally:
        if await _emptied(with_database(url, name), kind.template):
            kind.idle.append(name)
        else:
            await execute(url, f"DROP DATABASE {name} WITH (FORCE)")


async def drop_databases(url: str) -> None:
    """Drop every database that was made here on this server."""
    for server, key in [place for place in _kinds if place[0] == url]:
        kind = _kinds.pop((server, key))
        for name in (*kind.idle, kind.template.name):
            await execute(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def _template(url: str, prepare: Prepare) -> _Template:
    name = f"template_{new_id().hex}"
    await execute(url, f"CREATE DATABASE {name}")
    await prepare(with_database(url, name))
    connection = await asyncpg.connect(with_database(url, name))
    try:
        tables = [row[0] for row in await connection.fetch(TABLES)]
        kept = [t for t in tables if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {t})")]
        rows = await connection.fetch(COUNTED)
        counted = [row[0] for row in rows]
        asked = [f"({SHAPE})"]
        asked += [f"(SELECT string_agg(r::text, ',' ORDER BY r::text) FROM {t} r)" for t in kept]
        asked += [f"(SELECT last_value::text FROM {sequence})" for sequence in counted]
        fingerprint = f"SELECT md5(concat_ws('|', {', '.join(asked)}))"
        empty = EMPTY.format(
            tables=TABLES, kept=_array(kept), sequences=COUNTED, begun=_array(counted)
        )
        return _Template(name, empty, fingerprint, await connection.fetchval(fingerprint))
    finally:
        await connection.close()


async def _copy(url: str, template: _Template) -> str:
    name = f"test_{new_id().hex}"
    await execute(url, f"CREATE DATABASE {name} TEMPLATE {template.name}")
    return name


async def _emptied(url: str, template: _Template) -> bool:
    """Empty a database; whether it is now as its template is."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(ALONE)
        await connection.execute(template.empty)
        return bool(await connection.fetchval(template.fingerprint) == template.prepared)
    finally:
        await connection.close()


def _array(names: list[str]) -> str:
    return "ARRAY[" + ", ".join("'" + name.replace("'", "''") + "'" for name in names) + "]::text[]"
