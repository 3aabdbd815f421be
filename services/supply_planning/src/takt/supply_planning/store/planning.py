"""What a plan is made of and where it is kept: the statements of the beat.

A plan takes three of them: lock the plans that may change, in order; read all that they depend on;
write plans and orders. Locking and reading are apart because a statement sees what was committed
before it began, not before its locks were granted.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal
from uuid import UUID

from takt.common.db import Tx
from takt.supply_planning.domain.messages import Communicated, Message
from takt.supply_planning.domain.netting import Netting, Supply
from takt.supply_planning.domain.network import Network
from takt.supply_planning.domain.orders import Answer, PurchaseOrder
from takt.supply_planning.domain.plan import Dated, Gist, ItemSite, MadeOf
from takt.supply_planning.domain.publishing import PublishingState
from takt.supply_planning.store.demand import CUT_EVERY, STATES_KEPT
from takt.supply_planning.store.orders import (
    ORDER_ROW,
    PLACE,
    PUBLISHING,
    SAVE_ORDERS,
    OrderRow,
    answer_from,
    order_from,
    order_rows,
)
from takt.supply_planning.store.plan_rows import (
    communicated_from,
    communicated_row,
    dated_from,
    dated_rows,
    inputs_row,
    message_from,
    message_row,
    netting_row,
)
from takt.supply_planning.store.receipts import COMING, supplies_from
from takt.supply_planning.store.series_demand import NEWS, TOLD, demand_of

LOCK = """
SELECT item, site FROM plans
WHERE (item, site) IN (SELECT * FROM unnest($1::text[], $2::text[]))
ORDER BY item, site FOR UPDATE
"""

READ = f"""
WITH wanted AS (SELECT * FROM unnest($1::text[], $2::text[]) AS wanted (item, site)),
series AS (SELECT * FROM unnest($5::text[], $6::text[]) AS series (product, region)),
{NEWS}
SELECT (SELECT revision FROM network_revision) AS revision,
    (SELECT json_agg(json_build_array(
        item, site, sequence, gist, releases, messages, communicated))
        FROM plans JOIN wanted USING (item, site)) AS plans,
    (SELECT json_agg(json_build_array(item, site, releases)) FROM plans
        WHERE (item, site) IN (SELECT * FROM unnest($3::text[], $4::text[]))) AS users,
    (SELECT json_agg(json_build_array(item, site, (on_hand * 1000000)::bigint))
        FROM stock JOIN wanted USING (item, site)) AS stock,
    ({COMING.format("wanted")}) AS receipts,
    (SELECT json_agg({ORDER_ROW}) FROM purchase_orders o JOIN wanted USING (item, site)
        WHERE o.status IN ('proposed', 'approved', 'released', 'confirmed')
            OR o.due_period >= $7::date) AS orders,
    (SELECT json_agg(json_build_array(
        order_id, revision, kind, quantity::text, due_on, received_on))
        FROM purchase_order_answers WHERE outcome = 'waiting') AS waiting,
    {TOLD}
