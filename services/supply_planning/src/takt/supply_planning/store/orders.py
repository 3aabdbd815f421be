"""Purchase orders and the answers that ERPs gave about them.

The lock of an order is the plan of its item at its site: whoever changes an order has locked that
plan first.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from takt.common.db import Tx
from takt.supply_planning.domain.orders import Answer, AnswerKind, PurchaseOrder
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.publishing import PublishingState

COLUMNS = {
    "order_id": "uuid",
    "reference": "text",
    "item": "text",
    "site": "text",
    "supplier": "text",
    "due_period": "date",
    "generation": "int",
    "due_on": "date",
    "release_on": "date",
    "quantity": "numeric",
    "price": "numeric",
    "payment_days": "int",
    "stage": "text",
    "status": "text",
    "sequence": "bigint",
    "confirmed_quantity": "numeric",
    "confirmed_on": "date",
    "received_quantity": "numeric",
    "received_on": "date",
    "terms_revision": "int",
    "receipt_revision": "int",
    "cancel_revision": "int",
}
ORDER_ROW = f"""ARRAY[{", ".join(f"o.{name}::text" for name in COLUMNS)}]"""
"""An order `o` as an array of texts: an object of 22 names took eighty times as long to make."""

PLACE = {name: place for place, name in enumerate(COLUMNS)}
"""Where a column stands in `ORDER_ROW`."""

READERS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "int": int,
    "bigint": int,
    "date": date.fromisoformat,
    "numeric": Decimal,
}
KEPT = [
    (PLACE[name], name, READERS[kind])
    for name, kind in COLUMNS.items()
    if name not in ("order_id", "status")
]

OrderRow = Sequence[str | None]

SAVE_ORDERS = f"""
INSERT INTO purchase_orders ({", ".join(COLUMNS)})
SELECT {", ".join(COLUMNS)} FROM jsonb_to_recordset($1::jsonb)
    AS new ({", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())})
ORDER BY order_id
ON CONFLICT (order_id) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "order_id")}
"""
PUBLISHING = "SELECT state FROM erp_publishing FOR SHARE"
"""Asked in the statement that stores orders: until the commit nobody moves the switch."""

SAVE_ANSWERS = """
INSERT INTO purchase_order_answers
    (order_id, revision, kind, quantity, due_on, received_on, source, said_at, outcome)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::numeric[], $5::date[], $6::date[],
    $7::text[], $8::timestamptz[], $9::text[])
ON CONFLICT (order_id, revision, kind, source) DO UPDATE SET outcome = excluded.outcome
    WHERE purchase_order_answers.outcome = 'waiting'
"""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer about an order, and what became of it."""

    order_id: UUID
    said: Answer
    source: str
    said_at: datetime
    outcome: str


async def find_orders(tx: Tx, order_ids: Iterable[UUID]) -> dict[UUID, PurchaseOrder]:
    """Orders by their ids."""
    result = await tx.exec_driver_sql(
        f"SELECT {ORDER_ROW} FROM purchase_orders o WHERE order_id = ANY($1::uuid[])",
        (sorted(set(order_ids)),),
    )
    return {order.order_id: order for order in map(order_from, result.scalars())}


async def places_of(tx: Tx, order_ids: Iterable[UUID]) -> dict[UUID, ItemSite]:
    """Where orders are to come: what has to be locked to change them."""
    result: Iterable[Any] = await tx.exec_driver_sql(
        "SELECT order_id, item, site FROM purchase_orders WHERE order_id = ANY($1::uuid[])",
        (sorted(set(order_ids)),),
    )
    return {row[0]: ItemSite(row[1], row[2]) for row in result}


async def save_orders(tx: Tx, orders: Iterable[PurchaseOrder]) -> PublishingState:
    """Store orders that are new or changed; returns whether the ERP is to be told of them."""
    saved = await tx.exec_driver_sql(
        f"WITH saved AS ({SAVE_ORDERS}) {PUBLISHING}", (order_rows(orders),)
    )
    state: PublishingState = saved.scalar_one()
    return state


