"""Imports: begin one, send its files, start it, watch it, read what did not go in."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import PlainTextResponse

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    Limit,
    Now,
    Page,
    RequestCause,
    encode_cursor,
    once,
)
from takt.deals.api.cursors import id_after, number_after
from takt.deals.schemas.imports import ImportIn, ImportOut, RowProblemOut
from takt.deals.service.imports import (
    begin_import,
    default_mapping,
    import_not_found,
    receive_file,
    start_import,
)
from takt.deals.service.problems import BadFileName
from takt.deals.store.imports import page_imports, page_problems

router = APIRouter(prefix="/v1/imports", tags=["imports"])


@router.get("/mappings/crm", dependencies=[requires("deals:read")])
async def get_default_mapping() -> PlainTextResponse:
    """The default mapping of a CRM's files, TOML to read and change."""
    return PlainTextResponse(default_mapping(), media_type="application/toml")


@router.post("", status_code=201, dependencies=[requires("deals:write")], response_model=ImportOut)
async def post_import(
    body: ImportIn, request: Request, tx: RequestTx, now: Now, cause: RequestCause
) -> Response:
    """Begin an import with its mapping; send the files next."""

    async def answer() -> tuple[int, ImportOut]:
        identity = await begin_import(tx, body.mapping, dry_run=body.dry_run, now=now, cause=cause)
        return 201, await _view(tx, identity)

    return await once(request, tx, answer)


@router.put("/{import_id}/files/{name}", dependencies=[requires("deals:write")])
async def put_file(
    import_id: UUID,
    name: Annotated[str, Path(max_length=200)],
    request: Request,
    tx: RequestTx,
) -> ImportOut:
    """Send a file, its bytes as the body, under the name that the mapping uses."""
    if not re.fullmatch(r"[^/\\\x00-\x1f]+", name):
        raise BadFileName(
            field="name", value=name, remedy="send the name without a folder, such as deals.csv"
        )
    await receive_file(tx, import_id, name, await request.body())
    return await _view(tx, import_id)


@router.post("/{import_id}/start", status_code=202, dependencies=[requires("deals:write")])
async def post_start(import_id: UUID, tx: RequestTx) -> ImportOut:
    """All files are there: the job begins."""
    await start_import(tx, import_id)
    return await _view(tx, import_id)


@router.get("", dependencies=[requires("deals:read")])
async def list_imports(tx: RequestTx, cursor: Cursor = None, limit: Limit = 100) -> Page[ImportOut]:
    """A page of imports, the latest first."""
    rows = await page_imports(tx, before=id_after(cursor), limit=limit)
    following = encode_cursor(rows[-1]["id"]) if len(rows) == limit else None
    return Page(items=[ImportOut.model_validate(row) for row in rows], next=following)


@router.get("/{import_id}", dependencies=[requires("deals:read")])
async def get_import(import_id: UUID, tx: RequestTx) -> ImportOut:
    """An import and how far it is."""
    return await _view(tx, import_id)


@router.get("/{import_id}/problems", dependencies=[requires("deals:read")])
async def list_problems(
    import_id: UUID, tx: RequestTx, cursor: Cursor = None, limit: Limit = 100
) -> Page[RowProblemOut]:
    """Rows that did not go in: file, line, field, value and remedy."""
    rows = await page_problems(tx, import_id, after=number_after(cursor), limit=limit)
    following = encode_cursor(rows[-1]["number"]) if len(rows) == limit else None
    return Page(items=[RowProblemOut.model_validate(row) for row in rows], next=following)


async def _view(tx: RequestTx, identity: UUID) -> ImportOut:
    rows = await page_imports(tx, identity=identity)
    if not rows:
        raise import_not_found(identity)
    return ImportOut.model_validate(rows[0])
