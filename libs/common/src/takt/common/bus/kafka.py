"""The log on Kafka, through aiokafka; the only file that imports it.

What its settings guard against was measured: a deserializer that raises leaves a partition stuck
for good, so bytes come in and are decoded by the caller; after a failed send the producer's
sequence is lost, so it is thrown away; a cancelled `getmany` loses records, so it never is; a dead
fetcher returns empty batches for ever, so lag without progress for 60 s ends the subscription with
an error and the caller makes a new one.
"""

import asyncio
import logging
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError, TopicAlreadyExistsError
from takt.common.bus import LogUnavailable, Message, Positions, Record, Subscription
from takt.common.contracts.topics import DEAD_LETTERS_SUFFIX, TOPICS

logger = logging.getLogger(__name__)

BATCH = 500
SEND_DEADLINE = 60
STALLED = 60
FLUSH_CHUNK = 2_000


class KafkaLog:
    """The log on Kafka.

    Args:
        bootstrap: `host:port`, comma-separated.
        replication: copies of each partition; 3 in production, with two in sync.
        security: aiokafka's connection settings (SASL_SSL and so on); plaintext when empty.
    """

    def __init__(
        self, bootstrap: str, *, replication: int = 1, security: dict[str, Any] | None = None
    ) -> None:
        self._connection: dict[str, Any] = {"bootstrap_servers": bootstrap, **(security or {})}
        self._bootstrap = bootstrap
        self._replication = replication
        self._producer: AIOKafkaProducer | None = None
        self._producing = asyncio.Lock()
        self._reader: AIOKafkaConsumer | None = None
        for noisy in ("aiokafka", "aiokafka.conn", "aiokafka.consumer", "aiokafka.producer"):
            logging.getLogger(noisy).addFilter(_Seldom())

    async def start(self) -> None:
        """Connect a producer. Raises LogUnavailable."""
        await self._ready_producer()

    async def create_topics(self) -> None:
        admin = AIOKafkaAdminClient(**self._connection)
        declared = [(t.name, t.partitions, t.compacted) for t in TOPICS]
        declared += [(t.name + DEAD_LETTERS_SUFFIX, 1, False) for t in TOPICS]
        try:
            await admin.start()
            present = set(await admin.list_topics())
            missing = [
                NewTopic(name, partitions, self._replication, topic_configs=_topic(compacted))
                for name, partitions, compacted in declared
                if name not in present
            ]
            if missing:
                with suppress(TopicAlreadyExistsError):
                    await admin.create_topics(missing)
        except (KafkaError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error
        finally:
            await admin.close()

    async def _ready_producer(self) -> AIOKafkaProducer:
        async with self._producing:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self._connection,
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=5,
                    max_batch_size=262_144,
                    max_request_size=1_048_576,
                    request_timeout_ms=20_000,
                    partitioner=_partition,
                )
                try:
                    await producer.start()
                except (KafkaError, OSError, TimeoutError) as error:
                    with suppress(Exception):
                        await producer.stop()
                    raise self._unavailable(error) from error
                self._producer = producer
            return self._producer

    async def publish(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        producer = await self._ready_producer()
        try:
            async with asyncio.timeout(SEND_DEADLINE):
                for start in range(0, len(messages), FLUSH_CHUNK):
                    sent = [
                        await producer.send(
                            message.topic,
                            key=message.key.encode(),
                            value=message.value,
                            headers=[(n, v.encode()) for n, v in message.headers.items()],
                        )
                        for message in messages[start : start + FLUSH_CHUNK]
                    ]
                    await asyncio.gather(*sent)
        except (KafkaError, OSError, TimeoutError) as error:
            await self._discard_producer()
            raise self._unavailable(error) from error

    async def _discard_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(Exception):
                await asyncio.wait_for(producer.stop(), 10)

    async def subscribe(self, group: str, topics: Sequence[str]) -> Subscription:
        consumer = AIOKafkaConsumer(
            *topics,
            **self._connection,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=BATCH,
            session_timeout_ms=15_000,
            heartbeat_interval_ms=4_000,
            rebalance_timeout_ms=60_000,
            max_poll_interval_ms=120_000,
            fetch_max_wait_ms=200,
            partition_assignment_strategy=(RoundRobinPartitionAssignor,),
        )
        try:
            await consumer.start()
        except (KafkaError, OSError, TimeoutError) as error:
            with suppress(Exception):
                await consumer.stop()
            raise self._unavailable(error) from error
        return KafkaSubscription(consumer)

    async def _ready_reader(self) -> AIOKafkaConsumer:
        if self._reader is None:
            reader = AIOKafkaConsumer(
                **self._connection, group_id=None, enable_auto_commit=False, fetch_max_wait_ms=200
            )
            await reader.start()
            self._reader = reader
        return self._reader

    async def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        try:
            reader = await self._ready_reader()
            for topic in topics:
                await reader._client.add_topic(topic)  # metadata of a topic not yet assigned
            places = [
                TopicPartition(topic, partition)
                for topic in topics
                for partition in reader.partitions_for_topic(topic) or ()
            ]
            ends = await reader.end_offsets(places)
        except (KafkaError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error
        return {(place.topic, place.partition): end - 1 for place, end in ends.items()}

    async def read(self, after: Positions, timeout: float) -> Sequence[Record]:
        try:
            reader = await self._ready_reader()
            wanted = {TopicPartition(*place): position + 1 for place, position in after.items()}
            if reader.assignment() != set(wanted):
                reader.assign(list(wanted))
                for place, position in wanted.items():
                    reader.seek(place, position)
            batches = await reader.getmany(timeout_ms=int(timeout * 1000), max_records=BATCH)
        except (KafkaError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error
        return _records(batches)

    async def close(self) -> None:
        await self._discard_producer()
        if self._reader is not None:
            reader, self._reader = self._reader, None
            with suppress(Exception):
                await asyncio.wait_for(reader.stop(), 10)

    def _unavailable(self, error: BaseException) -> LogUnavailable:
        return LogUnavailable(f"Kafka at {self._bootstrap}: {type(error).__name__}: {error}")


class KafkaSubscription:
    """A member of a consumer group."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._progress = time.monotonic()

    async def poll(self, timeout: float) -> Sequence[Record]:
        try:
            batches = await self._consumer.getmany(
                timeout_ms=int(timeout * 1000), max_records=BATCH
            )
            if batches:
                self._progress = time.monotonic()
            elif time.monotonic() - self._progress > STALLED:
                if await self.lag():
                    raise LogUnavailable(f"no record for {STALLED} s though there is lag")
                self._progress = time.monotonic()
        except (KafkaError, OSError, TimeoutError) as error:
            raise LogUnavailable(f"Kafka: {type(error).__name__}: {error}") from error
        return _records(batches)

    async def commit(self, records: Sequence[Record]) -> None:
        last = {TopicPartition(r.topic, r.partition): r.position + 1 for r in records}
        try:
            await self._consumer.commit(last)
        except (KafkaError, OSError) as error:
            # The offset is a hint: the inbox decides what is new.
            logger.info("offsets not committed: %s: %s", type(error).__name__, error)

    async def lag(self) -> int:
        places = list(self._consumer.assignment())
        ends = await self._consumer.end_offsets(places)
        return sum([max(0, ends[p] - await self._consumer.position(p)) for p in places])

    async def close(self) -> None:
        with suppress(Exception):
            await asyncio.wait_for(self._consumer.stop(), 10)


def _partition(key: bytes, every: list[int], available: list[int]) -> int:
    """The partition of a key by CRC-32, as librdkafka does it; aiokafka's takes 20 µs a message."""
    return every[zlib.crc32(key) % len(every)]


def _records(batches: dict[TopicPartition, list[ConsumerRecord]]) -> list[Record]:
    return [
        Record(
            place.topic,
            place.partition,
            record.offset,
            _text(record.key),
            {_text(name.encode()): _text(value) for name, value in record.headers},
            record.value or b"",
        )
        for place, records in batches.items()
        for record in records
    ]


def _text(raw: bytes | None) -> str:
    """Text that PostgreSQL can keep, whatever a stranger sent."""
    return (raw or b"").decode(errors="replace").replace("\0", "\ufffd")


def _topic(compacted: bool) -> dict[str, str]:
    if compacted:
        return {"cleanup.policy": "compact", "max.message.bytes": "1048588"}
    return {"retention.ms": str(30 * 86_400_000), "max.message.bytes": "1048588"}


class _Seldom(logging.Filter):
    """While a broker is away aiokafka floods its logger: let each message through once in 10 s."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        if now - self._last.get(record.msg, -10) < 10:
            return False
        self._last[record.msg] = now
        return True
