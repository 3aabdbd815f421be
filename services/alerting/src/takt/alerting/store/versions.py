"""Forecast versions as they were published, and which of them each week was frozen from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime

from takt.alerting.store.query import fetch
from takt.alerting.tables import DealWeek, SeriesWeek
from takt.common.contracts.forecast import ForecastVersionPublished
from takt.common.db import Tx


@dataclass(frozen=True, slots=True)
class Version:
    """A version that is there with all of its parts."""

    version: int
    as_of: datetime


async def save_part(tx: Tx, event: ForecastVersionPublished) -> bool:
    """Keep a part of a version; whether all of its parts are there now. Again changes nothing."""
    await tx.exec_driver_sql(
        "INSERT INTO versions (version, name, as_of, parts) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        (event.version, event.name, event.as_of, event.parts),
    )
    rows = await fetch(
        tx,
        """
        WITH kept AS (
            INSERT INTO version_parts (version, part) VALUES ($1, $2)
            ON CONFLICT DO NOTHING RETURNING 1
        )
        SELECT (SELECT count(*) FROM kept),
            (SELECT count(*) FROM version_parts WHERE version = $1)
        """,
        (event.version, event.part),
    )
    kept, before = rows[0]
    if not kept:
        return False
    await _save_series(tx, event)
    await _save_deals(tx, event)
    return bool(before + 1 == event.parts)


async def _save_series(tx: Tx, event: ForecastVersionPublished) -> None:
    """One statement for all series: their weeks come as rows and are put together as arrays."""
    weeks = [(series, bucket) for series in event.series for bucket in series.buckets]
    await tx.exec_driver_sql(
        """
        INSERT INTO version_series
        SELECT $1::bigint, product, region, min(unit), min(price), array_agg(week ORDER BY week),
            array_agg(quantity ORDER BY week), array_agg(low ORDER BY week),
            array_agg(high ORDER BY week)
        FROM unnest($2::text[], $3::text[], $4::text[], $5::numeric[], $6::date[], $7::numeric[],
            $8::numeric[], $9::numeric[])
            AS given (product, region, unit, price, week, quantity, low, high)
        GROUP BY product, region
        """,
        (
            event.version,
            [series.product for series, _ in weeks],
            [series.region for series, _ in weeks],
            [series.unit for series, _ in weeks],
            [series.price for series, _ in weeks],
            [bucket.week for _, bucket in weeks],
            [bucket.quantity for _, bucket in weeks],
            [bucket.low95 for _, bucket in weeks],
            [bucket.high95 for _, bucket in weeks],
        ),
    )


async def _save_deals(tx: Tx, event: ForecastVersionPublished) -> None:
    parts = [(series, deal) for series in event.series for deal in series.deals]
    if not parts:
        return
    await tx.exec_driver_sql(
        """
        INSERT INTO version_deals
            (version, line_id, week, deal_id, product, region, quantity, expected_ever)
        SELECT $1::bigint, * FROM unnest($2::uuid[], $3::date[], $4::uuid[], $5::text[], $6::text[],
            $7::numeric[], $8::numeric[])
        """,
        (
            event.version,
            [deal.line_id for _, deal in parts],
            [deal.week for _, deal in parts],
            [deal.deal_id for _, deal in parts],
            [series.product for series, _ in parts],
            [series.region for series, _ in parts],
            [deal.quantity for _, deal in parts],
            [deal.full_quantity * deal.probability for _, deal in parts],
        ),
    )


async def version_at(
    tx: Tx, begins: datetime, monday_ends: datetime, ends: datetime
) -> Version | None:
    """The version that a week is held to.

    The first one of its Monday, which the schedule publishes soon after the week began; else the
    last one before. In an installation's first week there is neither: then the first one of it.

    Args:
        tx: a transaction.
        begins: the week's first instant.
        monday_ends: the end of its Monday.
        ends: of the week, or now.
    """
    rows = await fetch(
        tx,
        """
        SELECT v.version, v.as_of FROM versions v
        WHERE v.as_of < $3
            AND v.parts = (SELECT count(*) FROM version_parts p WHERE p.version = v.version)
        ORDER BY v.as_of >= $1 AND v.as_of < $2 DESC, v.as_of < $1 DESC,
            CASE WHEN v.as_of < $1 THEN v.as_of END DESC, v.as_of,
            CASE WHEN v.as_of < $1 THEN v.version END DESC, v.version
        LIMIT 1
        """,
        (begins, monday_ends, ends),
    )
    row = rows[0] if rows else None
    return Version(row.version, row.as_of) if row else None


async def frozen_versions(tx: Tx, weeks: Collection[date]) -> dict[date, int]:
    """The versions that these weeks were frozen from; a week that is not frozen is left out."""
    rows = await fetch(
        tx, "SELECT week, version FROM frozen_weeks WHERE week = ANY($1::date[])", (list(weeks),)
    )
    return {week: version for week, version in rows}


async def save_frozen(tx: Tx, week: date, version: int, now: datetime) -> None:
    """Remember from which version a week was frozen."""
    await tx.exec_driver_sql(
        "INSERT INTO frozen_weeks (week, version, frozen_at) VALUES ($1, $2, $3)",
        (week, version, now),
    )


async def forget_frozen(tx: Tx, week: date) -> None:
    """Let a week be frozen anew."""
    await tx.exec_driver_sql("DELETE FROM frozen_weeks WHERE week = $1", (week,))


async def load_series(tx: Tx, version: int, week: date) -> list[SeriesWeek]:
    """What a version expected of every series in a week."""
    rows = await fetch(
        tx,
        """
        SELECT product, region, unit, price, quantity[at], low[at], high[at]
        FROM version_series, LATERAL (SELECT array_position(weeks, $2::date)) AS place (at)
        WHERE version = $1 AND at IS NOT NULL ORDER BY product, region
        """,
        (version, week),
    )
    return [SeriesWeek(*row) for row in rows]


async def load_deals(tx: Tx, version: int, week: date) -> list[DealWeek]:
    """What a version expected of every deal, by product and region: in a week, and ever."""
    rows = await fetch(
        tx,
        """
        SELECT deal_id, product, region, sum(expected), sum(expected_ever) FROM (
            SELECT deal_id, product, region, expected_ever,
                coalesce(sum(quantity) FILTER (WHERE week = $2), 0) AS expected
            FROM version_deals WHERE version = $1
            GROUP BY line_id, deal_id, product, region, expected_ever
        ) AS lines
        GROUP BY deal_id, product, region ORDER BY deal_id, product, region
        """,
        (version, week),
    )
    return [DealWeek(*row) for row in rows]


async def prune(tx: Tx, oldest: date) -> None:
    """Forget what is older than the weeks that are judged; the newest version always stays."""
    for sql in (
        "DELETE FROM frozen_weeks WHERE week < $1",
        "DELETE FROM buckets WHERE week < $1",
        "DELETE FROM bucket_days WHERE day < $1",
        "DELETE FROM sales WHERE demand_date < $1",
    ):
        await tx.exec_driver_sql(sql, (oldest,))
    await tx.exec_driver_sql(
        """
        DELETE FROM versions WHERE as_of < $1
            AND version NOT IN (SELECT version FROM frozen_weeks)
            AND version <> (SELECT max(version) FROM versions)
        """,
        (datetime(oldest.year, oldest.month, oldest.day, tzinfo=UTC),),
    )
