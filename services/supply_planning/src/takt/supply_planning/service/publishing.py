"""The switch that stops publishing to the ERP at once, and what is told instead while it is off.

An ERP acts on `takt.purchasing.v1`. While the switch is off nothing new goes there: an order that
changes is told on `takt.purchasing-held.v1`, for those inside Takt who reckon with it. When it is
on again, the ERP is told once of each order that it does not know as it stands.
"""

from collections.abc import Sequence

from takt.common.db import Tx
from takt.common.event import Cause, Event
from takt.common.outbox import emit
from takt.supply_planning.domain.orders import PurchaseOrder
from takt.supply_planning.domain.publishing import PublishingState
from takt.supply_planning.service.problems import PublishingIsOff
from takt.supply_planning.service.telling import held_event, order_event
from takt.supply_planning.store import publishing as store

OrderChange = tuple[PurchaseOrder | None, PurchaseOrder, Cause]
"""An order before and after, and why it changed."""


async def order_events(
    tx: Tx, changes: Sequence[OrderChange], state: PublishingState
) -> list[tuple[Event, Cause]]:
    """What is to be said of changed orders.

    Args:
        tx: the transaction that stored them.
        changes: one after the other.
        state: of the switch, as storing them has answered.
    """
    if state == "on":
        return [(order_event(before, after), cause) for before, after, cause in changes]
    if changes:
        await store.hold_orders(tx, [(before, after) for before, after, _ in changes])
    return [(held_event(after), cause) for _, after, cause in changes]


async def refuse_while_off(tx: Tx, order: PurchaseOrder) -> None:
    """Let nobody send an order while the ERP is told nothing. Raises PublishingIsOff."""
    if await store.publishing_state(tx) == "off":
        raise PublishingIsOff(
            f"cannot release order {order.number}: publishing to the ERP is switched off",
            field="order_id",
            value=order.order_id,
            remedy="release it when PUT /v1/erp-publishing has switched it on again",
        )


async def switch_publishing(
    tx: Tx, state: PublishingState, reason: str, caller: str, cause: Cause
) -> None:
    """Move the switch; one that stands so already stays, with the reason that it has.

    Off: what is written but has not left the outbox is held too. On: of each order that has changed
    the ERP is told the present state.
    """
    if await store.lock_switch(tx) == state:
        return
    await store.move_switch(tx, state, reason, caller)
    if state == "off":
        await store.hold_unsent(tx)
        return
    held = await store.take_held(tx)
    await emit(tx, *((order_event(one.told, one.now), cause) for one in held if one.is_news))
