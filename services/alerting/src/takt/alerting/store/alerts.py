"""Alerts, and how far the cash shortfalls were read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from takt.alerting.store.query import fetch
from takt.alerting.tables import AlertRow
from takt.common.db import Tx

COLUMNS = ", ".join(field.name for field in fields(AlertRow))


async def save_alerts(tx: Tx, alerts: Sequence[AlertRow]) -> None:
    """Keep alerts, new or resolved."""
    await tx.exec_driver_sql(
        f"""
        INSERT INTO alerts ({COLUMNS})
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[],
            $6::text[], $7::text[], $8::date[], $9::text[], $10::text[], $11::text[],
            $12::timestamptz[], $13::timestamptz[], $14::numeric[], $15::numeric[],
            $16::numeric[], $17::uuid[], $18::bigint[])
        ON CONFLICT (alert_id) DO UPDATE SET resolved_at = excluded.resolved_at,
            sequence = excluded.sequence
        """,
        tuple([getattr(alert, field.name) for alert in alerts] for field in fields(AlertRow)),
    )


async def load_open(tx: Tx, kind: str, scopes: Collection[str] | None = None) -> list[AlertRow]:
    """The alerts that are not resolved, of these scopes or of all."""
    rows = await fetch(
        tx,
        f"""
        SELECT {COLUMNS} FROM alerts WHERE kind = $1 AND resolved_at IS NULL
            AND ($2::text[] IS NULL OR scope = ANY($2::text[]))
        """,
        (kind, None if scopes is None else list(scopes)),
    )
    return [AlertRow(*row) for row in rows]


async def load_alert(tx: Tx, alert_id: UUID) -> AlertRow | None:
    """One alert."""
    rows = await fetch(tx, f"SELECT {COLUMNS} FROM alerts WHERE alert_id = $1", (alert_id,))
    row = rows[0] if rows else None
    return AlertRow(*row) if row else None


async def list_alerts(
    tx: Tx, *, is_open: bool | None, kind: str | None, before: UUID | None, limit: int
) -> list[AlertRow]:
    """Alerts, newest first, from before an id."""
    rows = await fetch(
        tx,
        f"""
        SELECT {COLUMNS} FROM alerts
        WHERE ($1::boolean IS NULL OR (resolved_at IS NULL) = $1)
            AND ($2::text IS NULL OR kind = $2)
            AND ($3::uuid IS NULL OR alert_id < $3)
        ORDER BY alert_id DESC LIMIT $4
        """,
        (is_open, kind, before, limit),
    )
    return [AlertRow(*row) for row in rows]


async def take_shortfall(tx: Tx, ledger: str, sequence: int) -> bool:
    """Whether this state of a ledger's shortfall is newer than the one known; it is known then."""
    rows = await fetch(
        tx,
        """
        INSERT INTO cash_shortfalls (ledger, sequence) VALUES ($1, $2)
        ON CONFLICT (ledger) DO UPDATE SET sequence = excluded.sequence
        WHERE cash_shortfalls.sequence < excluded.sequence RETURNING 1
        """,
        (ledger, sequence),
    )
    return bool(rows)


async def prune(tx: Tx, before: datetime) -> None:
    """Forget alerts that were resolved long ago and belong to no review."""
    await tx.exec_driver_sql(
        "DELETE FROM alerts WHERE resolved_at < $1 AND review_id IS NULL", (before,)
    )
