"""Promises by REST: 500 customers ask for a unit of the 300 that there are.

Procurement is a process with one worker; its relay, the broker and PostgreSQL (fsync on) share the
cores with the clients. First as many ask at a time as a sales floor has at work, then all 500 at
once, which is a queue: its last answer is as late as 500 answers take.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np

from benchmarks.lab import Lab
from benchmarks.line import Line
from benchmarks.rest import access_database, service_process
from benchmarks.wire import Wire
from takt.common.event import new_id

UNITS, REQUESTS, CLIENTS = 300, 500, 16
DAY = "2026-11-23"


async def measure(lab: Lab) -> list[Line]:
    """Two lines: 16 clients, and all at once."""
    async with (
        lab.database("supply_planning", "procurement") as url,
        access_database(lab) as access_url,
        service_process(lab, url, access_url, "SUPPLY", "takt.supply_planning", "procurement") as (
            port,
            key,
        ),
    ):
        await _prepare(port, key)
        await _ask(port, key, "warm", CLIENTS)
        some = await _ask(port, key, "some", CLIENTS)
        everybody = await _ask(port, key, "all", REQUESTS)
    note = f"{UNITS} units promised, none over"
    return [
        Line(
            f"{REQUESTS} promises by REST, {CLIENTS} clients, p95", some, "ms",
            None, None, 50, better="less", ratio_aim=False, note=note,
        ),
        Line(
            f"{REQUESTS} promises by REST asked at one instant, p95", everybody, "ms",
            None, None, 50, better="less", ratio_aim=False, note=note,
        ),
    ]  # fmt: skip


async def _ask(port: int, key: str, item: str, clients: int) -> float:
    """The 95th percentile of the answers' milliseconds; refuses to go on if any unit is missed."""
    wires = [Wire(port, key) for _ in range(clients)]
    for wire in wires:
        await wire.open()
    waits: list[float] = []
    promised: list[float] = []
    waiting = iter(range(REQUESTS))

    async def run(wire: Wire) -> None:
        for number in waiting:
            wish = {
                "source": "bench", "order_line": f"{item}-{number}", "product": item,
                "region": "north", "quantity": "1", "wanted_on": DAY,
            }  # fmt: skip
            began = time.perf_counter()
            status, body = await wire.ask(
                "/v1/reservations", json.dumps(wish).encode(), Idempotency_Key=str(new_id())
            )
            waits.append(time.perf_counter() - began)
            assert status in (201, 409), (status, body)
            if status == 201:
                promised.append(float(json.loads(body)["promised"]))

    await asyncio.gather(*map(run, wires))
    assert sum(promised) == UNITS, f"{sum(promised)} of {UNITS} units were promised"
    return float(np.percentile(waits, 95)) * 1000


async def _prepare(port: int, key: str) -> None:
    """Three products, of each so many units at one site."""
    items: Sequence[str] = ("warm", "some", "all")
    puts: dict[str, list[dict[str, Any]]] = {
        "sites": [{"code": "plant", "name": "Plant"}],
        "items": [
            {"code": item, "name": item, "sites": [{"site": "plant", "source": "buy"}]}
            for item in items
        ],
        "sourcing": [
            {
                "product": item, "region": "north", "valid_from": "2020-01-06",
                "shares": [{"site": "plant", "share": "1"}],
            }
            for item in items
        ],
        "stock": [{"item": item, "site": "plant", "on_hand": str(UNITS)} for item in items],
    }  # fmt: skip
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}, timeout=60
    ) as client:
        for noun, things in puts.items():
            (await client.put(f"/v1/{noun}", json={"items": things})).raise_for_status()
