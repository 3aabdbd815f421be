"""What a consumer does while its broker is away, with a broker of its own that is killed."""

import asyncio
from pathlib import Path

import pytest

from takt.common.bus import Message
from takt.common.bus import kafka as bus
from takt.common.bus.kafka import KafkaLog
from takt.common.contracts.topics import SALES
from takt.standalone.kafka import Kafka

pytestmark = pytest.mark.kafka


async def test_a_commit_gives_up_and_a_close_ends_instead_of_taking_the_consumer_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Kafka(tmp_path / "kafka")
    await broker.start_async()
    log = KafkaLog(broker.bootstrap)
    try:
        await log.start()
        await log.create_topics()
        await log.publish([Message(SALES, "sale", {}, b"{}")])
        subscription = await log.subscribe("held", [SALES])
        async with asyncio.timeout(60):
            while not (records := await subscription.poll(1)):
                pass
        await asyncio.to_thread(broker.kill)
        monkeypatch.setattr(bus, "ANSWER_DEADLINE", 1)
        async with asyncio.timeout(10):
            await subscription.commit(records)
        await subscription.close()
    finally:
        await log.close()
        await broker.stop_async()
