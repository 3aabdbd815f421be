"""What is promised and what can be: reservations, and the balances that they are taken from."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from takt.common.db import Tx
from takt.supply_planning.domain.network import Network
from takt.supply_planning.domain.orders import supply_of
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.promise import Balance, Part, SitePart, bound_by_sale
from takt.supply_planning.store.orders import ORDER_ROW, order_from

ReservationState = Literal["open", "expired", "released", "consumed"]

COLUMNS = """reservation_id, deal_id, line_id, source, order_line, product, region, quantity,
    wanted_on, parts, created_by, created_at, expires_at"""

READ = f"""
WITH wanted AS (SELECT * FROM unnest($1::text[], $2::text[]) AS wanted (item, site)),
series AS (SELECT * FROM unnest($3::text[], $4::text[]) AS series (product, region)),
unshipped AS (
    SELECT product, region, requested_on, ((quantity - shipped) * 1000000)::bigint AS units,
        coalesce(promised, '[]') AS promised
    FROM series JOIN sales USING (product, region) LEFT JOIN sale_lines USING (sale_id)
    WHERE quantity > shipped
)
SELECT (SELECT revision FROM network_revision) AS revision,
    (SELECT json_agg(json_build_array(item, site, (on_hand * 1000000)::bigint))
        FROM stock JOIN wanted USING (item, site)) AS stock,
    (SELECT json_agg(json_build_array(item, site, due_on, (quantity * 1000000)::bigint))
        FROM scheduled_receipts JOIN wanted USING (item, site) WHERE quantity > 0) AS receipts,
    (SELECT json_agg({ORDER_ROW}) FROM purchase_orders o JOIN wanted USING (item, site)
        WHERE o.status IN ('approved', 'released', 'confirmed')) AS orders,
    (SELECT json_agg(json_build_array(product, region, requested_on, units, promised)) FROM (
        SELECT product, region, requested_on, sum(units) AS units, promised FROM unshipped
        WHERE promised = '[]' GROUP BY product, region, requested_on, promised
        UNION ALL SELECT * FROM unshipped WHERE promised <> '[]') sold) AS sold,
    (SELECT json_agg(json_build_array(product, site, day, units)) FROM (
        SELECT product, part->>0 AS site, part->>1 AS day, sum((part->>2)::bigint) AS units
        FROM reservations, jsonb_array_elements(parts) part
        WHERE state = 'open' AND expires_at > now() AND product = ANY($1::text[])
            AND NOT coalesce(line_id = ANY($5::uuid[]), false)
            AND NOT coalesce((source, order_line) = ($6::text, $7::text), false)
        GROUP BY 1, 2, 3) reserved) AS reserved,
    (SELECT coalesce(sum(quantity), 0) FROM sale_lines JOIN sales USING (sale_id)
        WHERE line_id = ANY($5::uuid[]) OR (source, order_line) = ($6::text, $7::text)) AS sold_of
"""
"""Without what the lines $5, or the order line $6 and $7, have reserved themselves."""

RESERVE = f"""
WITH done AS (
    UPDATE reservations SET state = CASE WHEN expires_at > now() THEN 'released' ELSE 'expired' END
    WHERE state = 'open' AND (line_id = $3 OR (source, order_line) = ($4, $5)
        OR (product = $6 AND expires_at <= now()))
    RETURNING reservation_id
)
INSERT INTO reservations ({COLUMNS}, state)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11, $12, $13, 'open'
WHERE (SELECT count(*) FROM done) >= 0
"""

STATE = "CASE WHEN state = 'open' AND expires_at <= now() THEN 'expired' ELSE state END"

TAKE_LINES = """
WITH told AS (
    SELECT DISTINCT ON (sale_id) * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[],
        $5::text[], $6::text[]) AS told (sale_id, sequence, deal_id, line_id, source, order_line)
    ORDER BY sale_id, sequence DESC
), taken AS (
    UPDATE reservations r SET state = 'consumed' FROM told t
    WHERE r.state = 'open' AND r.expires_at > now()
        AND (r.line_id = t.line_id OR (r.source, r.order_line) = (t.source, t.order_line))
    RETURNING t.sale_id, r.parts
)
INSERT INTO sale_lines (sale_id, sequence, deal_id, line_id, source, order_line, promised)
SELECT t.*, coalesce((SELECT parts FROM taken WHERE taken.sale_id = t.sale_id LIMIT 1), '[]')
FROM told t
ON CONFLICT (sale_id) DO UPDATE SET sequence = excluded.sequence, deal_id = excluded.deal_id,
    line_id = excluded.line_id, source = excluded.source, order_line = excluded.order_line,
    promised = CASE excluded.promised WHEN '[]' THEN sale_lines.promised
        ELSE excluded.promised END
