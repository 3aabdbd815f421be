"""Scopes by week: what was expected, and what was sold for each day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal

from takt.alerting.domain.deviation import (
    BUSINESS_WEEK,
    Bucket,
    Measure,
    Record,
    Spread,
    WeekdayProfile,
)
from takt.alerting.domain.deviation import weekday_profile as learn_profile
from takt.alerting.domain.scopes import Scope
from takt.alerting.store.query import fetch
from takt.alerting.store.sales import Dated
from takt.alerting.tables import DayRow
from takt.common.db import Tx

HISTORY_WEEKS = 26
WEEK = timedelta(days=7)
WEEKLY_BY = time(12)
"""Of Monday in UTC: the weekly version is made by then, wherever the company is."""


@dataclass(frozen=True, slots=True)
class BucketRow:
    """A scope in a week: what the frozen version expected, in units and in money.

    `unit` is None where the scope sums several units.
    """

    scope: Scope
    week: date
    unit: str | None
    forecast_quantity: Decimal
    forecast_value: Decimal
    quantity_spread: Spread
    value_spread: Spread


@dataclass(frozen=True, slots=True)
class SoldBucket:
    """A bucket with what was sold in it; `booked` is the part that is dated after today.

    `whole`: its version was made when the week was under way.
    """

    row: BucketRow
    whole: bool
    quantity: Decimal
    revenue: Decimal
    booked_quantity: Decimal
    booked_revenue: Decimal


@dataclass(frozen=True, slots=True)
class ScopeWeeks:
    """A scope's buckets, oldest first."""

    scope: Scope
    buckets: tuple[SoldBucket, ...]

    @property
    def measure(self) -> Measure:
        """Units where there is only one, else money."""
        units = {bucket.row.unit for bucket in self.buckets}
        return "quantity" if len(units) == 1 and None not in units else "value"

    @property
    def unit(self) -> str | None:
        """The scope's unit, None where it is measured in money."""
        return self.buckets[-1].row.unit if self.measure == "quantity" else None

    def record(self, measure: Measure, current_week: date) -> Record:
        """The weeks without gaps up to the current one, in a measure."""
        by_week = {b.row.week: b for b in self.buckets}
        history: list[Bucket] = []
        week = current_week - WEEK
        while week in by_week:
            history.append(_bucket(by_week[week], measure))
            week -= WEEK
        current = by_week.get(current_week)
        return Record(tuple(reversed(history)), _bucket(current, measure) if current else None)

    def money(self, weeks: Collection[date], due: Decimal, *, with_booked: bool) -> Decimal:
        """What was paid less what was expected of it, over weeks of which a share was due."""
        expected = actual = Decimal(0)
        for bucket in self.buckets:
            if bucket.row.week in weeks:
                expected += bucket.row.forecast_value * due
                actual += bucket.revenue - (0 if with_booked else bucket.booked_revenue)
        return actual - expected


def _bucket(sold: SoldBucket, measure: Measure) -> Bucket:
    row = sold.row
    if measure == "quantity":
        return Bucket(
            row.week,
            row.forecast_quantity,
            sold.quantity,
            row.quantity_spread,
            sold.booked_quantity,
            sold.whole,
        )
    return Bucket(
        row.week,
        row.forecast_value,
        sold.revenue,
        row.value_spread,
        sold.booked_revenue,
        sold.whole,
    )


async def save_buckets(tx: Tx, rows: Sequence[BucketRow]) -> None:
    """Keep buckets; one that is there stays, but loses its unit where another one joins it."""
    await tx.exec_driver_sql(
        """
        INSERT INTO buckets (scope, week, product, family, region, unit, forecast_quantity,
            forecast_value, quantity_below, quantity_above, value_below, value_above)
        SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::text[],
            $6::text[], $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[],
            $11::numeric[], $12::numeric[])
        ON CONFLICT (scope, week) DO UPDATE SET unit = NULL
        WHERE buckets.unit <> excluded.unit
        """,
        (
            [row.scope.key for row in rows],
            [row.week for row in rows],
            [row.scope.product for row in rows],
            [row.scope.family for row in rows],
            [row.scope.region for row in rows],
            [row.unit for row in rows],
            [row.forecast_quantity for row in rows],
            [row.forecast_value for row in rows],
            [row.quantity_spread.below for row in rows],
            [row.quantity_spread.above for row in rows],
            [row.value_spread.below for row in rows],
            [row.value_spread.above for row in rows],
        ),
    )


async def add_days(tx: Tx, days: Sequence[DayRow]) -> None:
    """Add to what was sold for days; amounts may be negative, keys come once."""
    ordered = sorted(days, key=lambda day: (day.scope, day.day))
    await tx.exec_driver_sql(
        """
        INSERT INTO bucket_days (scope, day, quantity, revenue)
        SELECT * FROM unnest($1::text[], $2::date[], $3::numeric[], $4::numeric[])
        ON CONFLICT (scope, day) DO UPDATE SET
            quantity = bucket_days.quantity + excluded.quantity,
            revenue = bucket_days.revenue + excluded.revenue
        """,
        (
            [day.scope for day in ordered],
            [day.day for day in ordered],
            [day.quantity for day in ordered],
            [day.revenue for day in ordered],
        ),
    )


