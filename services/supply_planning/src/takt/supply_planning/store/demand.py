"""What is asked for and what has left: forecasts by series, sales, and stock."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from takt.common.db import Tx
from takt.supply_planning.domain.demand import ForecastWeek, Sale
from takt.supply_planning.domain.network import Series
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import to_decimal
from takt.supply_planning.store.plan_rows import weeks_rows

STATES_KEPT = 50
"""Plans of an item at a site, and revisions of a series, whose inputs are kept to explain them."""
CUT_EVERY = 10
"""So many are written before older ones are looked for: until then that many more are kept."""

KEEP_FORECASTS = f"""
WITH told AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::date[], $5::timestamptz[],
        $6::jsonb[], $7::timestamptz[], $8::jsonb[])
        AS told (product, region, sequence, as_of, said_at, demand, made_at, margins)
), kept AS (
    INSERT INTO forecasts (product, region, sequence, as_of, said_at, demand, margins)
    SELECT product, region, sequence, as_of, said_at, demand, margins FROM told
    ON CONFLICT (product, region) DO UPDATE SET sequence = excluded.sequence,
        as_of = excluded.as_of, said_at = excluded.said_at, demand = excluded.demand,
        margins = excluded.margins
    WHERE forecasts.sequence < excluded.sequence
    RETURNING product, region
), states_kept AS (
    INSERT INTO forecast_states (product, region, sequence, as_of, demand)
    SELECT product, region, sequence, made_at, demand FROM told JOIN kept USING (product, region)
), states_dropped AS (
    DELETE FROM forecast_states s USING told n
    WHERE n.sequence % {CUT_EVERY} = 0 AND (s.product, s.region) = (n.product, n.region)
        AND s.sequence <= n.sequence - {STATES_KEPT}
)
SELECT product, region FROM kept
"""

KEEP_SALES = """
WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::boolean[],
        $6::date[], $7::numeric[], $8::numeric[], $9::date[], $10::jsonb[], $11::timestamptz[])
        AS told (sale_id, sequence, product, region, direct, requested_on, quantity, shipped,
            shipped_on, taken, said_at)
), states AS (
    INSERT INTO sale_states
        (sale_id, sequence, product, region, direct, requested_on, quantity, shipped, said_at)
    SELECT sale_id, sequence, product, region, direct, requested_on, quantity, shipped, said_at
    FROM told ON CONFLICT DO NOTHING
)
INSERT INTO sales (sale_id, sequence, product, region, direct, requested_on, quantity, shipped,
    shipped_on, taken, said_at)
SELECT DISTINCT ON (sale_id) * FROM told ORDER BY sale_id, sequence DESC
ON CONFLICT (sale_id) DO UPDATE SET sequence = excluded.sequence, product = excluded.product,
    region = excluded.region, direct = excluded.direct, requested_on = excluded.requested_on,
    quantity = excluded.quantity, shipped = excluded.shipped, shipped_on = excluded.shipped_on,
    taken = excluded.taken, said_at = excluded.said_at
WHERE sales.sequence < excluded.sequence
RETURNING new.sale_id, new.sequence, old.sequence, old.product, old.region, old.direct,
    old.requested_on, old.quantity, old.shipped, old.shipped_on, old.taken
"""

MOVE_STOCK = """
UPDATE stock s SET on_hand = s.on_hand + moved.quantity
FROM (
    SELECT item, site, sum(m.quantity) AS quantity
    FROM unnest($1::text[], $2::text[], $3::numeric[], $4::date[]) AS m (item, site, quantity, day)
        JOIN stock USING (item, site)
    WHERE m.day >= counted_on GROUP BY item, site
) moved
WHERE (s.item, s.site) = (moved.item, moved.site) RETURNING s.item, s.site
"""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The demand of a series by week, as told at an instant with the company's date `as_of`.

    Args:
        made_at: the business time at which it was made.
        margins: by week ahead, how far the upper end of its 95 % interval lies above it.
    """

    sequence: int
    as_of: date
    said_at: datetime
    demand: tuple[ForecastWeek, ...]
    made_at: datetime
    margins: tuple[int, ...] = ()


async def keep_forecasts(tx: Tx, forecasts: Mapping[Series, Forecast]) -> set[Series]:
    """Keep forecasts that are newer than the known ones; returns their series."""
    series = sorted(forecasts)
    rows: Iterable[Any] = await tx.exec_driver_sql(
        KEEP_FORECASTS,
        (
            [product for product, _ in series],
            [region for _, region in series],
            [forecasts[one].sequence for one in series],
            [forecasts[one].as_of for one in series],
            [forecasts[one].said_at for one in series],
            [json.dumps(weeks_rows(forecasts[one].demand)) for one in series],
            [forecasts[one].made_at for one in series],
            [json.dumps(forecasts[one].margins) for one in series],
        ),
    )
    return {(row[0], row[1]) for row in rows}


async def keep_sales(
    tx: Tx, sales: Sequence[tuple[Sale, datetime]]
) -> list[tuple[Sale | None, Sale]]:
    """Keep what was told of sales and when, older news too: it dates what a forecast knew.

    Returns: each sale of which this is the newest, as it was known before and as it now stands.
    """
    rows: Iterable[Any] = await tx.exec_driver_sql(
        KEEP_SALES,
        (
            [sale.sale_id for sale, _ in sales],
            [sale.sequence for sale, _ in sales],
            [sale.product for sale, _ in sales],
            [sale.region for sale, _ in sales],
            [sale.direct for sale, _ in sales],
            [sale.requested_on for sale, _ in sales],
            [sale.quantity for sale, _ in sales],
            [sale.shipped for sale, _ in sales],
            [sale.shipped_on for sale, _ in sales],
            [json.dumps(dict(sale.taken)) for sale, _ in sales],
            [said_at for _, said_at in sales],
        ),
    )
    told = {(sale.sale_id, sale.sequence): sale for sale, _ in sales}
    return [
        (None if row[2] is None else Sale(row[0], *row[2:]), told[row[0], row[1]]) for row in rows
    ]


async def move_stock(tx: Tx, moves: Mapping[ItemSite, Mapping[date, int]]) -> set[ItemSite]:
    """Add what moved to stock, by day; what moved before the last count is in it already.

    Returns: where stock has changed.
    """
    rows = [
        (key, day, to_decimal(quantity))
        for key, days in sorted(moves.items())
        for day, quantity in sorted(days.items())
        if quantity
    ]
    if not rows:
        return set()
    moved: Iterable[Any] = await tx.exec_driver_sql(
        MOVE_STOCK,
        (
            [key.item for key, _, _ in rows],
            [key.site for key, _, _ in rows],
            [quantity for _, _, quantity in rows],
            [day for _, day, _ in rows],
        ),
    )
    return {ItemSite(row[0], row[1]) for row in moved}
