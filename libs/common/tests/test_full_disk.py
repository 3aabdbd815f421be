"""A disk that fills while a service runs: PostgreSQL's own error, from a real small disk."""

import contextlib
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from takt.common.bus import Message
from takt.common.bus.consumer import Progress
from takt.common.bus.postgres import PostgresLog
from takt.common.db import Database
from takt.common.event import seal
from takt.common.testing import NewKey, eventually, execute, running
from takt.common.testing_databases import drop_databases
from takt.standalone.identity import database_user, give_away
from takt.standalone.postgres import ephemeral
from takt.standalone.temporary import temporary_folder

from .conftest import TALLY, pair, sale

EVENTS = 1_000
"""Whose marks in the inbox take more room than a table has that was just begun."""


@contextlib.contextmanager
def small_disk() -> Iterator[Path]:
    """A disk of six megabytes that the database's user may write."""
    with temporary_folder() as folder:
        small = folder / "small"
        small.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=6m,mode=0700", "tmpfs", str(small)]
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            pytest.skip("only who may mount can make a small disk")
        try:
            space = small / "space"
            space.mkdir()
            for path in (small, space):
                give_away(path, database_user(folder / "none"))
            yield small
        finally:
            subprocess.run(["umount", str(small)], check=True)


@pytest.fixture(scope="module")
def disk() -> Iterator[Path]:
    with small_disk() as folder:
        yield folder


@pytest_asyncio.fixture(scope="module")
async def database_server(disk: Path) -> AsyncIterator[str]:
    """A server of our own, that can keep tables on the small disk."""
    with ephemeral() as server:
        await execute(server.admin_url, f"CREATE TABLESPACE small LOCATION '{disk / 'space'}'")
        yield server.admin_url
        await drop_databases(server.admin_url)


async def test_a_disk_that_fills_is_answered_503_and_waited_out_and_nothing_is_lost(
    disk: Path, database: Database, app: FastAPI, new_key: NewKey, log: PostgresLog
) -> None:
    for kind in ("TABLE", "INDEX"):
        move = f"ALTER {kind} ALL IN TABLESPACE pg_default SET TABLESPACE small"
        await execute(database.url, move)
    async with running(app, await new_key()) as client:
        await fill_and_free(disk, database, client, log, app.state.progress[TALLY.group])


async def fill_and_free(
    disk: Path, database: Database, client: httpx.AsyncClient, log: PostgresLog, progress: Progress
) -> None:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(1 << 16)):
            pass

    async def order(number: int) -> httpx.Response:
        body = {"product": "lamp", "quantity": "1"}
        return await client.post("/v1/orders", json=body, headers={"Idempotency-Key": str(number)})

    taken = 0
    while (answer := await order(taken)).status_code == 201:
        taken += 1
    assert answer.status_code == 503
    assert answer.json()["detail"] == "the disk is full"
    assert answer.json()["remedy"]
    assert answer.headers["retry-after"]
    assert (await order(taken)).status_code == 503, "until there is room"

    said = seal([pair(sale("bulb")) for _ in range(EVENTS)], "/till")
    await log.publish(
        [Message(e.event.topic, e.event.key, e.headers(), e.body().encode()) for e in said]
    )

    async def waits() -> bool:
        return "No space left on device" in (progress.waiting_for or "")

    await eventually(waits)
    filler.unlink()

    async def handled() -> bool:
        return progress.handled == EVENTS

    await eventually(handled, within=60)
    assert (await order(taken)).status_code == 201
    async with database.transaction() as tx:
        rows = await tx.exec_driver_sql("SELECT product, quantity::int FROM tally")
        tally = {row.product: row.quantity for row in rows}
    assert tally == {"lamp": taken + 1, "bulb": EVENTS}
