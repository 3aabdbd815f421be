"""Accounts: the company's customers."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    IfMatch,
    Limit,
    Page,
    RequestCause,
    encode_cursor,
    etag,
    once,
)
from takt.common.problems import Conflict, NotFound
from takt.deals.api.catalog import BulkResult
from takt.deals.api.cursors import id_after
from takt.deals.schemas.catalog import AccountIn, AccountPatch
from takt.deals.service.catalog import change_account, put_accounts
from takt.deals.store.accounts import page_accounts

router = APIRouter(prefix="/v1/accounts", tags=["accounts"])


@router.get("", dependencies=[requires("deals:read")])
async def list_accounts(
    tx: RequestTx, external_id: str | None = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[dict[str, Any]]:
    """A page of accounts."""
    after = id_after(cursor)
    rows = await page_accounts(tx, external_id=external_id, after=after, limit=limit)
    following = encode_cursor(rows[-1]["id"]) if len(rows) == limit else None
    return Page(items=rows, next=following)


@router.get("/{account_id}", dependencies=[requires("deals:read")])
async def get_account(account_id: UUID, tx: RequestTx, response: Response) -> dict[str, Any]:
    """An account."""
    rows = await page_accounts(tx, ids=[account_id])
    if not rows:
        raise NotFound(
            f"there is no account {account_id}",
            field="id",
            value=str(account_id),
            remedy="take an id from GET /v1/accounts",
        )
    response.headers["ETag"] = etag(rows[0]["sequence"])
    return rows[0]


@router.post("", status_code=201, dependencies=[requires("deals:write")])
async def post_account(
    body: AccountIn, request: Request, tx: RequestTx, cause: RequestCause
) -> Response:
    """A new account."""

    async def answer() -> tuple[int, Any]:
        added = await put_accounts(tx, [body.model_dump()], cause=cause, only_new=True)
        if not added:
            raise Conflict(
                f"{body.source} {body.external_id} is an account already",
                field="external_id",
                value=body.external_id,
                remedy="change it with PATCH, or send it to POST /v1/accounts/upserts",
            )
        return 201, added[0]

    return await once(request, tx, answer)


@router.post("/upserts", dependencies=[requires("deals:write")])
async def post_accounts(items: list[AccountIn], tx: RequestTx, cause: RequestCause) -> BulkResult:
    """Many accounts by source and external id, as they are there."""
    rows = {(item.source, item.external_id): item.model_dump() for item in items}
    changed = await put_accounts(tx, list(rows.values()), cause=cause)
    return BulkResult(changed=len(changed), unchanged=len(rows) - len(changed))


@router.patch("/{account_id}", dependencies=[requires("deals:write")])
async def patch_account(
    account_id: UUID,
    body: AccountPatch,
    tx: RequestTx,
    expected: IfMatch,
    cause: RequestCause,
    response: Response,
) -> dict[str, Any]:
    """Change an account."""
    changes = body.model_dump(exclude_unset=True)
    row = await change_account(tx, account_id, changes, expected=expected, cause=cause)
    response.headers["ETag"] = etag(row["sequence"])
    return row
