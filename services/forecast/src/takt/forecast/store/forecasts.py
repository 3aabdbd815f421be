"""Reading forecasts: the present ones, and those of any instant in the past."""

from collections.abc import Sequence
from datetime import datetime

from takt.common.db import Tx
from takt.forecast.store.versions import FrozenRevision, frozen_revision

_COLUMNS = """
    r.product, r.region, coalesce(p.unit, 'each') AS unit, r.revision, r.price, r.first_week,
    r.baseline, r.pipeline, r.bands, r.as_of
"""

_PRESENT = f"""
SELECT {_COLUMNS} FROM series s JOIN forecast_revisions r USING (product, region, revision)
LEFT JOIN products p ON p.code = r.product
"""

_AT = f"""
SELECT {_COLUMNS} FROM series s
JOIN LATERAL (
    SELECT * FROM forecast_revisions f
    WHERE f.product = s.product AND f.region = s.region AND f.as_of <= $1
    ORDER BY f.as_of DESC, f.revision DESC LIMIT 1
) r ON true
LEFT JOIN products p ON p.code = r.product
"""

_WHERE = """
WHERE ($2::text IS NULL OR s.product = $2) AND ($3::text[] IS NULL OR s.region = ANY($3))
    AND ($4::text IS NULL OR p.family = $4) AND (s.product, s.region) > ($5, $6)
    AND ($1::timestamptz IS NULL OR true)
ORDER BY s.product, s.region LIMIT $7
"""


async def forecasts(
    tx: Tx,
    *,
    as_of: datetime | None = None,
    product: str | None = None,
    regions: Sequence[str] | None = None,
    family: str | None = None,
    after: tuple[str, str] | None = None,
    limit: int | None = None,
) -> list[tuple[FrozenRevision, datetime]]:
    """Forecasts in the order of product and region, each with the time at which it was made.

    Args:
        tx: a transaction.
        as_of: what was said then; None is now.
        product: only this one.
        regions: only these.
        family: only products of this one.
        after: product and region after which to begin.
        limit: at most so many.
    """
    place = after or ("", "")
    rows = await tx.exec_driver_sql(
        (_PRESENT if as_of is None else _AT) + _WHERE,
        (
            as_of,
            product,
            None if regions is None else list(regions),
            family,
            place[0],
            place[1],
            limit,
        ),
    )
    return [(frozen_revision(row), row.as_of) for row in rows]
