"""Poison, written onto the topics by a plain producer, with a header that says what it is."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

from takt.common.bus import Message
from takt.common.bus.postgres import PostgresLog
from takt.common.contracts.topics import DEALS, FORECASTS, INBOUND_DEALS, INBOUND_PURCHASING
from takt.common.event import new_id

OVERSIZE = 1_040_000
"""Bytes: as much as Kafka takes, and more than Takt ever says."""
UNKNOWN = "unknown type"
"""The one kind that is no fault of its sender's: it is counted and skipped."""

TYPES = {
    DEALS: "takt.deal.stage_changed.v1",
    FORECASTS: "takt.forecast.changed.v1",
    INBOUND_DEALS: "takt.inbound.deal.v1",
    INBOUND_PURCHASING: "takt.inbound.purchase_order.v1",
}
BODIES: Mapping[str, Callable[[random.Random], bytes]] = {
    "no JSON": lambda chance: chance.randbytes(200),
    "wrong schema": lambda _: json.dumps({"sequence": "many", "deal": []}).encode(),
    "no object": lambda _: b"[1, 2, 3]",
    "oversize": lambda chance: chance.randbytes(1000) * (OVERSIZE // 1000),
    "no type": lambda _: b"{}",
    UNKNOWN: lambda _: b'{"sequence": 1}',
}


def poison(keys: Sequence[str], seed: int) -> list[Message]:
    """Each kind on each topic, under the keys of sound deals; one that only the domain refuses."""
    chance = random.Random(seed)
    messages = [
        _message(topic, kind, chance.choice(keys), body(chance))
        for topic in TYPES
        for kind, body in BODIES.items()
    ]
    messages.append(_message(INBOUND_DEALS, "refused", f"crm-{seed}", _refused(f"crm-{seed}")))
    chance.shuffle(messages)
    return messages


def _message(topic: str, kind: str, key: str, body: bytes) -> Message:
    named = TYPES[topic] if kind != UNKNOWN else "com.example.greeting.v1"
    headers = {"poison": kind, "ce_specversion": "1.0", "ce_source": "/stranger"}
    headers |= {"ce_id": str(new_id()), "ce_type": named}
    if kind == "no type":
        del headers["ce_type"], headers["ce_id"]
    return Message(topic, key, headers, body)


def _refused(external_id: str) -> bytes:
    """A sound message of a deal in a stage that no pipeline has."""
    deal: dict[str, Any] = {"external_id": external_id, "name": "Poison", "region": "NORTH"}
    return json.dumps({**deal, "stage": "no-such-stage"}).encode()


async def write(messages: Sequence[Message], log_url: str, kafka: str | None) -> None:
    """Write them, knowing nothing of what Takt thinks of them."""
    if kafka is None:
        log = PostgresLog(log_url)
        await log.start()
        await log.publish(messages)
        await log.close()
        return
    producer = AIOKafkaProducer(bootstrap_servers=kafka, max_request_size=2 * OVERSIZE)
    await producer.start()
    try:
        for message in messages:
            headers = [(name, value.encode()) for name, value in message.headers.items()]
            await producer.send_and_wait(
                message.topic, key=message.key.encode(), value=message.value, headers=headers
            )
    finally:
        await producer.stop()
