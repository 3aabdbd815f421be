"""Who receives webhooks: endpoints, the types that they take, their secrets, pings and replays."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from takt.alerting.domain.addresses import AddressRefusedError
from takt.alerting.domain.signature import SECRET_BYTES, Secret, live, rotate, secret_of
from takt.alerting.sender import check_url
from takt.alerting.service.deliveries import PING, Outgoing, queue, send_to
from takt.alerting.store import webhooks
from takt.alerting.tables import EndpointRow
from takt.alerting.vault import NoEncryptionKeyError
from takt.common.contracts.alerting import ALERT_EVENTS
from takt.common.contracts.supply_planning import (
    CashShortfall,
    PurchaseOrderCancelled,
    PurchaseOrderEvent,
    PurchaseOrderProposed,
    PurchaseOrderRevised,
)
from takt.common.db import Tx
from takt.common.event import Cause, Envelope, Event, new_id
from takt.common.http import check_match
from takt.common.problems import Conflict, NotFound, Problem, Unavailable

PROPOSALS: tuple[type[PurchaseOrderEvent], ...] = (
    PurchaseOrderProposed,
    PurchaseOrderRevised,
    PurchaseOrderCancelled,
)
SUBSCRIBABLE: tuple[type[Event], ...] = (*ALERT_EVENTS, *PROPOSALS, CashShortfall)
TYPES = tuple(sorted(event.event_type for event in SUBSCRIBABLE))
"""What can be subscribed to."""

MOST_REPLAYED = 1000


class WebhookAddressRefused(Problem):
    """Webhooks cannot be sent to this address."""

    status, slug = 422, "webhook-address-refused"


class UnknownEventType(Problem):
    """There is no such event type to subscribe to."""

    status, slug = 422, "unknown-event-type"


class WebhookDisabled(Conflict):
    """The webhook is disabled."""

    slug = "webhook-disabled"


async def take_proposals(
    tx: Tx, events: Sequence[Envelope[PurchaseOrderEvent]], now: datetime
) -> None:
    """Hand purchase proposals on to those who take them by webhook."""
    await queue(tx, events)


async def create_webhook(
    tx: Tx,
    *,
    url: str,
    description: str,
    types: Sequence[str],
    outgoing: Outgoing,
    now: datetime,
) -> EndpointRow:
    """Register an endpoint with a new secret.

    Raises:
        WebhookAddressRefused: the address policy refuses the URL.
        UnknownEventType: a type cannot be subscribed to.
        Unavailable: the installation has no key to keep secrets with.
    """
    _check_types(types)
    await _check_address(outgoing, url)
    endpoint = EndpointRow(
        new_id(), url, description, tuple(sorted({*types})), "enabled", None, None, now, 1
    )
    await webhooks.save_endpoint(tx, endpoint)
    await _keep(tx, endpoint.endpoint_id, (Secret(_fresh()),), outgoing, now)
    return endpoint


async def change_webhook(
    tx: Tx,
    endpoint_id: UUID,
    *,
    expected: int | None,
    outgoing: Outgoing,
    url: str | None = None,
    description: str | None = None,
    types: Sequence[str] | None = None,
    enabled: bool | None = None,
) -> EndpointRow:
    """Change what is given and leave the rest; enabling starts the five days anew.

    Raises:
        NotFound: there is no such endpoint.
        Stale: it has changed since it was read.
        WebhookAddressRefused: the address policy refuses the URL.
        UnknownEventType: a type cannot be subscribed to.
    """
    endpoint = await _locked(tx, endpoint_id, expected)
    changed = endpoint
    if url is not None:
        await _check_address(outgoing, url)
        changed = replace(changed, url=url)
    if description is not None:
        changed = replace(changed, description=description)
    if types is not None:
        _check_types(types)
        changed = replace(changed, types=tuple(sorted({*types})))
    if enabled is True:
        changed = replace(changed, state="enabled", disabled_because=None, failing_since=None)
    if enabled is False:
        changed = replace(changed, state="disabled", disabled_because="a person disabled it")
    if changed != endpoint:
        changed = replace(changed, sequence=endpoint.sequence + 1)
        await webhooks.save_endpoint(tx, changed)
    return changed


async def delete_webhook(tx: Tx, endpoint_id: UUID, *, expected: int | None) -> None:
    """Forget an endpoint.

    Raises:
        NotFound: there is no such endpoint.
        Stale: it has changed since it was read.
    """
    await _locked(tx, endpoint_id, expected)
    await webhooks.delete_endpoint(tx, endpoint_id)


async def load_webhook(tx: Tx, endpoint_id: UUID) -> EndpointRow:
    """One endpoint.

    Raises:
        NotFound: there is no such endpoint.
    """
    endpoint = await webhooks.load_endpoint(tx, endpoint_id)
    if endpoint is None:
        raise _not_found(endpoint_id)
    return endpoint


async def rotate_secret(
    tx: Tx, endpoint_id: UUID, *, expected: int | None, outgoing: Outgoing, now: datetime
) -> tuple[Secret, ...]:
    """A new secret; those before it sign too until their overlap ends.

    Raises:
        NotFound: there is no such endpoint.
        Stale: it has changed since it was read.
        Unavailable: the installation has no key to keep secrets with.
    """
    endpoint = await _locked(tx, endpoint_id, expected)
    secrets = rotate(await load_secrets(tx, endpoint_id, outgoing=outgoing, now=now), _fresh(), now)
    await _keep(tx, endpoint_id, secrets, outgoing, now)
    await webhooks.save_endpoint(tx, replace(endpoint, sequence=endpoint.sequence + 1))
    return secrets


async def load_secrets(
    tx: Tx, endpoint_id: UUID, *, outgoing: Outgoing, now: datetime
) -> tuple[Secret, ...]:
    """The secrets that sign now, the current one first.

    Raises:
        NotFound: there is no such endpoint.
        Unavailable: the installation has no key to open them with.
    """
    await load_webhook(tx, endpoint_id)
    sealed = await webhooks.load_secrets(tx, endpoint_id)
    try:
        opened = [Secret(outgoing.vault.open(secret), expires) for secret, expires in sealed]
    except NoEncryptionKeyError as error:
        raise _locked_vault(error) from error
    return live(opened, now)


async def ping(tx: Tx, endpoint_id: UUID, *, cause: Cause, now: datetime) -> tuple[UUID, UUID]:
    """Send a test message the way that every other goes; returns message and delivery.

    Raises:
        NotFound: there is no such endpoint.
        WebhookDisabled: it is disabled.
    """
    endpoint = await load_webhook(tx, endpoint_id)
    _check_enabled(endpoint)
    message_id = new_id()
    body = {
        "type": PING,
        "timestamp": now.isoformat(),
        "correlations": [str(correlation) for correlation in cause.correlations],
        "data": {"endpoint_id": str(endpoint_id), "description": endpoint.description},
    }
    await webhooks.save_message(
        tx,
        message_id=message_id,
        type=PING,
        subject=str(endpoint_id),
        body=json.dumps(body),
        correlations=cause.correlations,
        at=now,
    )
    return message_id, await send_to(tx, message_id, endpoint_id, now)


async def replay(
    tx: Tx,
    endpoint_id: UUID,
    *,
    message_id: UUID | None,
    since: datetime | None,
    now: datetime,
) -> int:
    """Send messages again under their own ids: one, or those that failed since; how many.

    Raises:
        NotFound: there is no such endpoint, or it was never sent that message.
        WebhookDisabled: it is disabled.
    """
    _check_enabled(await load_webhook(tx, endpoint_id))
    found = await webhooks.load_replayable(tx, endpoint_id, message_id, since, MOST_REPLAYED)
    if message_id is not None and not found:
        raise NotFound(
            f"message {message_id} was never sent to this webhook",
            field="message_id",
            value=str(message_id),
            remedy="take an id from its attempts",
        )
    for message in found:
        await send_to(tx, message, endpoint_id, now)
    return len(found)


async def _locked(tx: Tx, endpoint_id: UUID, expected: int | None) -> EndpointRow:
    endpoint = await webhooks.load_endpoint(tx, endpoint_id, lock=True)
    if endpoint is None:
        raise _not_found(endpoint_id)
    check_match(expected, endpoint.sequence)
    return endpoint


async def _keep(
    tx: Tx, endpoint_id: UUID, secrets: Sequence[Secret], outgoing: Outgoing, now: datetime
) -> None:
    try:
        sealed = [(outgoing.vault.seal(s.value), s.expires_at) for s in secrets]
    except NoEncryptionKeyError as error:
        raise _locked_vault(error) from error
    await webhooks.replace_secrets(tx, endpoint_id, sealed, now)


async def _check_address(outgoing: Outgoing, url: str) -> None:
    try:
        await check_url(outgoing.sender, url)
    except AddressRefusedError as error:
        raise WebhookAddressRefused(
            str(error),
            field="url",
            value=url,
            remedy="give a public https address, or have an administrator allow its range",
        ) from error


def _check_types(types: Sequence[str]) -> None:
    for place, name in enumerate(types):
        if name not in TYPES:
            raise UnknownEventType(
                f"{name} is not an event type that webhooks carry",
                field=f"types.{place}",
                value=name,
                remedy="take one of the known types",
                known=list(TYPES),
            )


def _check_enabled(endpoint: EndpointRow) -> None:
    if endpoint.state == "disabled":
        raise WebhookDisabled(
            f"it is disabled: {endpoint.disabled_because}", remedy="enable it, then try again"
        )


def _not_found(endpoint_id: UUID) -> NotFound:
    return NotFound(
        f"there is no webhook {endpoint_id}", field="webhook_id", value=str(endpoint_id)
    )


def _locked_vault(error: NoEncryptionKeyError) -> Unavailable:
    return Unavailable(
        "this installation has no key to encrypt webhook secrets with", remedy=str(error)
    )


def _fresh() -> str:
    return secret_of(os.urandom(SECRET_BYTES))
