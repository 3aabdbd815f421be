"""Alembic without its ini file: one environment for every service, on asyncpg."""

import re
from pathlib import Path

from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine


async def upgrade(url: str, folder: Path, schema: str) -> None:
    """Bring a database to the newest revision, in one transaction, one migrator at a time."""
    engine = create_async_engine(
        re.sub(r"^postgres(ql)?://", "postgresql+asyncpg://", url),
        connect_args={"server_settings": {"search_path": schema}},
    )
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(7265000)"))
            await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
            await connection.run_sync(_upgrade, folder, schema)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, folder: Path, schema: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("version_locations", str(folder))
    config.set_main_option("path_separator", "newline")
    scripts = ScriptDirectory.from_config(config)

    def steps(revision: object, _: MigrationContext) -> list[RevisionStep]:
        return scripts._upgrade_revs("head", revision)  # type: ignore[arg-type]

    with EnvironmentContext(config, scripts, fn=steps) as environment:
        environment.configure(connection=connection, version_table_schema=schema)
        with Operations.context(environment.get_context()):
            environment.run_migrations()
