"""Sales: identified by source and order line, at most one for a deal line."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from takt.common.db import Tx
from takt.deals.store.rows import fetch, fetch_maps, from_json, to_json

COLUMNS = {
    "source": "text",
    "order_line": "text",
    "deal_id": "uuid",
    "deal_line_id": "uuid",
    "account_id": "uuid",
    "product": "text",
    "region": "text",
    "quantity": "numeric(18,6)",
    "price": "numeric(18,6)",
    "sold_on": "date",
    "requested_date": "date",
    "payment_days": "int",
    "shipped_quantity": "numeric(18,6)",
    "shipped_on": "date",
    "returns": "jsonb",
    "reversed": "boolean",
    "sequence": "bigint",
    "source_sequence": "bigint",
}

SALE = f"""
SELECT id, {", ".join(name for name in COLUMNS if name != "returns")}, returns::text AS returns
FROM sales
"""

WRITE = f"""
INSERT INTO sales AS s (id, {", ".join(COLUMNS)})
SELECT id, {", ".join(COLUMNS)} FROM json_to_recordset($1::json)
    AS given (id uuid, {", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())})
ORDER BY id
ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in COLUMNS)}
"""


@dataclass(frozen=True, slots=True)
class Return:
    """Goods that came back: `amount` is what was credited."""

    return_id: str
    returned_on: date
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale as it stands; of a `reversed` one only what had left is still sold."""

    id: UUID
    source: str
    order_line: str
    product: str
    region: str
    quantity: Decimal
    price: Decimal
    sold_on: date
    requested_date: date
    payment_days: int
    deal_id: UUID | None = None
    deal_line_id: UUID | None = None
    account_id: UUID | None = None
    shipped_quantity: Decimal = Decimal(0)
    shipped_on: date | None = None
    returns: tuple[Return, ...] = ()
    reversed: bool = False
    sequence: int = 1
    source_sequence: int | None = field(default=None, compare=False)


async def lock_sales(
    tx: Tx,
    *,
    ids: Collection[UUID] = (),
    keys: Collection[tuple[str, str]] = (),
    deal_lines: Collection[UUID] = (),
    deals: Collection[UUID] = (),
) -> list[Sale]:
    """Sales by id, by source and order line, by deal line and by deal, held until the commit.

    Order lines and deal lines of which there is no sale yet are held too, so that an ERP's word and
    a win that come at the same moment make one sale of the line.
    """
    names = [*(f"{source} {order_line}" for source, order_line in keys), *map(str, deal_lines)]
    if names:
        await fetch(
            tx,
            "SELECT count(pg_advisory_xact_lock(hashtextextended(name, 0)))"
            " FROM (SELECT name FROM unnest($1::text[]) AS name ORDER BY name) AS ordered",
            sorted(names),
        )
    rows = await fetch_maps(
        tx,
        f"{SALE} WHERE id = ANY($1::uuid[]) OR deal_line_id = ANY($2::uuid[])"
        " OR deal_id = ANY($3::uuid[]) OR (source, order_line) IN"
        " (SELECT * FROM unnest($4::text[], $5::text[])) ORDER BY id FOR UPDATE",
        list(ids),
        list(deal_lines),
        list(deals),
        [source for source, _ in keys],
        [order_line for _, order_line in keys],
    )
    return [sale_of(row) for row in rows]


async def write_sales(tx: Tx, sales: Sequence[Sale]) -> None:
    """Write sales as they stand now."""
    if sales:
        await fetch(tx, WRITE, to_json(_row(sale) for sale in sales))


def _row(sale: Sale) -> dict[str, Any]:
    row = {name: getattr(sale, name) for name in ("id", *COLUMNS)}
    row["returns"] = [
        {name: getattr(one, name) for name in Return.__slots__} for one in sale.returns
    ]
    return row


def sale_of(row: dict[str, Any]) -> Sale:
    """A sale from its row."""
    returns = tuple(
        Return(
            one["return_id"],
            date.fromisoformat(one["returned_on"]),
            Decimal(one["quantity"]),
            Decimal(one["amount"]),
        )
        for one in from_json(row["returns"])
    )
    return Sale(**{**row, "returns": returns})


async def read_sales(
    tx: Tx,
    *,
    ids: Collection[UUID] | None = None,
    deal: UUID | None = None,
    after: UUID | None = None,
    limit: int = 100,
) -> list[Sale]:
    """A page of sales by id."""
    rows = await fetch_maps(
        tx,
        f"{SALE} WHERE ($1::uuid[] IS NULL OR id = ANY($1)) AND ($2::uuid IS NULL OR deal_id = $2)"
        " AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4",
        None if ids is None else list(ids),
        deal,
        after,
        limit,
    )
    return [sale_of(row) for row in rows]
