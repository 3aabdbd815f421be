"""The stage change by REST, one by one and in bulk, beside its own statements on bare asyncpg.

One uvicorn worker with its relay to Kafka, 16 clients, PostgreSQL and the broker on the same cores.
The peer runs the very statements that the route runs, captured from the use case, with fresh ids.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from benchmarks.lab import Lab
from benchmarks.line import Line
from benchmarks.wire import Wire
from takt.common import auth
from takt.common.clock import Clock
from takt.common.db import Database
from takt.common.event import Cause, new_id
from takt.deals.service.moves import MoveRequest, move_deals
from takt.deals.store import deals as store
from takt.standalone.access import create_key
from takt.standalone.ports import free_ports

CLIENTS, DEALS, BULK, SECONDS = 16, 3_200, 100, 8.0
STAGES = ("first", "second")


async def measure(lab: Lab) -> list[Line]:
    """Two lines: one move a request, and a hundred."""
    async with lab.database("deals") as url, access_database(lab) as access_url:
        async with deals_process(lab, url, access_url) as (port, key):
            deals = await _prepare(port, key)
            await _drive(_Singles(port, key, deals).run, 2.0, CLIENTS)
            single = await _drive(_Singles(port, key, deals).run, SECONDS, CLIENTS)
            bulk = await _drive(_Bulks(port, key, deals).run, SECONDS, 4)
        bare_single = await _bare(url, deals, 1, CLIENTS)
        bare_bulk = await _bare(url, deals, BULK, 4)
    return [
        Line(
            "REST stage change, 16 clients", single, "moves/s",
            "its statements, bare asyncpg, 16 connections", bare_single, 0.25,
        ),
        Line(
            "REST stage changes in bulk of 100", bulk, "moves/s",
            "its statements, bare asyncpg, 4 connections", bare_bulk, 0.60,
        ),
    ]  # fmt: skip


@asynccontextmanager
async def access_database(lab: Lab) -> AsyncIterator[str]:
    """A database of keys."""
    name = f"bench_access_{new_id().hex}"
    admin = await asyncpg.connect(lab.admin_url)
    await admin.execute(f"CREATE DATABASE {name}")
    url = lab.admin_url.replace("/postgres?", f"/{name}?")
    connection = await asyncpg.connect(url)
    await connection.execute(auth.SCHEMA)
    await connection.close()
    try:
        yield url
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


@asynccontextmanager
async def service_process(
    lab: Lab, url: str, access_url: str, prefix: str, *module: str
) -> AsyncIterator[tuple[int, str]]:
    """A service as a process with one worker, ready; yields its port and a key.

    Args:
        url: of its database; access_url: of the keys.
        prefix: of its variables, as DEALS.
        module: with its arguments, as after `python -m`.
    """
    connection = await asyncpg.connect(access_url)
    key, _ = await create_key(connection, "bench", ["admin"])
    await connection.close()
    [port] = free_ports()
    environment = {
        **os.environ,
        f"{prefix}_DATABASE_URL": url,
        "TAKT_ACCESS_URL": access_url,
        "TAKT_KAFKA": lab.bootstrap,
        "TAKT_PORT": str(port),
        "TAKT_RATE_LIMIT": "1000000",
    }
    command = [sys.executable, "-m", *module]
    log = tempfile.TemporaryFile()  # noqa: SIM115 - closed below, after the process
    server = subprocess.Popen(command, env=environment, stderr=log)  # noqa: ASYNC220 - an instant
    try:
        async with httpx.AsyncClient() as client:
            while True:
                try:
                    ready = await client.get(f"http://127.0.0.1:{port}/health/ready")
                    ready.raise_for_status()
                    break
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)
        yield port, key
    finally:
        server.terminate()
        server.wait(40)
        log.close()


def deals_process(
    lab: Lab, url: str, access_url: str
) -> AbstractAsyncContextManager[tuple[int, str]]:
    """The deals service."""
    return service_process(lab, url, access_url, "DEALS", "takt.deals")


async def _prepare(port: int, key: str) -> list[UUID]:
    """A company with one pipeline of two open stages, and its deals."""
    client = httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}, timeout=60
    )
    async with client:
        stages = [
            *[{"code": code, "name": code} for code in STAGES],
            {"code": "won", "name": "Won", "kind": "won"},
            {"code": "lost", "name": "Lost", "kind": "lost"},
        ]
        there_and_back = [list(STAGES), list(reversed(STAGES))]
        puts: dict[str, Any] = {
            "/v1/company": {"name": "Bench", "currency": "EUR", "time_zone": "UTC"},
            "/v1/regions/north": {"name": "North"},
            "/v1/teams/one": {"name": "One", "region": "north"},
            "/v1/owners/ann": {"name": "Ann", "team": "one"},
            "/v1/products/lamp": {"name": "Lamp", "list_price": "100", "cost": "40"},
            "/v1/pipelines/bench": {
                "name": "Bench", "stages": stages, "transitions": there_and_back,
            },
        }  # fmt: skip
        for path, body in puts.items():
            (await client.put(path, json=body)).raise_for_status()
        found: list[UUID] = []
        for start in range(0, DEALS, 400):
            items = [
                {
                    "source": "bench", "external_id": str(n), "name": f"Deal {n}", "owner": "ann",
                    "pipeline": "bench", "stage": STAGES[0], "region": "north",
                    "lines": [{"product": "lamp", "quantity": "3", "price": "95"}],
                }
                for n in range(start, start + 400)
            ]  # fmt: skip
            answer = await client.post("/v1/deals/upserts", json={"items": items})
            answer.raise_for_status()
            body = answer.json()
            assert body["failed"] == 0, body["items"][0]
            found += [UUID(item["id"]) for item in body["items"]]
        return found


class _Singles:
    """One move a request."""

    def __init__(self, port: int, key: str, deals: Sequence[UUID]) -> None:
        self._port, self._key, self._deals = port, key, deals
        self._stage = dict.fromkeys(deals, 0)
        self._next = _alternating(port)

    async def run(self, worker: int, until: float) -> int:
        """Moves done by one client."""
        wire, done = Wire(self._port, self._key), 0
        mine = self._deals[worker::CLIENTS]
        while time.perf_counter() < until:
            deal = mine[done % len(mine)]
            body = json.dumps({"stage": self._next(deal)}).encode()
            await wire.post(f"/v1/deals/{deal}/stage", body)
            done += 1
        return done


_stands: dict[tuple[int, UUID], int] = {}


def _alternating(port: int) -> Callable[[UUID], str]:
    """The stage in which a deal does not stand now."""

    def following(deal: UUID) -> str:
        _stands[port, deal] = 1 - _stands.get((port, deal), 0)
        return STAGES[_stands[port, deal]]

    return following


class _Bulks:
    """A hundred moves a request."""

    def __init__(self, port: int, key: str, deals: Sequence[UUID]) -> None:
        self._port, self._key, self._deals = port, key, deals
        self._next = _alternating(port)

    async def run(self, worker: int, until: float) -> int:
        """Moves done by one client."""
        wire, done = Wire(self._port, self._key), 0
        mine = self._deals[worker::4]
        while time.perf_counter() < until:
            start = done % len(mine)
            chosen = mine[start : start + BULK]
            moves = [{"deal_id": str(deal), "stage": self._next(deal)} for deal in chosen]
            answer = json.loads(
                await wire.post("/v1/deals/stage-moves", json.dumps({"moves": moves}).encode())
            )
            assert answer["failed"] == 0, answer["items"][0]
            done += len(chosen)
        return done


async def _drive(
    work: Callable[[int, float], Awaitable[int]], seconds: float, clients: int
) -> float:
    """Work done a second by all clients."""
    began = time.perf_counter()
    done = await asyncio.gather(*[work(n, began + seconds) for n in range(clients)])
    return sum(done) / (time.perf_counter() - began)


async def _bare(url: str, deals: Sequence[UUID], size: int, connections: int) -> float:
    """The same statements by bare asyncpg, `size` moves a transaction."""
    statements = await _capture(url, deals[:size])
    pool = [await asyncpg.connect(url) for _ in range(connections)]
    sequences: dict[UUID, int] = {
        row["id"]: row["sequence"] for row in await pool[0].fetch("SELECT id, sequence FROM deals")
    }

    async def work(worker: int, until: float) -> int:
        connection, done = pool[worker], 0
        mine = deals[worker * len(deals) // connections : (worker + 1) * len(deals) // connections]
        while time.perf_counter() < until:
            start = done % (len(mine) - size + 1) if size > 1 else done % len(mine)
            chosen = mine[start : start + size]
            async with connection.transaction():
                for sql, parameters in statements:
                    await connection.fetch(sql, *_renewed(parameters, chosen, sequences))
            for deal in chosen:
                sequences[deal] += 1
            done += size
        return done

    rate = await _drive(work, SECONDS, connections)
    for connection in pool:
        await connection.close()
    return rate


def _renewed(
    parameters: Sequence[Any], chosen: Sequence[UUID], sequences: dict[UUID, int]
) -> list[Any]:
    """The captured parameters for other deals: ids, sequences and event ids are new."""
    if len(parameters) == 1:
        return [list(chosen)]
    rows = json.loads(parameters[0])
    for row, deal in zip(rows, chosen, strict=True):
        row["id"], row["sequence"] = str(deal), sequences[deal] + 1
        for entry in row["entries"]:
            entry["number"] = sequences[deal] + 1_000_000
    ids = [new_id() for _ in chosen]
    return [json.dumps(rows), ids, parameters[2], list(map(str, chosen)), *parameters[4:]]


async def _capture(url: str, deals: Sequence[UUID]) -> list[tuple[str, Sequence[Any]]]:
    """The statements of the use case, as it runs them for these deals."""
    captured: list[tuple[str, Sequence[Any]]] = []
    database = Database("deals", url)
    original = store.fetch

    async def recording(tx: Any, sql: str, *parameters: Any) -> list[Any]:
        captured.append((sql, parameters))
        return await original(tx, sql, *parameters)

    async with database.transaction() as tx:
        found = await store.read_deals(tx, deals)
        other = {STAGES[0]: STAGES[1], STAGES[1]: STAGES[0]}
        wishes = [
            MoveRequest(deal, other[found[deal].deal.stage], Cause.start(), "bench")
            for deal in deals
        ]
        await move_deals(tx, wishes, Clock().now())
        store.fetch = recording  # type: ignore[attr-defined]
        try:
            back = [MoveRequest(w.deal, other[w.stage], w.cause, w.by) for w in wishes]
            await move_deals(tx, back, Clock().now())
        finally:
            store.fetch = original  # type: ignore[attr-defined]
    await database.close()
    return captured
