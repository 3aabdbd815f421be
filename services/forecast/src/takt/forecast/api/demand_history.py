"""/v1/demand-history: what customers wanted, by week or month; import."""

from datetime import date
from typing import Any, Literal

from fastapi import APIRouter, Request, Response

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    Limit,
    Now,
    Page,
    PlaceText,
    RequestCause,
    decode_cursor,
    encode_cursor,
    once,
)
from takt.forecast.schemas import DemandBucket, DemandImport, ImportReport
from takt.forecast.service.import_history import import_history, rows_of_csv
from takt.forecast.store.history import bucketed_demand

router = APIRouter(prefix="/v1/demand-history", tags=["demand history"])


@router.get("", dependencies=[requires("forecast:read")])
async def read_demand_history(
    tx: RequestTx,
    bucket: Literal["week", "month"] = "week",
    product: str | None = None,
    region: str | None = None,
    since: date | None = None,
    before: date | None = None,
    cursor: Cursor = None,
    limit: Limit = 200,
) -> Page[DemandBucket]:
    """Demand by series and bucket; buckets without any are left out. Days `since` to `before`."""
    rows = await bucketed_demand(
        tx,
        bucket=bucket,
        product=product,
        region=region,
        since=since,
        before=before,
        after=decode_cursor(cursor, tuple[PlaceText, PlaceText, date]),
        limit=limit,
    )
    items = [DemandBucket.model_validate(dict(row._mapping)) for row in rows]
    last = items[-1] if len(items) == limit else None
    return Page(
        items=items, next=encode_cursor(last.product, last.region, last.begins) if last else None
    )


@router.post("/imports", dependencies=[requires("forecast:write")])
async def import_rows(
    request: Request, body: DemandImport, tx: RequestTx, now: Now, cause: RequestCause
) -> Response:
    """Import rows; those that cannot be read are reported and the others go in."""

    async def answer() -> tuple[int, Any]:
        report = await import_history(
            tx, body.rows, source=body.source, dry_run=body.dry_run, now=now, cause=cause
        )
        return 200, report

    return await once(request, tx, answer, required=False)


@router.post("/imports/csv", dependencies=[requires("forecast:write")])
async def import_csv(
    request: Request,
    tx: RequestTx,
    now: Now,
    cause: RequestCause,
    source: str = "import",
    dry_run: bool = False,
) -> ImportReport:
    """Import a CSV file in UTF-8, sent as the body; lines count from the one below the header."""
    return await import_history(
        tx, rows_of_csv(await request.body()), source=source, dry_run=dry_run, now=now, cause=cause
    )
