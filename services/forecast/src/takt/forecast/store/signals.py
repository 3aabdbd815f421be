"""Signals, their effects on series, and which series they cover."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from takt.common.contracts.forecast import SignalState
from takt.common.db import Tx
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.series import Series
from takt.forecast.domain.signals import PaidWeek, SignalEffect
from takt.forecast.store.arrays import literal

_RECORDING = 5_101_004
"""The advisory lock under which signals are recorded and withdrawn."""


@dataclass(frozen=True, slots=True)
class StoredSignal:
    """A signal with how often it was changed, and whether it still holds."""

    state: SignalState
    sequence: int
    withdrawn: bool
    recorded_by: str
    recorded_at: datetime
    source_sequence: int | None = None
    """The source's own count of its changes, where it keeps one."""


def _stored(row: Any) -> StoredSignal:
    state = SignalState(**{name: getattr(row, name) for name in SignalState.model_fields})
    return StoredSignal(
        state,
        row.sequence,
        row.withdrawn,
        row.recorded_by,
        row.recorded_at,
        row.source_sequence,
    )


async def lock_signals(tx: Tx, signal_ids: Sequence[UUID]) -> dict[UUID, StoredSignal]:
    """Signals that are there; whoever records or withdraws any waits until the caller is through.

    One after the other, because a signal that is not there yet cannot be locked itself.
    """
    await tx.exec_driver_sql("SELECT pg_advisory_xact_lock($1)", (_RECORDING,))
    rows = await tx.exec_driver_sql(
        "SELECT * FROM signals WHERE signal_id = ANY($1::uuid[])",
        (list(signal_ids),),
    )
    return {row.signal_id: _stored(row) for row in rows}


async def save_signals(tx: Tx, signals: Sequence[StoredSignal]) -> None:
    """Keep signals. Lock them first."""
    ordered = sorted(signals, key=lambda signal: signal.state.signal_id)
    states = [signal.state for signal in ordered]
    await tx.exec_driver_sql(
        """
        INSERT INTO signals (signal_id, source, external_id, kind, product, family, region, begins,
            ends, strength, value, note, sequence, withdrawn, recorded_by, recorded_at,
            source_sequence)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[],
            $6::text[], $7::text[], $8::date[], $9::date[], $10::numeric[], $11::numeric[],
            $12::text[], $13::bigint[], $14::boolean[], $15::text[], $16::timestamptz[],
            $17::bigint[])
        ON CONFLICT (signal_id) DO UPDATE SET kind = excluded.kind, product = excluded.product,
            family = excluded.family, region = excluded.region, begins = excluded.begins,
            ends = excluded.ends, strength = excluded.strength, value = excluded.value,
            note = excluded.note, sequence = excluded.sequence,
            withdrawn = excluded.withdrawn, recorded_by = excluded.recorded_by,
            recorded_at = excluded.recorded_at, source_sequence = excluded.source_sequence
        """,
        (
            [s.signal_id for s in states],
            [s.source for s in states],
            [s.external_id for s in states],
            [s.kind for s in states],
            [s.product for s in states],
            [s.family for s in states],
            [s.region for s in states],
            [s.begins for s in states],
            [s.ends for s in states],
            [s.strength for s in states],
            [s.value for s in states],
            [s.note for s in states],
            [signal.sequence for signal in ordered],
            [signal.withdrawn for signal in ordered],
            [signal.recorded_by for signal in ordered],
            [signal.recorded_at for signal in ordered],
            [signal.source_sequence for signal in ordered],
        ),
    )


_COVERED = """
WITH RECURSIVE told AS (
    {told}
), inside AS (
    SELECT region AS whole, region AS code FROM told WHERE region IS NOT NULL
    UNION SELECT i.whole, r.code FROM regions r JOIN inside i ON r.parent = i.code
), near AS (
    SELECT s.product, s.region, p.family FROM series s LEFT JOIN products p ON p.code = s.product
    WHERE {near}
), reached AS (
    SELECT g.signal_id, g.region AS whole, n.* FROM told g JOIN near n ON n.product = g.product
    UNION ALL
    SELECT g.signal_id, g.region, n.* FROM told g JOIN near n ON n.family = g.family
    UNION ALL
    SELECT g.signal_id, g.region, n.* FROM told g CROSS JOIN near n
    WHERE g.product IS NULL AND g.family IS NULL
), covered AS (
    SELECT signal_id, product AS of_product, region AS of_region FROM reached
    WHERE whole IS NULL OR (whole, region) IN (SELECT whole, code FROM inside)
)
"""
"""Which signals cover which series: by a way of its own for each scope, so that thousands of
signals meet thousands of series by equality."""


async def covered_series(tx: Tx, signals: Sequence[SignalState]) -> dict[SeriesKey, list[UUID]]:
    """Every series that one of these covers, in order, with the signals that do."""
    told = """
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
            AS given (signal_id, product, family, region)
    """
    rows = await tx.exec_driver_sql(
        _COVERED.format(told=told, near="true")
        + """
        SELECT of_product, of_region, array_agg(DISTINCT signal_id) AS signals
        FROM covered GROUP BY 1, 2 ORDER BY 1, 2
        """,
        (
            [s.signal_id for s in signals],
            [s.product for s in signals],
            [s.family for s in signals],
            [s.region for s in signals],
        ),
    )
    return {SeriesKey(row.of_product, row.of_region): row.signals for row in rows}


