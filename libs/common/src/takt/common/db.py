"""PostgreSQL: engine, transactions, and the naming of constraints.

Every service has a database of its own. A use case receives a `Tx` (a connection inside a
transaction) and never commits; the edge that opened the transaction does, before it answers.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
from fastapi import Depends, Request
from sqlalchemy import MetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

EMITTED = "takt.emitted"
"""Marks, in a connection's info, that its transaction wrote to the outbox."""

SOURCE = "takt.source"
"""Names, in a connection's info, the CloudEvents source of what is emitted through it."""


def metadata() -> MetaData:
    """A MetaData whose constraints are named by one rule."""
    return MetaData(naming_convention=NAMING)


class Database:
    """A service's database.

    Args:
        name: the part of Takt that owns it; becomes the CloudEvents source of what it says.
        url: `postgresql://role:password@host/database`, or with `?host=/folder` for a Unix socket.
        schema: the schema in which this part of the service lives; `public` when there is one part.
        pool_size: connections kept at most.
    """

    def __init__(self, name: str, url: str, *, schema: str = "public", pool_size: int = 5) -> None:
        self.name = name
        self.url = url
        self.schema = schema
        self.emitted = asyncio.Event()
        """Set after a commit that wrote to the outbox: the relay of this process waits on it."""
        self.outbox_poll_seconds = 0.2
        """How soon the relay sees what other processes wrote; a lone process may look seldom."""
        self.engine: AsyncEngine = create_async_engine(
            re.sub(r"^postgres(ql)?://", "postgresql+asyncpg://", url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=10,
            connect_args={
                "server_settings": {"search_path": schema, "application_name": f"takt {name}"},
                "timeout": 10,
            },
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection inside a transaction: committed at the end, rolled back on any error."""
        async with self.engine.begin() as connection:
            connection.info[SOURCE] = f"/takt/{self.name}"
            yield connection
            emitted = connection.info.pop(EMITTED, False)
        if emitted:
            self.emitted.set()

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


async def transaction(request: Request) -> AsyncIterator[AsyncConnection]:
    """The transaction of a request."""
    database: Database = request.app.state.database
    async with database.transaction() as connection:
        yield connection


Tx = AsyncConnection
"""A connection inside a transaction: what a use case receives."""

RequestTx = Annotated[AsyncConnection, Depends(transaction, scope="function")]
"""For routes. The scope makes it commit before the reply: else a failed commit was answered 201."""

TRANSIENT_STATES = ("08", "40", "53", "57", "58")
"""SQLSTATE classes that pass by themselves.

Connection, rollback, resources (a full disk), intervention, system.
"""


LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg raises, used by itself, when a connection is refused or lost (or times out)."""


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE behind an error, if the database said one."""
    for link in chain(error):
        state: Any = getattr(link, "sqlstate", None)
        if isinstance(state, str):
            return state
    return None


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later.

    So it is with lost connections, serialisation failures, locks, a full disk.
    """
    state = sqlstate(error)
    if state is not None:
        return state.startswith(TRANSIENT_STATES) or state == "55P03"
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # asyncpg calls it an internal error when a connection is lost between two statements.
    return any(isinstance(link, OSError | asyncpg.InternalClientError) for link in chain(error))
