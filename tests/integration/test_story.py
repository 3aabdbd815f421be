"""The story: a deal moves, and the purchase order, the cash and the review with it.

Every service is a process of its own, over each of the two logs, or a container. What is seen is
seen by a listener that knows nothing of the code, at the routes, and by a real HTTP receiver.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from standardwebhooks.webhooks import Webhook

from takt.common.event import new_id
from takt.common.testing import eventually

from .composed import RECEIVER, Composed, running_composed
from .listener import Heard, Listener, listening_to_kafka, listening_to_table
from .receiver import Receiver, receiving
from .story_company import COMPONENT, PRODUCTS, REGION, load_company, post
from .system import System, forget_other_tests, running_system

# Whole systems take the same names of databases, so they never run beside each other.
pytestmark = pytest.mark.xdist_group("kafka")

SUNDAY = date(2026, 11, 22)
BEFORE = f"{SUNDAY}T18:00:00Z"
THURSDAY = date(2026, 11, 26)
CHAIN = (
    "takt.deal.stage_changed.v1",
    "takt.pipeline_demand.changed.v1",
    "takt.forecast.changed.v1",
    "takt.plan.changed.v1",
    "takt.purchase_order.",
    "takt.cash.projected.v1",
)


@dataclass
class Stage:
    """Where the story plays."""

    system: System | Composed
    client: httpx.AsyncClient
    listener: Listener
    receiver: Receiver
    deals: list[str]


@asynccontextmanager
async def on_the_table(
    request: pytest.FixtureRequest,
) -> AsyncIterator[tuple[System, Listener, Receiver]]:
    """Processes on 127.0.0.1; events over the log in PostgreSQL."""
    postgres, folder = map(request.getfixturevalue, ("postgres_url", "tmp_path"))
    async with (
        receiving() as receiver,
        running_system(postgres, folder, as_of=BEFORE) as system,
        listening_to_table(system.url("takt_log")) as listener,
    ):
        yield system, listener, receiver


@asynccontextmanager
async def on_kafka(
    request: pytest.FixtureRequest,
) -> AsyncIterator[tuple[System, Listener, Receiver]]:
    """Processes on 127.0.0.1; events over Kafka."""
    postgres, folder, kafka = map(
        request.getfixturevalue, ("postgres_url", "tmp_path", "kafka_bootstrap")
    )
    await forget_other_tests(kafka)
    async with (
        receiving() as receiver,
        running_system(postgres, folder, kafka=kafka, as_of=BEFORE) as system,
        listening_to_kafka(kafka) as listener,
    ):
        yield system, listener, receiver


@asynccontextmanager
async def in_containers(
    _: pytest.FixtureRequest,
) -> AsyncIterator[tuple[Composed, Listener, Receiver]]:
    """What docker-compose.yml brings up."""
    async with (
        receiving(RECEIVER) as receiver,
        running_composed(BEFORE) as system,
        listening_to_kafka(system.kafka) as listener,
    ):
        yield system, listener, receiver


@pytest.fixture(
    params=[
        on_the_table,
        on_kafka,
        # The images are built first, the first time from nothing.
        pytest.param(in_containers, marks=[pytest.mark.slow, pytest.mark.timeout(1_200)]),
    ],
    ids=["postgres", "kafka", "composed"],
)
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with (
        request.param(request) as (system, listener, receiver),
        system.client() as client,
    ):
        deals = await load_company(client, SUNDAY)
        await listener.silence()
        await post(client, "/v1/forecasts/refits", {"combination": False})
        await forecasts_are_there(client)
        await listener.silence()
        yield Stage(system, client, listener, receiver, deals)


async def forecasts_are_there(client: httpx.AsyncClient) -> None:
    """Wait until both lamps have a forecast of a year's sales, and the driver a plan."""

    async def there() -> bool:
        answer = await client.get("/v1/forecasts")
        items = answer.json().get("items", [])
        fitted = [i for i in items if Decimal(i["buckets"][1]["baseline"]) > 5]
        plans = (await client.get("/v1/plans", params={"item": COMPONENT})).json()["items"]
        return len(fitted) == len(PRODUCTS) and bool(plans)

    await eventually(there, within=60, every=0.25)


