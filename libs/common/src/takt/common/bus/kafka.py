"""The log on Kafka, through aiokafka; the only file that imports it.

What its settings guard against was measured: a deserializer that raises leaves a partition stuck
for good, so bytes come in and are decoded by the caller; after a failed send the producer's
sequence is lost, so it is thrown away; a cancelled `getmany` loses records, so it never is; a dead
fetcher returns empty batches for ever, so lag without progress for 60 s ends the subscription with
an error and the caller makes a new one. Nothing may expire inside the producer before our own
deadline: a batch that overtakes an expired one would break the order of its keys.
"""

import asyncio
import logging
import time
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError, for_code

from takt.common.bus import LogUnavailable, Message, Positions, Record, Subscription
from takt.common.contracts.topics import DEAD_LETTERS_SUFFIX, TOPICS

logger = logging.getLogger(__name__)

BATCH = 500
SEND_DEADLINE = 60
ANSWER_DEADLINE = 20
STOP_DEADLINE = 10
LAST_COMMIT_DEADLINE = 5
STALLED = 60
FLUSH_CHUNK = 2_000
IDLE_READERS = 4
COMMIT_SECONDS = 0.5
"""Between two commits of offsets: each costs the broker as much as a message, and after a crash the
inbox makes what comes again harmless."""

MESSAGE_LIMIT = 1_048_588
DEAD_LETTER_LIMIT = 4 * MESSAGE_LIMIT
"""Above any message: bytes that are no text triple at most, and the reason is added."""
TOPIC_ALREADY_EXISTS = 36


