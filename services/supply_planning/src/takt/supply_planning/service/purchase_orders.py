"""Purchase orders step by step: by people, and by what their ERP answers."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from uuid import UUID

from takt.common.amounts import LARGEST_MONEY
from takt.common.contracts.inbound import InboundPurchaseOrder
from takt.common.db import Tx
from takt.common.event import Cause, Envelope, wall_now
from takt.common.http import check_match
from takt.common.outbox import emit
from takt.supply_planning.domain.netting import release_day
from takt.supply_planning.domain.orders import (
    Answer,
    OrderRefusedError,
    PurchaseOrder,
    ReceiptWithoutQuantityError,
    answer,
    change,
    release,
)
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import to_millionths
from takt.supply_planning.service.kanban import placed_units, signal
from takt.supply_planning.service.problems import (
    OrderNotFound,
    OrderStateRefused,
    OrderTooLarge,
    refuse_twice,
)
from takt.supply_planning.service.publishing import order_events, refuse_while_off
from takt.supply_planning.service.references import refuse_unknown_codes, refuse_unplanned
from takt.supply_planning.service.replan import arrivals, lock_reach, replan_items
from takt.supply_planning.store.demand import move_stock
from takt.supply_planning.store.kanban import answer_calls
from takt.supply_planning.store.network import current_network
from takt.supply_planning.store.orders import (
    KeptAnswer,
    find_orders,
    keep_answers,
    places_of,
    save_orders,
    settle_waiting,
)

Step = Callable[[PurchaseOrder], PurchaseOrder]


async def get_order(tx: Tx, order_id: UUID) -> PurchaseOrder:
    """An order. Raises OrderNotFound."""
    order = (await find_orders(tx, [order_id])).get(order_id)
    if order is None:
        raise OrderNotFound(
            field="order_id", value=order_id, remedy="GET /v1/purchase-orders lists them"
        )
    return order


async def step_order(
    tx: Tx, order_id: UUID, step: Step, expected: int | None, now: datetime, cause: Cause
) -> PurchaseOrder:
    """Take an order one step on, and plan what follows.

    Args:
        tx: the caller's transaction.
        order_id: which one.
        step: what is done to it.
        expected: the sequence that the caller has seen; None for any.
        now: business time.
        cause: why.

    Raises:
        OrderNotFound, OrderStateRefused, OrderTooLarge, Stale.
    """
    before = await _lock_order(tx, order_id)
    check_match(expected, before.sequence)
    try:
        after = step(before)
    except OrderRefusedError as error:
        raise OrderStateRefused(
            str(error), field="status", value=error.status, remedy=error.remedy
        ) from error
    await _take_over(tx, [(before, after, cause)], now)
    return after


async def release_order(
    tx: Tx, order_id: UUID, expected: int | None, now: datetime, cause: Cause
) -> PurchaseOrder:
    """Send an approved order to its supplier, which is the ERP's work.

    Raises:
        OrderNotFound, OrderStateRefused, Stale, PublishingIsOff.
    """
    order = await step_order(tx, order_id, release, expected, now, cause)
    await refuse_while_off(tx, order)
    return order


async def change_order(
    tx: Tx,
    order_id: UUID,
    quantity: Decimal | None,
    due_on: date | None,
    expected: int | None,
    now: datetime,
    cause: Cause,
) -> PurchaseOrder:
    """Change an approved or sent order; an approved one is released a lead time before it is due.

    Raises:
        OrderNotFound, OrderStateRefused, OrderTooLarge, Stale.
    """
    network = await current_network(tx)

    def step(order: PurchaseOrder) -> PurchaseOrder:
        policy = network.policies[ItemSite(order.item, order.site)]

        def release_on(due: date, units: Decimal) -> date:
            return release_day(due, to_millionths(units), policy, network.horizon(now))

        return change(order, quantity, due_on, release_on)

    return await step_order(tx, order_id, step, expected, now, cause)


async def answer_order(
    tx: Tx,
    order_id: UUID,
    said: Answer,
    source: str,
    expected: int | None,
    now: datetime,
    cause: Cause,
) -> PurchaseOrder:
    """Take over what a person or an ERP says about an order by REST.

    A revision of 0 stands for the next one, a receipt without a quantity for all that was agreed.
    An older answer changes nothing and is kept.

    Raises:
        OrderNotFound, OrderTooLarge, Stale.
    """
    before = await _lock_order(tx, order_id)
    check_match(expected, before.sequence)
    if said.revision == 0:
        said = replace(said, revision=before.erp_revision + 1)
    if said.kind == "received" and said.quantity is None:
        said = replace(said, quantity=before.agreed_quantity)
    after = answer(before, said)
    outcome = "older" if after is before else "applied"
    await keep_answers(tx, [KeptAnswer(order_id, said, source, wall_now(), outcome)])
    await _take_over(tx, [(before, after, cause)], now)
    return after


async def import_orders(
    tx: Tx, orders: Sequence[PurchaseOrder], now: datetime, cause: Cause
) -> None:
    """Take over orders that another system has placed; one that is known here is left as it is.

    Raises:
        NamedTwice, UnknownReference, OrderTooLarge.
    """
    refuse_twice("number", [order.number for order in orders])
    network = await current_network(tx)
    places = [ItemSite(order.item, order.site) for order in orders]
    refuse_unplanned(places, network.policies)
    suppliers = [(f"items.{place}.supplier", o.supplier) for place, o in enumerate(orders)]
    await refuse_unknown_codes(tx, "suppliers", suppliers)
    for place, order in enumerate(orders):
        _refuse_too_large(f"items.{place}.quantity", order)
    await lock_reach(tx, places)
    known = await find_orders(tx, (order.order_id for order in orders))
    new = [order for order in orders if order.order_id not in known]
    if new:
        publishing = await save_orders(tx, new)
        await emit(tx, *await order_events(tx, [(None, one, cause) for one in new], publishing))
        await answer_calls(tx, placed_units([(None, one) for one in new]))
        waited = await settle_waiting(tx, [one.order_id for one in new])
        heard = [(one, reduce(answer, waited.get(one.order_id, ()), one), cause) for one in new]
        await _take_over(tx, heard, now)
        await replan_items(tx, {ItemSite(o.item, o.site): [cause] for o in new}, now)


async def receive_answers(
    tx: Tx, events: Sequence[Envelope[InboundPurchaseOrder]], now: datetime
) -> None:
    """What ERPs answered: applied where it is newer, and kept whatever became of it.

    An answer about an order that is not known yet waits for it.

    Raises: for the dead letters, ReceiptWithoutQuantityError: it cannot be told what arrived;
        OrderTooLarge.
    """
    for envelope in events:
        if envelope.event.answer == "received" and envelope.event.quantity is None:
            raise ReceiptWithoutQuantityError(envelope.event.order_id)
    ids = {envelope.event.order_id for envelope in events}
    await lock_reach(tx, set((await places_of(tx, ids)).values()))
    orders = await find_orders(tx, ids)
    kept: list[KeptAnswer] = []
    changes: list[tuple[PurchaseOrder, PurchaseOrder, Cause]] = []
    for envelope in sorted(events, key=lambda envelope: envelope.event.order_revision):
        event = envelope.event
        said = Answer(
            event.order_revision, event.answer, event.quantity, event.due_on, event.received_on
        )
        before = orders.get(event.order_id)
        outcome = "waiting"
        if before is not None:
            after = orders[event.order_id] = answer(before, said)
            outcome = "older" if after is before else "applied"
            changes.append((before, after, Cause.of(envelope)))
        kept.append(
            KeptAnswer(
                event.order_id, said, envelope.source, event.said_at or envelope.time, outcome
            )
        )
    await keep_answers(tx, kept)
    await _take_over(tx, changes, now)


def _refuse_too_large(field: str, order: PurchaseOrder) -> None:
    """Keep what an order costs within what `Money` takes. Raises OrderTooLarge."""
    if order.agreed_quantity * order.price > LARGEST_MONEY:
        raise OrderTooLarge(
            f"{order.number}: {order.agreed_quantity:,} at {order.price:,} each",
            field=field,
            value=order.agreed_quantity,
            remedy=f"quantity times price is at most {LARGEST_MONEY:,}; check both, or split it",
        )


async def _lock_order(tx: Tx, order_id: UUID) -> PurchaseOrder:
    seen = await get_order(tx, order_id)
    await lock_reach(tx, [ItemSite(seen.item, seen.site)])
    return await get_order(tx, order_id)


async def _take_over(
    tx: Tx, changes: Iterable[tuple[PurchaseOrder, PurchaseOrder, Cause]], now: datetime
) -> None:
    """Store changed orders, put into stock what was received, tell it, and plan what follows."""
    changed = [change for change in changes if change[0] is not change[1]]
    if not changed:
        return
    for before, after, _ in changed:
        if after.agreed_quantity != before.agreed_quantity:
            _refuse_too_large("quantity", after)
    today = (await current_network(tx)).today(now)
    touched: dict[ItemSite, list[Cause]] = defaultdict(list)
    for _, after, cause in changed:
        touched[ItemSite(after.item, after.site)].append(cause)
    pairs = [(before, after) for before, after, _ in changed]
    publishing = await save_orders(tx, {after.order_id: after for _, after in pairs}.values())
    await move_stock(tx, arrivals(pairs, today))
    await answer_calls(tx, placed_units(pairs))
    await signal(tx, touched, now)
    await emit(tx, *await order_events(tx, changed, publishing))
    await replan_items(tx, touched, now)
