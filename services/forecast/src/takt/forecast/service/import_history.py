"""Import of demand history (F1): good rows go in, each bad one is reported with what to do."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pydantic import ValidationError

from takt.common.contracts.deals import SaleState
from takt.common.db import Tx
from takt.common.event import Cause
from takt.common.problems import Problem
from takt.forecast.schemas import DemandRowIn, ImportReport, RowError
from takt.forecast.service.follow_demand import keep_demand
from takt.forecast.service.publish import in_zone
from takt.forecast.service.revise_deals import Why
from takt.forecast.store import catalog, replicas

COLUMNS = ("order_line", "product", "region", "date", "quantity")
ROWS = 20_000


class UnreadableFile(Problem):
    """The file cannot be read as CSV."""

    status, slug = 422, "unreadable-file"


def rows_of_csv(
    body: bytes, columns: Sequence[str] = COLUMNS, others: str = "price"
) -> list[dict[str, Any]]:
    """Rows of a CSV file in UTF-8, with or without a byte-order mark.

    Args: columns: that must be there. others: that may be.

    Raises:
        UnreadableFile: another encoding, no CSV, missing columns, or too many rows.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            f"byte {error.start} is not UTF-8",
            field="body",
            value=repr(body[error.start : error.start + 8]),
            remedy="save the file as UTF-8; GBK and Latin-1 are not guessed",
        ) from error
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise UnreadableFile(
                f"columns are missing: {', '.join(missing)}",
                field="header",
                value=",".join(reader.fieldnames or ())[:200],
                remedy=f"name the columns {', '.join(columns)} and, if known, {others}",
            )
        rows = [
            {str(name): value for name, value in row.items() if value not in (None, "")}
            for row in reader
        ]
    except csv.Error as error:
        raise UnreadableFile(
            str(error), field="body", remedy="send comma-separated values with a header line"
        ) from error
    if len(rows) > ROWS:
        raise UnreadableFile(
            f"{len(rows)} rows", field="body", value=len(rows), remedy=f"send at most {ROWS} a time"
        )
    return rows


async def import_history(
    tx: Tx,
    rows: Sequence[dict[str, Any]],
    *,
    source: str,
    dry_run: bool,
    now: datetime,
    cause: Cause,
) -> ImportReport:
    """Keep rows as demand of `source`. The same rows again change nothing; other values correct.

    A row is taken as shipped on its day, so that one of a day to come is refused. A row that a sale
    of the same source and order line has replaced stays replaced.
    """
    products = await catalog.families_of_products(tx)
    regions = await catalog.parents_of_regions(tx)
    today = in_zone(now, await catalog.time_zone(tx)).date()
    good: dict[str, DemandRowIn] = {}
    errors: list[RowError] = []
    for line, raw in enumerate(rows, start=1):
        try:
            row = DemandRowIn.model_validate(raw)
        except ValidationError as error:
            errors += row_errors(line, error)
            continue
        wrong = _unknown(line, row, products, regions) + _to_come(line, row, today)
        if row.order_line in good:
            wrong.append(
                RowError(
                    line=line,
                    field="order_line",
                    value=row.order_line,
                    problem="the order line is in this import twice",
                    remedy="give each row an order line of its own",
                )
            )
        errors += wrong
        if not wrong:
            good[row.order_line] = row
    imported = 0
    if good and not dry_run:
        await replicas.lock_demand(tx)
        sales = [(_sale(source, row), 0) for row in good.values()]
        imported = await keep_demand(tx, {}, sales, Why({}, cause), now)
    return ImportReport(
        read=len(rows),
        imported=len(good) if dry_run else imported,
        unchanged=0 if dry_run else len(good) - imported,
        errors=errors,
    )


def _sale(source: str, row: DemandRowIn) -> SaleState:
    return SaleState(
        sale_id=uuid5(NAMESPACE_URL, f"{source}#{row.order_line}"),
        source=source,
        order_line=row.order_line,
        product=row.product,
        region=row.region,
        quantity=row.quantity,
        price=row.price,
        sold_on=row.date,
        requested_date=row.date,
        payment_days=0,
        shipped_quantity=row.quantity,
        shipped_on=row.date,
    )


def _unknown(
    line: int,
    row: DemandRowIn,
    products: dict[str, str | None],
    regions: dict[str, str | None],
) -> list[RowError]:
    wrong = []
    for field, code, known in (
        ("product", row.product, products),
        ("region", row.region, regions),
    ):
        if code not in known:
            wrong.append(
                RowError(
                    line=line,
                    field=field,
                    value=code,
                    problem=f"no such {field}",
                    remedy=f"create the {field} first, or correct its code",
                )
            )
    return wrong


def _to_come(line: int, row: DemandRowIn, today: date) -> list[RowError]:
    if row.date <= today:
        return []
    return [
        RowError(
            line=line,
            field="date",
            value=row.date.isoformat(),
            problem=f"the day has not come: today is {today}",
            remedy="send orders to come as sales (POST /v1/sales/upserts) or as deals",
        )
    ]


def row_errors(line: int, error: ValidationError) -> list[RowError]:
    """What is wrong with a row, field by field."""
    return [
        RowError(
            line=line,
            field=".".join(map(str, e["loc"])),
            value=str(e["input"])[:200] if e["type"] != "missing" else "",
            problem=e["msg"],
            remedy="add the field" if e["type"] == "missing" else "correct the value",
        )
        for e in error.errors(include_url=False, include_context=False)
    ]
