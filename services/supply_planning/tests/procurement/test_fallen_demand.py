"""A fall in demand reaches open orders, and says which deal it came from (capability S5)."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from takt.common.contracts.supply_planning import PlanChanged
from takt.common.db import Tx
from takt.common.event import Cause, Envelope, new_id
from takt.common.testing import emitted
from takt.supply_planning.domain import orders as domain
from takt.supply_planning.service.purchase_orders import receive_answers, step_order
from takt.supply_planning.service.receive_forecasts import receive_forecasts

from .company import answered, ask, forecast, found, orders_of


@pytest.mark.parametrize("sent", [False, True], ids=["approved", "with its supplier"])
async def test_a_fall_in_demand_for_one_deal_decreases_an_open_purchase_order_and_names_the_deal(
    tx: Tx, now: datetime, sent: bool
) -> None:
    await found(tx, now)
    await ask(tx, now, {6: 8}, pipeline={6: 30})
    (order,) = await orders_of(tx, "frame")
    order_id = order["order_id"]
    await step_order(tx, order_id, domain.approve, None, now, Cause.start())
    if sent:
        await step_order(tx, order_id, domain.release, None, now, Cause.start())
        await receive_answers(tx, [answered(order_id, 1, "confirmed", 38)], now)
    before = len(await emitted(tx))

    deal, request = new_id(), new_id()
    fallen = replace(
        forecast(now, {6: 8}, pipeline={6: 12}, sequence=2), cause=Cause((deal,), (request,))
    )
    await receive_forecasts(tx, [fallen], now)

    plan = plan_of_frames((await emitted(tx))[before:])
    (message,) = plan.event.messages
    assert (message.order_id, message.kind, message.reason) == (
        order_id,
        "decrease",
        "demand_fell",
    )
    assert (message.from_quantity, message.to_quantity) == (38, 20)
    assert (message.amount, message.priority) == (Decimal(18 * 40), "medium")
    assert plan.cause.causes == (fallen.id,), "the forecast, whose own cause is the deal"
    assert plan.cause.correlations == (request,)
    (kept,) = await orders_of(tx, "frame")
    assert kept["quantity"] == 38, "an approved order only ever gets messages"


def plan_of_frames(events: list[Envelope[PlanChanged]]) -> Envelope[PlanChanged]:
    (plan,) = (
        one for one in events if isinstance(one.event, PlanChanged) and one.event.item == "frame"
    )
    return plan


async def test_what_is_gone_of_the_demand_cancels_and_what_is_as_it_was_says_nothing(
    tx: Tx, now: datetime
) -> None:
    await found(tx, now)
    await ask(tx, now, {}, pipeline={6: 30})
    (order,) = await orders_of(tx, "frame")
    await step_order(tx, order["order_id"], domain.approve, None, now, Cause.start())
    await ask(tx, now, {}, pipeline={6: 29}, sequence=2)
    told = [one.event for one in await emitted(tx) if isinstance(one.event, PlanChanged)]
    frames = [event for event in told if event.item == "frame"]
    assert (frames[-1].messages, frames[-1].because) == ((), "tolerance")
    await ask(tx, now, {}, sequence=3)
    last = [one.event for one in await emitted(tx) if isinstance(one.event, PlanChanged)]
    (message,) = next(event for event in reversed(last) if event.item == "frame").messages
    assert (message.kind, message.amount) == ("cancel", 1200)
