"""What is asked for and what has left: forecasts by series, shipments by sale, and stock."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from takt.common.db import Tx
from takt.supply_planning.domain.network import Series
from takt.supply_planning.domain.plan import Dated, ItemSite
from takt.supply_planning.domain.quantity import to_decimal
from takt.supply_planning.store.plan_rows import dated_rows

KEEP_FORECASTS = """
INSERT INTO forecasts (product, region, sequence, as_of, said_at, demand)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::date[], $5::timestamptz[],
    $6::jsonb[])
ON CONFLICT (product, region) DO UPDATE SET sequence = excluded.sequence, as_of = excluded.as_of,
    said_at = excluded.said_at, demand = excluded.demand
WHERE forecasts.sequence < excluded.sequence
RETURNING product, region
"""

LATEST_SHIPMENTS = """
SELECT DISTINCT ON (sale_id) sale_id, sequence, taken FROM shipments
WHERE sale_id = ANY($1::uuid[]) ORDER BY sale_id, sequence DESC
"""

KEEP_SHIPMENTS = """
INSERT INTO shipments
    (sale_id, sequence, product, region, quantity, shipped_on, said_at, taken)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::numeric[], $6::date[],
    $7::timestamptz[], $8::jsonb[])
ON CONFLICT DO NOTHING
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
    """The demand of a series by week, as told at an instant with the company's date `as_of`."""

    sequence: int
    as_of: date
    said_at: datetime
    demand: Dated


@dataclass(frozen=True, slots=True)
class Shipment:
    """What has been shipped of a sale so far, and what that took from which site's stock."""

    sale_id: UUID
    sequence: int
    product: str
    region: str
    quantity: Decimal
    shipped_on: date | None
    said_at: datetime
    taken: Mapping[str, int]


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
            [json.dumps(dated_rows(forecasts[one].demand)) for one in series],
        ),
    )
    return {(row[0], row[1]) for row in rows}


async def latest_shipments(
    tx: Tx, sale_ids: Iterable[UUID]
) -> dict[UUID, tuple[int, dict[str, int]]]:
    """The newest known sequence of each sale, and what it took from stock."""
    rows: Iterable[Any] = await tx.exec_driver_sql(LATEST_SHIPMENTS, (sorted(set(sale_ids)),))
    return {row[0]: (row[1], row[2]) for row in rows}


async def keep_shipments(tx: Tx, shipments: Sequence[Shipment]) -> None:
    """Keep what was told of shipments, older news too: it dates what a forecast knew."""
    await tx.exec_driver_sql(
        KEEP_SHIPMENTS,
        (
            [one.sale_id for one in shipments],
            [one.sequence for one in shipments],
            [one.product for one in shipments],
            [one.region for one in shipments],
            [one.quantity for one in shipments],
            [one.shipped_on for one in shipments],
            [one.said_at for one in shipments],
            [json.dumps(dict(one.taken)) for one in shipments],
        ),
    )


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