async def signals_by_series(tx: Tx, products: Sequence[str]) -> dict[SeriesKey, list[SignalState]]:
    """Signals that hold, past ones too, by each series of these products that they cover."""
    rows = await tx.exec_driver_sql(
        _COVERED.format(
            told="SELECT * FROM signals WHERE NOT withdrawn", near="s.product = ANY($1::text[])"
        )
        + """
        SELECT c.of_product, c.of_region, g.* FROM covered c JOIN signals g USING (signal_id)
        ORDER BY g.begins, g.signal_id
        """,
        (sorted(set(products)),),
    )
    found: dict[SeriesKey, list[SignalState]] = {}
    states: dict[UUID, SignalState] = {}
    for row in rows:
        if row.signal_id not in states:
            states[row.signal_id] = _stored(row).state
        key = SeriesKey(row.of_product, row.of_region)
        found.setdefault(key, []).append(states[row.signal_id])
    return found


async def paid_weeks(tx: Tx, products: Sequence[str], week: date) -> dict[str, list[PaidWeek]]:
    """Demand and the mean price paid by week before this one, of all series of these products."""
    rows = await tx.exec_driver_sql(
        """
        SELECT product, region, date_trunc('week', day)::date AS week,
            sum(quantity)::float8 AS quantity,
            (sum(quantity * price) FILTER (WHERE price > 0)
                / sum(quantity) FILTER (WHERE price > 0))::float8 AS price
        FROM demand WHERE product = ANY($1::text[]) AND day < $2 AND quantity > 0
        GROUP BY 1, 2, 3 HAVING bool_or(price > 0)
        """,
        (sorted(set(products)), week),
    )
    found: dict[str, list[PaidWeek]] = {}
    for row in rows:
        key = SeriesKey(row.product, row.region)
        found.setdefault(row.product, []).append(PaidWeek(key, row.week, row.quantity, row.price))
    return found


async def save_lifts(
    tx: Tx,
    batch: Sequence[Series],
    effects: Mapping[SeriesKey, Sequence[tuple[SignalState, SignalEffect]]],
) -> None:
    """Keep the lifts of locked series, and the effects that made them in place of earlier ones."""
    said = [(key, *effect) for key, of in effects.items() for effect in of]
    await tx.exec_driver_sql(
        """
        WITH lifted AS (
            UPDATE series SET lift = l.lift::float8[], lift_error = l.error::float8[],
                lift_week = l.week
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[])
                AS l (product, region, lift, error, week)
            WHERE (series.product, series.region) = (l.product, l.region)
        ), gone AS (
            DELETE FROM signal_effects e USING unnest($1::text[], $2::text[]) AS l (product, region)
            WHERE (e.product, e.region) = (l.product, l.region)
                AND (e.signal_id, e.product, e.region) NOT IN (
                    SELECT * FROM unnest($6::uuid[], $7::text[], $8::text[]))
        )
        INSERT INTO signal_effects (signal_id, product, region, log_factor, error, origin, observed)
        SELECT * FROM unnest($6::uuid[], $7::text[], $8::text[], $9::float8[], $10::float8[],
            $11::text[], $12::int[])
        ON CONFLICT (signal_id, product, region) DO UPDATE SET log_factor = excluded.log_factor,
            error = excluded.error, origin = excluded.origin, observed = excluded.observed
        """,
        (
            [s.key.product for s in batch],
            [s.key.region for s in batch],
            [None if s.lift is None else literal(s.lift) for s in batch],
            [None if s.lift_error is None else literal(s.lift_error) for s in batch],
            [s.first_week for s in batch],
            [signal.signal_id for _, signal, _ in said],
            [key.product for key, _, _ in said],
            [key.region for key, _, _ in said],
            [effect.log_factor for _, _, effect in said],
            [effect.error for _, _, effect in said],
            [effect.origin for _, _, effect in said],
            [effect.observed for _, _, effect in said],
        ),
    )


async def get_signal(tx: Tx, signal_id: UUID) -> StoredSignal | None:
    """A signal, withdrawn or not."""
    rows = await tx.exec_driver_sql("SELECT * FROM signals WHERE signal_id = $1", (signal_id,))
    row = rows.one_or_none()
    return None if row is None else _stored(row)


async def effects_of_signal(tx: Tx, signal_id: UUID) -> list[Any]:
    """The effects of a signal on each series."""
    rows = await tx.exec_driver_sql(
        "SELECT * FROM signal_effects WHERE signal_id = $1 ORDER BY product, region", (signal_id,)
    )
    return list(rows.all())


async def list_signals(
    tx: Tx,
    *,
    kind: str | None,
    product: str | None,
    family: str | None,
    region: str | None,
    source: str | None,
    on: date | None,
    withdrawn: bool,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[StoredSignal]:
    """Signals by first day; those of a product, family or region that name it themselves."""
    rows = await tx.exec_driver_sql(
        """
        SELECT * FROM signals
        WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR product = $2)
            AND ($3::text IS NULL OR family = $3) AND ($4::text IS NULL OR region = $4)
            AND ($5::text IS NULL OR source = $5)
            AND ($6::date IS NULL OR $6 BETWEEN begins AND ends) AND (NOT withdrawn OR $7)
            AND ($8::date IS NULL OR (begins, signal_id) > ($8, $9::uuid))
        ORDER BY begins, signal_id LIMIT $10
        """,
        (
            kind,
            product,
            family,
            region,
            source,
            on,
            withdrawn,
            after[0] if after else None,
            after[1] if after else None,
            limit,
        ),
    )
    return [_stored(row) for row in rows]