WHERE sale_lines.sequence < excluded.sequence
"""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """Whom a promise is for: a line of a deal, or of an order in another system."""

    deal_id: UUID | None = None
    line_id: UUID | None = None
    source: str | None = None
    order_line: str | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """A promise. `quantity` is what was asked for, `parts` is what is promised of it."""

    reservation_id: UUID
    line: OrderLine
    product: str
    region: str
    quantity: Decimal
    wanted_on: date
    parts: tuple[SitePart, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    state: ReservationState = "open"


@dataclass(frozen=True, slots=True)
class Promisable:
    """Balances as of a revision of the network.

    Args: sold_of: how much was sold of the lines that are asked for.
    """

    revision: int
    balances: Mapping[ItemSite, Balance]
    sold_of: Decimal


@dataclass(frozen=True, slots=True)
class SaleLine:
    """What a sale is of."""

    sale_id: UUID
    sequence: int
    line: OrderLine


async def read_balances(
    tx: Tx,
    keys: Collection[ItemSite],
    network: Network,
    today: date,
    lines: Sequence[OrderLine] = (),
) -> Promisable:
    """The balances of item-sites without what `lines` have reserved; one order line at most."""
    series = sorted({one for key in keys for one in network.served_by.get(key, ())})
    places = sorted(keys)
    order = next((line for line in lines if line.order_line is not None), OrderLine())
    result = await tx.exec_driver_sql(
        READ,
        (
            [key.item for key in places],
            [key.site for key in places],
            [product for product, _ in series],
            [region for _, region in series],
            [line.line_id for line in lines if line.line_id is not None],
            order.source,
            order.order_line,
        ),
    )
    row = result.mappings().one()
    on_hand = {ItemSite(item, site): units for item, site, units in row["stock"] or ()}
    receipts: dict[ItemSite, list[Part]] = defaultdict(list)
    bound: dict[ItemSite, list[Part]] = defaultdict(list)
    for item, site, due, units in row["receipts"] or ():
        receipts[ItemSite(item, site)].append((date.fromisoformat(due), units))
    for values in row["orders"] or ():
        order_known = order_from(values)
        if supply := supply_of(order_known):
            key = ItemSite(order_known.item, order_known.site)
            receipts[key].append((supply.due, supply.quantity))
    for product, region, requested, units, promised in row["sold"] or ():
        for key, part in _sold(network, product, region, requested, units, promised, today):
            bound[key].append(part)
    for product, site, day, units in row["reserved"] or ():
        bound[ItemSite(product, site)].append((date.fromisoformat(day), units))
    return Promisable(
        row["revision"],
        {
            key: Balance(today, on_hand.get(key, 0), tuple(receipts[key]), tuple(bound[key]))
            for key in keys
        },
        row["sold_of"],
    )


def _sold(
    network: Network,
    product: str,
    region: str,
    requested: str,
    units: int,
    promised: Sequence[Sequence[Any]],
    today: date,
) -> Iterable[tuple[ItemSite, Part]]:
    """What a sale binds at each site that will ship it: its share, or more if so promised."""
    day = max(date.fromisoformat(requested), today)
    shares = network.split((product, region), units, day)
    for site, share in shares.items():
        parts = [(date.fromisoformat(on), given) for where, on, given in promised if where == site]
        for part in bound_by_sale(share, day, parts):
            yield ItemSite(product, site), part


async def reserve(tx: Tx, new: Reservation) -> None:
    """Keep a promise in place of the open one of its line; what has expired is marked."""
    await tx.exec_driver_sql(
        RESERVE,
        (
            new.reservation_id,
            new.line.deal_id,
            new.line.line_id,
            new.line.source,
            new.line.order_line,
            new.product,
            new.region,
            new.quantity,
            new.wanted_on,
            json.dumps([(part.site, part.day.isoformat(), part.quantity) for part in new.parts]),
            new.created_by,
            new.created_at,
            new.expires_at,
        ),
    )


async def release(tx: Tx, reservation_id: UUID) -> None:
    """Give what is reserved back."""
    await tx.exec_driver_sql(
        "UPDATE reservations SET state = 'released' WHERE reservation_id = $1", (reservation_id,)
    )


async def find_reservation(
    tx: Tx, reservation_id: UUID, *, lock: bool = False
) -> Reservation | None:
    """A promise by its id."""
    rows = await tx.exec_driver_sql(
        f"SELECT {COLUMNS}, {STATE} FROM reservations WHERE reservation_id = $1"
        f"{' FOR UPDATE' if lock else ''}",
        (reservation_id,),
    )
    row = rows.one_or_none()
    return _reservation(row) if row else None


async def list_reservations(
    tx: Tx,
    *,
    deal_id: UUID | None,
    product: str | None,
    state: ReservationState | None,
    after: UUID | None,
    limit: int,
) -> list[Reservation]:
    """Promises by id, which is by their time."""
    rows = await tx.exec_driver_sql(
        f"""
        SELECT {COLUMNS}, {STATE} FROM reservations
        WHERE ($1::uuid IS NULL OR deal_id = $1) AND ($2::text IS NULL OR product = $2)
            AND ($3::text IS NULL OR {STATE} = $3) AND ($4::uuid IS NULL OR reservation_id > $4)
        ORDER BY reservation_id LIMIT $5
        """,
        (deal_id, product, state, after, limit),
    )
    return [_reservation(row) for row in rows]


def _reservation(row: Any) -> Reservation:
    identity, deal, line, source, order_line, product, region, units, wanted, parts, *rest = row
    return Reservation(
        identity,
        OrderLine(deal, line, source, order_line),
        product,
        region,
        units,
        wanted,
        tuple(SitePart(site, date.fromisoformat(day), given) for site, day, given in parts),
        *rest,
    )


async def take_lines(tx: Tx, sales: Sequence[SaleLine]) -> None:
    """Keep what sales are of; a sale takes the place of what was reserved for its line."""
    await tx.exec_driver_sql(
        TAKE_LINES,
        (
            [sale.sale_id for sale in sales],
            [sale.sequence for sale in sales],
            [sale.line.deal_id for sale in sales],
            [sale.line.line_id for sale in sales],
            [sale.line.source for sale in sales],
            [sale.line.order_line for sale in sales],
        ),
    )
