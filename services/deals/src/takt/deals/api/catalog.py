"""Products, regions, teams, owners and price rules: things with a code, all alike."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Body, Path, Response
from pydantic import BaseModel

from takt.common.amounts import plain
from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    IfMatchWhenThere,
    Limit,
    Page,
    PlaceText,
    RequestCause,
    RequestModel,
    decode_cursor,
    encode_cursor,
    etag,
)
from takt.common.problems import NotFound
from takt.deals.schemas.catalog import (
    OwnerIn,
    OwnerRow,
    PriceRuleIn,
    PriceRuleRow,
    ProductIn,
    ProductRow,
    RegionIn,
    RegionRow,
    TeamIn,
    TeamRow,
)
from takt.deals.service.catalog import put_many, put_one
from takt.deals.store.catalog import (
    OWNERS,
    PRICE_RULES,
    PRODUCTS,
    REGIONS,
    TEAMS,
    Noun,
    read_codes,
)

Code = Annotated[str, Path(min_length=1, max_length=100)]
Row = TypeVar("Row", bound=RequestModel)


class BulkResult(BaseModel):
    """How many rows were written, and how many said what was there already."""

    changed: int
    unchanged: int


def _router(noun: Noun, one: type[RequestModel], row: type[RequestModel]) -> APIRouter:
    """The routes of a noun: page, read, write one by its version, write many as they are."""
    path = noun.table.replace("_", "-")
    router = APIRouter(prefix=f"/v1/{path}", tags=[path])

    @router.get("", dependencies=[requires("deals:read")], summary=f"A page of {path} by code")
    async def list_all(
        tx: RequestTx, cursor: Cursor = None, limit: Limit = 100
    ) -> Page[dict[str, Any]]:
        place = decode_cursor(cursor, tuple[PlaceText])
        after = place[0] if place else ""
        rows = await read_codes(tx, noun, after=after, limit=limit)
        following = encode_cursor(rows[-1]["code"]) if len(rows) == limit else None
        return Page(items=list(map(shown, rows)), next=following)

    @router.get("/{code}", dependencies=[requires("deals:read")], summary=f"One of the {path}")
    async def read(code: Code, tx: RequestTx, response: Response) -> dict[str, Any]:
        rows = await read_codes(tx, noun, codes=[code])
        if not rows:
            raise NotFound(
                f"there is no {code} among {path}",
                field="code",
                value=code,
                remedy=f"take a code from GET /v1/{path}, or add it with PUT",
            )
        response.headers["ETag"] = etag(rows[0]["sequence"])
        return shown(rows[0])

    async def put(
        code: Code,
        body: Any,
        tx: RequestTx,
        seen: IfMatchWhenThere,
        cause: RequestCause,
        response: Response,
    ) -> dict[str, Any]:
        expected, sent = seen
        fields = {"code": code, **body.model_dump()}
        sequence = await put_one(tx, noun, fields, expected=expected, exists_only=sent, cause=cause)
        response.headers["ETag"] = etag(sequence)
        return {**shown(fields), "sequence": sequence}

    put.__annotations__["body"] = one
    router.put(
        "/{code}",
        dependencies=[requires("deals:write")],
        summary=f"Write one of the {path}; If-Match is needed once it is there",
    )(put)

    async def put_rows(items: Any, tx: RequestTx, cause: RequestCause) -> BulkResult:
        rows = {item.code: item.model_dump() for item in items}
        changed = await put_many(tx, noun, list(rows.values()), cause=cause)
        return BulkResult(changed=len(changed), unchanged=len(rows) - len(changed))

    put_rows.__annotations__["items"] = Annotated[list[row], Body(min_length=1, max_length=5000)]  # type: ignore[valid-type]
    router.post(
        "/upserts",
        dependencies=[requires("deals:write")],
        summary=f"Write many {path}, as they are; what is the same changes nothing",
    )(put_rows)
    return router


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON: decimals as plain strings."""
    return {
        name: plain(value) if hasattr(value, "as_tuple") else value for name, value in row.items()
    }


routers = (
    _router(PRODUCTS, ProductIn, ProductRow),
    _router(REGIONS, RegionIn, RegionRow),
    _router(TEAMS, TeamIn, TeamRow),
    _router(OWNERS, OwnerIn, OwnerRow),
    _router(PRICE_RULES, PriceRuleIn, PriceRuleRow),
)
