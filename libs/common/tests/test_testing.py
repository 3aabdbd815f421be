"""The fixtures themselves: each test begins with the database that its migrations leave."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import asyncpg
import pytest

from takt.common.testing import no_survivors
from takt.common.testing_databases import execute, temporary_database

SHOP = """
CREATE TABLE currencies (code text PRIMARY KEY);
INSERT INTO currencies VALUES ('EUR');
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text REFERENCES currencies);
CREATE TABLE lines (id serial, number bigint REFERENCES orders, day date) PARTITION BY RANGE (day);
CREATE TABLE lines_all PARTITION OF lines DEFAULT;
CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE 'insert only'; END $$ LANGUAGE plpgsql;
CREATE TRIGGER keep BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION refuse();
"""

Open = Callable[[], AbstractAsyncContextManager[str]]


@pytest.fixture
def shop(database_server: str) -> Open:
    async def prepare(url: str) -> None:
        await execute(url, SHOP)

    return lambda: temporary_database(database_server, "test_testing", prepare)


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_what_a_test_wrote_is_gone_and_the_database_is_used_again(shop: Open) -> None:
    async with shop() as first:
        await execute(first, "INSERT INTO orders (code) VALUES ('EUR'), ('EUR')")
        await execute(first, "INSERT INTO lines (number, day) VALUES (2, '2026-11-23')")
    async with shop() as second:
        assert second == first
        assert await ask(second, "SELECT count(*) FROM orders, lines") == 0
        assert await ask(second, "SELECT string_agg(code, ',') FROM currencies") == "EUR"
        assert await ask(second, "INSERT INTO orders (code) VALUES ('EUR') RETURNING id") == 1


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO currencies VALUES ('USD')",
        "DELETE FROM currencies",
        "UPDATE currencies SET code = 'SEK'",
    ],
)
async def test_what_the_preparation_put_in_is_put_back(shop: Open, change: str) -> None:
    async with shop() as first:
        await execute(first, change)
    async with shop() as second:
        assert second == first
        assert await ask(second, "SELECT string_agg(code, ',') FROM currencies") == "EUR"


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE left_behind (x int)",
        "DROP TABLE currencies CASCADE",
        "DROP TABLE lines",
        "ALTER TABLE orders ADD note text",
    ],
)
async def test_a_database_that_no_longer_is_as_prepared_is_thrown_away(
    shop: Open, change: str
) -> None:
    async with shop() as first:
        await execute(first, change)
    async with shop() as second:
        assert second != first
        assert await ask(second, "SELECT string_agg(code, ',') FROM currencies") == "EUR"


async def test_two_at_once_are_two(shop: Open) -> None:
    async with shop() as first, shop() as second:
        assert first != second


async def test_a_connection_that_a_test_forgot_holds_up_nobody(shop: Open) -> None:
    async with shop() as first:
        forgotten = await asyncpg.connect(first)
        await forgotten.execute("BEGIN; LOCK TABLE orders")
    async with shop() as second:
        assert second == first
    forgotten.terminate()


async def test_a_task_that_outlives_its_test_is_refused_by_name() -> None:
    survivors = no_survivors()
    await survivors.__aenter__()
    endless = asyncio.create_task(asyncio.sleep(60), name="endless")
    with pytest.raises(AssertionError, match="endless"):
        await survivors.__aexit__(None, None, None)
    await asyncio.wait([endless])
    assert endless.cancelled()
