"""Series, the lines counted into them, and their revisions."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np

from takt.common.amounts import probability
from takt.common.db import Tx
from takt.forecast.domain.calendar import HORIZON_WEEKS, weeks_between
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.joining import Joined
from takt.forecast.domain.pipeline import LineOutlook, Outlook
from takt.forecast.domain.refit import Fit, KnownStates
from takt.forecast.domain.series import Series, lifts_from
from takt.forecast.store.arrays import literal

_COLUMNS = """
    s.product, s.region, s.revision, s.price, coalesce(p.unit, 'each') AS unit, s.first_week,
    s.statistical, s.known, s.scale, s.ordered, s.pipeline, s.variance, s.won,
    s.lift, s.lift_error, s.lift_week
"""


def _series(row: Any) -> Series:
    lift = error = None
    if row.lift is not None:
        passed = weeks_between(row.lift_week, row.first_week)
        lift, error = lifts_from(np.array(row.lift), np.array(row.lift_error), passed)
    return Series(
        SeriesKey(row.product, row.region),
        row.revision,
        row.price,
        row.unit,
        row.first_week,
        np.array(row.statistical),
        np.array(row.known),
        row.scale,
        np.array(row.ordered, dtype=np.int64),
        np.array(row.pipeline, dtype=np.int64),
        np.array(row.variance),
        np.array(row.won, dtype=np.int64),
        lift=lift,
        lift_error=error,
    )


async def lock_series(tx: Tx, keys: Sequence[SeriesKey], week: date) -> list[Series]:
    """Lock series in one order, as they stand; those not there yet are new and hold nothing.

    New ones are made before any is locked, so that two who make series at once, and others too,
    follow one another.

    Args:
        tx: the caller's transaction, which holds no locks of series, or those of all `keys`.
        keys: each once.
        week: the week in progress.
    """
    found = await _locked(tx, keys)
    if len(found) < len(keys):
        await _insert(tx, keys, week)
        found = await _locked(tx, keys)
    return [series.rolled_to(week) for series in found]


async def _locked(tx: Tx, keys: Sequence[SeriesKey]) -> list[Series]:
    """All of them, or none where one is not there."""
    rows = await tx.exec_driver_sql(
        f"""
        SELECT {_COLUMNS}
        FROM series s LEFT JOIN products p ON p.code = s.product
        WHERE (s.product, s.region) IN (SELECT * FROM unnest($1::text[], $2::text[]))
            AND $3 = (SELECT count(*) FROM series
                WHERE (product, region) IN (SELECT * FROM unnest($1::text[], $2::text[])))
        ORDER BY s.product, s.region FOR UPDATE OF s
        """,
        ([key.product for key in keys], [key.region for key in keys], len(keys)),
    )
    return [_series(row) for row in rows]


async def _insert(tx: Tx, keys: Sequence[SeriesKey], week: date) -> None:
    """Begin series at the list price of their product."""
    nothing = literal([0] * HORIZON_WEEKS)
    ordered = sorted(keys)
    await tx.exec_driver_sql(
        """
        INSERT INTO series (product, region, revision, price, first_week, statistical, known,
            scale, ordered, pipeline, variance, won)
        SELECT k.product, k.region, 0, coalesce(p.list_price, 0), $3, $4::text::float8[],
            $4::text::float8[], 0, $4::text::bigint[], $4::text::bigint[], $4::text::float8[],
            $4::text::bigint[]
        FROM unnest($1::text[], $2::text[]) AS k (product, region)
        LEFT JOIN products p ON p.code = k.product ORDER BY 1, 2
        ON CONFLICT DO NOTHING
        """,
        ([k.product for k in ordered], [k.region for k in ordered], week, nothing),
    )


@dataclass(frozen=True, slots=True)
class DealDemand:
    """What is now said of a deal: its outlook and its lines, which replace those of before."""

    deal_id: UUID
    sequence: int
    outlook: Outlook
    lines: tuple[LineOutlook, ...]


_SAVE_SERIES = """
WITH said AS (
    SELECT product, region, revision, price, first_week, statistical::float8[] AS statistical,
        scale, ordered::bigint[] AS ordered,
        pipeline::bigint[] AS pipeline, variance::float8[] AS variance,
        baseline::bigint[] AS baseline, bands::bigint[] AS bands, won::bigint[] AS won
    FROM unnest($2::text[], $3::text[], $4::bigint[], $5::numeric[], $6::date[], $7::text[],
        $8::float8[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[])
        AS c (product, region, revision, price, first_week, statistical, scale, ordered,
            pipeline, variance, baseline, bands, won)
), revised AS (
    INSERT INTO forecast_revisions (product, region, revision, as_of, price, first_week, baseline,
        pipeline, bands)
    SELECT product, region, revision, $1, price, first_week, baseline, pipeline, bands FROM said
)"""

_SAVE_LINES = """, said_of AS (
    UPDATE deals SET demand_sequence = d.sequence, probability = d.probability,
        stalled = d.stalled, counts = d.counts, demand_as_of = $1
    FROM unnest($15::uuid[], $16::bigint[], $17::numeric[], $18::boolean[], $19::jsonb[])
        AS d (deal_id, sequence, probability, stalled, counts)
    WHERE deals.deal_id = d.deal_id
), lines AS (
    SELECT deal_id, line_id, product, region, quantity, price, probability, first_week,
        expected::bigint[] AS expected, variance::float8[] AS variance
    FROM unnest($20::uuid[], $21::uuid[], $22::text[], $23::text[], $24::numeric[], $25::numeric[],
        $26::numeric[], $27::date[], $28::text[], $29::text[])
        AS l (deal_id, line_id, product, region, quantity, price, probability, first_week,
            expected, variance)
), gone AS (
    DELETE FROM pipeline_lines WHERE deal_id = ANY($15::uuid[])
        AND line_id <> ALL($21::uuid[])
), counted AS (
    INSERT INTO pipeline_lines (deal_id, line_id, product, region, quantity, price, probability,
        first_week, expected, variance)
    SELECT * FROM lines
    ON CONFLICT (deal_id, line_id) DO UPDATE SET product = excluded.product,
        region = excluded.region, quantity = excluded.quantity, price = excluded.price,
        probability = excluded.probability, first_week = excluded.first_week,
        expected = excluded.expected, variance = excluded.variance
)"""

_UPDATE_SERIES = """
UPDATE series SET revision = said.revision, price = said.price, first_week = said.first_week,
    statistical = coalesce(said.statistical, series.statistical), scale = said.scale,
    ordered = said.ordered, pipeline = said.pipeline, variance = said.variance, won = said.won
FROM said WHERE (series.product, series.region) = (said.product, said.region)
"""


async def save_forecasts(
    tx: Tx,
    batch: Sequence[Series],
    joined: Joined,
    now: datetime,
    demand: Sequence[DealDemand] = (),
) -> None:
    """Write series, their new revisions, and the deals and lines that moved them: one statement.

    Args:
        tx: the caller's transaction, holding the locks of the series and deals.
        batch: series at their new revisions.
        joined: their forecasts, in the same order.
        now: business time.
        demand: deals whose lines are replaced.
    """
    lines = [line for deal in demand for line in deal.lines]
    await tx.exec_driver_sql(
        _SAVE_SERIES + (_SAVE_LINES if demand else "") + _UPDATE_SERIES,
        (
            now,
            [s.key.product for s in batch],
            [s.key.region for s in batch],
            [s.revision for s in batch],
            [s.price for s in batch],
            [s.first_week for s in batch],
            [literal(s.statistical) if s.model_changed else None for s in batch],
            [s.scale for s in batch],
            [literal(s.ordered) for s in batch],
            [literal(s.pipeline) for s in batch],
            [literal(s.variance) for s in batch],
            [literal(baseline) for baseline in joined.baseline],
            [literal(joined.bands[:, position]) for position in range(len(batch))],
            [literal(s.won) for s in batch],
            *(
                (
                    [d.deal_id for d in demand],
                    [d.sequence for d in demand],
                    [probability(d.outlook.probability) for d in demand],
                    [d.outlook.stalled for d in demand],
                    [json.dumps(asdict(d.outlook.counts)) for d in demand],
                    [line.deal_id for line in lines],
                    [line.line.line_id for line in lines],
                    [line.series.product for line in lines],
                    [line.series.region for line in lines],
                    [line.line.quantity for line in lines],
                    [line.line.price for line in lines],
                    [probability(line.probability) for line in lines],
                    [line.first_week for line in lines],
                    [literal(line.expected) for line in lines],
                    [literal(line.variance) for line in lines],
                )
                if demand
                else ()
            ),
        ),
    )


async def lock_due_series(tx: Tx, week: date, limit: int) -> list[SeriesKey]:
    """Lock some series whose history has changed or that stand in an earlier week.

    Those that another worker has locked are left to it.
    """
    rows = await tx.exec_driver_sql(
        """
        SELECT product, region FROM series WHERE stale OR first_week < $1
        ORDER BY product, region LIMIT $2 FOR UPDATE SKIP LOCKED
        """,
        (week, limit),
    )
    return [SeriesKey(row.product, row.region) for row in rows]


async def series_after(tx: Tx, after: SeriesKey | None, limit: int) -> list[SeriesKey]:
    """Keys in order, after one."""
    start = after or SeriesKey("", "")
    rows = await tx.exec_driver_sql(
        """
        SELECT product, region FROM series WHERE (product, region) > ($1, $2)
        ORDER BY product, region LIMIT $3
        """,
        (start.product, start.region, limit),
    )
    return [SeriesKey(row.product, row.region) for row in rows]


_MARK = """
WITH chosen AS (SELECT product, region FROM series WHERE {chosen} ORDER BY 1, 2 FOR UPDATE)
UPDATE series SET stale = true FROM chosen
WHERE (series.product, series.region) = (chosen.product, chosen.region)
"""


async def mark_stale(tx: Tx, keys: Collection[SeriesKey]) -> None:
    """Say that the history of these series has changed. Lock them first."""
    await tx.exec_driver_sql(
        """
        UPDATE series SET stale = true WHERE NOT stale
            AND (product, region) IN (SELECT * FROM unnest($1::text[], $2::text[]))
        """,
        ([key.product for key in keys], [key.region for key in keys]),
    )


async def any_series_of(tx: Tx, products: Sequence[str]) -> bool:
    """Whether any of these products has a series."""
    rows = await tx.exec_driver_sql(
        "SELECT EXISTS (SELECT FROM series WHERE product = ANY($1::text[]))", (list(products),)
    )
    return bool(rows.scalar_one())


async def mark_products_stale(tx: Tx, products: Sequence[str]) -> None:
    """Have the series of these products said anew."""
    await tx.exec_driver_sql(_MARK.format(chosen="product = ANY($1::text[])"), (list(products),))


async def mark_all_stale(tx: Tx) -> None:
    """Have every series fitted anew."""
    await tx.exec_driver_sql(_MARK.format(chosen="NOT stale"))


async def states_of(tx: Tx, keys: Sequence[SeriesKey]) -> dict[SeriesKey, KnownStates]:
    """Fitted states by series. Lock the series first."""
    rows = await tx.exec_driver_sql(
        """
        SELECT t.*, s.stale FROM series_states t JOIN series s USING (product, region)
        WHERE (product, region) IN (SELECT * FROM unnest($1::text[], $2::text[]))
        """,
        ([key.product for key in keys], [key.region for key in keys]),
    )
    return {
        SeriesKey(row.product, row.region): KnownStates(
            row.observed_from, row.observed_before, row.states, row.stale
        )
        for row in rows
    }


async def save_fits(tx: Tx, fits: Sequence[Fit], keys: Sequence[SeriesKey]) -> None:
    """Keep fitted states; `keys`, fitted or without history, are not stale any more."""
    await tx.exec_driver_sql(
        """
        WITH fresh AS (
            UPDATE series SET stale = false WHERE stale
                AND (product, region) IN (SELECT * FROM unnest($6::text[], $7::text[]))
        )
        INSERT INTO series_states (product, region, observed_from, observed_before, states)
        SELECT product, region, observed_from, observed_before, states::float8[]
        FROM unnest($1::text[], $2::text[], $3::date[], $4::date[], $5::text[])
            AS f (product, region, observed_from, observed_before, states)
        ON CONFLICT (product, region) DO UPDATE SET observed_from = excluded.observed_from,
            observed_before = excluded.observed_before, states = excluded.states
        """,
        (
            [f.key.product for f in fits],
            [f.key.region for f in fits],
            [f.observed_from for f in fits],
            [f.observed_before for f in fits],
            [literal(f.states) for f in fits],
            [key.product for key in keys],
            [key.region for key in keys],
        ),
    )


async def save_known(tx: Tx, known: Mapping[SeriesKey, Sequence[float]]) -> None:
    """Keep the known shares of series."""
    keys = sorted(known)
    await tx.exec_driver_sql(
        """
        WITH chosen AS (
            SELECT product, region, k.known FROM series
            JOIN unnest($1::text[], $2::text[], $3::text[]) AS k (product, region, known)
                USING (product, region)
            ORDER BY 1, 2 FOR UPDATE OF series
        )
        UPDATE series SET known = chosen.known::float8[] FROM chosen
        WHERE (series.product, series.region) = (chosen.product, chosen.region)
        """,
        (
            [key.product for key in keys],
            [key.region for key in keys],
            [literal(known[key]) for key in keys],
        ),
    )