class KafkaLog:
    """The log on Kafka.

    Args:
        bootstrap: `host:port`, comma-separated.
        replication: copies of each partition; from three on, two must have a message before it is
            acknowledged.
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
        self._idle_readers: list[_Reader] = []
        for name in logging.root.manager.loggerDict:
            if name.startswith("aiokafka"):
                logging.getLogger(name).addFilter(_SELDOM)

    async def start(self) -> None:
        """Connect a producer. Raises LogUnavailable."""
        await self._ready_producer()

    async def create_topics(self) -> None:
        declared = [(t.name, t.partitions, _kept(t.compacted)) for t in TOPICS]
        declared += [(t.name + DEAD_LETTERS_SUFFIX, 1, _DEAD) for t in TOPICS]
        in_sync = {"min.insync.replicas": "2"} if self._replication >= 3 else {}
        async with self._admin() as admin:
            present = set(await admin.list_topics())
            missing = [
                NewTopic(name, partitions, self._replication, topic_configs={**config, **in_sync})
                for name, partitions, config in declared
                if name not in present
            ]
            if not missing:
                return
            answer = await admin.create_topics(missing)
        for topic, code, *why in answer.topic_errors:
            if code not in (0, TOPIC_ALREADY_EXISTS):  # another service was faster
                error = for_code(code)
                raise LogUnavailable(f"Kafka did not create {topic}: {error.__name__}: {why}")

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(**self._connection)
        async with self._unavailable():
            try:
                async with asyncio.timeout(ANSWER_DEADLINE):
                    await admin.start()
                    yield admin
            finally:
                await admin.close()

    async def _ready_producer(self) -> AIOKafkaProducer:
        async with self._producing:
            if self._producer is None:
                producer = AIOKafkaProducer(**self._connection, **PRODUCER)
                async with self._unavailable():
                    try:
                        async with asyncio.timeout(ANSWER_DEADLINE):
                            await producer.start()
                    except BaseException:
                        await _stop(producer)
                        raise
                self._producer = producer
            return self._producer

    async def publish(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        producer = await self._ready_producer()
        async with self._unavailable():
            try:
                async with asyncio.timeout(SEND_DEADLINE):
                    for start in range(0, len(messages), FLUSH_CHUNK):
                        await asyncio.gather(
                            *[
                                await producer.send(
                                    message.topic,
                                    key=message.key.encode(),
                                    value=message.value,
                                    headers=[(n, v.encode()) for n, v in message.headers.items()],
                                )
                                for message in messages[start : start + FLUSH_CHUNK]
                            ]
                        )
            except (KafkaError, OSError) as error:
                await self._discard(producer, error)
                raise

    async def _discard(self, producer: AIOKafkaProducer, error: Exception) -> None:
        """Throw a producer away after a failed send: its sequence number is lost."""
        if self._producer is producer:
            self._producer = None
        # There is no public way to drop what is pending; `stop` would wait for it, for ever.
        producer._message_accumulator.fail_all(error)
        await _stop(producer)

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
        async with self._unavailable():
            try:
                async with asyncio.timeout(STALLED):
                    await consumer.start()
            except BaseException:
                await _stop(consumer)
                raise
        return KafkaSubscription(consumer)

    async def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        async with self._admin() as admin:
            described = await admin.describe_topics(list(topics))
        places = [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in described
            for partition in topic["partitions"]
        ]
        if not places:
            return {}
        async with self._reading({}) as reader, asyncio.timeout(ANSWER_DEADLINE):
            ends = await reader.consumer.end_offsets(places)
        return {(place.topic, place.partition): end - 1 for place, end in ends.items()}

    async def read(self, after: Positions, timeout: float) -> Sequence[Record]:
        async with self._reading(after) as reader:
            batches = await reader.consumer.getmany(
                timeout_ms=int(timeout * 1000), max_records=BATCH
            )
            records = _records(batches)
            for record in records:
                reader.after[record.topic, record.partition] = record.position
        return records

    @asynccontextmanager
    async def _reading(self, after: Positions) -> AsyncIterator["_Reader"]:
        """A consumer without a group that stands after these positions, for this caller alone."""
        async with self._unavailable():
            reader = await self._reader(after)
            try:
                yield reader
            except BaseException:
                await _stop(reader.consumer)
                raise
        if len(self._idle_readers) < IDLE_READERS:
            self._idle_readers.append(reader)
        else:
            await _stop(reader.consumer)

    async def _reader(self, after: Positions) -> "_Reader":
        """The idle one that stands there already, else one that is moved or made."""
        standing = [r for r in self._idle_readers if not after or r.after == after]
        for reader in standing or self._idle_readers:
            self._idle_readers.remove(reader)
            break
        else:
            consumer = AIOKafkaConsumer(
                **self._connection,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                fetch_max_wait_ms=200,
            )
            reader = _Reader(consumer, {})
            try:
                async with asyncio.timeout(ANSWER_DEADLINE):
                    await consumer.start()
            except BaseException:
                await _stop(consumer)
                raise
        if after and reader.after != after:
            reader.after = dict(after)
            reader.consumer.assign([TopicPartition(*place) for place in after])
            for place, position in after.items():
                reader.consumer.seek(TopicPartition(*place), position + 1)
        return reader

    async def retain(self) -> None:
        """Kafka does it by itself."""

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        readers, self._idle_readers = self._idle_readers, []
        if producer is not None:
            await _stop(producer)
        for reader in readers:
            await _stop(reader.consumer)

    @asynccontextmanager
    async def _unavailable(self) -> AsyncIterator[None]:
        """Say a broker that does not answer, or refuses, as LogUnavailable."""
        try:
            yield
        except LogUnavailable:
            raise
        except (KafkaError, OSError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise LogUnavailable(f"Kafka at {self._bootstrap}: {reason}") from error


@dataclass(slots=True)
class _Reader:
    """A consumer without a group, and the positions after which it stands."""

    consumer: AIOKafkaConsumer
    after: dict[tuple[str, int], int]


class KafkaSubscription:
    """A member of a consumer group."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._fetching: asyncio.Task[dict[TopicPartition, list[ConsumerRecord]]] | None = None
        self._quiet_since: float | None = None
        self._done: dict[TopicPartition, int] = {}
        self._committed_at = 0.0

    async def poll(self, timeout: float) -> Sequence[Record]:
        await self._commit_when_due()
        if self._fetching is None:
            fetch = self._consumer.getmany(timeout_ms=int(timeout * 1000), max_records=BATCH)
            self._fetching = asyncio.create_task(fetch)
        # It waits longer than it was told while a rebalance goes on; the next poll asks it again.
        done, _ = await asyncio.wait({self._fetching}, timeout=timeout + 0.1)
        batches: dict[TopicPartition, list[ConsumerRecord]] = {}
        if done:
            fetched, self._fetching = self._fetching, None
            try:
                batches = fetched.result()
            except (KafkaError, OSError) as error:
                raise LogUnavailable(f"Kafka: {type(error).__name__}: {error}") from error
        await self._watch(quiet=not batches)
        return _records(batches)

    async def _watch(self, *, quiet: bool) -> None:
        """Raise LogUnavailable when nothing comes though something lies there."""
        now = time.monotonic()
        if not quiet:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = now
        elif now - self._quiet_since > STALLED:
            if await self.lag():
                raise LogUnavailable(f"no record for {STALLED} s though there is lag")
            self._quiet_since = now

    async def commit(self, records: Sequence[Record]) -> None:
        self._done |= {TopicPartition(r.topic, r.partition): r.position + 1 for r in records}
        await self._commit_when_due()

    async def _commit_when_due(self) -> None:
        if self._done and time.monotonic() - self._committed_at > COMMIT_SECONDS:
            await self._commit(ANSWER_DEADLINE)

    async def _commit(self, within: float) -> None:
        ours = self._consumer.assignment()
        done = {place: after for place, after in self._done.items() if place in ours}
        try:
            # By itself it asks again for as long as no coordinator is found.
            async with asyncio.timeout(within):
                if done:
                    await self._consumer.commit(done)
        except (KafkaError, OSError) as error:
            # The offset is a hint: the inbox decides what is new.
            logger.info("offsets not committed: %s: %s", type(error).__name__, error)
        self._done = {}
        self._committed_at = time.monotonic()

    async def lag(self) -> int:
        places = list(self._consumer.assignment())
        try:
            async with asyncio.timeout(ANSWER_DEADLINE):
                ends = await self._consumer.end_offsets(places)
                return sum([max(0, ends[p] - await self._consumer.position(p)) for p in places])
        except (KafkaError, OSError) as error:
            raise LogUnavailable(f"Kafka: {type(error).__name__}: {error}") from error

    async def close(self) -> None:
        if self._done:
            await self._commit(LAST_COMMIT_DEADLINE)
        await _stop(self._consumer)
        if self._fetching is not None:
            await asyncio.wait({self._fetching}, timeout=STOP_DEADLINE)
            if self._fetching.done() and not self._fetching.cancelled():
                self._fetching.exception()  # seen: it was stopped


