"""What safety stock is sized by: targets, planned weeks, deliveries, forecast margins, sales."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import RowMapping

from takt.common.db import Tx
from takt.supply_planning.domain.network import Series

WEEKS_READ = 52
"""Weeks of sales that are looked at."""
DELIVERIES_NEEDED = 5

SIZED = f"""
SELECT s.item, s.site, i.unit, s.safety_stock, s.service_level, s.fill_rate, planned.weeks,
    late.deviation
FROM item_sites s JOIN items i ON i.code = s.item JOIN plans p USING (item, site)
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(gross::bigint ORDER BY place), '{{}}') AS weeks
        FROM json_array_elements_text(p.netting->'gross') WITH ORDINALITY g (gross, place)
        WHERE place > 1 -- the first has what is overdue, too
    ) planned
    CROSS JOIN LATERAL (
        SELECT CASE WHEN count(*) >= {DELIVERIES_NEEDED}
            THEN stddev_samp((received_on - due_on) / 7.0)::float8 END AS deviation
        FROM purchase_orders o
        WHERE (o.item, o.site) = (s.item, s.site) AND received_on IS NOT NULL
    ) late
WHERE s.source <> 'phantom' AND ($1::text IS NULL OR s.item = $1)
    AND ($2::text IS NULL OR s.site = $2) AND ($3::text IS NULL OR (s.item, s.site) > ($3, $4))
ORDER BY s.item, s.site LIMIT $5
"""

MARGINS = """
SELECT product, region, margins FROM forecasts
    JOIN unnest($1::text[], $2::text[]) AS wanted (product, region) USING (product, region)
"""

SOLD = """
SELECT product, region, date_trunc('week', requested_on)::date AS week,
    (sum(quantity) * 1000000)::bigint AS units
FROM sales JOIN unnest($1::text[], $2::text[]) AS wanted (product, region) USING (product, region)
WHERE requested_on >= $3 AND requested_on < $4 AND quantity > 0
GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a series, in millionths.

    Args:
        margins: by week ahead, what its forecast may be exceeded by; None without a forecast.
        sold: by the Monday of the week for which it was wanted.
    """

    margins: tuple[int, ...] | None
    sold: Mapping[date, int]


async def read_sized(
    tx: Tx, *, item: str | None, site: str | None, after: Sequence[str] | None, limit: int
) -> Sequence[RowMapping]:
    """Item-sites with their targets, planned weeks and how their deliveries keep their dates."""
    rows = await tx.exec_driver_sql(SIZED, (item, site, *(after or (None, None)), limit))
    return rows.mappings().all()


async def read_told(tx: Tx, series: Collection[Series], this_week: date) -> dict[Series, Told]:
    """Forecast margins of these series, and their sales of the last year of whole weeks."""
    wanted = sorted(series)
    names = ([product for product, _ in wanted], [region for _, region in wanted])
    margins: Iterable[Any] = await tx.exec_driver_sql(MARGINS, names)
    known = {(row[0], row[1]): tuple(row[2]) for row in margins}
    since = this_week - timedelta(weeks=WEEKS_READ)
    sales: Iterable[Any] = await tx.exec_driver_sql(SOLD, (*names, since, this_week))
    sold: dict[Series, dict[date, int]] = defaultdict(dict)
    for product, region, week, units in sales:
        sold[product, region][week] = units
    return {one: Told(known.get(one), sold.get(one, {})) for one in wanted}
