"""A consumer's batches: effects exactly once, poison set aside, waiting where it helps."""

import asyncio
import random
from decimal import Decimal

import pytest

from takt.common import dead_letters
from takt.common.bus import Record
from takt.common.bus.consumer import Progress, handle_batch, replay
from takt.common.contracts.deals import SaleClosed
from takt.common.db import Database
from takt.common.event import Cause, Envelope, new_id, seal
from takt.common.testing import NOW

from .conftest import TALLY, Poison, pair, sale


def record(envelope: Envelope[SaleClosed], position: int = 0, value: bytes | None = None) -> Record:
    body = envelope.body().encode() if value is None else value
    key = envelope.event.key
    return Record("takt.sales.v1", 0, position, key, envelope.headers(), body)


def sealed(*events: SaleClosed) -> list[Envelope[SaleClosed]]:
    return seal([pair(event) for event in events], "/test")  # type: ignore[return-value]


async def total(database: Database, product: str = "lamp") -> Decimal:
    async with database.transaction() as tx:
        rows = await tx.exec_driver_sql("SELECT quantity FROM tally WHERE product = $1", (product,))
        return rows.scalar() or Decimal(0)


async def test_each_event_counts_once_however_often_it_comes(database: Database) -> None:
    records = [record(e, n) for n, e in enumerate(sealed(*[sale() for _ in range(20)]))] * 3
    random.Random(4).shuffle(records)
    progress = Progress()
    for start in range(0, 60, 7):
        await handle_batch(TALLY, records[start : start + 7], database, NOW, progress)
    assert await total(database) == 20
    assert progress.handled == 20


async def test_a_failing_handler_undoes_its_claim(database: Database) -> None:
    good, bad = sealed(sale(), sale("poison"))
    with pytest.raises(Poison):
        await handle_batch(TALLY, [record(good), record(bad, 1)], database, NOW, Progress())
    await handle_batch(TALLY, [record(good)], database, NOW, Progress())
    assert await total(database) == 1


async def test_alone_under_a_savepoint_only_the_poison_is_set_aside(database: Database) -> None:
    first, bad, last = sealed(sale(), sale("poison"), sale())
    progress = Progress()
    records = [record(first), record(bad, 1), record(last, 2)]
    await handle_batch(TALLY, records, database, NOW, progress, one_by_one=True)
    assert await total(database) == 2
    assert (progress.handled, progress.quarantined) == (2, 1)
    async with database.transaction() as tx:
        (letter,) = await dead_letters.waiting(tx)
        assert letter["reason"] == "Poison: poison is not sold here"
        rows = await tx.exec_driver_sql("SELECT topic, headers FROM outbox")
        (row,) = rows.mappings()
        assert row["topic"] == "takt.sales.v1.dlq"
        assert row["headers"]["takt-from"] == "takt.sales.v1/0/1"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"\xff\xfe not json", "takt.sale.closed.v1: Invalid JSON"),
        (b"{}", "takt.sale.closed.v1: sequence"),
        (b'{"sequence": 1, "sale": 5}', "takt.sale.closed.v1: sale = 5"),
    ],
)
async def test_a_message_that_does_not_fit_is_quarantined_and_blocks_nobody(
    database: Database, value: bytes, reason: str
) -> None:
    bad, good = sealed(sale(), sale())
    progress = Progress()
    await handle_batch(TALLY, [record(bad, 0, value), record(good, 1)], database, NOW, progress)
    assert await total(database) == 1
    async with database.transaction() as tx:
        (letter,) = await dead_letters.waiting(tx)
        assert letter["reason"].startswith(reason)


async def test_an_unknown_type_is_counted_and_skipped(database: Database) -> None:
    (envelope,) = sealed(sale())
    headers = {**envelope.headers(), "ce_type": "takt.sale.gifted.v9"}
    stranger = Record("takt.sales.v1", 0, 0, "k", headers, b"{}")
    progress = Progress()
    await handle_batch(TALLY, [stranger], database, NOW, progress)
    assert progress.unknown == {"takt.sale.gifted.v9": 1}
    async with database.transaction() as tx:
        assert await dead_letters.waiting(tx) == []


async def test_facts_that_add_up_wait_behind_a_quarantined_one_and_are_replayed_in_order(
    database: Database,
) -> None:
    identity = new_id()
    bad, later, other = sealed(sale("lamp", 5, identity), sale("lamp", 2, identity), sale())
    broken = record(bad, 0, b"{")
    await handle_batch(TALLY, [broken], database, NOW, Progress())
    await handle_batch(TALLY, [record(later, 1), record(other, 2)], database, NOW, Progress())
    assert await total(database) == 1, "only the sale of another key counts"
    async with database.transaction() as tx:
        letters = await dead_letters.waiting(tx)
        assert [letter["state"] for letter in letters] == ["quarantined", "parked"]
        await tx.exec_driver_sql(
            "UPDATE dead_letters SET value = $1 WHERE id = $2",
            (bad.body().encode(), letters[0]["id"]),
        )
    async with database.transaction() as tx:
        assert len(await replay(tx, {TALLY.group: TALLY}, letters[0]["id"], NOW)) == 2
    assert await total(database) == 8
    async with database.transaction() as tx:
        assert await dead_letters.waiting(tx) == []


async def test_text_that_postgresql_cannot_keep_is_quarantined_all_the_same(
    database: Database,
) -> None:
    (envelope,) = sealed(sale())
    await handle_batch(TALLY, [record(envelope, 0, b'{"\x00": 1')], database, NOW, Progress())
    async with database.transaction() as tx:
        assert len(await dead_letters.waiting(tx)) == 1
        assert await emitted_count(tx) == 1


async def emitted_count(tx: object) -> int:
    rows = await tx.exec_driver_sql("SELECT count(*) FROM outbox_unsent")  # type: ignore[attr-defined]
    return int(rows.scalar_one())


def test_causes_of_a_batch_are_all_named() -> None:
    first, second = sealed(sale(), sale())
    assert Cause.of(first, second).causes == (first.id, second.id)


async def test_what_comes_while_a_letter_is_replayed_is_not_parked_behind_it(
    database: Database,
) -> None:
    identity = new_id()
    bad, later = sealed(sale("lamp", 5, identity), sale("lamp", 2, identity))
    await handle_batch(TALLY, [record(bad, 0, b"{")], database, NOW, Progress())
    async with database.transaction() as tx:
        (letter,) = await dead_letters.waiting(tx)
        await tx.exec_driver_sql("UPDATE dead_letters SET value = $1", (bad.body().encode(),))
    progress = Progress()
    async with database.transaction() as tx:
        await replay(tx, {TALLY.group: TALLY}, letter["id"], NOW)
        coming = asyncio.create_task(
            handle_batch(TALLY, [record(later, 1)], database, NOW, progress)
        )
        done, _ = await asyncio.wait([coming], timeout=0.2)
        assert not done, "it waits for the replay"
    await coming
    assert (progress.handled, progress.quarantined) == (1, 0)
    assert await total(database) == 7
