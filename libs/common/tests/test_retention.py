"""Partitions of outbox and inbox: ahead, in use, and dropped."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from takt.common.contracts.deals import RegionChanged
from takt.common.db import Database, Tx
from takt.common.event import Cause, new_id, wall_now
from takt.common.inbox import claim
from takt.common.outbox import emit
from takt.common.retention import first_id, keep_partitions

from .conftest import pair, sale


async def partitions(tx: Tx, table: str) -> list[str]:
    rows = await tx.exec_driver_sql(
        f"SELECT inhrelid::regclass::text FROM pg_inherits"
        f" WHERE inhparent = '{table}'::regclass ORDER BY 1"
    )
    return [row[0].removeprefix(f"{table}_") for row in rows]


async def rows_in(tx: Tx, table: str) -> int:
    return int((await tx.exec_driver_sql(f"SELECT count(*) FROM {table}")).scalar_one())


def at(day: datetime) -> UUID:
    """An event id of that day."""
    return UUID(int=first_id(day).int | new_id().int & (1 << 79))


async def test_a_new_event_lies_in_the_partition_of_its_day(tx: Tx) -> None:
    await emit(tx, pair(sale()))
    assert await rows_in(tx, f"outbox_{wall_now():%Y%m%d}") == 1


async def test_partitions_are_made_ahead_and_dropped_behind(tx: Tx) -> None:
    today = wall_now().date()
    for n in range(60):
        await keep_partitions(tx, today + timedelta(days=n))
    last = today + timedelta(days=59)
    days = [last + timedelta(days=n) for n in range(-35, 4)]
    assert await partitions(tx, "inbox") == [f"{day:%Y%m%d}" for day in days] + ["default"]
    assert await partitions(tx, "outbox") == [f"{day:%Y%m%d}" for day in days[27:]] + ["default"]


async def test_a_repeat_from_long_ago_is_claimed_once_and_forgotten_in_time(tx: Tx) -> None:
    old = at(wall_now() - timedelta(days=200))
    assert await claim(tx, "shop", [old]) == {old}
    assert await claim(tx, "shop", [old]) == set()
    assert await rows_in(tx, "inbox_default") == 1
    today = wall_now().date()
    await keep_partitions(tx, today + timedelta(days=34))
    assert await claim(tx, "shop", [old]) == set()
    await keep_partitions(tx, today + timedelta(days=36))
    assert await rows_in(tx, "inbox_default") == 0


async def test_an_id_from_a_clock_that_runs_ahead_keeps_no_partition_from_being_made(
    tx: Tx,
) -> None:
    early = at(datetime.now(UTC) + timedelta(days=5))
    assert await claim(tx, "shop", [early]) == {early}
    await keep_partitions(tx, wall_now().date() + timedelta(days=5))
    assert await rows_in(tx, "inbox_default") == 0
    assert await claim(tx, "shop", [early]) == set(), "it is known still"


async def test_what_is_unsent_is_never_dropped(tx: Tx) -> None:
    await emit(tx, pair(sale()))
    today = wall_now().date()
    for n in range(0, 30, 3):
        await keep_partitions(tx, today + timedelta(days=n))
    assert await rows_in(tx, "outbox_unsent JOIN outbox USING (event_id)") == 1
    await tx.exec_driver_sql("DELETE FROM outbox_unsent")
    await keep_partitions(tx, today + timedelta(days=30))
    assert await rows_in(tx, "outbox") == 0


def region(code: str, sequence: int) -> tuple[RegionChanged, Cause]:
    return RegionChanged(sequence=sequence, code=code, name=f"{code} {sequence}"), Cause.start()


async def states(tx: Tx) -> list[tuple[str, int]]:
    """What the outbox holds of the catalog, by its keys, in the order in which it was said."""
    rows = await tx.exec_driver_sql("SELECT key, body FROM outbox ORDER BY event_id")
    return [(row[0], json.loads(row[1])["sequence"]) for row in rows]


async def test_the_last_state_of_each_key_of_a_compacted_topic_is_kept_for_good(tx: Tx) -> None:
    await emit(tx, region("north", 1), region("south", 1), pair(sale()), region("north", 2))
    await tx.exec_driver_sql("DELETE FROM outbox_unsent")
    today = wall_now().date()
    await keep_partitions(tx, today + timedelta(days=8))
    assert len(await states(tx)) == 4, "a day that is kept is kept whole"
    await keep_partitions(tx, today + timedelta(days=9))
    assert await states(tx) == [("region:south", 1), ("region:north", 2)]
    await emit(tx, region("north", 3))
    await tx.exec_driver_sql("DELETE FROM outbox_unsent")
    await keep_partitions(tx, today + timedelta(days=60))
    assert await states(tx) == [("region:south", 1), ("region:north", 3)]


async def test_several_replicas_may_keep_them_at_once(database: Database) -> None:
    async def replica() -> None:
        async with database.transaction() as tx:
            await keep_partitions(tx, wall_now().date() + timedelta(days=2))

    await asyncio.gather(*[replica() for _ in range(4)])
