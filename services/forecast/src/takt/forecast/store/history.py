"""Demand history: reading it by week, day and sale."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from takt.common.db import Tx
from takt.forecast.domain.calendar import weeks_between
from takt.forecast.domain.history import SeriesKey, WeeklyHistory, weekly_history


async def weekly_histories(tx: Tx, keys: Sequence[SeriesKey], week: date) -> list[WeeklyHistory]:
    """Demand in consecutive weeks before the one in progress, of each series that has any."""
    rows = await tx.exec_driver_sql(
        """
        SELECT product, region, date_trunc('week', day)::date AS week, sum(quantity) AS quantity
        FROM demand
        WHERE (product, region) IN (SELECT * FROM unnest($1::text[], $2::text[]))
            AND day < $3 AND quantity > 0
        GROUP BY 1, 2, 3
        """,
        ([key.product for key in keys], [key.region for key in keys], week),
    )
    found: dict[SeriesKey, list[tuple[date, Decimal]]] = {}
    for row in rows:
        found.setdefault(SeriesKey(row.product, row.region), []).append((row.week, row.quantity))
    histories = (weekly_history(series, demand, week) for series, demand in found.items())
    return [history for history in histories if history is not None]


@dataclass(frozen=True, slots=True)
class WeeklyUnits:
    """The weeks in which a series was wanted, counted from its first one, and how many units."""

    key: SeriesKey
    first_week: date
    weeks: Sequence[int]
    quantities: Sequence[float]

    def whole(self, before: date) -> npt.NDArray[np.float64]:
        """Every week from the first to the last before a Monday; one without a sale is zero."""
        quantities = np.zeros(weeks_between(self.first_week, before))
        quantities[self.weeks] = self.quantities
        return quantities


async def weekly_units(tx: Tx, keys: Sequence[SeriesKey], before: date) -> list[WeeklyUnits]:
    """Demand by week before a Monday, of each series that has any, in one row a series.

    The database makes the arrays: thousands of weeks in Python would hold up the event loop.
    """
    rows = await tx.exec_driver_sql(
        """
        SELECT product, region, first, array_agg((week - first) / 7 ORDER BY week) AS weeks,
            array_agg(quantity ORDER BY week) AS quantities
        FROM (
            SELECT product, region, date_trunc('week', day)::date AS week,
                sum(quantity)::float8 AS quantity,
                min(date_trunc('week', min(day))::date) OVER (PARTITION BY product, region) AS first
            FROM demand
            WHERE (product, region) IN (SELECT * FROM unnest($1::text[], $2::text[]))
                AND day < $3 AND quantity > 0
            GROUP BY 1, 2, 3
        ) weekly
        GROUP BY 1, 2, 3 ORDER BY 1, 2
        """,
        ([key.product for key in keys], [key.region for key in keys], before),
    )
    return [
        WeeklyUnits(SeriesKey(row.product, row.region), row.first, row.weeks, row.quantities)
        for row in rows
    ]


async def first_weeks(tx: Tx, before: date) -> list[tuple[SeriesKey, date]]:
    """Every series with demand before a Monday, and its first week; the longest come first."""
    rows = await tx.exec_driver_sql(
        """
        SELECT product, region, date_trunc('week', min(day))::date AS first FROM demand
        WHERE day < $1 AND quantity > 0 GROUP BY 1, 2 ORDER BY first, product, region
        """,
        (before,),
    )
    return [(SeriesKey(row.product, row.region), row.first) for row in rows]


async def expected_prices(
    tx: Tx, keys: Sequence[SeriesKey], since: date
) -> dict[SeriesKey, Decimal]:
    """Mean price a unit of what was sold since then, by quantity; else the list price, if known."""
    rows = await tx.exec_driver_sql(
        """
        SELECT k.product, k.region, coalesce(paid.price, p.list_price) AS price
        FROM unnest($1::text[], $2::text[]) AS k (product, region)
        LEFT JOIN products p ON p.code = k.product
        LEFT JOIN (
            SELECT product, region, (sum(quantity * price) / sum(quantity))::numeric(18,6) AS price
            FROM demand
            WHERE (product, region) IN (SELECT * FROM unnest($1::text[], $2::text[]))
                AND day >= $3 AND quantity > 0 AND price > 0
            GROUP BY 1, 2
        ) paid USING (product, region)
        """,
        ([key.product for key in keys], [key.region for key in keys], since),
    )
    return {SeriesKey(row.product, row.region): row.price for row in rows if row.price is not None}


async def direct_orders(
    tx: Tx, keys: Sequence[SeriesKey], week: date
) -> dict[SeriesKey, list[tuple[date, Decimal]]]:
    """Orders that were never deals, wanted from this week on, by week."""
    rows = await tx.exec_driver_sql(
        """
        SELECT product, region, date_trunc('week', day)::date AS week, sum(quantity) AS quantity
        FROM demand
        WHERE (product, region) IN (SELECT * FROM unnest($1::text[], $2::text[]))
            AND day >= $3 AND deal_id IS NULL AND quantity > 0
        GROUP BY 1, 2, 3
        """,
        ([key.product for key in keys], [key.region for key in keys], week),
    )
    found: dict[SeriesKey, list[tuple[date, Decimal]]] = {}
    for row in rows:
        found.setdefault(SeriesKey(row.product, row.region), []).append((row.week, row.quantity))
    return found


@dataclass(frozen=True, slots=True)
class ReplayedSale:
    """A sale with the moment its deal was opened, None when it was never a deal."""

    series: SeriesKey
    day: date
    quantity: Decimal
    opened_at: datetime | None


async def replayed_sales(tx: Tx, week: date) -> tuple[list[ReplayedSale], datetime | None]:
    """All past sales by series, week and deal, and the moment from which deals led to sales.

    A sale whose deal is not known here yet counts as known from the day it was sold.
    """
    rows = await tx.exec_driver_sql(
        """
        SELECT s.product, s.region, date_trunc('week', s.day)::date AS week, d.opened_at,
            CASE WHEN s.deal_id IS NOT NULL AND d.deal_id IS NULL THEN s.sold_on END AS sold_on,
            sum(s.quantity) AS quantity
        FROM demand s LEFT JOIN deals d USING (deal_id)
        WHERE s.day < $1 AND s.quantity > 0
        GROUP BY 1, 2, 3, 4, 5
        """,
        (week,),
    )
    first = await tx.exec_driver_sql("SELECT min(closed_at) FROM deals WHERE status = 'won'")
    sales = [
        ReplayedSale(
            SeriesKey(row.product, row.region),
            row.week,
            row.quantity,
            row.opened_at
            or (datetime.combine(row.sold_on, datetime.min.time()) if row.sold_on else None),
        )
        for row in rows
    ]
    return sales, first.scalar_one_or_none()


async def fulfilment_times(tx: Tx) -> list[int]:
    """Days from sale to shipment of what was sold from deals and shipped."""
    rows = await tx.exec_driver_sql(
        """
        SELECT shipped_on - sold_on AS days FROM demand
        WHERE deal_id IS NOT NULL AND shipped_on IS NOT NULL AND shipped_on >= sold_on
        """
    )
    return [row.days for row in rows]


async def evidence(tx: Tx) -> tuple[int, int]:
    """How many sales and closed deals are known."""
    row = (
        await tx.exec_driver_sql(
            """
            SELECT (SELECT count(*) FROM demand) AS sales,
                (SELECT count(*) FROM deals WHERE status <> 'open') AS closed
            """
        )
    ).one()
    return row.sales, row.closed


async def bucketed_demand(
    tx: Tx,
    *,
    bucket: Literal["week", "month"],
    product: str | None,
    region: str | None,
    since: date | None,
    before: date | None,
    after: tuple[str, str, date] | None,
    limit: int,
) -> list[Any]:
    """Sums of days by series and week or month, in order, a page at a time."""
    place = after or ("", "", date.min)
    rows = await tx.exec_driver_sql(
        """
        SELECT product, region, date_trunc($9, day)::date AS begins, sum(quantity) AS quantity,
            sum(quantity * price)::numeric(18,6) AS value, count(*) AS sales
        FROM demand
        WHERE ($1::text IS NULL OR product = $1) AND ($2::text IS NULL OR region = $2)
            AND ($3::date IS NULL OR day >= $3) AND ($4::date IS NULL OR day < $4)
            AND (product, region) >= ($5, $6) AND quantity > 0
        GROUP BY 1, 2, 3
        HAVING (product, region, date_trunc($9, day)::date) > ($5, $6, $7::date)
        ORDER BY 1, 2, 3 LIMIT $8
        """,
        (product, region, since, before, place[0], place[1], place[2], limit, bucket),
    )
    return list(rows.all())
