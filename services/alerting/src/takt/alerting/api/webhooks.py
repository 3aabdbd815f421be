"""/v1/webhooks: who is told, signed, and what came of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from takt.alerting import schemas
from takt.alerting.api.places import before
from takt.alerting.domain.signature import Secret
from takt.alerting.service import webhooks as service
from takt.alerting.store import webhooks
from takt.alerting.tables import EndpointRow
from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.event import wall_now
from takt.common.http import (
    Cursor,
    IfMatch,
    Limit,
    Page,
    RequestCause,
    encode_cursor,
    etag,
    once,
)

router = APIRouter(
    prefix="/v1/webhooks", tags=["webhooks"], dependencies=[requires("webhooks:write")]
)


@router.post("", status_code=201, response_model=schemas.Webhook)
async def create_webhook(body: schemas.WebhookIn, request: Request, tx: RequestTx) -> Response:
    """Register an endpoint. Its secret is read at /v1/webhooks/{id}/secrets."""

    async def create() -> tuple[int, Any]:
        endpoint = await service.create_webhook(
            tx,
            url=body.url,
            description=body.description,
            types=body.types,
            outgoing=request.app.state.outgoing,
            now=wall_now(),
        )
        return 201, _webhook(endpoint)

    return await once(request, tx, create)


@router.get("")
async def list_webhooks(
    tx: RequestTx, cursor: Cursor = None, limit: Limit = 100
) -> Page[schemas.Webhook]:
    """Endpoints, oldest first."""
    rows = await webhooks.list_endpoints(tx, before(cursor), limit)
    following = encode_cursor(rows[-1].endpoint_id) if len(rows) == limit else None
    return Page(items=[_webhook(row) for row in rows], next=following)


@router.get("/types")
async def list_types() -> list[str]:
    """The event types that can be subscribed to."""
    return list(service.TYPES)


@router.get("/{webhook_id}")
async def get_webhook(webhook_id: UUID, tx: RequestTx, response: Response) -> schemas.Webhook:
    """One endpoint."""
    return _answer(await service.load_webhook(tx, webhook_id), response)


@router.patch("/{webhook_id}")
async def change_webhook(
    webhook_id: UUID,
    body: schemas.WebhookChange,
    request: Request,
    tx: RequestTx,
    expected: IfMatch,
    response: Response,
) -> schemas.Webhook:
    """Change what is given; `enabled: true` takes a disabled one up again."""
    endpoint = await service.change_webhook(
        tx,
        webhook_id,
        expected=expected,
        outgoing=request.app.state.outgoing,
        url=body.url,
        description=body.description,
        types=body.types,
        enabled=body.enabled,
    )
    return _answer(endpoint, response)


@router.delete("/{webhook_id}", status_code=204)
async def delete_webhook(webhook_id: UUID, tx: RequestTx, expected: IfMatch) -> None:
    """Forget an endpoint with everything that was sent to it."""
    await service.delete_webhook(tx, webhook_id, expected=expected)


@router.get("/{webhook_id}/secrets")
async def get_secrets(webhook_id: UUID, request: Request, tx: RequestTx) -> schemas.WebhookSecrets:
    """The secrets that sign now: a receiver accepts a signature by any of them."""
    outgoing = request.app.state.outgoing
    return _secrets(await service.load_secrets(tx, webhook_id, outgoing=outgoing, now=wall_now()))


@router.post("/{webhook_id}/rotate")
async def rotate_secret(
    webhook_id: UUID, request: Request, tx: RequestTx, expected: IfMatch
) -> schemas.WebhookSecrets:
    """Make a new secret; the one before it signs too for a day."""
    secrets = await service.rotate_secret(
        tx,
        webhook_id,
        expected=expected,
        outgoing=request.app.state.outgoing,
        now=wall_now(),
    )
    return _secrets(secrets)


@router.post("/{webhook_id}/test", status_code=202)
async def test_webhook(webhook_id: UUID, tx: RequestTx, cause: RequestCause) -> schemas.Sent:
    """Send a ping the way that every message goes."""
    message, delivery = await service.ping(tx, webhook_id, cause=cause, now=wall_now())
    return schemas.Sent(message_id=message, delivery_id=delivery)


@router.post("/{webhook_id}/replay", status_code=202)
async def replay(webhook_id: UUID, body: schemas.ReplayIn, tx: RequestTx) -> schemas.Replayed:
    """Send messages again under the ids that they had."""
    messages = await service.replay(
        tx, webhook_id, message_id=body.message_id, since=body.since, now=wall_now()
    )
    return schemas.Replayed(messages=messages)


@router.get("/{webhook_id}/attempts")
async def list_attempts(
    webhook_id: UUID, tx: RequestTx, cursor: Cursor = None, limit: Limit = 100
) -> Page[schemas.WebhookAttempt]:
    """Every attempt, newest first."""
    await service.load_webhook(tx, webhook_id)
    rows = await webhooks.list_attempts(tx, webhook_id, before(cursor), limit)
    following = encode_cursor(rows[-1].attempt_id) if len(rows) == limit else None
    return Page(items=[schemas.WebhookAttempt(**asdict(row)) for row in rows], next=following)


def _answer(row: EndpointRow, response: Response) -> schemas.Webhook:
    response.headers["ETag"] = etag(row.sequence)
    return _webhook(row)


def _webhook(row: EndpointRow) -> schemas.Webhook:
    return schemas.Webhook(
        webhook_id=row.endpoint_id,
        url=row.url,
        types=list(row.types),
        description=row.description,
        state=row.state,
        disabled_because=row.disabled_because,
        failing_since=row.failing_since,
        created_at=row.created_at,
        sequence=row.sequence,
    )


def _secrets(secrets: tuple[Secret, ...]) -> schemas.WebhookSecrets:
    return schemas.WebhookSecrets(
        secrets=[
            schemas.WebhookSecret(secret=secret.value, expires_at=secret.expires_at)
            for secret in secrets
        ]
    )
