"""Sales as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from takt.alerting.store.query import fetch
from takt.alerting.tables import SaleRow
from takt.common.db import Tx


@dataclass(frozen=True, slots=True)
class Dated:
    """What a sale adds to a series on a day."""

    product: str
    region: str
    day: date
    quantity: Decimal
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class DealSale:
    """What a deal sold of a product in a region, wanted on a day."""

    deal_id: UUID
    product: str
    region: str
    day: date
    quantity: Decimal


async def save_sales(tx: Tx, sales: Sequence[SaleRow]) -> dict[UUID, tuple[Dated | None, Dated]]:
    """Keep sales, newer states only; what each saved one was before, and is now."""
    rows = await fetch(
        tx,
        """
        INSERT INTO sales (sale_id, product, region, quantity, price, demand_date, sold_on,
            deal_id, line_id, shipped_on, sequence)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::numeric[], $5::numeric[],
            $6::date[], $7::date[], $8::uuid[], $9::uuid[], $10::date[],
            $11::bigint[])
        ON CONFLICT (sale_id) DO UPDATE SET product = excluded.product, region = excluded.region,
            quantity = excluded.quantity, price = excluded.price,
            demand_date = excluded.demand_date, sold_on = excluded.sold_on,
            deal_id = excluded.deal_id, line_id = excluded.line_id,
            shipped_on = excluded.shipped_on, sequence = excluded.sequence
        WHERE sales.sequence < excluded.sequence
        RETURNING new.sale_id, old.product, old.region, old.demand_date, old.quantity,
            old.quantity * old.price, new.product, new.region, new.demand_date, new.quantity,
            new.quantity * new.price
        """,
        (
            [sale.sale_id for sale in sales],
            [sale.product for sale in sales],
            [sale.region for sale in sales],
            [sale.quantity for sale in sales],
            [sale.price for sale in sales],
            [sale.demand_date for sale in sales],
            [sale.sold_on for sale in sales],
            [sale.deal_id for sale in sales],
            [sale.line_id for sale in sales],
            [sale.shipped_on for sale in sales],
            [sale.sequence for sale in sales],
        ),
    )
    return {
        row[0]: (Dated(*row[1:6]) if row[1] is not None else None, Dated(*row[6:])) for row in rows
    }


async def load_dated(tx: Tx, first: date, last: date) -> list[Dated]:
    """What was sold of every series for each of these days."""
    rows = await fetch(
        tx,
        """
        SELECT product, region, demand_date, sum(quantity), sum(quantity * price) FROM sales
        WHERE demand_date BETWEEN $1 AND $2 AND quantity > 0
        GROUP BY product, region, demand_date ORDER BY product, region, demand_date
        """,
        (first, last),
    )
    return [Dated(*row) for row in rows]


async def load_netted(tx: Tx, first: date, last: date, by: date) -> dict[tuple[str, str], Decimal]:
    """What a version of the end of the day `by` leaves out of these days, by product and region.

    Sold outside deals it has consumed the baseline; sold by deals it leaves the pipeline when it is
    shipped.
    """
    rows = await fetch(
        tx,
        """
        SELECT product, region, sum(quantity) FROM sales
        WHERE demand_date BETWEEN $1 AND $2
            AND CASE WHEN deal_id IS NULL THEN sold_on ELSE shipped_on END <= $3
        GROUP BY product, region
        """,
        (first, last, by),
    )
    return {(product, region): quantity for product, region, quantity in rows}


async def load_deal_sales(tx: Tx, first: date, last: date) -> list[DealSale]:
    """What deals sold for these days."""
    rows = await fetch(
        tx,
        """
        SELECT deal_id, product, region, demand_date, sum(quantity) FROM sales
        WHERE deal_id IS NOT NULL AND demand_date BETWEEN $1 AND $2 AND quantity > 0
        GROUP BY deal_id, product, region, demand_date ORDER BY deal_id, product, region
        """,
        (first, last),
    )
    return [DealSale(*row) for row in rows]
