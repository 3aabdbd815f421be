"""All that lies on the topics, dead letters too, read as raw bytes by a reader without a group."""

import json
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from takt.common.contracts.topics import DEAD_LETTERS_SUFFIX, TOPICS

PLACES = [(topic.name, n) for topic in TOPICS for n in range(topic.partitions)]
PLACES += [(topic.name + DEAD_LETTERS_SUFFIX, 0) for topic in TOPICS]
"""Every partition on Kafka."""


@dataclass(frozen=True, slots=True)
class Lying:
    """A message where it lies."""

    topic: str
    partition: int
    position: int
    headers: dict[str, str]
    value: bytes

    @property
    def place(self) -> tuple[str, int, int]:
        """Topic, partition, position."""
        return self.topic, self.partition, self.position

    @property
    def id(self) -> str:
        """The CloudEvents id; empty where a stranger gave none."""
        return self.headers.get("ce_id", "")

    @property
    def type(self) -> str:
        """The CloudEvents type; empty where a stranger gave none."""
        return self.headers.get("ce_type", "")

    @property
    def poison(self) -> str | None:
        """The kind of poison that it is; None: it is sound."""
        return None if self.topic.endswith(DEAD_LETTERS_SUFFIX) else self.headers.get("poison")

    @property
    def body(self) -> Any:
        """The JSON body."""
        return json.loads(self.value)


@dataclass
class Topics:
    """What has been read so far, in the order of each partition; each read goes on from there."""

    log_url: str
    kafka: str | None
    lying: list[Lying] = field(default_factory=list)
    _read: dict[tuple[str, int], int] = field(default_factory=dict)

    async def read_on(self) -> int:
        """Read to the present end; returns how many messages were new."""
        new = await (self._read_table() if self.kafka is None else self._read_kafka())
        self._read.update({(m.topic, m.partition): m.position for m in new})
        self.lying += new
        return len(new)

    async def _read_kafka(self) -> list[Lying]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.kafka, group_id=None, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            places = [TopicPartition(*place) for place in PLACES]
            consumer.assign(places)
            for place in places:
                consumer.seek(place, self._read.get((place.topic, place.partition), -1) + 1)
            ends = await consumer.end_offsets(places)
            found: list[Lying] = []
            while [p for p in places if await consumer.position(p) < ends[p]]:
                batches = await consumer.getmany(timeout_ms=200)
                found += (
                    Lying(
                        record.topic,
                        record.partition,
                        record.offset,
                        {name: value.decode() for name, value in record.headers},
                        record.value,
                    )
                    for records in batches.values()
                    for record in records
                )
            return found
        finally:
            await consumer.stop()

    async def _read_table(self) -> list[Lying]:
        connection = await asyncpg.connect(self.log_url)
        try:
            rows = [
                row
                for topic in dict(PLACES)
                for row in await connection.fetch(
                    "SELECT topic, position, headers, value FROM log"
                    " WHERE topic = $1 AND position > $2 ORDER BY position",
                    topic,
                    self._read.get((topic, 0), -1),
                )
            ]
        finally:
            await connection.close()
        return [
            Lying(row["topic"], 0, row["position"], json.loads(row["headers"]), row["value"])
            for row in rows
        ]