async def test_the_story(stage: Stage) -> None:
    await a_stage_change_reaches_the_purchase_order_and_the_cash(stage)
    await every_deal_of_a_batch_has_its_whole_chain(stage)
    await the_erp_confirms(stage)
    await sales_below_the_forecast_open_a_review_with_causes_that_sum(stage)


async def a_stage_change_reaches_the_purchase_order_and_the_cash(stage: Stage) -> None:
    """One deal: each link in cause order, under the deal's correlation id."""
    stage.listener.forget()
    correlation = str(new_id())
    await post(
        stage.client, f"/v1/deals/{stage.deals[0]}/stage", {"stage": "negotiation"},
        **{"If-Match": "*", "Correlation-Id": correlation},
    )  # fmt: skip
    heard = await stage.listener.until(
        lambda messages: all(links(messages, correlation, kind) for kind in CHAIN),
        "the whole chain of one deal",
    )
    follows_from_its_causes(heard, correlation)
    await trace_is_whole(stage, correlation)


async def every_deal_of_a_batch_has_its_whole_chain(stage: Stage) -> None:
    """Deals that share products and a component, in one batch, each with its own chain."""
    stage.listener.forget()
    moved = stage.deals[1:9]
    correlations = {deal: str(new_id()) for deal in moved}
    moves = [
        {"deal_id": deal, "stage": "negotiation", "correlation_id": correlations[deal]}
        for deal in moved
    ]
    answer = await post(stage.client, "/v1/deals/stage-moves", {"moves": moves})
    assert (answer["done"], answer["failed"]) == (len(moved), 0)
    heard = await stage.listener.until(
        lambda messages: all(
            links(messages, c, kind) for c in correlations.values() for kind in CHAIN
        ),
        "the whole chain of each deal of the batch",
    )
    for correlation in correlations.values():
        follows_from_its_causes(heard, correlation)
        await trace_is_whole(stage, correlation)


def links(messages: list[Heard], correlation: str, kind: str) -> list[Heard]:
    """Messages of a kind that belong to a chain."""
    return [m for m in messages if m.type.startswith(kind) and correlation in m.correlations]


def follows_from_its_causes(messages: list[Heard], correlation: str) -> None:
    """Every link but the first names causes, and at least one of them is in the same chain."""
    chain = [m for m in messages if correlation in m.correlations]
    ids = {m.id for m in chain}
    for message in chain:
        if message.type == CHAIN[0]:
            assert not message.causes, "the request is the beginning"
        else:
            assert message.causes & ids, f"{message.type} has no cause in its chain"
    order = [
        m.headers["ce_time"] for kind in CHAIN[:4] for m in links(messages, correlation, kind)[:1]
    ]
    assert order == sorted(order), "an effect is never said before its cause"


async def trace_is_whole(stage: Stage, correlation: str) -> None:
    """The door puts the chain together from all services."""

    async def traced() -> dict[str, Any] | None:
        answer = await stage.client.get(f"/v1/traces/{correlation}")
        if answer.status_code != 200:
            return None
        trace: dict[str, Any] = answer.json()
        types = {step["type"] for step in trace["steps"]}
        services = {step["service"] for step in trace["steps"]}
        whole = (
            set(CHAIN[:4]) <= types and {"deals", "forecast", "procurement", "finance"} <= services
        )
        return trace if whole and not trace.get("missing") else None

    assert await eventually(traced)


async def the_erp_confirms(stage: Stage) -> None:
    """A proposal is approved and released; the ERP confirms it for two weeks later."""
    orders = (await stage.client.get("/v1/purchase-orders", params={"item": COMPONENT})).json()
    order = next(o for o in orders["items"] if o["status"] == "proposed")
    path = f"/v1/purchase-orders/{order['order_id']}"
    for step in ("approve", "release"):
        order = await post(stage.client, f"{path}/{step}", None, **{"If-Match": "*"})
    stage.listener.forget()
    later = date.fromisoformat(order["due_on"]) + timedelta(weeks=2)
    answer = {"order_revision": 1, "due_on": str(later)}
    if stage.system.kafka is None:
        await post(stage.client, f"{path}/confirm", answer, **{"If-Match": "*"})
    else:
        said = {"order_id": order["order_id"], "answer": "confirmed", **answer}
        await say_as_erp(stage.system.kafka, said)
    await stage.listener.until(
        lambda messages: any(
            m.type == "takt.cash.projected.v1" and m.causes & confirmations(messages)
            for m in messages
        ),
        "cash that follows the confirmation",
    )
    confirmed = (await stage.client.get(path)).json()
    assert (confirmed["status"], confirmed["confirmed_on"]) == ("confirmed", str(later))


