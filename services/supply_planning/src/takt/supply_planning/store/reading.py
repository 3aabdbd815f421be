"""Plans and action messages as they are listed."""

from collections.abc import Sequence

from sqlalchemy import RowMapping

from takt.common.db import Tx

COLUMNS = "item, site, sequence, as_of, outcome, because, netting, messages"


async def find_plan(tx: Tx, item: str, site: str) -> RowMapping | None:
    """The plan of an item at a site."""
    rows = await tx.exec_driver_sql(
        f"SELECT {COLUMNS} FROM plans WHERE item = $1 AND site = $2 AND netting IS NOT NULL",
        (item, site),
    )
    return rows.mappings().one_or_none()


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