async def keep_answers(tx: Tx, answers: Sequence[KeptAnswer]) -> None:
    """Keep what ERPs said, whatever became of it; of a repeat the first outcome."""
    if not answers:
        return
    first: dict[tuple[UUID, int, str, str], KeptAnswer] = {}
    for kept in answers:
        first.setdefault((kept.order_id, kept.said.revision, kept.said.kind, kept.source), kept)
    answers = list(first.values())
    await tx.exec_driver_sql(
        SAVE_ANSWERS,
        (
            [kept.order_id for kept in answers],
            [kept.said.revision for kept in answers],
            [kept.said.kind for kept in answers],
            [kept.said.quantity for kept in answers],
            [kept.said.due_on for kept in answers],
            [kept.said.received_on for kept in answers],
            [kept.source for kept in answers],
            [kept.said_at for kept in answers],
            [kept.outcome for kept in answers],
        ),
    )


async def settle_waiting(tx: Tx, order_ids: Iterable[UUID]) -> dict[UUID, list[Answer]]:
    """The answers that waited for these orders, by revision; from now on they are applied."""
    rows: Iterable[Any] = await tx.exec_driver_sql(
        "UPDATE purchase_order_answers SET outcome = 'applied'"
        " WHERE outcome = 'waiting' AND order_id = ANY($1::uuid[])"
        " RETURNING order_id, revision, kind, quantity, due_on, received_on",
        (sorted(order_ids),),
    )
    found: dict[UUID, list[Answer]] = defaultdict(list)
    for order_id, *said in sorted(rows, key=lambda row: row[1]):
        found[order_id].append(Answer(*said))
    return found


async def list_answers(tx: Tx, order_id: UUID) -> Sequence[RowMapping]:
    """What was said about an order, by revision."""
    result = await tx.exec_driver_sql(
        "SELECT revision, kind, quantity, due_on, received_on, source, said_at, outcome"
        " FROM purchase_order_answers WHERE order_id = $1 ORDER BY revision, said_at",
        (order_id,),
    )
    return result.mappings().all()


async def open_orders(tx: Tx, keys: Iterable[ItemSite]) -> list[PurchaseOrder]:
    """Orders of these item-sites that are proposed or under way, by due date."""
    places = sorted(keys)
    result = await tx.exec_driver_sql(
        f"""
        SELECT {ORDER_ROW}
        FROM purchase_orders o JOIN unnest($1::text[], $2::text[]) AS k (item, site)
            USING (item, site)
        WHERE status IN ('proposed', 'approved', 'released', 'confirmed')
        ORDER BY due_on, order_id
        """,
        ([key.item for key in places], [key.site for key in places]),
    )
    return [order_from(row) for row in result.scalars()]


async def list_orders(
    tx: Tx,
    *,
    items: Sequence[str] | None,
    site: str | None,
    supplier: str | None,
    statuses: Sequence[str] | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[PurchaseOrder]:
    """Orders by due date, those that fit what is asked for."""
    due, order_id = after or (None, None)
    result = await tx.exec_driver_sql(
        f"""
        SELECT {ORDER_ROW} FROM purchase_orders o
        WHERE ($1::text[] IS NULL OR item = ANY($1)) AND ($2::text IS NULL OR site = $2)
            AND ($3::text IS NULL OR supplier = $3)
            AND ($4::text[] IS NULL OR status = ANY($4))
            AND ($5::date IS NULL OR (due_on, order_id) > ($5, $6::uuid))
        ORDER BY due_on, order_id LIMIT $7
        """,
        (items, site, supplier, statuses, due, order_id, limit),
    )
    return [order_from(row) for row in result.scalars()]


def order_from(row: OrderRow) -> PurchaseOrder:
    """An order from `ORDER_ROW`."""
    values: dict[str, Any] = {}
    for place, name, read in KEPT:
        text = row[place]
        values[name] = None if text is None else read(text)
    return PurchaseOrder(**values)


def order_rows(orders: Iterable[PurchaseOrder]) -> str:
    """Orders as the JSON that `SAVE_ORDERS` takes."""
    return json.dumps(
        [{name: getattr(order, name) for name in COLUMNS} for order in orders], default=str
    )


def row_of(order: PurchaseOrder) -> OrderRow:
    """An order as `ORDER_ROW` has it."""
    values = (getattr(order, name) for name in COLUMNS)
    return [None if value is None else str(value) for value in values]


def answer_from(
    revision: int, kind: AnswerKind, quantity: str | None, due: str | None, received: str | None
) -> Answer:
    """An answer as it is stored."""
    return Answer(
        revision,
        kind,
        Decimal(quantity) if quantity is not None else None,
        date.fromisoformat(due) if due else None,
        date.fromisoformat(received) if received else None,
    )
