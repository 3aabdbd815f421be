"""A listener that knows nothing of Takt's code: it reads the log as a stranger would."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import asyncpg
from aiokafka import AIOKafkaConsumer


@dataclass(frozen=True)
class Heard:
    """A message as it lay there."""

    topic: str
    key: str
    headers: dict[str, str]
    body: Any

    @property
    def id(self) -> str:
        """The CloudEvents id."""
        return self.headers["ce_id"]

    @property
    def type(self) -> str:
        """The CloudEvents type."""
        return self.headers["ce_type"]

    @property
    def causes(self) -> set[str]:
        """The ids of the events that led to it."""
        return set(filter(None, self.headers["ce_causes"].split(",")))

    @property
    def correlations(self) -> set[str]:
        """The correlation ids that it carries."""
        return set(filter(None, self.headers["ce_correlations"].split(",")))


class Source(Protocol):
    """Where messages come from."""

    async def more(self) -> list[Heard]:
        """What came since."""
        ...


@dataclass
class Listener:
    """All that was heard so far, in the order of each topic's partitions."""

    source: Source
    heard: list[Heard] = field(default_factory=list)

    async def until(
        self, enough: Callable[[list[Heard]], bool], what: str, within: float = 30
    ) -> list[Heard]:
        """Listen until enough was heard; returns all of it. Fails naming what was waited for."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while not enough(self.heard):
            if loop.time() > deadline:
                types = sorted({m.type for m in self.heard})
                raise AssertionError(f"{what} was not heard within {within:g} s; only {types}")
            self.heard += await self.source.more()
        return self.heard

    async def silence(self, seconds: float = 1.5) -> None:
        """Listen until nothing new comes for a while."""
        loop = asyncio.get_running_loop()
        last = loop.time()
        while loop.time() - last < seconds:
            new = await self.source.more()
            self.heard += new
            if new:
                last = loop.time()

    def forget(self) -> None:
        """Begin anew."""
        self.heard.clear()


class _Kafka:
    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def more(self) -> list[Heard]:
        batches = await self._consumer.getmany(timeout_ms=300)
        return [
            Heard(
                record.topic,
                record.key.decode(),
                {name: value.decode() for name, value in record.headers},
                json.loads(record.value),
            )
            for records in batches.values()
            for record in records
        ]


class _Table:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._seen: dict[str, int] = {}

    async def more(self) -> list[Heard]:
        rows = await self._connection.fetch(
            "SELECT topic, position, key, headers, value FROM log ORDER BY topic, position"
        )
        new = [row for row in rows if row["position"] > self._seen.get(row["topic"], -1)]
        for row in new:
            self._seen[row["topic"]] = row["position"]
        if not new:
            await asyncio.sleep(0.05)
        return [
            Heard(row["topic"], row["key"], json.loads(row["headers"]), json.loads(row["value"]))
            for row in new
        ]


@asynccontextmanager
async def listening_to_table(log_url: str) -> AsyncIterator[Listener]:
    """A listener to all topics of the log in PostgreSQL, from their beginning."""
    connection = await asyncpg.connect(log_url)
    try:
        yield Listener(_Table(connection))
    finally:
        await connection.close()


@asynccontextmanager
async def listening_to_kafka(kafka: str) -> AsyncIterator[Listener]:
    """A listener to all topics on Kafka, from their beginning."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka, group_id=None, auto_offset_reset="earliest"
    )
    consumer.subscribe(pattern=r"^takt\.[a-z.-]+\.v1$")
    await consumer.start()
    try:
        yield Listener(_Kafka(consumer))
    finally:
        await consumer.stop()
