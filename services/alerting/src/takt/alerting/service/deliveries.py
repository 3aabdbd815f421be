"""Delivers webhooks: at least once, signed, with a stable id, on the schedule of `domain.delivery`.

A delivery is a job that is created in the transaction that says the event, so an event that is
said is delivered, and one that is taken back is not. Each attempt is prepared in one transaction,
made outside any, and recorded in another together with the job of the next one.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.fernet import InvalidToken

from takt.alerting.domain.delivery import LEAST_JITTER, MOST_JITTER, Answer, Step, next_step
from takt.alerting.domain.signature import Secret, live, sign
from takt.alerting.sender import Attempt, Sender, post
from takt.alerting.store import webhooks
from takt.alerting.tables import AttemptRow, DeliveryRow, EndpointRow
from takt.alerting.vault import NoEncryptionKeyError, Vault
from takt.common.db import Database, Tx
from takt.common.event import Envelope, Event, new_id, wall_now
from takt.common.jobs import enqueue
from takt.common.ops import Step as TraceStep

JOB = "deliver-webhook"
SWEEP = "sweep-webhooks"
OVERDUE = timedelta(minutes=10)
"""A delivery whose attempt is this late has lost its job: it gets another."""

KEPT = timedelta(days=30)
"""Messages can be replayed for as long as the topics keep their events."""

MOST_AT_ONCE = 4
"""Attempts to one endpoint at a time, so that one that hangs leaves room for the others."""

POSTPONED = timedelta(seconds=5)
USER_AGENT = "Takt-Webhooks/1"
PING = "takt.webhook.ping.v1"
ENDED = {
    Step.DELIVERED: "delivered",
    Step.RETRY: "waiting",
    Step.EXHAUSTED: "failed",
    Step.DISABLE_GONE: "failed",
    Step.DISABLE_FAILING: "failed",
}
DISABLED_BECAUSE = {
    Step.DISABLE_GONE: "the receiver answered 410 Gone",
    Step.DISABLE_FAILING: "every attempt failed for five days",
}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What it takes to send: the way out, and the keys to the secrets."""

    sender: Sender = field(default_factory=Sender)
    vault: Vault = field(default_factory=lambda: Vault(()))
    under_way: Counter[UUID] = field(default_factory=Counter)
    """Attempts that this process is making, by endpoint."""


async def queue(tx: Tx, envelopes: Sequence[Envelope[Event]]) -> None:
    """Queue events for the endpoints that take their types, in the transaction that says them."""
    subscribers = await webhooks.load_subscribers(tx, {envelope.type for envelope in envelopes})
    for envelope in envelopes if subscribers else ():
        takers = [endpoint_id for endpoint_id, types in subscribers if envelope.type in types]
        if takers:
            body = json.dumps(
                {
                    "type": envelope.type,
                    "timestamp": envelope.time.isoformat(),
                    "correlations": [str(c) for c in envelope.cause.correlations],
                    "data": json.loads(envelope.body()),
                }
            )
            await webhooks.save_message(
                tx,
                message_id=envelope.id,
                type=envelope.type,
                subject=envelope.event.subject,
                body=body,
                correlations=envelope.cause.correlations,
                at=envelope.time,
            )
        for endpoint_id in takers:
            await send_to(tx, envelope.id, endpoint_id, envelope.time)


async def send_to(tx: Tx, message_id: UUID, endpoint_id: UUID, now: datetime) -> UUID:
    """Put a message on its way to an endpoint; returns the delivery."""
    delivery_id = new_id()
    await webhooks.save_delivery(tx, delivery_id, message_id, endpoint_id, now)
    await _enqueue(tx, delivery_id, endpoint_id, 1, timedelta())
    return delivery_id


async def deliver(
    database: Database,
    payload: dict[str, Any],
    now: datetime,
    *,
    outgoing: Outgoing,
) -> None:
    """The job: one attempt by the wall clock, which signatures and schedules go by."""
    delivery, endpoint = UUID(payload["delivery"]), UUID(payload["endpoint"])
    number = int(payload["number"])
    if outgoing.under_way[endpoint] >= MOST_AT_ONCE:
        async with database.transaction() as tx:
            await _enqueue(tx, delivery, endpoint, number, POSTPONED)
        return
    outgoing.under_way[endpoint] += 1
    try:
        jitter = random.uniform(LEAST_JITTER, MOST_JITTER)
        await attempt(database, delivery, number, outgoing=outgoing, now=wall_now(), jitter=jitter)
    finally:
        outgoing.under_way[endpoint] -= 1