async def delete_week(tx: Tx, week: date) -> None:
    """Forget a week, to freeze it anew."""
    await tx.exec_driver_sql("DELETE FROM buckets WHERE week = $1", (week,))
    await tx.exec_driver_sql(
        "DELETE FROM bucket_days WHERE day BETWEEN $1 AND $1::date + 6", (week,)
    )


async def load_weeks(tx: Tx, scopes: Collection[str], today: date) -> dict[str, ScopeWeeks]:
    """The buckets of scopes that are judged today, with what was sold."""
    current = today - timedelta(days=today.weekday())
    rows = await fetch(
        tx,
        """
        SELECT b.scope, b.week, b.product, b.family, b.region, b.unit, b.forecast_quantity,
            b.forecast_value, b.quantity_below, b.quantity_above, b.value_below, b.value_above,
            coalesce(bool_or(v.as_of > (b.week + $5::time) AT TIME ZONE 'UTC'), false),
            coalesce(sum(d.quantity), 0), coalesce(sum(d.revenue), 0),
            coalesce(sum(d.quantity) FILTER (WHERE d.day > $4), 0),
            coalesce(sum(d.revenue) FILTER (WHERE d.day > $4), 0)
        FROM buckets b
        LEFT JOIN bucket_days d ON d.scope = b.scope AND d.day BETWEEN b.week AND b.week + 6
        LEFT JOIN frozen_weeks f ON f.week = b.week LEFT JOIN versions v ON v.version = f.version
        WHERE b.scope = ANY($1::text[]) AND b.week BETWEEN $2 AND $3
        GROUP BY b.scope, b.week ORDER BY b.scope, b.week
        """,
        (list(scopes), current - HISTORY_WEEKS * WEEK, current, today, WEEKLY_BY),
    )
    found: dict[str, list[SoldBucket]] = defaultdict(list)
    for key, week, product, family, region, unit, quantity, value, *numbers in rows:
        row = BucketRow(
            Scope(product, family, region),
            week,
            unit,
            quantity,
            value,
            Spread(*numbers[:2]),
            Spread(*numbers[2:4]),
        )
        found[key].append(SoldBucket(row, *numbers[4:]))
    return {key: ScopeWeeks(b[0].row.scope, tuple(b)) for key, b in found.items()}


async def load_scopes(
    tx: Tx, weeks: Collection[date], after: str | None, limit: int, level: str | None = None
) -> list[str]:
    """Keys of the scopes in these weeks, in order, after a key."""
    rows = await fetch(
        tx,
        """
        SELECT scope FROM buckets WHERE week = ANY($1::date[]) AND scope > $2
            AND ($4::text IS NULL OR $4 = CASE
                WHEN product IS NOT NULL AND region IS NOT NULL THEN 'series'
                WHEN product IS NOT NULL THEN 'product'
                WHEN family IS NOT NULL AND region IS NOT NULL THEN 'family-region'
                WHEN family IS NOT NULL THEN 'family'
                WHEN region IS NOT NULL THEN 'region' ELSE 'total' END)
        GROUP BY scope ORDER BY scope LIMIT $3
        """,
        (list(weeks), after or "", limit, level),
    )
    return [row[0] for row in rows]


async def load_series_days(tx: Tx, week: date) -> list[Dated]:
    """What was sold of every series for each day of a frozen week."""
    rows = await fetch(
        tx,
        """
        SELECT b.product, b.region, d.day, d.quantity, d.revenue FROM buckets b
        JOIN bucket_days d ON d.scope = b.scope AND d.day BETWEEN b.week AND b.week + 6
        WHERE b.week = $1 AND b.product IS NOT NULL AND b.region IS NOT NULL
        ORDER BY b.product, b.region, d.day
        """,
        (week,),
    )
    return [Dated(*row) for row in rows]


async def load_profile(tx: Tx, today: date) -> WeekdayProfile:
    """How the company's sales lie over the week, learned from the closed weeks that are kept."""
    current = today - timedelta(days=today.weekday())
    rows = await fetch(
        tx,
        """
        SELECT extract(isodow FROM day)::int, sum(revenue),
            (SELECT count(*) FROM frozen_weeks WHERE week < $1)
        FROM bucket_days
        WHERE scope = 'total' AND day < $1
        GROUP BY 1
        """,
        (current,),
    )
    sold = [Decimal(0)] * 7
    weeks = 0
    for weekday, revenue, weeks in rows:  # noqa: B007 - the number is the same in every row
        sold[weekday - 1] = max(revenue, Decimal(0))
    return learn_profile(sold, weeks) if weeks else BUSINESS_WEEK
