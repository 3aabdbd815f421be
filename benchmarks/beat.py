"""The beat: from the REST reply of a stage change to the purchase proposal and the cash on Kafka.

Every service is a process of its own, the demonstration company is loaded, and changes come at a
fixed rate through the door. A change whose plan stays as it is (a lot, a tolerance, stock) ends
with the plan's event that says so. The peer is three produce-and-consume hops of bare aiokafka.
"""

import asyncio
import json
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import numpy as np
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.lab import Lab
from benchmarks.line import Line
from benchmarks.wire import Refused, Wire
from takt.common.bus.kafka import PRODUCER
from takt.common.event import new_id
from takt.standalone.company import load
from tests.integration.system import System, running_system

RATES = (20, 200)
WARM_RATE = 5
"""A first round that is not counted: pools, statements, and a JVM that has just started."""
SECONDS = 20
OPEN_STAGES = ("solution-design", "negotiation")
TOPICS = ("takt.plans.v1", "takt.purchasing.v1", "takt.cash.v1")
CONNECTIONS = 16
HOP_TOPIC = "takt.inbound.purchasing.v1.dlq"


@dataclass
class Change:
    """A change that was asked for, and when its effects were seen."""

    replied: float
    planned: float | None = None
    proposed: float | None = None
    cash: float | None = None

    @property
    def beat(self) -> float | None:
        """Seconds until purchasing and cash had both said something; None when one did not."""
        purchasing = self.proposed or self.planned
        if purchasing is None or self.cash is None:
            return None
        return max(purchasing, self.cash) - self.replied


@dataclass
class Watch:
    """Listens to the topics at the end of the chain."""

    changes: dict[str, Change] = field(default_factory=dict)
    early: dict[str, dict[str, float]] = field(default_factory=dict)

    async def listen(self, bootstrap: str, ready: asyncio.Event, stop: asyncio.Event) -> None:
        """Note when each correlation id is seen first."""
        consumer = AIOKafkaConsumer(
            *TOPICS, bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="latest"
        )
        await consumer.start()
        await consumer.seek_to_end()
        for partition in consumer.assignment():
            await consumer.position(partition)
        ready.set()
        while not stop.is_set():
            batches = await consumer.getmany(timeout_ms=200)
            now = time.perf_counter()
            for records in batches.values():
                for record in records:
                    headers = dict(record.headers)
                    kind = self._kind(headers["ce_type"].decode())
                    for correlation in headers["ce_correlations"].decode().split(","):
                        self.early.setdefault(correlation, {}).setdefault(kind, now)
        await consumer.stop()

    @staticmethod
    def _kind(name: str) -> str:
        if name.startswith("takt.purchase_order"):
            return "proposed"
        return "cash" if name.startswith("takt.cash") else "planned"

    def beats(self) -> tuple[list[float], int, int]:
        """Milliseconds of each change, how many had none, and how many reached an order."""
        found, missing, orders = [], 0, 0
        for correlation, change in self.changes.items():
            for kind, at in self.early.get(correlation, {}).items():
                setattr(change, kind, at)
            orders += change.proposed is not None
            if change.beat is None:
                missing += 1
            else:
                found.append(max(0.0, change.beat) * 1000)
        return found, missing, orders


async def measure(lab: Lab) -> list[Line]:
    """Four lines: median and 99th percentile at each rate."""
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="takt-beat-") as folder:
        async with running_system(lab.admin_url, Path(folder), kafka=lab.bootstrap) as system:
            await load(system.door, system.key, lambda *_: None)
            await _settled(system)
            hops = await _hops(lab.bootstrap)
            await _run(system, lab.bootstrap, WARM_RATE)
            for rate in RATES:
                await _settled(system)
                beats, missing, orders = await _run(system, lab.bootstrap, rate)
                note = f"{len(beats)} changes, {orders} moved an order, {missing} without effect"
                for name, point, aim in (("p50", 50, 50.0), ("p99", 99, 250.0)):
                    lines.append(
                        Line(
                            f"beat {name}, {rate} changes a second",
                            float(np.percentile(beats, point)), "ms",
                            "three hops of bare aiokafka", float(np.percentile(hops, point)),
                            aim, better="less", ratio_aim=False, note=note,
                        )
                    )  # fmt: skip
    return lines


async def _settled(system: System) -> None:
    """Wait until no service has anything left to do."""
    async with system.client() as client:
        quiet = 0
        while quiet < 5:
            status = (await client.get("/v1/status")).json()
            busy = [s for s in status["services"] if s["lag"] or s["outbox_unsent"]]
            quiet = 0 if busy else quiet + 1
            await asyncio.sleep(1)


async def _run(system: System, bootstrap: str, rate: int) -> tuple[list[float], int, int]:
    deals = await _open_deals(system)
    watch, ready, stop = Watch(), asyncio.Event(), asyncio.Event()
    listening = asyncio.create_task(watch.listen(bootstrap, ready, stop))
    await ready.wait()
    wires: asyncio.Queue[Wire] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        wires.put_nowait(Wire(system.ports["console"], system.key))
    free: asyncio.Queue[_Deal] = asyncio.Queue()
    for deal in deals:
        free.put_nowait(deal)
    asked: list[asyncio.Task[None]] = []
    began = time.perf_counter()
    for n in range(rate * SECONDS):
        await asyncio.sleep(max(0.0, began + n / rate - time.perf_counter()))
        asked.append(asyncio.create_task(_change(wires, free, watch)))
    await asyncio.gather(*asked)
    await asyncio.sleep(5)
    stop.set()
    await listening
    return watch.beats()


@dataclass
class _Deal:
    id: UUID
    stage: str


async def _open_deals(system: System) -> list[_Deal]:
    """Open deals that stand in one of the two stages, in no order."""
    found: list[_Deal] = []
    async with system.client() as client:
        for stage in OPEN_STAGES:
            query = {"stage": stage, "status": "open", "limit": 1000}
            items = (await client.get("/v1/deals", params=query)).json()["items"]
            found += [_Deal(UUID(item["id"]), stage) for item in items if item["lines"]]
    random.Random(4).shuffle(found)
    return found


async def _change(wires: asyncio.Queue[Wire], free: asyncio.Queue[_Deal], watch: Watch) -> None:
    """Move a deal to the other stage; one that a gate keeps where it is comes no more."""
    correlation = str(new_id())
    deal, wire = await free.get(), await wires.get()
    wish = OPEN_STAGES[1 - OPEN_STAGES.index(deal.stage)]
    body = json.dumps({"stage": wish}).encode()
    try:
        await wire.post(f"/v1/deals/{deal.id}/stage", body, Correlation_Id=correlation)
    except Refused:
        return
    finally:
        wires.put_nowait(wire)
    watch.changes[correlation] = Change(time.perf_counter())
    deal.stage = wish
    free.put_nowait(deal)


async def _hops(bootstrap: str, messages: int = 300) -> list[float]:
    """Milliseconds of three produce-and-consume hops with the product's settings."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, **PRODUCER)
    consumer = AIOKafkaConsumer(
        HOP_TOPIC, bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="latest"
    )
    await producer.start()
    await consumer.start()
    await consumer.seek_to_end()
    body = json.dumps({"quantity": "1" * 500}).encode()
    found = []
    for _ in range(messages):
        began = time.perf_counter()
        for _ in range(3):
            await producer.send(HOP_TOPIC, value=body, key=b"hop")
            await consumer.getone()
        found.append((time.perf_counter() - began) * 1000)
    await producer.stop()
    await consumer.stop()
    return found
