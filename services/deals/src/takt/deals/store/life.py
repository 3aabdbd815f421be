"""What is kept of a deal's life: revisions, documents, and its events while the outbox has them."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any
from uuid import UUID

from takt.common.contracts import topics
from takt.common.db import Tx
from takt.deals.domain.life import Revision, Told, as_text
from takt.deals.store.rows import fetch, fetch_maps, from_json

FIELDS = ("owner", "account_id", "region", "expected_close", "value")
LINE_FIELDS = ("product", "quantity", "price", "requested_date")

# Key and topic: the key is indexed, and an event of deals has its deal as the key.
TOLD = """
SELECT type, (headers ->> 'ce_sequence')::int AS sequence,
    split_part(headers ->> 'ce_correlations', ',', 1) AS correlation,
    COALESCE(json_array_length(body::json -> 'deal' -> 'history'), 0) AS stays,
    (body::json -> 'changed')::text AS changed, body::json ->> 'reason' AS reason
FROM outbox WHERE topic = $1 AND key = $2 ORDER BY sequence
"""

SALES_TOLD = """
SELECT key, type, body::json -> 'sale' -> 'returns' -> -1 ->> 'return_id' AS return_id,
    split_part(headers ->> 'ce_correlations', ',', 1) AS correlation
FROM outbox WHERE topic = $1 AND key = ANY($2::text[]) ORDER BY event_id
"""


async def read_revisions(tx: Tx, deal: UUID) -> list[Revision]:
    """All revisions of a deal, in order."""
    rows = await fetch_maps(
        tx,
        f"SELECT sequence, valid_from, changed_by, {', '.join(FIELDS)}, lines::text AS lines"
        " FROM deal_revisions WHERE deal_id = $1 ORDER BY sequence",
        deal,
    )
    return [
        Revision(
            row["sequence"],
            row["valid_from"],
            row["changed_by"],
            {name: as_text(row[name]) for name in FIELDS},
            {UUID(line["id"]): _line(line) for line in from_json(row["lines"])},
        )
        for row in rows
    ]


async def read_movers(tx: Tx, deal: UUID) -> dict[int, str | None]:
    """Who made each entry of a deal's stage history, by its number."""
    rows = await fetch(tx, "SELECT number, changed_by FROM stage_entries WHERE deal_id = $1", deal)
    return {number: by for number, by in rows}


def _line(line: dict[str, Any]) -> dict[str, str | None]:
    amounts = {name: as_text(Decimal(str(line[name]))) for name in ("quantity", "price")}
    return {name: amounts.get(name, as_text(line[name])) for name in LINE_FIELDS}


async def read_documents(tx: Tx, deal: UUID) -> list[dict[str, Any]]:
    """The documents of a deal, of each kind the latest."""
    return await fetch_maps(
        tx,
        "SELECT kind, name, address, completed_at FROM deal_documents WHERE deal_id = $1",
        deal,
    )


async def read_told(tx: Tx, deal: UUID) -> list[Told]:
    """The events of a deal that the outbox still has."""
    rows = await fetch_maps(tx, TOLD, topics.DEALS, str(deal))
    return [
        Told(
            row["type"].split(".")[2],
            row["sequence"],
            row["stays"],
            UUID(row["correlation"]) if row["correlation"] else None,
            tuple(from_json(row["changed"]) or ()),
            row["reason"],
        )
        for row in rows
    ]


async def read_sales_told(
    tx: Tx, sales: Collection[UUID]
) -> dict[tuple[UUID, str, str | None], UUID]:
    """By sale, kind of event and, for a return, its id: the chain of the latest still there."""
    if not sales:
        return {}
    rows = await fetch(tx, SALES_TOLD, topics.SALES, [str(sale) for sale in sales])
    found: dict[tuple[UUID, str, str | None], UUID] = {}
    for key, type_, return_id, correlation in rows:
        kind = type_.split(".")[2]
        if correlation:
            found[UUID(key), kind, return_id if kind == "returned" else None] = UUID(correlation)
    return found
