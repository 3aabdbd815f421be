"""Everything out again: deals with their lines as CSV or NDJSON, streamed from one snapshot."""

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from takt.common.auth import requires
from takt.common.db import Database
from takt.deals.api.catalog import shown
from takt.deals.store.rows import fetch
from takt.deals.store.views import page_deals

router = APIRouter(prefix="/v1/deals", tags=["deals"])
PAGE = 1_000

COLUMNS = (
    "id",
    "source",
    "external_id",
    "name",
    "account_id",
    "account",
    "owner",
    "team",
    "region",
    "pipeline",
    "stage",
    "status",
    "opened_at",
    "stage_entered_at",
    "closed_at",
    "expected_close",
    "manual_probability",
    "model_probability",
    "sequence",
)
LINE_COLUMNS = ("product", "quantity", "price", "requested_date")


@router.get("/export", dependencies=[requires("deals:read")], response_class=StreamingResponse)
async def export_deals(
    request: Request,
    format: Literal["csv", "ndjson"] = "ndjson",
) -> StreamingResponse:
    """All deals: in CSV a row for each line, in NDJSON a document for each deal."""
    database: Database = request.app.state.database
    if format == "csv":
        return StreamingResponse(
            _csv(database),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="deals.csv"'},
        )
    return StreamingResponse(_ndjson(database), media_type="application/x-ndjson")


async def _pages(database: Database) -> AsyncIterator[list[dict[str, Any]]]:
    async with database.transaction() as tx:
        await fetch(tx, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        rows = await page_deals(tx, {}, limit=PAGE)
        while rows:
            yield rows
            rows = await page_deals(tx, {}, after=rows[-1]["id"], limit=PAGE)


async def _ndjson(database: Database) -> AsyncIterator[str]:
    async for rows in _pages(database):
        yield "".join(json.dumps(shown(row), default=_text) + "\n" for row in rows)


async def _csv(database: Database) -> AsyncIterator[str]:
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow((*COLUMNS, *LINE_COLUMNS))
    async for rows in _pages(database):
        for row in rows:
            deal = shown(row)
            for line in deal["lines"] or [{}]:
                writer.writerow((*_cells(deal, COLUMNS), *_cells(line, LINE_COLUMNS)))
        yield sheet.getvalue()
        sheet.seek(0)
        sheet.truncate()


def _cells(row: Mapping[str, Any], columns: tuple[str, ...]) -> list[str]:
    return [_cell(row.get(column)) for column in columns]


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else _text(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
