"""What the benchmarks run on: an embedded PostgreSQL with fsync on, and a real broker."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from takt.common.db import Database
from takt.common.event import new_id, wall_now
from takt.common.migrations import migrate
from takt.common.retention import keep_partitions

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Lab:
    """Where the servers are."""

    admin_url: str
    bootstrap: str

    @asynccontextmanager
    async def database(self, service: str, schema: str = "public") -> AsyncIterator[str]:
        """A migrated database of a service, dropped at the end; yields its URL."""
        folder = ROOT / "services" / service / "migrations"
        if schema != "public":
            folder /= schema
        name = f"bench_{new_id().hex}"
        admin = await asyncpg.connect(self.admin_url)
        await admin.execute(f"CREATE DATABASE {name}")
        url = urlunsplit(urlsplit(self.admin_url)._replace(path=f"/{name}"))
        await migrate(url, folder, schema)
        database = Database("bench", url, schema=schema)
        async with database.transaction() as tx:
            await keep_partitions(tx, wall_now().date())
        await database.close()
        try:
            yield url
        finally:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
            await admin.close()


@contextmanager
def lab() -> Iterator[Lab]:
    """Start both servers, and end them."""
    from takt.standalone.kafka import Kafka
    from takt.standalone.postgres import Postgres
    from takt.standalone.temporary import temporary_folder

    with temporary_folder() as folder:
        postgres = Postgres(folder / "postgres")
        kafka = Kafka(folder / "kafka")
        postgres.start()
        kafka.start()
        try:
            yield Lab(postgres.admin_url, kafka.bootstrap)
        finally:
            kafka.stop()
            postgres.stop()
