"""The switch of publishing to the ERP, who moved it, and the orders that it holds back."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import RowMapping

from takt.common.contracts.supply_planning import PurchaseOrderHeld
from takt.common.contracts.topics import PURCHASING, PURCHASING_HELD
from takt.common.db import Tx
from takt.common.event import wall_now
from takt.supply_planning.domain.orders import PurchaseOrder
from takt.supply_planning.domain.publishing import HeldOrder, PublishingState
from takt.supply_planning.store.orders import ORDER_ROW, PUBLISHING, order_from, row_of

HOLD_UNSENT = """
WITH turned AS (
    UPDATE outbox o
    SET topic = $2, type = $3, headers = o.headers || jsonb_build_object('ce_type', $3::text)
    FROM outbox_unsent u WHERE u.event_id = o.event_id AND o.topic = $1
    RETURNING o.key::uuid AS order_id, (o.headers->>'ce_sequence')::bigint AS sequence
)
INSERT INTO held_orders (order_id, told_sequence)
SELECT order_id, min(sequence) - 1 FROM turned GROUP BY order_id
ON CONFLICT (order_id) DO NOTHING
"""


async def publishing_state(tx: Tx) -> PublishingState:
    """How the switch stands, and stays until the commit."""
    state: PublishingState = (await tx.exec_driver_sql(PUBLISHING)).scalar_one()
    return state


async def lock_switch(tx: Tx) -> PublishingState:
    """The switch, alone: waits until everything that was written under it is committed."""
    locked = await tx.exec_driver_sql("SELECT state FROM erp_publishing FOR UPDATE")
    state: PublishingState = locked.scalar_one()
    return state


async def move_switch(tx: Tx, state: PublishingState, reason: str, caller: str) -> None:
    """Set the switch and keep who did it, when and why."""
    await tx.exec_driver_sql("UPDATE erp_publishing SET state = $1", (state,))
    await tx.exec_driver_sql(
        "INSERT INTO erp_publishing_changes (state, reason, changed_by, changed_at)"
        " VALUES ($1, $2, $3, $4)",
        (state, reason, caller, wall_now()),
    )


async def list_changes(tx: Tx, limit: int) -> Sequence[RowMapping]:
    """Who moved the switch, when and why, the latest first."""
    rows = await tx.exec_driver_sql(
        "SELECT state, reason, changed_by, changed_at FROM erp_publishing_changes"
        " ORDER BY number DESC LIMIT $1",
        (limit,),
    )
    return rows.mappings().all()


async def count_held(tx: Tx) -> int:
    """How many orders have changed since the ERP was told of them."""
    held = await tx.exec_driver_sql("SELECT count(*) FROM held_orders")
    return int(held.scalar_one())


async def hold_orders(
    tx: Tx, changes: Iterable[tuple[PurchaseOrder | None, PurchaseOrder]]
) -> None:
    """Remember of changed orders what the ERP knows; what is held already stays as it is."""
    rows: list[dict[str, Any]] = [
        {
            "order_id": str(after.order_id),
            "told_sequence": before.sequence if before else 0,
            "told": row_of(before) if before else None,
        }
        for before, after in changes
    ]
    await tx.exec_driver_sql(
        "INSERT INTO held_orders SELECT order_id, told_sequence, told"
        " FROM jsonb_to_recordset($1::jsonb)"
        " AS held (order_id uuid, told_sequence bigint, told jsonb)"
        " ON CONFLICT (order_id) DO NOTHING",
        (json.dumps(rows),),
    )


async def hold_unsent(tx: Tx) -> None:
    """Turn what still waits in the outbox for the ERP to those inside, and hold its orders."""
    await tx.exec_driver_sql(
        HOLD_UNSENT, (PURCHASING, PURCHASING_HELD, PurchaseOrderHeld.event_type)
    )


async def take_held(tx: Tx) -> list[HeldOrder]:
    """Orders that were held, each once; they are held no more."""
    rows: Iterable[Any] = await tx.exec_driver_sql(
        f"""
        DELETE FROM held_orders h USING purchase_orders o WHERE o.order_id = h.order_id
        RETURNING {ORDER_ROW}, h.told, h.told_sequence
        """
    )
    held = [
        HeldOrder(order_from(now), order_from(told) if told else None, sequence)
        for now, told, sequence in rows
    ]
    return sorted(held, key=lambda one: (one.now.due_on, one.now.order_id))