"""

WRITE = f"""
WITH planned AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::json[],
        $7::jsonb[], $8::jsonb[], $9::jsonb[], $12::jsonb[], $13::json[])
        AS planned (item, site, sequence, outcome, because, netting, releases, messages,
            communicated, gist, inputs)
), states_kept AS (
    INSERT INTO plan_states (item, site, sequence, as_of, inputs)
    SELECT item, site, sequence, $10, inputs FROM planned
), states_dropped AS (
    DELETE FROM plan_states s USING planned n
    WHERE n.sequence % {CUT_EVERY} = 0 AND (s.item, s.site) = (n.item, n.site)
        AND s.sequence <= n.sequence - {STATES_KEPT}
), plans_written AS (
    UPDATE plans p SET sequence = n.sequence, as_of = $10, outcome = n.outcome, because = n.because,
        netting = n.netting, releases = n.releases, messages = n.messages,
        communicated = n.communicated, gist = n.gist
    FROM planned n WHERE (p.item, p.site) = (n.item, n.site)
)
, orders_written AS ({SAVE_ORDERS.replace("$1", "$11")})
{PUBLISHING}
"""


Outcome = Literal["changed", "unchanged"]
Because = Literal["lot", "tolerance", "fence", "stock"]


@dataclass(frozen=True, slots=True)
class KnownPlan:
    """A plan as it is stored; `gist` is None before the first."""

    sequence: int
    gist: Gist | None
    releases: Dated
    messages: tuple[Message, ...]
    communicated: Mapping[UUID, Communicated]


@dataclass(frozen=True)
class StoredOrders:
    """The orders of an item-site as rows: most plans only ask for those that bring supply."""

    rows: Sequence[OrderRow] = ()

    def bringing(self) -> list[PurchaseOrder]:
        """Those that planning may not change and that are not done."""
        open_ = ("approved", "released", "confirmed")
        return [order_from(row) for row in self.rows if row[PLACE["status"]] in open_]

    @cached_property
    def all(self) -> tuple[PurchaseOrder, ...]:
        """All of them."""
        return tuple(map(order_from, self.rows))


@dataclass(frozen=True, slots=True)
class Positions:
    """All that the plans of some item-sites depend on, as of `revision` of the network."""

    revision: int
    plans: Mapping[ItemSite, KnownPlan]
    user_releases: Mapping[ItemSite, Dated]
    stock: Mapping[ItemSite, int]
    receipts: Mapping[ItemSite, Sequence[Supply]]
    orders: Mapping[ItemSite, StoredOrders]
    waiting: Mapping[UUID, Sequence[Answer]]
    demand: Mapping[ItemSite, Dated]


@dataclass(frozen=True, slots=True)
class NewPlan:
    """A plan to be stored."""

    sequence: int
    outcome: Outcome
    because: Because | None
    netting: Netting
    gist: Gist
    releases: Dated
    messages: tuple[Message, ...]
    communicated: Mapping[UUID, Communicated]
    made_of: MadeOf


async def lock_plans(tx: Tx, keys: Collection[ItemSite]) -> None:
    """Lock plans in the order of their keys, so that no two planners wait for each other."""
    await tx.exec_driver_sql(LOCK, _columns(keys))


async def read_positions(
    tx: Tx,
    keys: Collection[ItemSite],
    users: Collection[ItemSite],
    network: Network,
    now: datetime,
) -> Positions:
    """Read plans, stock, orders and demand of `keys`, and what their users release."""
    series = {one for key in keys for one in network.served_by.get(key, ())}
    horizon = network.horizon(now)
    result = await tx.exec_driver_sql(
        READ, (*_columns(keys), *_columns(users), *_columns(series), horizon.first_week)
    )
    row = result.mappings().one()
    orders = defaultdict(list)
    for values in row["orders"] or ():
        orders[ItemSite(values[PLACE["item"]], values[PLACE["site"]])].append(values)
    waiting = defaultdict(list)
    for order_id, revision, kind, quantity, due, received in row["waiting"] or ():
        waiting[UUID(order_id)].append(answer_from(revision, kind, quantity, due, received))
    return Positions(
        revision=row["revision"],
        plans={
            ItemSite(item, site): KnownPlan(
                sequence,
                Gist(*gist) if gist else None,
                dated_from(releases),
                tuple(map(message_from, messages)),
                {UUID(order): communicated_from(one) for order, one in communicated.items()},
            )
            for item, site, sequence, gist, releases, messages, communicated in row["plans"] or ()
        },
        user_releases={
            ItemSite(item, site): dated_from(releases)
            for item, site, releases in row["users"] or ()
        },
        stock={ItemSite(item, site): on_hand for item, site, on_hand in row["stock"] or ()},
        receipts=supplies_from(row["receipts"]),
        orders={key: StoredOrders(rows) for key, rows in orders.items()},
        waiting=waiting,
        demand=demand_of(row, network, horizon),
    )


async def write_plans(
    tx: Tx, plans: Mapping[ItemSite, NewPlan], orders: Iterable[PurchaseOrder], now: datetime
) -> PublishingState:
    """Store plans and changed orders; returns whether the ERP is to be told of the orders."""
    keys = sorted(plans)
    news = [plans[key] for key in keys]
    written = await tx.exec_driver_sql(
        WRITE,
        (
            *_columns(keys),
            [new.sequence for new in news],
            [new.outcome for new in news],
            [new.because for new in news],
            [json.dumps(netting_row(new.netting)) for new in news],
            [json.dumps(dated_rows(new.releases)) for new in news],
            [json.dumps([message_row(message) for message in new.messages]) for new in news],
            [
                json.dumps({str(k): communicated_row(v) for k, v in new.communicated.items()})
                for new in news
            ],
            now,
            order_rows(orders),
            [json.dumps(new.gist) for new in news],
            [json.dumps(inputs_row(new.made_of, new.netting)) for new in news],
        ),
    )
    state: PublishingState = written.scalar_one()
    return state


def _columns(keys: Collection[tuple[str, str]]) -> tuple[list[str], list[str]]:
    ordered = sorted(keys)
    return [one for one, _ in ordered], [other for _, other in ordered]