async def say_as_erp(kafka: str, said: dict[str, Any]) -> None:
    """A message on the inbound topic, in the ERP's own name."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    headers = {
        "ce_specversion": "1.0", "ce_id": "4711", "ce_source": "/erp",
        "ce_type": "takt.inbound.purchase_order.v1",
    }  # fmt: skip
    await producer.send_and_wait(
        "takt.inbound.purchasing.v1",
        key=said["order_id"].encode(),
        value=json.dumps(said).encode(),
        headers=[(name, value.encode()) for name, value in headers.items()],
    )
    await producer.stop()


def confirmations(messages: list[Heard]) -> set[str]:
    """Ids of confirmed orders."""
    return {m.id for m in messages if m.type == "takt.purchase_order.confirmed.v1"}


async def sales_below_the_forecast_open_a_review_with_causes_that_sum(stage: Stage) -> None:
    """A version is frozen, the week goes by with almost no sales; on Thursday a review opens."""
    await post(
        stage.client, "/v1/forecast-versions", {"name": "Week 48"}, **{"Idempotency-Key": "v48"}
    )
    await stage.listener.silence()
    endpoint = {"url": stage.receiver.url, "types": ["takt.review.opened.v1"]}
    webhook = await post(
        stage.client, "/v1/webhooks", endpoint, **{"Idempotency-Key": str(new_id())}
    )
    path = f"/v1/webhooks/{webhook['webhook_id']}/secrets"
    secret = (await stage.client.get(path)).json()["secrets"][0]["secret"]

    stage.listener.forget()
    await stage.system.on(f"{THURSDAY}T16:00:00Z")

    # The clock of a new day may notice before the sale does: zero sales emit nothing.
    sale = {
        "source": "till", "order_line": "thursday", "product": PRODUCTS[0], "region": REGION,
        "quantity": "1", "price": "100", "sold_on": str(THURSDAY),
    }  # fmt: skip
    await post(stage.client, "/v1/sales/upserts", {"items": [sale]})
    await stage.listener.until(
        lambda messages: any(m.type == "takt.review.opened.v1" for m in messages),
        "a review of the week",
        within=60,
    )
    opened = [m for m in stage.listener.heard if m.type == "takt.review.opened.v1"]
    for review in (m.body["review"] for m in opened):
        assert sums(review, "deviation") == Decimal(review["deviation"])
        volume = next(c for c in review["causes"] if c["cause"] == "volume")
        assert sums(review, "volume") == Decimal(volume["amount"])
    scopes = [json.dumps(m.body["review"]["scope"], sort_keys=True) for m in opened]
    assert len(scopes) == len(set(scopes)), "one review per scope"
    review = opened[0].body["review"]
    calendar = await stage.client.get(f"/v1/reviews/{review['review_id']}/invitation.ics")
    assert "METHOD:REQUEST" in calendar.text
    await the_webhook_is_signed(stage, secret, min(opened[0].correlations))


def sums(review: dict[str, Any], within: str) -> Decimal:
    """The sum of the causes inside something."""
    amounts = [Decimal(c["amount"]) for c in review["causes"] if c["within"] == within]
    return sum(amounts, Decimal(0))


async def the_webhook_is_signed(stage: Stage, secret: str, correlation: str) -> None:
    """It arrived at the receiver, and the standard's own library accepts its signature."""

    async def arrived() -> bool:
        return bool(stage.receiver.requests)

    await eventually(arrived)
    headers, body = stage.receiver.requests[0]
    accepted = Webhook(secret).verify(body, headers)
    assert accepted["type"] == "takt.review.opened.v1"
    with pytest.raises(Exception, match="signature"):
        Webhook(secret).verify(body + b" ", headers)

    async def in_the_trace() -> bool:
        answer = await stage.client.get(f"/v1/traces/{correlation}")
        return "webhook" in answer.text

    await eventually(in_the_trace)
