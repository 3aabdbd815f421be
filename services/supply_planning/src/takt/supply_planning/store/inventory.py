"""Stock as plans have it, of all items at once."""

from collections.abc import Sequence

from sqlalchemy import RowMapping

from takt.common.db import Tx

STOCKED = """
SELECT p.item, p.site, i.unit, n.*
FROM plans p JOIN items i ON i.code = p.item
    JOIN item_sites s ON (s.item, s.site) = (p.item, p.site) AND s.source <> 'phantom'
    CROSS JOIN LATERAL json_to_record(p.netting) AS n (
        first_week date, on_hand bigint, gross bigint[], scheduled bigint[], projected bigint[])
WHERE p.netting IS NOT NULL AND ($1::text IS NULL OR p.item = $1)
    AND (NOT $2 OR p.item IN (SELECT item FROM plans GROUP BY item HAVING count(*) > 1))
"""


async def read_stocked(
    tx: Tx, *, item: str | None = None, at_several_sites: bool = False
) -> Sequence[RowMapping]:
    """What is stocked, in any order, with its plan: each array has a place for each week.

    Args: at_several_sites: only items that are planned at more than one.
    """
    rows = await tx.exec_driver_sql(STOCKED, (item, at_several_sites))
    return rows.mappings().all()
