import random
from decimal import Decimal
from uuid import UUID, uuid4

from standardwebhooks.webhooks import Webhook

from takt.common.bus import Message
from takt.common.contracts.alerting import ReviewOpened
from takt.common.contracts.supply_planning import PurchaseOrderProposed, PurchaseOrderState
from takt.common.contracts.topics import ALERTS
from takt.common.event import Envelope, decode, new_id
from takt.common.testing import eventually

from .receiver import receiving
from .scene import MONDAY, catalog, deal_part, sale, sealed, series, version


async def publish(log, *envelopes):
    await log.publish(
        [Message(e.event.topic, e.event.key, e.headers(), e.body().encode()) for e in envelopes]
    )


async def said(log, event_type):
    """The events of a type on the alerts topic, read as anyone can."""
    found = []
    positions = {}
    while records := await log.read({(ALERTS, 0): -1, **positions}, 0.2):
        for record in records:
            positions[record.topic, record.partition] = record.position
            envelope = decode(record.headers, record.value, record.place)
            if isinstance(envelope, Envelope) and isinstance(envelope.event, event_type):
                found.append(envelope)
    return found


async def register(client, url, *types):
    answer = await client.post(
        "/v1/webhooks",
        json={"url": url, "types": list(types)},
        headers={"Idempotency-Key": str(uuid4())},
    )
    webhook = answer.json()["webhook_id"]
    secrets = (await client.get(f"/v1/webhooks/{webhook}/secrets")).json()["secrets"]
    return Webhook(secrets[0]["secret"])


async def test_a_sale_on_the_log_opens_a_review_that_reaches_a_receiver_signed(client, log):
    correlation = new_id()
    async with receiving() as receiver:
        verifier = await register(client, receiver.url, ReviewOpened.event_type)
        deals = [deal_part(uuid4(), 4, 10, "0.8")]
        await publish(log, *catalog(), version(series("kettle", "north", 100, deals=deals)))

        async def frozen():
            return (await client.get("/v1/deviations?level=series")).json()["items"]

        await eventually(frozen)
        await publish(log, sale(quantity=80, correlation=correlation))

        async def received():
            return receiver.requests

        ((_, headers, body), *_) = await eventually(received)
    payload = verifier.verify(body, headers)
    (opened,) = await said(log, ReviewOpened)
    assert headers["webhook-id"] == str(opened.id)
    assert opened.cause.correlations == (correlation,)
    assert payload["correlations"] == [str(correlation)]
    review = opened.event.review
    amounts = {cause.cause: cause.amount for cause in review.causes}
    assert review.deviation == 800 - 200 == amounts["price"] + amounts["mix"] + amounts["volume"]
    trace = (await client.post("/ops/traces", json={"ids": [str(correlation)]})).json()
    kinds = [step["type"] for step in trace["steps"]]
    assert "takt.review.opened.v1" in kinds
    assert "takt.webhook.attempt" in kinds


async def test_everything_three_times_and_shuffled_opens_the_one_review(client, log):
    sold = [sale(quantity=20, day=MONDAY) for _ in range(6)]
    events = [*catalog(), version(series("kettle", "north", 100)), *sold] * 3
    random.Random(3).shuffle(events)
    for envelope in events:
        await publish(log, envelope)

    async def judged():
        found = (await client.get("/v1/deviations?level=series")).json()["items"]
        return found and found[0]["breached"] and Decimal(found[0]["actual"]) == 120

    await eventually(judged)
    reviews = (await client.get("/v1/reviews")).json()["items"]
    assert len([r for r in reviews if r["scope"]["level"] == "series"]) == 1


async def test_a_purchase_proposal_is_handed_on_to_who_asked_for_it(client, log):
    order = PurchaseOrderState(
        order_id=UUID(int=9),
        number="PO-1",
        status="proposed",
        item="kettle",
        site="plant",
        supplier="acme",
        due_period=MONDAY,
        due_on=MONDAY,
        release_on=MONDAY,
        quantity=Decimal(12),
        price=Decimal(5),
        amount=Decimal(60),
        payment_days=30,
    )
    async with receiving() as receiver:
        verifier = await register(client, receiver.url, PurchaseOrderProposed.event_type)
        proposal = sealed(PurchaseOrderProposed(sequence=1, order=order))
        await publish(log, proposal)

        async def received():
            return receiver.requests

        ((_, headers, body), *_) = await eventually(received)
    payload = verifier.verify(body, headers)
    assert headers["webhook-id"] == str(proposal.id)
    assert payload["data"]["order"]["quantity"] == "12"
