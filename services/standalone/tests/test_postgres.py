import asyncpg


async def test_the_server_of_the_tests_is_a_postgresql_18_with_time_ordered_uuids(
    postgres_url: str,
) -> None:
    connection = await asyncpg.connect(postgres_url)
    try:
        assert await connection.fetchval("SELECT uuid_extract_version(uuidv7())") == 7
        assert connection.get_server_version().major == 18
    finally:
        await connection.close()
