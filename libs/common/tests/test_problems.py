"""What the database refuses is a problem that the caller can read, never a fault."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import AfterValidator, BaseModel

from takt.common import problems
from takt.common.db import Database

RULED = """DO $$ BEGIN
CREATE TEMP TABLE kinds (code text PRIMARY KEY) ON COMMIT DROP;
CREATE TEMP TABLE things (kind text REFERENCES kinds, size int CONSTRAINT sized CHECK (size > 0))
    ON COMMIT DROP;
INSERT INTO things VALUES {};
END $$"""


@pytest.mark.parametrize(
    ("statement", "status", "field"),
    [
        ("INSERT INTO tally VALUES ('lamp', NULL)", 422, "quantity"),
        ("INSERT INTO tally VALUES ('lamp', 1), ('lamp', 2)", 409, "tally_pkey"),
        (RULED.format("(NULL, 0)"), 422, "sized"),
        (RULED.format("('unheard', 1)"), 409, "things_kind_fkey"),
    ],
)
async def test_what_a_constraint_refuses_is_named_with_a_remedy(
    database: Database, statement: str, status: int, field: str
) -> None:
    app = FastAPI()
    problems.install(app)

    @app.post("/")
    async def write() -> None:
        async with database.transaction() as tx:
            await tx.exec_driver_sql(statement)

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://takt") as client:
        answer = await client.post("/")
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert answer.headers["content-type"] == problems.MEDIA_TYPE
    assert answer.json()["remedy"]
    assert "constraint" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (date(2030, 1, 1), "2030-01-01"),
        (datetime(2030, 1, 1, tzinfo=UTC), "2030-01-01T00:00:00+00:00"),
        ({"产品": [Decimal("1.50"), None]}, '{"产品": ["1.50", null]}'),
        ({"half": "\ud800"}, '{"half": "\\ud800"}'),
        ("\ud800", "\\ud800"),
        (float("nan"), "nan"),
        ("x" * 300, "x" * 200 + "…"),
    ],
)
def test_a_value_is_shown_as_it_is_written_not_as_python_has_it(
    value: object, shown: object
) -> None:
    found = problems.shown(value)
    assert found == shown
    json.dumps(found, ensure_ascii=False).encode()


def even(number: int) -> int:
    if number % 2:
        raise ValueError(f"{number} is odd; send an even number")
    return number


class Pair(BaseModel):
    socks: Annotated[int, AfterValidator(even)]


async def answered(app: FastAPI, method: str, path: str, **sent: object) -> httpx.Response:
    problems.install(app)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://takt") as client:
        return await client.request(method, path, **sent)


async def test_what_a_validator_of_ours_says_is_told_in_its_own_words() -> None:
    app = FastAPI()

    @app.post("/pairs")
    async def write(pair: Pair) -> None: ...

    problem = (await answered(app, "POST", "/pairs", json={"socks": 3})).json()
    assert problem["detail"] == "socks: 3 is odd; send an even number"
    assert problem["remedy"] == "give a value that fits: 3 is odd; send an even number"
    assert problem["errors"][0]["problem"] == "3 is odd; send an even number"


async def test_a_method_that_an_address_does_not_know_is_told_those_that_it_knows() -> None:
    router = APIRouter(prefix="/pairs")

    @router.get("/{pair}")
    async def read(pair: str) -> None: ...

    @router.put("/{pair}")
    async def write(pair: str) -> None: ...

    @router.post("")
    async def add() -> None: ...

    app = FastAPI()
    app.include_router(router)
    answer = await answered(app, "DELETE", "/pairs/1")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PUT")
    problem = answer.json()
    assert (problem["type"], problem["value"]) == ("urn:takt:problem:method-not-allowed", "DELETE")
    assert problem["detail"] == "/pairs/1 does not answer to DELETE"
    assert problem["remedy"] == "use GET or PUT"
