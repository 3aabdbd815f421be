"""What is expected where a signal has an effect, and what its products cost and list at."""

from typing import Any
from uuid import UUID

from takt.common.db import Tx


async def touched_series(
    tx: Tx, signal_id: UUID, after: tuple[str, str] | None, limit: int
) -> list[Any]:
    """Series that a signal moves, in order: its effect, their forecast, their product's money."""
    place = after or ("", "")
    rows = await tx.exec_driver_sql(
        """
        SELECT e.*, r.price, r.first_week, r.baseline, coalesce(p.unit, 'each') AS unit,
            p.family, p.cost, p.list_price
        FROM signal_effects e JOIN series s USING (product, region)
        JOIN forecast_revisions r USING (product, region, revision)
        LEFT JOIN products p ON p.code = e.product
        WHERE e.signal_id = $1 AND (e.product, e.region) > ($2, $3)
        ORDER BY e.product, e.region LIMIT $4
        """,
        (signal_id, *place, limit),
    )
    return list(rows.all())
