"""Webhook endpoints, their sealed secrets, messages, deliveries and the log of attempts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from takt.alerting.store.query import fetch
from takt.alerting.tables import AttemptRow, DeliveryRow, EndpointRow
from takt.alerting.vault import Sealed
from takt.common.db import Tx
from takt.common.event import new_id

ENDPOINT = ", ".join(field.name for field in fields(EndpointRow))
ATTEMPT = "attempt_id, delivery_id, message_id, type, number, at, status, milliseconds, error"


async def save_endpoint(tx: Tx, endpoint: EndpointRow) -> None:
    """Keep an endpoint, new or changed."""
    await tx.exec_driver_sql(
        f"""
        INSERT INTO webhook_endpoints ({ENDPOINT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (endpoint_id) DO UPDATE SET url = excluded.url,
            description = excluded.description, types = excluded.types, state = excluded.state,
            disabled_because = excluded.disabled_because,
            failing_since = excluded.failing_since, sequence = excluded.sequence
        """,
        (
            endpoint.endpoint_id,
            endpoint.url,
            endpoint.description,
            list(endpoint.types),
            endpoint.state,
            endpoint.disabled_because,
            endpoint.failing_since,
            endpoint.created_at,
            endpoint.sequence,
        ),
    )


async def load_endpoint(tx: Tx, endpoint_id: UUID, *, lock: bool = False) -> EndpointRow | None:
    """One endpoint."""
    rows = await fetch(
        tx,
        f"SELECT {ENDPOINT} FROM webhook_endpoints WHERE endpoint_id = $1"
        + (" FOR UPDATE" if lock else ""),
        (endpoint_id,),
    )
    row = rows[0] if rows else None
    return _endpoint(row) if row else None


async def list_endpoints(tx: Tx, after: UUID | None, limit: int) -> list[EndpointRow]:
    """Endpoints, oldest first, after an id."""
    rows = await fetch(
        tx,
        f"SELECT {ENDPOINT} FROM webhook_endpoints"
        " WHERE $1::uuid IS NULL OR endpoint_id > $1 ORDER BY endpoint_id LIMIT $2",
        (after, limit),
    )
    return [_endpoint(row) for row in rows]


async def delete_endpoint(tx: Tx, endpoint_id: UUID) -> None:
    """Forget an endpoint with its secrets, deliveries and attempts."""
    await tx.exec_driver_sql("DELETE FROM webhook_endpoints WHERE endpoint_id = $1", (endpoint_id,))


async def load_subscribers(tx: Tx, types: Collection[str]) -> list[tuple[UUID, list[str]]]:
    """The enabled endpoints that take any of these types, with all that they take."""
    rows = await fetch(
        tx,
        "SELECT endpoint_id, types FROM webhook_endpoints"
        " WHERE state = 'enabled' AND types && $1::text[] ORDER BY endpoint_id",
        (list(types),),
    )
    return [(endpoint_id, types) for endpoint_id, types in rows]


async def replace_secrets(
    tx: Tx, endpoint_id: UUID, secrets: Sequence[tuple[Sealed, datetime | None]], now: datetime
) -> None:
    """Keep these secrets of an endpoint and no others, the current one first."""
    await tx.exec_driver_sql("DELETE FROM webhook_secrets WHERE endpoint_id = $1", (endpoint_id,))
    for sealed, expires_at in reversed(secrets):
        await tx.exec_driver_sql(
            "INSERT INTO webhook_secrets (secret_id, endpoint_id, sealed, created_at, expires_at)"
            " VALUES ($1, $2, $3, $4, $5)",
            (new_id(), endpoint_id, sealed, now, expires_at),
        )


async def load_secrets(tx: Tx, endpoint_id: UUID) -> list[tuple[Sealed, datetime | None]]:
    """The sealed secrets of an endpoint with their expiry, the current one first."""
    rows = await fetch(
        tx,
        "SELECT sealed, expires_at FROM webhook_secrets WHERE endpoint_id = $1"
        " ORDER BY secret_id DESC",
        (endpoint_id,),
    )
    return [(Sealed(bytes(sealed)), expires_at) for sealed, expires_at in rows]


async def save_message(
    tx: Tx,
    *,
    message_id: UUID,
    type: str,
    subject: str,
    body: str,
    correlations: Sequence[UUID],
    at: datetime,
) -> None:
    """Keep what will be delivered; again changes nothing."""
    await tx.exec_driver_sql(
        "INSERT INTO webhook_messages VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        (message_id, type, subject, body, list(correlations), at),
    )


async def save_delivery(
    tx: Tx, delivery_id: UUID, message_id: UUID, endpoint_id: UUID, at: datetime
) -> None:
    """Put a message on its way to an endpoint."""
    await tx.exec_driver_sql(
        "INSERT INTO webhook_deliveries"
        " (delivery_id, message_id, endpoint_id, state, next_at, created_at)"
        " VALUES ($1, $2, $3, 'waiting', $4, $4)",
        (delivery_id, message_id, endpoint_id, at),
    )


async def load_delivery(tx: Tx, delivery_id: UUID, *, lock: bool = False) -> DeliveryRow | None:
    """A delivery with what it carries."""
    rows = await fetch(
        tx,
        """
        SELECT delivery_id, message_id, endpoint_id, type, body, state, attempts
        FROM webhook_deliveries JOIN webhook_messages USING (message_id) WHERE delivery_id = $1
        """
        + ("FOR UPDATE OF webhook_deliveries" if lock else ""),
        (delivery_id,),
    )
    row = rows[0] if rows else None
    return DeliveryRow(*row) if row else None


async def load_overdue(tx: Tx, before: datetime) -> list[DeliveryRow]:
    """The deliveries whose next attempt should have been made before an instant."""
    rows = await fetch(
        tx,
        """
        SELECT delivery_id, message_id, endpoint_id, type, body, state, attempts
        FROM webhook_deliveries JOIN webhook_messages USING (message_id)
        WHERE state = 'waiting' AND next_at < $1 ORDER BY next_at LIMIT 1000
        """,
        (before,),
    )
    return [DeliveryRow(*row) for row in rows]


async def move_delivery(
    tx: Tx, delivery_id: UUID, state: str, attempts: int, next_at: datetime | None
) -> None:
    """Set where a delivery stands."""
    await tx.exec_driver_sql(
        "UPDATE webhook_deliveries SET state = $2, attempts = $3, next_at = $4"
        " WHERE delivery_id = $1",
        (delivery_id, state, attempts, next_at),
    )


async def save_attempt(tx: Tx, attempt: AttemptRow) -> None:
    """Add to the log."""
    await tx.exec_driver_sql(
        "INSERT INTO webhook_attempts"
        " (attempt_id, delivery_id, number, at, status, milliseconds, error)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        (
            attempt.attempt_id,
            attempt.delivery_id,
            attempt.number,
            attempt.at,
            attempt.status,
            attempt.milliseconds,
            attempt.error,
        ),
    )


async def list_attempts(
    tx: Tx, endpoint_id: UUID, before: UUID | None, limit: int
) -> list[AttemptRow]:
    """The attempts to an endpoint, newest first, from before an id."""
    rows = await fetch(
        tx,
        f"""
        SELECT {ATTEMPT} FROM webhook_attempts
            JOIN webhook_deliveries USING (delivery_id) JOIN webhook_messages USING (message_id)
        WHERE endpoint_id = $1 AND ($2::uuid IS NULL OR attempt_id < $2)
        ORDER BY attempt_id DESC LIMIT $3
        """,
        (endpoint_id, before, limit),
    )
    return [AttemptRow(*row) for row in rows]


async def load_replayable(
    tx: Tx, endpoint_id: UUID, message_id: UUID | None, since: datetime | None, limit: int
) -> list[UUID]:
    """Messages to send an endpoint again: one by id, or those whose last delivery failed since."""
    rows = await fetch(
        tx,
        """
        SELECT message_id FROM (
            SELECT DISTINCT ON (message_id) message_id, state, created_at
            FROM webhook_deliveries WHERE endpoint_id = $1
            ORDER BY message_id, delivery_id DESC
        ) AS last
        WHERE message_id = $2 OR (state = 'failed' AND created_at >= $3)
        ORDER BY message_id LIMIT $4
        """,
        (endpoint_id, message_id, since, limit),
    )
    return [row[0] for row in rows]


async def load_traced(tx: Tx, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """The attempts for messages that carry one of these correlations or ids."""
    rows = await fetch(
        tx,
        f"""
        SELECT {ATTEMPT}, subject, correlations, endpoint_id, webhook_deliveries.state
        FROM webhook_messages
            JOIN webhook_deliveries USING (message_id) JOIN webhook_attempts USING (delivery_id)
        WHERE correlations && $1::uuid[] OR message_id = ANY($1::uuid[])
        ORDER BY attempt_id
        """,
        (list(ids),),
    )
    return [dict(row._mapping) for row in rows]


async def prune(tx: Tx, before: datetime) -> None:
    """Forget messages that are older than the topics keep theirs."""
    await tx.exec_driver_sql("DELETE FROM webhook_messages WHERE created_at < $1", (before,))


def _endpoint(row: Any) -> EndpointRow:
    endpoint_id, url, description, types, *rest = row
    return EndpointRow(endpoint_id, url, description, tuple(types), *rest)
