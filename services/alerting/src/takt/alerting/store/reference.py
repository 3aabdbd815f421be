"""Copies of what deals owns: the company, products, regions, and where deals stand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from takt.alerting.domain.scopes import Hierarchy
from takt.alerting.store.query import fetch
from takt.common.contracts.deals import CompanyChanged, DealState, ProductChanged, RegionChanged
from takt.common.db import Tx

LOCK = 7_265_100


async def lock(tx: Tx) -> None:
    """Let one transaction at a time book sales and judge: alerts and reviews stay one a scope."""
    await tx.exec_driver_sql("SELECT pg_advisory_xact_lock($1)", (LOCK,))


async def save_company(tx: Tx, company: CompanyChanged) -> None:
    """Keep the company; an older state changes nothing."""
    await tx.exec_driver_sql(
        """
        INSERT INTO company (name, currency, time_zone, sequence) VALUES ($1, $2, $3, $4)
        ON CONFLICT (singleton) DO UPDATE SET name = excluded.name, currency = excluded.currency,
            time_zone = excluded.time_zone, sequence = excluded.sequence
        WHERE company.sequence < excluded.sequence
        """,
        (company.name, company.currency, company.time_zone, company.sequence),
    )


async def load_zone(tx: Tx) -> ZoneInfo:
    """The company's time zone; UTC until the company is known."""
    rows = await fetch(tx, "SELECT time_zone FROM company")
    return ZoneInfo(rows[0][0] if rows else "UTC")


async def begin_check(tx: Tx, day: date) -> bool:
    """Whether the daily check of this day had not begun; now it has."""
    rows = await fetch(
        tx, "INSERT INTO checks (day) VALUES ($1) ON CONFLICT DO NOTHING RETURNING day", (day,)
    )
    return bool(rows)


async def save_products(tx: Tx, products: Sequence[ProductChanged]) -> bool:
    """Keep products, newer states only; whether any family or unit changed."""
    rows = await fetch(
        tx,
        """
        INSERT INTO products (code, name, family, unit, sequence)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
        ON CONFLICT (code) DO UPDATE SET name = excluded.name, family = excluded.family,
            unit = excluded.unit, sequence = excluded.sequence
        WHERE products.sequence < excluded.sequence
        RETURNING (old.family, old.unit) IS DISTINCT FROM (new.family, new.unit)
        """,
        (
            [product.code for product in products],
            [product.name for product in products],
            [product.family for product in products],
            [product.unit for product in products],
            [product.sequence for product in products],
        ),
    )
    return any([row[0] for row in rows])


async def save_regions(tx: Tx, regions: Sequence[RegionChanged]) -> bool:
    """Keep regions, newer states only; whether any parent changed."""
    rows = await fetch(
        tx,
        """
        INSERT INTO regions (code, name, parent, sequence)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
        ON CONFLICT (code) DO UPDATE SET name = excluded.name, parent = excluded.parent,
            sequence = excluded.sequence
        WHERE regions.sequence < excluded.sequence
        RETURNING old.parent IS DISTINCT FROM new.parent
        """,
        (
            [region.code for region in regions],
            [region.name for region in regions],
            [region.parent for region in regions],
            [region.sequence for region in regions],
        ),
    )
    return any([row[0] for row in rows])


async def load_hierarchy(tx: Tx) -> Hierarchy:
    """Families of products and parents of regions."""
    rows = await fetch(
        tx,
        """
        SELECT 'family', code, family FROM products WHERE family IS NOT NULL
        UNION ALL SELECT 'region', code, parent FROM regions WHERE parent IS NOT NULL
        """,
    )
    families: dict[str, str] = {}
    parents: dict[str, str] = {}
    for kind, code, above in rows:
        (families if kind == "family" else parents)[code] = above
    return Hierarchy(families, parents)


async def load_units(tx: Tx, products: Collection[str]) -> dict[str, str]:
    """Units of the products that are known."""
    rows = await fetch(
        tx, "SELECT code, unit FROM products WHERE code = ANY($1::text[])", (list(products),)
    )
    return {code: unit for code, unit in rows}


async def save_deals(tx: Tx, deals: Sequence[tuple[DealState, int]]) -> None:
    """Keep where deals stand, newer states only."""
    await tx.exec_driver_sql(
        """
        INSERT INTO deals (deal_id, name, status, sequence)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[])
        ON CONFLICT (deal_id) DO UPDATE SET name = excluded.name, status = excluded.status,
            sequence = excluded.sequence
        WHERE deals.sequence < excluded.sequence
        """,
        (
            [deal.deal_id for deal, _ in deals],
            [deal.name for deal, _ in deals],
            [deal.status for deal, _ in deals],
            [sequence for _, sequence in deals],
        ),
    )


async def load_deal_states(tx: Tx, deals: Collection[UUID]) -> dict[UUID, str]:
    """Open, won or lost, of the deals that are known."""
    rows = await fetch(
        tx, "SELECT deal_id, status FROM deals WHERE deal_id = ANY($1::uuid[])", (list(deals),)
    )
    return {deal_id: status for deal_id, status in rows}
