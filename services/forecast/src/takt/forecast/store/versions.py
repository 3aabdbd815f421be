"""Versions: freezing, and reading what was frozen."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np

from takt.common.db import Tx
from takt.forecast.domain.joining import Millionths

_PUBLISHING = 5_101_001
"""The advisory lock under which version numbers are given."""


@dataclass(frozen=True, slots=True)
class Version:
    """A published version."""

    version: int
    name: str
    as_of: datetime
    published_by: str
    series: int


@dataclass(frozen=True, slots=True)
class FrozenRevision:
    """A series in a version. Arrays of shape (weeks,), `bands` (4, weeks), in whole millionths."""

    product: str
    region: str
    unit: str
    revision: int
    price: Decimal
    first_week: date
    baseline: Millionths
    pipeline: Millionths
    bands: Millionths


@dataclass(frozen=True, slots=True)
class FrozenLine:
    """A deal line in a version."""

    deal_id: UUID
    line_id: UUID
    quantity: Decimal
    price: Decimal
    probability: Decimal
    first_week: date
    expected: Millionths


async def published_since(tx: Tx, instant: datetime) -> bool:
    """Whether any version was published at or after the instant."""
    rows = await tx.exec_driver_sql(
        "SELECT EXISTS (SELECT FROM versions WHERE as_of >= $1)", (instant,)
    )
    return bool(rows.scalar_one())


_FREEZE = """
WITH version AS (
    INSERT INTO versions (version, name, as_of, published_by, series)
    SELECT coalesce((SELECT max(version) FROM versions), 0) + 1, $1, $2, $3, count(*)
    FROM series WHERE revision > 0 HAVING count(*) > 0
    RETURNING *
), seen AS (
    SELECT product, region, date_trunc('week', day)::date AS week,
        (sum(quantity) * 1000000)::bigint AS units
    FROM demand WHERE quantity > 0 AND day >= (SELECT min(first_week) FROM series) - 182
    GROUP BY 1, 2, 3
), observed AS (
    SELECT s.product, s.region, array_agg(coalesce(units, 0) ORDER BY ago DESC) AS observed
    FROM series s CROSS JOIN generate_series(1, 26) ago
    LEFT JOIN seen ON (seen.product, seen.region, seen.week)
        = (s.product, s.region, s.first_week - 7 * ago)
    GROUP BY 1, 2
), frozen AS (
    INSERT INTO version_series (version, product, region, revision, unit, statistical, known,
        ordered, observed, observed_before, states, lift, lift_week, lift_error, shift, shift_week)
    SELECT version, product, region, s.revision, coalesce(p.unit, 'each'), s.statistical, s.known,
        s.ordered, observed, t.observed_before, t.states, s.lift, s.lift_week, s.lift_error,
        s.shift, s.shift_week
    FROM version, series s JOIN observed USING (product, region)
    LEFT JOIN series_states t USING (product, region) LEFT JOIN products p ON p.code = product
    WHERE s.revision > 0
), lines AS (
    INSERT INTO version_lines (version, product, region, deal_id, line_id, quantity, price,
        probability, first_week, expected)
    SELECT version, product, region, deal_id, line_id, quantity, l.price, probability,
        l.first_week, expected
    FROM version, pipeline_lines l JOIN series s USING (product, region) WHERE s.revision > 0
), orders AS (
    INSERT INTO version_orders (version, product, region, sale_id, source, order_line, week,
        quantity)
    SELECT version, product, region, sale_id, source, order_line, date_trunc('week', day)::date,
        (quantity * 1000000)::bigint
    FROM version, demand d JOIN series s USING (product, region)
    WHERE s.revision > 0 AND d.deal_id IS NULL AND quantity > 0
        AND day >= s.first_week AND day < s.first_week + 182
), signals_kept AS (
    INSERT INTO version_signals (version, product, region, signal_id, sequence, kind, source,
        external_id, begins, ends, log_factor)
    SELECT version, e.product, e.region, g.signal_id, g.sequence, g.kind, g.source, g.external_id,
        g.begins, g.ends, e.log_factor
    FROM version, signal_effects e JOIN signals g ON g.signal_id = e.signal_id
    JOIN series s ON (s.product, s.region) = (e.product, e.region) WHERE s.revision > 0
), deals_kept AS (
    INSERT INTO version_deals (deal_id, version, name, stage, status, sequence)
    SELECT deal_id, version, state ->> 'name', stage, status, sequence
    FROM version, deals d
    WHERE EXISTS (SELECT FROM pipeline_lines l WHERE l.deal_id = d.deal_id) OR EXISTS (
        SELECT FROM version_lines l
        WHERE l.version = (SELECT max(version) FROM versions) AND l.deal_id = d.deal_id)
)
SELECT version, name, as_of, published_by, series FROM version
"""


async def freeze(tx: Tx, *, name: str, published_by: str, now: datetime) -> Version | None:
    """Make a version of every series at its present revision; None when there is none.

    One statement sees one moment: series and the lines counted into them belong together, and
    nobody has to wait.
    """
    await tx.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_PUBLISHING})")
    rows = await tx.exec_driver_sql(
        _FREEZE,
        (name, now, published_by),
    )
    row = rows.one_or_none()
    return None if row is None else Version(**row._mapping)


_REVISIONS = """
SELECT v.product, v.region, v.unit, v.revision, r.price, r.first_week, r.baseline, r.pipeline,
r.bands FROM version_series v JOIN forecast_revisions r USING (product, region, revision)
WHERE v.version = $1
"""


def frozen_revision(row: Any) -> FrozenRevision:
    """A series of a version from its row."""
    return FrozenRevision(
        row.product,
        row.region,
        row.unit,
        row.revision,
        row.price,
        row.first_week,
        np.array(row.baseline, dtype=np.int64),
        np.array(row.pipeline, dtype=np.int64),
        np.array(row.bands, dtype=np.int64).reshape(4, -1),
    )


async def content(
    tx: Tx, version: int
) -> tuple[list[FrozenRevision], dict[tuple[str, str], list[FrozenLine]]]:
    """The series of a version in order, and the deal lines by series."""
    revisions = await tx.exec_driver_sql(_REVISIONS + "ORDER BY 1, 2", (version,))
    lines = await tx.exec_driver_sql(
        "SELECT * FROM version_lines WHERE version = $1 ORDER BY line_id", (version,)
    )
    by_series: dict[tuple[str, str], list[FrozenLine]] = {}
    for row in lines:
        by_series.setdefault((row.product, row.region), []).append(
            FrozenLine(
                row.deal_id,
                row.line_id,
                row.quantity,
                row.price,
                row.probability,
                row.first_week,
                np.array(row.expected, dtype=np.int64),
            )
        )
    return [frozen_revision(row) for row in revisions], by_series


async def page_of_series(
    tx: Tx, version: int, after: tuple[str, str] | None, limit: int
) -> list[FrozenRevision]:
    """Series of a version after one, in order."""
    place = after or ("", "")
    rows = await tx.exec_driver_sql(
        _REVISIONS + "AND (v.product, v.region) > ($2, $3) ORDER BY 1, 2 LIMIT $4",
        (version, place[0], place[1], limit),
    )
    return [frozen_revision(row) for row in rows]


async def get_version(tx: Tx, version: int) -> Any | None:
    """A version's head."""
    rows = await tx.exec_driver_sql("SELECT * FROM versions WHERE version = $1", (version,))
    return rows.one_or_none()


async def list_versions(
    tx: Tx, *, as_of: datetime | None, before: int | None, limit: int
) -> list[Any]:
    """Versions, the newest first; with `as_of` those that were published by then."""
    rows = await tx.exec_driver_sql(
        """
        SELECT * FROM versions
        WHERE ($1::timestamptz IS NULL OR as_of <= $1) AND ($2::bigint IS NULL OR version < $2)
        ORDER BY version DESC LIMIT $3
        """,
        (as_of, before, limit),
    )
    return list(rows.all())
