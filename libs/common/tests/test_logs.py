"""Two logs, one meaning: the same tests on a table in PostgreSQL and on Kafka.

Kafka is one for all tests, so each uses keys and groups of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

import pytest
import pytest_asyncio

from takt.common.bus import Log, LogUnavailable, Message, Record, Subscription, kafka
from takt.common.bus.kafka import DEAD_LETTER_LIMIT, KafkaLog
from takt.common.bus.postgres import PostgresLog
from takt.common.contracts.topics import CATALOG, DEAD_LETTERS_SUFFIX, SALES
from takt.common.event import new_id
from takt.common.testing_databases import execute

KAFKA = pytest.param("kafka", marks=[pytest.mark.kafka, pytest.mark.xdist_group("kafka")])
MakeLog = Callable[[], Log]


@pytest.fixture(params=["postgres", KAFKA])
def make_log(request: pytest.FixtureRequest) -> MakeLog:
    if request.param == "kafka":
        bootstrap = request.getfixturevalue("kafka_bootstrap")
        return lambda: KafkaLog(bootstrap)
    url = request.getfixturevalue("log_url")
    return lambda: PostgresLog(url)


@pytest_asyncio.fixture
async def bus(make_log: MakeLog, nothing_survives: None) -> AsyncIterator[Log]:
    logs = [make_log() for _ in range(3)]
    for log in logs:
        await log.start()
    # Several services start at once, and each creates what is missing.
    await asyncio.gather(*[log.create_topics() for log in logs])
    for log in logs[1:]:
        await log.close()
    yield logs[0]
    await logs[0].close()


@pytest.fixture
def key() -> str:
    return f"key-{new_id()}"


@pytest.fixture
def group() -> str:
    return f"group-{new_id()}"


def messages(key: str, values: Iterable[object], topic: str = SALES) -> list[Message]:
    return [Message(topic, key, {"n": str(v)}, str(v).encode()) for v in values]


async def drain(subscription: Subscription, prefix: str, count: int) -> list[Record]:
    """The next `count` records whose key begins with `prefix`, committed as they come."""
    found: list[Record] = []
    async with asyncio.timeout(30):
        while len(found) < count:
            records = await subscription.poll(0.5)
            found += [record for record in records if record.key.startswith(prefix)]
            if records:
                await subscription.commit(records)
    return found


def values(records: Sequence[Record]) -> list[str]:
    return [record.value.decode() for record in records]


async def test_a_message_is_read_as_it_was_published(bus: Log, key: str) -> None:
    before = await bus.ends([SALES])
    message = Message(SALES, key, {"ce_type": "x", "name": "Zoë; 雪"}, b"\x00\xff" * 450_000)
    await bus.publish([message])
    (record,) = await bus.read(before, 10)
    assert (record.topic, record.key) == (SALES, key)
    assert dict(record.headers) == dict(message.headers)
    assert record.value == message.value
    assert record.position == before[SALES, record.partition] + 1
    assert (await bus.ends([SALES]))[SALES, record.partition] == record.position


async def test_every_partition_of_a_topic_has_an_end(bus: Log) -> None:
    ends = await bus.ends([SALES, CATALOG])
    assert {topic for topic, _ in ends} == {SALES, CATALOG}
    assert (CATALOG, 0) in ends
    assert min(ends.values()) >= -1


async def test_a_group_begins_at_the_beginning_and_goes_on_after_what_it_committed(
    bus: Log, key: str, group: str
) -> None:
    await bus.publish(messages(key, range(5)))
    first = await bus.subscribe(group, [SALES])
    assert values(await drain(first, key, 5)) == list("01234")
    await first.close()
    await bus.publish(messages(key, [5, 6]))
    second = await bus.subscribe(group, [SALES])
    assert values(await drain(second, key, 2)) == ["5", "6"]
    await second.close()


async def test_what_is_not_committed_comes_again(bus: Log, key: str, group: str) -> None:
    await bus.publish(messages(key, [1]))
    for _ in range(2):
        subscription = await bus.subscribe(group, [SALES])
        async with asyncio.timeout(30):
            while not any(record.key == key for record in await subscription.poll(0.5)):
                pass
        await subscription.close()


async def test_each_key_stays_in_order(bus: Log, key: str, group: str) -> None:
    sent = [m for n in range(100) for k in range(12) for m in messages(f"{key}-{k}", [n])]
    for start in range(0, len(sent), 250):
        await bus.publish(sent[start : start + 250])
    subscription = await bus.subscribe(group, [SALES])
    found = await drain(subscription, key, len(sent))
    await subscription.close()
    for k in range(12):
        mine = [record for record in found if record.key == f"{key}-{k}"]
        assert values(mine) == [str(n) for n in range(100)]
        assert len({record.partition for record in mine}) == 1


async def test_one_group_holds_up_no_other(bus: Log, key: str, group: str) -> None:
    await bus.publish(messages(key, range(3)))
    slow = await bus.subscribe(f"{group}-slow", [SALES])
    quick = await bus.subscribe(f"{group}-quick", [SALES])
    assert len(await drain(quick, key, 3)) == 3
    assert len(await drain(slow, key, 3)) == 3
    await quick.close()
    await slow.close()


async def test_lag_is_what_lies_before_a_group(bus: Log, key: str, group: str) -> None:
    subscription = await bus.subscribe(group, [SALES])
    await bus.publish(messages(key, range(4)))
    await drain(subscription, key, 4)
    async with asyncio.timeout(10):
        while await subscription.lag():
            await subscription.commit(await subscription.poll(0.5))
    await bus.publish(messages(key, range(7)))
    # Kafka's client counts what it has handed out, the table what was polled: neither is polled.
    assert await subscription.lag() == 7
    await subscription.close()


async def test_a_member_that_waits_takes_over_when_the_first_leaves(
    bus: Log, make_log: MakeLog, key: str, group: str
) -> None:
    await bus.publish(messages(key, [1], CATALOG))
    first = await bus.subscribe(group, [CATALOG])
    assert values(await drain(first, key, 1)) == ["1"]
    other = make_log()
    await other.start()
    # On Kafka joining waits for the first member's next poll, so both go on together.
    joining = asyncio.create_task(other.subscribe(group, [CATALOG]))
    while not joining.done():
        await first.poll(0.2)
    second = joining.result()
    await first.close()
    await bus.publish(messages(key, [2], CATALOG))
    assert values(await drain(second, key, 1)) == ["2"]
    await second.close()
    await other.close()


async def test_a_poll_that_is_cancelled_loses_nothing(bus: Log, key: str, group: str) -> None:
    subscription = await bus.subscribe(group, [CATALOG])
    while await subscription.poll(1):
        pass
    for n in range(5):
        polling = asyncio.create_task(subscription.poll(5))
        await asyncio.sleep(0.02 * n)
        await bus.publish(messages(key, [n], CATALOG))
        polling.cancel()
        await asyncio.wait([polling])
        if not polling.cancelled():
            assert values(polling.result()) == [str(n)]
        else:
            assert values(await drain(subscription, key, 1)) == [str(n)]
    await subscription.close()


async def test_reading_without_a_group_begins_where_it_is_told(bus: Log, key: str) -> None:
    before = await bus.ends([CATALOG])
    assert await bus.read(before, 0.2) == []
    await bus.publish(messages(key, range(5), CATALOG))
    all_five = await read_all(bus, before, 5)
    assert values(all_five) == list("01234")
    assert values(await read_all(bus, before, 5)) == list("01234"), "again from there"
    third = {(CATALOG, 0): all_five[2].position}
    assert values(await read_all(bus, third, 2)) == ["3", "4"]


async def test_readers_do_not_disturb_each_other(bus: Log, key: str) -> None:
    before = await bus.ends([CATALOG, SALES])
    catalog = {place: end for place, end in before.items() if place[0] == CATALOG}
    sales = {place: end for place, end in before.items() if place[0] == SALES}
    waiting = [asyncio.create_task(bus.read(place, 10)) for place in (catalog, sales, catalog)]
    await asyncio.sleep(0.3)
    await bus.publish([*messages(key, ["c"], CATALOG), *messages(key, ["s"])])
    found = await asyncio.gather(*waiting)
    assert [values(records) for records in found] == [["c"], ["s"], ["c"]]


async def read_all(bus: Log, after: dict[tuple[str, int], int], count: int) -> list[Record]:
    found: list[Record] = []
    after = dict(after)
    async with asyncio.timeout(20):
        while len(found) < count:
            for record in await bus.read(after, 1):
                after[record.topic, record.partition] = record.position
                found.append(record)
    return found


NOWHERE = [
    pytest.param(lambda: KafkaLog("127.0.0.1:1"), id="kafka"),
    pytest.param(lambda: PostgresLog("postgresql://takt:x@127.0.0.1:1/takt_log"), id="postgres"),
]


@pytest.mark.parametrize("make", NOWHERE)
async def test_a_log_that_is_not_there_says_so(make: MakeLog) -> None:
    log = make()
    asked: list[Callable[[], object]] = [
        log.start,
        log.create_topics,
        lambda: log.publish(messages("k", [1])),
        lambda: log.subscribe("g", [SALES]),
        lambda: log.ends([SALES]),
        lambda: log.read({(SALES, 0): -1}, 0.1),
    ]
    for ask in asked:
        with pytest.raises(LogUnavailable):
            await ask()  # type: ignore[misc]
    await log.close()


@pytest.mark.kafka
async def test_after_a_failed_send_another_producer_goes_on(
    kafka_bootstrap: str, key: str, nothing_survives: None
) -> None:
    log = KafkaLog(kafka_bootstrap)
    await log.create_topics()
    before = await log.ends([SALES])
    too_large = Message(SALES, key, {}, b"x" * (DEAD_LETTER_LIMIT + 1))
    with pytest.raises(LogUnavailable, match="MessageSizeTooLarge"):
        await log.publish([*messages(key, [1]), too_large])
    await log.publish(messages(key, [1, 2]))
    found = values(await read_all(log, before, 2))
    assert found in (["1", "2"], ["1", "1"], ["1", "1", "2"]), "what failed may have been sent"
    await log.close()


@pytest.mark.kafka
async def test_a_dead_letter_may_be_larger_than_its_message(
    kafka_bootstrap: str, key: str, nothing_survives: None
) -> None:
    log = KafkaLog(kafka_bootstrap)
    await log.create_topics()
    grown = Message(SALES + DEAD_LETTERS_SUFFIX, key, {}, "\ufffd".encode() * 1_000_000)
    await log.publish([grown])
    await log.close()


async def test_the_table_forgets_after_thirty_days_but_never_a_key_s_last_state(
    log: PostgresLog, log_url: str
) -> None:
    await log.publish(messages("old", [1, 2]))
    await log.publish([*messages("a", [1, 2], CATALOG), *messages("b", [1], CATALOG)])
    await execute(log_url, "UPDATE log SET at = at - interval '31 days'")
    await log.publish([*messages("new", [3]), *messages("c", [1, 2], CATALOG)])
    await log.retain()
    kept = await read_all(log, {(SALES, 0): -1, (CATALOG, 0): -1}, 5)
    assert [(record.key, record.value.decode()) for record in kept] == [
        ("a", "2"),
        ("b", "1"),
        ("c", "1"),
        ("c", "2"),
        ("new", "3"),
    ]
    before = await log.ends([SALES])
    await log.publish(messages("next", [4]))
    assert values(await log.read(before, 5)) == ["4"], "positions go on"


@pytest.mark.kafka
async def test_a_fetcher_that_brings_nothing_though_there_is_lag_is_given_up(
    kafka_bootstrap: str, key: str, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "STALLED", 0.3)
    log = KafkaLog(kafka_bootstrap)
    await log.create_topics()
    await log.publish(messages(key, [1], CATALOG))
    subscription = await log.subscribe(group, [CATALOG])
    assert isinstance(subscription, kafka.KafkaSubscription)
    # As a dead fetcher does: it is a member, answers, and brings nothing for ever.
    subscription._consumer.pause(*subscription._consumer.assignment())

    async def poll_on() -> None:
        while True:
            assert await subscription.poll(0.1) == []

    with pytest.raises(LogUnavailable, match="though there is lag"):
        await asyncio.wait_for(poll_on(), 20)
    await subscription.close()
    await log.close()
