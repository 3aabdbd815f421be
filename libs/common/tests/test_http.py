"""Idempotency under way and at once, and cursors."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import Request, Response
from hypothesis import given
from hypothesis import strategies as st

from takt.common.db import Database
from takt.common.http import (
    BadCursor,
    IdempotencyKeyInFlight,
    PlaceNumber,
    PlaceText,
    decode_cursor,
    encode_cursor,
    once,
)

Answer = Callable[[], Awaitable[tuple[int, Any]]]


def request(key: str, body: bytes = b"{}") -> Request:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    headers = [(b"idempotency-key", key.encode())]
    scope = {"type": "http", "method": "POST", "path": "/v1/orders", "headers": headers}
    return Request({**scope, "query_string": b"", "server": ("takt", 80)}, receive)


async def ask(database: Database, key: str, answer: Answer) -> Response:
    async with database.transaction() as tx:
        return await once(request(key), tx, answer)


async def test_while_the_first_is_under_way_a_repeat_is_told_to_wait(database: Database) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> tuple[int, Any]:
        inside.set()
        await go_on.wait()
        return 201, {"n": 1}

    async def never() -> tuple[int, Any]:
        raise AssertionError("it is under way already")

    async def other() -> tuple[int, Any]:
        return 201, {"n": 2}

    first = asyncio.create_task(ask(database, "a", slow))
    await inside.wait()
    with pytest.raises(IdempotencyKeyInFlight):
        await ask(database, "a", never)
    assert (await ask(database, "b", other)).body == b'{"n": 2}'
    go_on.set()
    assert (await first).body == (await ask(database, "a", never)).body == b'{"n": 1}'


async def test_a_first_that_failed_leaves_its_key_free(database: Database) -> None:
    async def fail() -> tuple[int, Any]:
        raise ZeroDivisionError

    async def succeed() -> tuple[int, Any]:
        return 201, {}

    with pytest.raises(ZeroDivisionError):
        await ask(database, "a", fail)
    assert (await ask(database, "a", succeed)).status_code == 201


async def test_many_at_once_with_one_key_have_one_effect(
    client: httpx.AsyncClient, database: Database
) -> None:
    answers = await asyncio.gather(
        *[
            client.post(
                "/v1/orders",
                json={"product": "lamp", "quantity": "2"},
                headers={"Idempotency-Key": "a"},
            )
            for _ in range(12)
        ]
    )
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {201, 409}
    assert statuses.count(201) >= 1
    async with database.transaction() as tx:
        assert (await tx.exec_driver_sql("SELECT quantity FROM tally")).scalar() == 2


@given(st.lists(st.one_of(st.text(), st.integers(), st.none(), st.booleans()), min_size=1))
def test_a_cursor_comes_back_as_it_went(place: list[Any]) -> None:
    assert decode_cursor(encode_cursor(*place), tuple[Any, ...]) == tuple(place)


def test_a_cursor_brings_its_parts_as_they_were() -> None:
    place = (date(2026, 11, 23), UUID(int=7), "a|b", 3)
    read = decode_cursor(encode_cursor(*place), tuple[date, UUID, PlaceText, PlaceNumber])
    assert read == place


@given(st.text())
def test_a_strange_cursor_is_refused_and_never_a_fault(cursor: str) -> None:
    with contextlib.suppress(BadCursor):
        assert decode_cursor(cursor, tuple[PlaceText]) is not None


@pytest.mark.parametrize("cursor", ["W" * 2000, "W1tb" * 500, encode_cursor(1, 2), "bnVsbA"])
def test_a_cursor_of_another_shape_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(cursor, tuple[PlaceText])


@pytest.mark.parametrize(
    ("place", "kinds"),
    [
        (["x"], tuple[PlaceNumber]),
        ([-1], tuple[PlaceNumber]),
        ([2**63], tuple[PlaceNumber]),
        ([None], tuple[PlaceNumber]),
        ([7], tuple[PlaceText]),
        (["a\0b"], tuple[PlaceText]),
        (["\ud800"], tuple[PlaceText]),
        (["2026-02-30"], tuple[date]),
        (["no id"], tuple[UUID]),
    ],
)
def test_a_forged_cursor_is_refused_before_it_reaches_a_database(
    place: list[Any], kinds: Any
) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(encode_cursor(*place), kinds)


def test_no_cursor_is_the_beginning() -> None:
    assert decode_cursor(None, tuple[PlaceText]) is None
