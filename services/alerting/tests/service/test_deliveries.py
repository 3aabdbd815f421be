import itertools
import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from standardwebhooks.webhooks import Webhook

from takt.alerting.domain.delivery import SCHEDULE
from takt.alerting.service import deliveries, webhooks
from takt.alerting.service.cash import take_shortfalls
from takt.alerting.service.deliveries import trace_attempts
from takt.alerting.store import webhooks as store
from takt.alerting.vault import Vault
from takt.common.event import wall_now

from ..conftest import OUTGOING  # noqa: TID252 - the configuration under test
from ..receiver import receiving, status  # noqa: TID252
from .test_cash import shortfall

CASH = "takt.cash.shortfall.v1"
RAISED = "takt.alert.raised.v1"


async def register(database, url, *types):
    async with database.transaction() as tx:
        return await webhooks.create_webhook(
            tx,
            url=url,
            description="",
            types=types or (CASH,),
            outgoing=OUTGOING,
            now=wall_now(),
        )


async def say(database, number=1):
    """A cash shortfall, as it comes from finance."""
    envelope = shortfall(number, "open")
    async with database.transaction() as tx:
        await take_shortfalls(tx, [envelope], wall_now())
    return envelope


async def waiting(database):
    """Deliveries under way: id, attempts made, when the next is due."""
    async with database.transaction() as tx:
        rows = await tx.exec_driver_sql(
            "SELECT delivery_id, attempts, next_at FROM webhook_deliveries"
            " WHERE state = 'waiting' ORDER BY delivery_id"
        )
        return [tuple(row) for row in rows]


async def run_to_the_end(database, jitter=0.0):
    """Pass the clock from attempt to attempt; returns when each was made."""
    made = []
    while under_way := await waiting(database):
        for delivery, attempts, at in under_way:
            made.append(at)
            await deliveries.attempt(
                database, delivery, attempts + 1, outgoing=OUTGOING, now=at, jitter=jitter
            )
    return made


async def endpoint_of(database, endpoint):
    async with database.transaction() as tx:
        return await store.load_endpoint(tx, endpoint.endpoint_id)


async def attempts_of(database, endpoint):
    async with database.transaction() as tx:
        rows = await store.list_attempts(tx, endpoint.endpoint_id, None, 100)
    return rows[::-1]


async def test_a_subscriber_gets_what_it_asked_for_signed(database):
    async with receiving() as receiver:
        endpoint = await register(database, receiver.url, CASH)
        said = await say(database)
        await run_to_the_end(database)
        async with database.transaction() as tx:
            secrets = await webhooks.load_secrets(
                tx, endpoint.endpoint_id, outgoing=OUTGOING, now=wall_now()
            )
    ((_, headers, body),) = receiver.requests
    payload = Webhook(secrets[0].value).verify(body, headers)
    assert headers["webhook-id"] == str(said.id)
    assert payload["type"] == CASH
    assert payload["correlations"] == [str(said.cause.correlations[0])]
    assert payload["data"]["ledger"] == "main"
    assert (await attempts_of(database, endpoint))[0].status == 204


async def test_a_type_that_was_not_asked_for_is_not_sent(database):
    async with receiving() as receiver:
        await register(database, receiver.url, "takt.review.closed.v1")
        await say(database)
        assert await waiting(database) == []
    assert receiver.connections == 0


async def test_what_is_rolled_back_is_not_delivered(database):
    async with receiving() as receiver:
        await register(database, receiver.url, CASH, RAISED)
        async with database.engine.connect() as connection:
            connection.info["takt.source"] = "/takt/alerting"
            await connection.begin()
            await take_shortfalls(connection, [shortfall(1, "open")], wall_now())
            await connection.rollback()
        async with database.transaction() as tx:
            jobs = await tx.exec_driver_sql("SELECT count(*) FROM pgqueuer")
            assert jobs.scalar_one() == 0
        assert await waiting(database) == []


async def test_a_failing_receiver_gets_eight_attempts_on_the_exact_schedule(database):
    async with receiving(status(500)) as receiver:
        endpoint = await register(database, receiver.url)
        await say(database)
        made = await run_to_the_end(database)
    assert [b - a for a, b in itertools.pairwise(made)] == list(SCHEDULE[1:])
    ids = {headers["webhook-id"] for _, headers, _ in receiver.requests}
    stamps = [int(headers["webhook-timestamp"]) for _, headers, _ in receiver.requests]
    assert len(ids) == 1
    assert stamps == [int(at.timestamp()) for at in made]
    log = await attempts_of(database, endpoint)
    assert [(row.number, row.status, row.error) for row in log] == [
        (number, 500, "status 500") for number in range(1, 9)
    ]
    assert (await endpoint_of(database, endpoint)).state == "enabled"


