import os
import stat
from pathlib import Path

import asyncpg
import pytest

from takt.standalone.errors import StartError
from takt.standalone.postgres import Postgres, ephemeral
from takt.standalone.temporary import temporary_folder


async def test_the_server_of_the_tests_is_a_postgresql_18_with_time_ordered_uuids(
    postgres_url: str,
) -> None:
    connection = await asyncpg.connect(postgres_url)
    try:
        assert await connection.fetchval("SELECT uuid_extract_version(uuidv7())") == 7
        assert connection.get_server_version().major == 18
    finally:
        await connection.close()


async def test_what_is_written_is_there_after_a_stop_and_a_start() -> None:
    with ephemeral() as server:
        connection = await asyncpg.connect(server.admin_url)
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        await connection.close()
        await server.stop_async()
        assert server.pid is None
        await server.start_async()
        connection = await asyncpg.connect(server.admin_url)
        assert await connection.fetchval("SELECT answer FROM kept") == 42
        await connection.close()


async def test_nobody_is_trusted_and_nobody_else_can_enter_the_folder() -> None:
    with ephemeral() as server:
        assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.sockets.stat().st_mode) == 0o700
        connection = await asyncpg.connect(server.admin_url)
        await connection.execute("CREATE ROLE planner LOGIN PASSWORD 'right'")
        await connection.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.url("planner", "postgres", "wrong"))
        connection = await asyncpg.connect(server.url("planner", "postgres", "right"))
        assert await connection.fetchval("SHOW listen_addresses") == ""
        await connection.close()


def test_a_throw_away_server_leaves_nothing_behind() -> None:
    with ephemeral() as server:
        pid, folder = server.pid, server.folder.parent
        assert pid is not None
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_path_too_long_for_a_socket_is_refused_with_its_length(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100)
    with pytest.raises(StartError) as refused:
        Postgres(folder).start()
    length = len(str(folder / "run" / ".s.PGSQL.5432"))
    assert f"{length} bytes" in refused.value.problem
    assert "at most 107" in refused.value.problem
    assert f"{length - 107} bytes shorter" in refused.value.remedy
    assert not folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the database as another user")
def test_a_home_where_the_databases_user_cannot_go_is_refused_naming_the_barrier(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o755)
    barrier = tmp_path / "private"
    barrier.mkdir(mode=0o700)
    with pytest.raises(StartError) as refused:
        Postgres(barrier / "pg").start()
    assert "who cannot reach" in refused.value.problem
    assert "lets nobody through" in refused.value.problem
    assert "/var/lib/takt" in refused.value.remedy


def test_a_server_that_cannot_start_tells_what_it_said() -> None:
    with temporary_folder() as folder:
        server = Postgres(folder / "pg", disposable=True)
        server.start()
        server.stop()
        (server.data / "postgresql.conf").write_text("shared_buffers = nonsense\n")
        with pytest.raises(StartError, match=r"did not start.*nonsense") as refused:
            server.start()
        assert str(server.log) in refused.value.remedy
