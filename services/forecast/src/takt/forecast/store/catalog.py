"""Replicas of the catalog that deals owns: company, products, regions. The newest sequence wins."""

from collections.abc import Sequence
from datetime import date

from takt.common.contracts.deals import CompanyChanged, ProductChanged, RegionChanged
from takt.common.db import Tx


async def save_company(tx: Tx, company: CompanyChanged) -> None:
    """Keep the company's time zone."""
    await tx.exec_driver_sql(
        """
        INSERT INTO company (time_zone, sequence) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET time_zone = excluded.time_zone, sequence = excluded.sequence
        WHERE company.sequence < excluded.sequence
        """,
        (company.time_zone, company.sequence),
    )


async def save_products(
    tx: Tx, products: Sequence[ProductChanged], today: date
) -> dict[str, date | None]:
    """Keep products; one of each code.

    One that comes once a version is published is new; of those before, it is not known.

    Returns: when each that was newer than what was known was introduced.
    """
    rows = await tx.exec_driver_sql(
        """
        INSERT INTO products (code, name, family, unit, list_price, active, sequence, cost,
            introduced)
        SELECT *, CASE WHEN EXISTS (SELECT FROM versions) THEN $9::date END
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::numeric[],
            $6::boolean[], $7::bigint[], $8::numeric[])
        ON CONFLICT (code) DO UPDATE SET name = excluded.name, family = excluded.family,
            unit = excluded.unit, list_price = excluded.list_price, active = excluded.active,
            sequence = excluded.sequence, cost = excluded.cost
        WHERE products.sequence < excluded.sequence
        RETURNING code, introduced
        """,
        (
            [p.code for p in products],
            [p.name for p in products],
            [p.family for p in products],
            [p.unit for p in products],
            [p.list_price for p in products],
            [p.active for p in products],
            [p.sequence for p in products],
            [p.cost for p in products],
            today,
        ),
    )
    return {row.code: row.introduced for row in rows}


async def save_regions(tx: Tx, regions: Sequence[RegionChanged]) -> None:
    """Keep regions; one of each code."""
    await tx.exec_driver_sql(
        """
        INSERT INTO regions (code, name, parent, sequence)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
        ON CONFLICT (code) DO UPDATE SET name = excluded.name, parent = excluded.parent,
            sequence = excluded.sequence
        WHERE regions.sequence < excluded.sequence
        """,
        (
            [r.code for r in regions],
            [r.name for r in regions],
            [r.parent for r in regions],
            [r.sequence for r in regions],
        ),
    )


async def parents_of_regions(tx: Tx) -> dict[str, str | None]:
    """Every region with the one that it lies in."""
    rows = await tx.exec_driver_sql("SELECT code, parent FROM regions")
    return {row.code: row.parent for row in rows}


async def families_of_products(tx: Tx) -> dict[str, str | None]:
    """Every product with its family."""
    rows = await tx.exec_driver_sql("SELECT code, family FROM products")
    return {row.code: row.family for row in rows}


async def time_zone(tx: Tx) -> str | None:
    """The company's time zone; None before the company is known."""
    rows = await tx.exec_driver_sql("SELECT time_zone FROM company")
    zone: str | None = rows.scalar_one_or_none()
    return zone