async def test_a_job_waits_for_each_next_attempt(database):
    async with receiving(status(500)) as receiver:
        await register(database, receiver.url)
        await say(database)
        ((delivery, _, at),) = await waiting(database)
        await deliveries.attempt(database, delivery, 1, outgoing=OUTGOING, now=at, jitter=0.1)
    async with database.transaction() as tx:
        rows = await tx.exec_driver_sql(
            "SELECT convert_from(payload, 'UTF8')::jsonb, execute_after - created FROM pgqueuer"
            " ORDER BY id"
        )
        first, second = rows.all()
    assert first[0]["number"] == 1
    assert (second[0]["delivery"], second[0]["number"]) == (str(delivery), 2)
    assert second[1].total_seconds() == 5.5


async def test_a_repeated_job_makes_no_second_attempt(database):
    async with receiving() as receiver:
        await register(database, receiver.url)
        await say(database)
        ((delivery, _, at),) = await waiting(database)
        for _ in range(3):
            await deliveries.attempt(database, delivery, 1, outgoing=OUTGOING, now=at, jitter=0)
    assert receiver.connections == 1


async def jobs(database):
    async with database.transaction() as tx:
        rows = await tx.exec_driver_sql("SELECT count(*) FROM pgqueuer")
        return rows.scalar_one()


async def test_a_delivery_that_lost_its_job_gets_another(database):
    async with receiving() as receiver:
        await register(database, receiver.url)
        await say(database)
    async with database.transaction() as tx:
        await tx.exec_driver_sql("DELETE FROM pgqueuer")
    await deliveries.sweep(database, {}, wall_now())
    assert await jobs(database) == 0
    async with database.transaction() as tx:
        await tx.exec_driver_sql(
            "UPDATE webhook_deliveries SET next_at = next_at - interval '11 minutes'"
        )
    await deliveries.sweep(database, {}, wall_now())
    assert await jobs(database) == 1


async def test_an_endpoint_that_hangs_keeps_a_few_places_and_no_more(database):
    async with receiving() as receiver:
        endpoint = await register(database, receiver.url)
        await say(database)
        ((delivery, _, _),) = await waiting(database)
        payload = {
            "delivery": str(delivery),
            "endpoint": str(endpoint.endpoint_id),
            "number": 1,
        }
        busy = Counter({endpoint.endpoint_id: deliveries.MOST_AT_ONCE})
        crowded = replace(OUTGOING, under_way=busy)
        await deliveries.deliver(database, payload, wall_now(), outgoing=crowded)
        assert receiver.connections == 0
        assert await jobs(database) == 2
        await deliveries.deliver(database, payload, wall_now(), outgoing=OUTGOING)
        assert receiver.connections == 1
    assert OUTGOING.under_way[endpoint.endpoint_id] == 0


async def test_a_secret_that_cannot_be_opened_is_a_failed_attempt(database):
    async with receiving() as receiver:
        endpoint = await register(database, receiver.url)
        await say(database)
        ((delivery, _, at),) = await waiting(database)
        locked = replace(OUTGOING, vault=Vault(()))
        await deliveries.attempt(database, delivery, 1, outgoing=locked, now=at, jitter=0)
    assert receiver.connections == 0
    assert "ALERTING_WEBHOOK_KEYS" in (await attempts_of(database, endpoint))[0].error
    assert len(await waiting(database)) == 1


async def test_a_receiver_that_is_gone_is_disabled_and_others_are_not(database):
    async with receiving(status(410)) as gone, receiving() as sound:
        leaving = await register(database, gone.url)
        staying = await register(database, sound.url)
        await say(database, 1)
        await run_to_the_end(database)
        await say(database, 2)
        await run_to_the_end(database)
    assert (gone.connections, sound.connections) == (1, 2)
    disabled = await endpoint_of(database, leaving)
    assert (disabled.state, disabled.disabled_because) == (
        "disabled",
        "the receiver answered 410 Gone",
    )
    assert (await endpoint_of(database, staying)).state == "enabled"


