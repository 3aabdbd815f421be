"""Migrations: Alembic with one environment for all services, and the tables that every service has.

A service's `migrations/` holds `NNNN_what.py` whose revision is "NNNN"; the newest file names the
head, so that a start on a current database needs no Alembic.
"""

from pathlib import Path
from typing import Any

import asyncpg

HERE = Path(__file__).parent

COMMON_TABLES = """
CREATE TABLE outbox (
    event_id uuid PRIMARY KEY, topic text NOT NULL, key text NOT NULL, type text NOT NULL,
    headers jsonb NOT NULL, body text NOT NULL, links uuid[] NOT NULL
) PARTITION BY RANGE (event_id);
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;
CREATE INDEX outbox_links ON outbox USING gin (links);
CREATE TABLE outbox_unsent (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid NOT NULL
);
ALTER TABLE outbox_unsent
    SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE TABLE inbox (
    consumer text NOT NULL, event_id uuid NOT NULL, handled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
) PARTITION BY RANGE (event_id);
CREATE TABLE inbox_default PARTITION OF inbox DEFAULT;
CREATE TABLE dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL, event_id uuid NOT NULL, topic text NOT NULL, partition int NOT NULL,
    position bigint NOT NULL, key text NOT NULL, headers jsonb NOT NULL, value bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('quarantined', 'parked', 'replayed')),
    reason text NOT NULL, attempts int NOT NULL, at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (consumer, event_id)
);
CREATE INDEX dead_letters_waiting ON dead_letters (consumer, topic, key) WHERE state <> 'replayed';
CREATE TABLE idempotency (
    name bytea PRIMARY KEY, body_hash bytea NOT NULL, status int NOT NULL, body bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idempotency_at ON idempotency (at);
CREATE TABLE schedules (job text PRIMARY KEY, last_due timestamptz NOT NULL);
"""


def execute_script(op: Any, sql: str) -> None:
    """Run several statements in the migration's transaction."""
    raw = op.get_bind().connection.dbapi_connection
    op.get_bind().exec_driver_sql("SELECT 1")  # so that the driver is inside the transaction
    raw.run_async(lambda connection: connection.execute(sql))


def create_common_tables(op: Any) -> None:
    """Outbox, inbox, dead letters, idempotency, schedules, jobs.

    First in every service's first migration.
    """
    from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment

    execute_script(op, COMMON_TABLES)
    execute_script(op, QueryBuilderEnvironment().build_install_query(create_schema=False))


def migrations_of(package_file: str) -> Path:
    """The folder of a service's migrations, in the source tree or inside its wheel."""
    package = Path(package_file).parent
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parents[2] / "migrations"


def head(folder: Path) -> str:
    """The newest revision in a folder."""
    names = sorted(path.name for path in folder.glob("[0-9][0-9][0-9][0-9]_*.py"))
    if not names:
        raise FileNotFoundError(f"{folder} holds no migrations")
    return names[-1][:4]


async def current(url: str, schema: str) -> str | None:
    """The revision of a database, None before the first."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        present = await connection.fetchval("SELECT to_regclass($1)", f"{schema}.alembic_version")
        if present is None:
            return None
        revision: str | None = await connection.fetchval(
            f'SELECT version_num FROM "{schema}".alembic_version'
        )
        return revision
    finally:
        await connection.close()


async def migrate(url: str, folder: Path, schema: str = "public") -> bool:
    """Bring a database to the newest revision; returns whether anything was done.

    Raises:
        NewerDatabase: the database is of a newer version than this program.
    """
    before, newest = await current(url, schema), head(folder)
    if before == newest:
        return False
    if before is not None and before > newest:
        raise NewerDatabase(
            f"the database is at revision {before}, this Takt knows {newest}: use the newer Takt"
        )
    from takt.common.alembic_environment import upgrade

    await upgrade(url, folder, schema)
    return True


class NewerDatabase(Exception):
    """The database was written by a newer version."""
