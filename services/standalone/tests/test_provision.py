from collections.abc import Iterator
from urllib.parse import quote

import asyncpg
import pytest

from takt.standalone.errors import StartError
from takt.standalone.postgres import ephemeral
from takt.standalone.provision import (
    ACCESS,
    LOG,
    SERVICES,
    Databases,
    as_role,
    literal,
    make_databases,
    without_password,
)

PASSWORDS = {name: f"secret of '{name}' \\" for name in (*SERVICES, ACCESS, LOG)}


@pytest.fixture(scope="module")
def admin_url() -> Iterator[str]:
    """A server of its own: roles belong to the whole server, and others use the shared one."""
    with ephemeral() as server:
        yield server.admin_url


@pytest.fixture(scope="module")
async def databases(admin_url: str) -> Databases:
    made = Databases(admin_url, PASSWORDS)
    assert await make_databases(made)
    return made


async def run(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_every_service_owns_its_database_and_making_them_twice_changes_nothing(
    databases: Databases,
) -> None:
    assert not await make_databases(databases)
    for name in SERVICES:
        await run(databases.url(name), "CREATE TABLE IF NOT EXISTS own (id int)")


async def test_no_service_can_enter_the_database_of_another(databases: Databases) -> None:
    for role in SERVICES:
        for other in set(SERVICES) - {role}:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await run(databases.url(other, role), "SELECT 1")


async def test_keys_are_read_by_every_service_and_written_by_their_owner_only(
    databases: Databases,
) -> None:
    insert = "INSERT INTO keys VALUES ('k', 'p', '', '{}') ON CONFLICT DO NOTHING"
    await run(databases.url(ACCESS), insert)
    for role in SERVICES:
        assert await run(databases.url(ACCESS, role), "SELECT count(*) FROM keys") == 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run(databases.url(ACCESS, role), insert)
        for table in ("tickets", "sessions"):
            assert await run(databases.url(ACCESS, role), f"SELECT count(*) FROM {table}") == 0
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await run(databases.url(ACCESS, role), f"DELETE FROM {table}")


async def test_a_start_makes_the_tables_that_an_older_takt_did_not_have(
    databases: Databases,
) -> None:
    await run(databases.url(ACCESS), "DROP TABLE sessions")
    assert not await make_databases(databases)
    assert await run(databases.url(ACCESS, "takt_deals"), "SELECT count(*) FROM sessions") == 0


async def test_the_log_is_written_by_every_service(databases: Databases) -> None:
    for role in SERVICES:
        await run(databases.url(LOG, role), f"INSERT INTO topics (name) VALUES ('{role}')")
    assert await run(databases.url(LOG), "SELECT count(*) FROM topics") == len(SERVICES)


async def test_a_new_password_replaces_the_old_one(admin_url: str, databases: Databases) -> None:
    changed = Databases(admin_url, {**PASSWORDS, "takt_deals": "another"})
    await make_databases(changed)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await run(databases.url("takt_deals"), "SELECT 1")
    assert await run(changed.url("takt_deals"), "SELECT 1") == 1
    await make_databases(databases)


async def test_an_administrator_who_may_not_make_databases_is_refused_by_name(
    admin_url: str, databases: Databases
) -> None:
    await run(admin_url, "CREATE ROLE weak LOGIN PASSWORD 'weak'")
    with pytest.raises(StartError) as refused:
        await make_databases(Databases(as_role(admin_url, "weak", "weak", "postgres"), PASSWORDS))
    assert "weak" in refused.value.problem
    assert "CREATEROLE" in refused.value.remedy


async def test_an_administrator_need_not_be_a_superuser() -> None:
    with ephemeral() as server:
        await run(server.admin_url, "CREATE ROLE house LOGIN CREATEDB CREATEROLE PASSWORD 'house'")
        url = as_role(server.admin_url, "house", "house", "postgres")
        databases = Databases(url, PASSWORDS)
        assert await make_databases(databases)
        assert not await make_databases(databases)
        assert await run(databases.url(ACCESS, "takt_deals"), "SELECT count(*) FROM keys") == 0


async def test_a_database_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(StartError) as refused:
        await make_databases(Databases("postgresql://ada:hush@127.0.0.1:9/postgres", PASSWORDS))
    assert "postgresql://ada@127.0.0.1:9/postgres" in refused.value.problem
    assert "hush" not in str(refused.value)
    assert "--database" in refused.value.remedy


def test_urls_keep_the_socket_and_quote_the_password() -> None:
    url = "postgresql://takt@/postgres?host=/var/lib/takt/run"
    assert as_role(url, "takt_deals", "a/b c", "takt_deals") == (
        f"postgresql://takt_deals:{quote('a/b c', safe='')}@/takt_deals?host=/var/lib/takt/run"
    )
    assert without_password("postgresql://h/x") == "postgresql://h/x"


def test_a_quote_in_a_password_does_not_end_the_literal() -> None:
    assert literal("it's") == "'it''s'"
    assert literal("a\\'b") == "E'a\\\\''b'"
