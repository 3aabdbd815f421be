from uuid import uuid4

from standardwebhooks.webhooks import Webhook

from takt.alerting.app import PART as PART_WITHOUT_KEYS
from takt.common.app import create_app
from takt.common.settings import Settings
from takt.common.testing import eventually, running

from ..receiver import receiving, status  # noqa: TID252 - the receiver of this folder

RAISED = "takt.alert.raised.v1"


def key():
    return {"Idempotency-Key": str(uuid4())}


async def register(client, url, **more):
    body = {"url": url, "types": [RAISED], **more}
    answer = await client.post("/v1/webhooks", json=body, headers=key())
    assert answer.status_code == 201, answer.text
    return f"/v1/webhooks/{answer.json()['webhook_id']}"


async def first_attempt(client, path):
    async def attempts():
        return (await client.get(f"{path}/attempts")).json()["items"]

    return (await eventually(attempts))[0]


async def test_a_ping_goes_the_way_of_every_message(client):
    async with receiving() as receiver:
        path = await register(client, receiver.url)
        sent = await client.post(f"{path}/test")
        assert sent.status_code == 202
        attempt = await first_attempt(client, path)
    secrets = (await client.get(f"{path}/secrets")).json()["secrets"]
    ((_, headers, body),) = receiver.requests
    assert Webhook(secrets[0]["secret"]).verify(body, headers)["type"] == "takt.webhook.ping.v1"
    assert headers["webhook-id"] == sent.json()["message_id"]
    assert (attempt["number"], attempt["status"]) == (1, 204)


async def test_a_failed_ping_comes_again_after_five_seconds_and_can_be_replayed(client):
    async with receiving(status(500)) as receiver:
        path = await register(client, receiver.url)
        sent = (await client.post(f"{path}/test")).json()
        attempt = await first_attempt(client, path)
        assert attempt["error"] == "status 500"
        receiver.reply = status(204)
        body = {"message_id": sent["message_id"]}
        replayed = await client.post(f"{path}/replay", json=body)
        assert replayed.json() == {"messages": 1}

        async def delivered():
            items = (await client.get(f"{path}/attempts")).json()["items"]
            return [item for item in items if item["status"] == 204]

        (again, *_) = await eventually(delivered)
    assert again["message_id"] == sent["message_id"]


async def test_the_trace_of_a_ping_shows_its_attempt(client):
    correlation = str(uuid4())
    async with receiving() as receiver:
        path = await register(client, receiver.url)
        await client.post(f"{path}/test", headers={"Correlation-Id": correlation})
        await first_attempt(client, path)
    trace = (await client.post("/ops/traces", json={"ids": [correlation]})).json()
    (step,) = trace["steps"]
    assert (step["type"], step["data"]["status"]) == ("takt.webhook.attempt", 204)


async def test_a_webhook_is_changed_and_forgotten(client):
    async with receiving() as receiver:
        path = await register(client, receiver.url, description="till")
    etag = (await client.get(path)).headers["etag"]
    changed = await client.patch(
        path,
        json={"types": ["takt.review.opened.v1"], "enabled": False},
        headers={"If-Match": etag},
    )
    assert changed.json()["state"] == "disabled"
    assert changed.json()["description"] == "till"
    assert (await client.post(f"{path}/test")).status_code == 409
    assert (await client.delete(path, headers={"If-Match": etag})).status_code == 412
    current = changed.headers["etag"]
    assert (await client.delete(path, headers={"If-Match": current})).status_code == 204
    assert (await client.get(path)).status_code == 404


async def test_registering_twice_with_one_key_registers_once(client):
    body, headers = {"url": "http://127.0.0.1:9/", "types": [RAISED]}, key()
    first = await client.post("/v1/webhooks", json=body, headers=headers)
    again = await client.post("/v1/webhooks", json=body, headers=headers)
    assert first.json() == again.json()
    assert len((await client.get("/v1/webhooks")).json()["items"]) == 1
    assert (await client.post("/v1/webhooks", json=body)).status_code == 400


async def test_an_answer_that_is_kept_for_repeats_holds_no_secret(client, database):
    body = {"url": "http://127.0.0.1:9/", "types": [RAISED]}
    await client.post("/v1/webhooks", json=body, headers=key())
    async with database.transaction() as tx:
        rows = await tx.exec_driver_sql("SELECT body FROM idempotency")
        assert b"whsec_" not in bytes(rows.scalar_one())


PRIVATE = (
    "https://10.0.0.1/hook",
    "http://169.254.169.254/latest/meta-data",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "http://8.8.8.8/",
    "https://user@8.8.8.8/",
    "ftp://8.8.8.8/",
    "https://no-such-name.invalid/",
)


async def test_an_address_on_a_private_network_is_refused_by_name(client):
    for url in PRIVATE:
        body = {"url": url, "types": [RAISED]}
        answer = await client.post("/v1/webhooks", json=body, headers=key())
        problem = answer.json()
        assert (answer.status_code, problem["field"], problem["value"]) == (422, "url", url)
        assert problem["remedy"]
    assert (await client.get("/v1/webhooks")).json()["items"] == []


async def test_an_unknown_type_is_refused_with_the_known_ones(client):
    answer = await client.post(
        "/v1/webhooks", json={"url": "http://127.0.0.1:9/", "types": ["x"]}, headers=key()
    )
    assert answer.status_code == 422
    assert answer.json()["field"] == "types.0"
    assert answer.json()["known"] == (await client.get("/v1/webhooks/types")).json()


async def test_a_replay_says_what_it_wants(client):
    async with receiving() as receiver:
        path = await register(client, receiver.url)
    assert (await client.post(f"{path}/replay", json={})).status_code == 422
    unknown = await client.post(f"{path}/replay", json={"message_id": str(uuid4())})
    assert unknown.status_code == 404


async def test_rotating_answers_both_secrets(client):
    async with receiving() as receiver:
        path = await register(client, receiver.url)
    before = (await client.get(f"{path}/secrets")).json()["secrets"]
    first = {"If-Match": '"1"'}
    after = (await client.post(f"{path}/rotate", headers=first)).json()["secrets"]
    assert (await client.post(f"{path}/rotate", headers=first)).status_code == 412
    assert after[1]["secret"] == before[0]["secret"]
    assert after[0]["expires_at"] is None
    assert after[1]["expires_at"] is not None


async def test_without_an_encryption_key_there_are_no_webhooks(
    database, log, access_url, clock, new_key
):
    settings = Settings(database_url=database.url, access_url=access_url)
    app = create_app(PART_WITHOUT_KEYS, settings, log=log, clock=clock)
    async with running(app, await new_key()) as client:
        body = {"url": "https://8.8.8.8/", "types": [RAISED]}
        answer = await client.post("/v1/webhooks", json=body, headers=key())
    assert answer.status_code == 503
    assert "ALERTING_WEBHOOK_KEYS" in answer.json()["remedy"]