async def test_a_busy_receiver_is_asked_again_when_it_said(database):
    async with receiving(status(429, "Retry-After: 90")) as receiver:
        await register(database, receiver.url)
        await say(database)
        ((delivery, _, at),) = await waiting(database)
        await deliveries.attempt(database, delivery, 1, outgoing=OUTGOING, now=at, jitter=0)
        ((_, _, following),) = await waiting(database)
    assert following - at == timedelta(seconds=90)


async def test_five_failing_days_disable_an_endpoint(database):
    async with receiving(status(503)) as receiver:
        endpoint = await register(database, receiver.url)
        await say(database)
        await run_to_the_end(database)
        first = (await endpoint_of(database, endpoint)).failing_since
        async with database.transaction() as tx:
            later = first + timedelta(days=5)
            await webhooks.replay(tx, endpoint.endpoint_id, message_id=None, since=first, now=later)
        await run_to_the_end(database)
    assert receiver.connections == 9
    disabled = await endpoint_of(database, endpoint)
    assert disabled.disabled_because == "every attempt failed for five days"


async def test_one_success_ends_the_count_of_failing_days(database):
    async with receiving(status(500)) as receiver:
        endpoint = await register(database, receiver.url)
        await say(database)
        ((delivery, _, at),) = await waiting(database)
        await deliveries.attempt(database, delivery, 1, outgoing=OUTGOING, now=at, jitter=0)
        assert (await endpoint_of(database, endpoint)).failing_since == at
        receiver.reply = status(200)
        await run_to_the_end(database)
    assert (await endpoint_of(database, endpoint)).failing_since is None


async def test_a_replay_keeps_the_message_id(database):
    async with receiving(status(500)) as receiver:
        endpoint = await register(database, receiver.url)
        said = await say(database)
        await run_to_the_end(database)
        receiver.reply = status(200)
        async with database.transaction() as tx:
            sent = await webhooks.replay(
                tx,
                endpoint.endpoint_id,
                message_id=None,
                since=wall_now() - timedelta(days=2),
                now=wall_now(),
            )
        await run_to_the_end(database)
    assert sent == 1
    assert receiver.requests[-1][1]["webhook-id"] == str(said.id)
    assert (await attempts_of(database, endpoint))[-1].status == 200


async def test_both_secrets_sign_while_they_overlap(database):
    async with receiving() as receiver:
        endpoint = await register(database, receiver.url)
        async with database.transaction() as tx:
            rotated = await webhooks.rotate_secret(
                tx, endpoint.endpoint_id, expected=1, outgoing=OUTGOING, now=wall_now()
            )
        await say(database)
        await run_to_the_end(database)
    ((_, headers, body),) = receiver.requests
    assert len(rotated) == 2
    assert headers["webhook-signature"].count("v1,") == 2
    for secret in rotated:
        Webhook(secret.value).verify(body, headers)


async def test_secrets_are_sealed_in_the_database(database):
    async with receiving() as receiver:
        await register(database, receiver.url)
    async with database.transaction() as tx:
        rows = await tx.exec_driver_sql("SELECT sealed FROM webhook_secrets")
        assert b"whsec_" not in bytes(rows.scalar_one())


async def test_every_attempt_is_a_step_of_the_trace_that_caused_it(database):
    async with receiving(status(500)) as receiver:
        await register(database, receiver.url)
        said = await say(database)
        await run_to_the_end(database)
    async with database.transaction() as tx:
        steps = await trace_attempts(tx, said.cause.correlations)
        assert await trace_attempts(tx, [uuid4()]) == []
    assert len(steps) == 8
    assert {step.causes[0] for step in steps} == {said.id}
    assert steps[0].correlations == list(said.cause.correlations)
    assert steps[0].data["status"] == 500


async def test_an_alert_reaches_its_subscriber_under_the_events_own_id(database):
    async with receiving() as receiver:
        await register(database, receiver.url, RAISED)
        said = await say(database)
        await run_to_the_end(database)
        async with database.transaction() as tx:
            rows = await tx.exec_driver_sql(
                "SELECT event_id FROM outbox WHERE type = $1", (RAISED,)
            )
            event_id = rows.scalar_one()
    ((_, headers, body),) = receiver.requests
    assert headers["webhook-id"] == str(event_id)
    assert json.loads(body)["correlations"] == [str(said.cause.correlations[0])]
