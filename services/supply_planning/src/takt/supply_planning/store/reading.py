"""Plans and action messages as they are listed, and the demand that reaches no plan."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import RowMapping

from takt.common.db import Tx
from takt.supply_planning.domain.plan import ItemSite

COLUMNS = "item, site, sequence, as_of, outcome, because, netting, messages"


MISSING_SOURCING = """
WITH wanted AS (
    SELECT product, region, (week->>0)::date AS day, (week->>1)::numeric / 1000000 AS quantity
    FROM forecasts, jsonb_array_elements(demand) week
    UNION ALL
    SELECT product, region, greatest(requested_on, $1::date), quantity - shipped
    FROM sales WHERE direct AND quantity > shipped
), ruled AS (
    SELECT wanted.*, shares FROM wanted LEFT JOIN LATERAL (
        SELECT shares FROM sourcing s
        WHERE (s.product, s.region) = (wanted.product, wanted.region) AND valid_from <= day
        ORDER BY valid_from DESC LIMIT 1
    ) rule ON true WHERE quantity > 0
), lost AS (
    SELECT product, region, 'no_sourcing' AS reason, NULL AS site, day, quantity
    FROM ruled WHERE shares IS NULL
    UNION ALL
    SELECT product, region, 'not_planned_at_site', site, day, quantity * share::numeric / 100000000
    FROM ruled, jsonb_each_text(shares) AS part (site, share)
    WHERE share <> '0' AND (product, site) NOT IN (SELECT item, site FROM item_sites)
)
SELECT product, region, reason, round(sum(quantity), 6) AS quantity, min(day) AS first_wanted_on,
    coalesce(array_agg(DISTINCT site) FILTER (WHERE site IS NOT NULL), '{}') AS sites
FROM lost WHERE $2::text IS NULL OR (product, region, reason) > ($2, $3, $4)
GROUP BY product, region, reason ORDER BY product, region, reason LIMIT $5
"""


async def find_plan(tx: Tx, item: str, site: str) -> RowMapping | None:
    """The plan of an item at a site."""
    rows = await tx.exec_driver_sql(
        f"SELECT {COLUMNS} FROM plans WHERE item = $1 AND site = $2 AND netting IS NOT NULL",
        (item, site),
    )
    return rows.mappings().one_or_none()


async def read_needed(tx: Tx, keys: Collection[ItemSite]) -> dict[ItemSite, RowMapping]:
    """Of each item-site: its name and unit, what is on hand and its gross demand in millionths.

    Stock and demand are those of its plan, and nothing before the first.
    """
    places = sorted(keys)
    rows = await tx.exec_driver_sql(
        """
        SELECT p.item, p.site, i.name, i.unit,
            coalesce((netting->>'on_hand')::bigint, 0) AS on_hand,
            coalesce((SELECT sum(gross::bigint)
                FROM json_array_elements_text(netting->'gross') gross), 0)::bigint AS gross
        FROM plans p JOIN items i ON i.code = p.item
            JOIN unnest($1::text[], $2::text[]) AS k (item, site)
                ON (k.item, k.site) = (p.item, p.site)
        """,
        ([key.item for key in places], [key.site for key in places]),
    )
    return {ItemSite(row["item"], row["site"]): row for row in rows.mappings()}


async def list_plans(
    tx: Tx,
    *,
    item: str | None,
    site: str | None,
    with_messages: bool,
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[RowMapping]:
    """Plans by item and site; only those with action messages, if asked."""
    rows = await tx.exec_driver_sql(
        f"""
        SELECT {COLUMNS} FROM plans
        WHERE netting IS NOT NULL AND ($1::text IS NULL OR item = $1)
            AND ($2::text IS NULL OR site = $2) AND (NOT $3 OR messages <> '[]')
            AND ($4::text IS NULL OR (item, site) > ($4, $5))
        ORDER BY item, site LIMIT $6
        """,
        (item, site, with_messages, *(after or (None, None)), limit),
    )
    return rows.mappings().all()


async def list_missing_sourcing(
    tx: Tx, *, today: date, after: Sequence[str] | None, limit: int
) -> Sequence[RowMapping]:
    """Series whose demand, or a part of it, reaches no plan; what is overdue is for today."""
    place = after or (None, None, None)
    rows = await tx.exec_driver_sql(MISSING_SOURCING, (today, *place, limit))
    return rows.mappings().all()