async def _stop(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    """Stop a client, which may hang or fail where the broker is away."""
    try:
        await asyncio.wait_for(_stop_whole(client), STOP_DEADLINE)
    except (KafkaError, OSError) as error:
        logger.info("a client did not stop cleanly: %s: %s", type(error).__name__, error)


async def _stop_whole(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    """Stop a client, and a consumer whose fetches wait for a broker too.

    aiokafka cancels those fetches and lets their cancellation out of `stop` before it has closed
    the connections: taken for our own it would end the caller for good, without a word.
    """
    try:
        await client.stop()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling() or not isinstance(client, AIOKafkaConsumer):
            raise
        await client._client.close()


def _partition(key: bytes, every: list[int], available: list[int]) -> int:
    """The partition of a key by CRC-32, as librdkafka does it; aiokafka's takes 20 µs a message."""
    return every[zlib.crc32(key) % len(every)]


PRODUCER: Mapping[str, Any] = {
    "acks": "all",
    "enable_idempotence": True,
    "linger_ms": 0,
    "max_batch_size": 262_144,
    "max_request_size": DEAD_LETTER_LIMIT,
    "request_timeout_ms": SEND_DEADLINE * 1_000,
    "partitioner": _partition,
}
"""How Takt produces; its peers in the benchmarks do so too."""


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


def _kept(compacted: bool) -> dict[str, str]:
    limit = {"max.message.bytes": str(MESSAGE_LIMIT)}
    if compacted:
        return {"cleanup.policy": "compact", **limit}
    return {"retention.ms": str(30 * 86_400_000), **limit}


_DEAD = {**_kept(compacted=False), "max.message.bytes": str(DEAD_LETTER_LIMIT)}


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


_SELDOM = _Seldom()