async def sweep(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """The job: give deliveries that lost theirs, as when the database was away, a new one."""
    async with database.transaction() as tx:
        for delivery in await webhooks.load_overdue(tx, wall_now() - OVERDUE):
            number = delivery.attempts + 1
            await _enqueue(tx, delivery.delivery_id, delivery.endpoint_id, number, timedelta())


async def prune(tx: Tx) -> None:
    """Forget messages that are past keeping."""
    await webhooks.prune(tx, wall_now() - KEPT)


async def attempt(
    database: Database,
    delivery_id: UUID,
    number: int,
    *,
    outgoing: Outgoing,
    now: datetime,
    jitter: float,
) -> None:
    """Make one attempt and record it; a repeat of one that is recorded does nothing.

    Args:
        database: where the delivery is.
        delivery_id: what to deliver.
        number: which attempt this is, from 1.
        outgoing: the way out.
        now: when the attempt begins, by the wall clock.
        jitter: a share of the next delay, in [LEAST_JITTER, MOST_JITTER].
    """
    async with database.transaction() as tx:
        prepared = await _prepare(tx, delivery_id, number)
        if prepared is None:
            return
        delivery, endpoint = prepared
        sealed = await webhooks.load_secrets(tx, endpoint.endpoint_id)
    try:
        secrets = [Secret(outgoing.vault.open(secret), expires) for secret, expires in sealed]
    except (InvalidToken, NoEncryptionKeyError):
        made = Attempt(Answer(error="the secret cannot be opened with ALERTING_WEBHOOK_KEYS"), 0)
    else:
        body = delivery.body.encode()
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            **sign(str(delivery.message_id), now, body, live(secrets, now)),
        }
        made = await post(outgoing.sender, endpoint.url, headers, body)
    async with database.transaction() as tx:
        await _record(tx, delivery_id, number, made, now, jitter)


async def _prepare(
    tx: Tx, delivery_id: UUID, number: int
) -> tuple[DeliveryRow, EndpointRow] | None:
    """The delivery and its endpoint, when this attempt is still to be made."""
    delivery = await webhooks.load_delivery(tx, delivery_id)
    if delivery is None or delivery.state != "waiting" or delivery.attempts != number - 1:
        return None
    endpoint = await webhooks.load_endpoint(tx, delivery.endpoint_id)
    if endpoint is None or endpoint.state == "disabled":
        await webhooks.move_delivery(tx, delivery_id, "failed", delivery.attempts, None)
        return None
    return delivery, endpoint


async def _record(
    tx: Tx, delivery_id: UUID, number: int, made: Attempt, now: datetime, jitter: float
) -> None:
    """Log the attempt, decide what follows, and enqueue it."""
    found = await webhooks.load_delivery(tx, delivery_id)
    if found is None:
        return
    endpoint = await webhooks.load_endpoint(tx, found.endpoint_id, lock=True)
    delivery = await webhooks.load_delivery(tx, delivery_id, lock=True)
    if endpoint is None or delivery is None or delivery.attempts != number - 1:
        return
    answer = made.answer
    failing_since = None if answer.delivered else endpoint.failing_since or now
    following = next_step(number, answer, now=now, failing_since=failing_since, jitter=jitter)
    await webhooks.save_attempt(
        tx,
        AttemptRow(
            new_id(),
            delivery_id,
            delivery.message_id,
            delivery.type,
            number,
            now,
            answer.status,
            made.milliseconds,
            answer.error,
        ),
    )
    await webhooks.move_delivery(tx, delivery_id, ENDED[following.step], number, following.at)
    because = DISABLED_BECAUSE.get(following.step)
    changed = replace(endpoint, failing_since=failing_since)
    if because is not None:
        changed = replace(
            changed, state="disabled", disabled_because=because, sequence=endpoint.sequence + 1
        )
    if changed != endpoint:
        await webhooks.save_endpoint(tx, changed)
    if following.at is not None:
        await _enqueue(tx, delivery_id, endpoint.endpoint_id, number + 1, following.at - now)


async def _enqueue(
    tx: Tx, delivery_id: UUID, endpoint_id: UUID, number: int, after: timedelta
) -> None:
    payload = {"delivery": str(delivery_id), "endpoint": str(endpoint_id), "number": number}
    await enqueue(tx, JOB, payload, after=after)


async def trace_attempts(tx: Tx, ids: Sequence[UUID]) -> list[TraceStep]:
    """The attempts of a trace's webhooks: each is caused by the event that it delivers."""
    return [
        TraceStep(
            id=row["attempt_id"],
            service="alerting",
            type="takt.webhook.attempt",
            topic="webhook",
            subject=row["subject"],
            time=row["at"],
            causes=[row["message_id"]],
            correlations=row["correlations"],
            data={
                "endpoint_id": str(row["endpoint_id"]),
                "message_type": row["type"],
                "number": row["number"],
                "status": row["status"],
                "milliseconds": row["milliseconds"],
                "error": row["error"],
                "delivery": row["state"],
            },
        )
        for row in await webhooks.load_traced(tx, ids)
    ]
