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
    wanted_on, parts, created_by, created_at, expires_at, orderable_on, request, body_hash"""

READ = f"""
WITH wanted AS (SELECT * FROM unnest($1::text[], $2::text[]) AS wanted (item, site)),
series AS (SELECT * FROM unnest($3::text[], $4::text[]) AS series (product, region)),
unshipped AS (
    SELECT product, region, requested_on, ((quantity - shipped) * 1000000)::bigint AS units,
        coalesce(promised, '[]') AS promised
    FROM series JOIN sales USING (product, region) LEFT JOIN sale_lines USING (sale_id)
    WHERE quantity > shipped
),
asked AS (SELECT * FROM unnest($5::uuid[], $6::text[], $7::text[])
    AS asked (line_id, source, order_line))
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
        GROUP BY 1, 2, 3) reserved) AS reserved,
    (SELECT json_agg(json_build_array(
            reservation_id, line_id, source, order_line, product, parts)) FROM (
        SELECT r.* FROM reservations r JOIN asked a ON r.line_id = a.line_id
        WHERE state = 'open' AND expires_at > now()
        UNION ALL
        SELECT r.* FROM reservations r JOIN asked a ON (r.source, r.order_line)
            = (a.source, a.order_line) WHERE state = 'open' AND expires_at > now()) own) AS own,
    (SELECT json_agg(json_build_array(line_id, source, order_line)) FROM (
        SELECT a.*, l.sale_id FROM asked a JOIN sale_lines l ON l.line_id = a.line_id
        UNION ALL
        SELECT a.*, l.sale_id FROM asked a JOIN sale_lines l ON (l.source, l.order_line)
            = (a.source, a.order_line)) lines JOIN sales USING (sale_id)
        WHERE quantity > 0) AS sold_lines
"""
"""With what the asked lines themselves have reserved, and which of them are sold."""

RESERVE = f"""
WITH done AS (
    UPDATE reservations SET state = CASE WHEN expires_at > now() THEN 'released' ELSE 'expired' END
    WHERE state = 'open' AND (reservation_id = ANY($17::uuid[]) OR expires_at <= now())
    RETURNING reservation_id
)
INSERT INTO reservations ({COLUMNS}, state)
SELECT new.*, 'open'
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::numeric[], $9::date[], $10::jsonb[], $11::text[], $12::timestamptz[], $13::timestamptz[],
    $14::date[], $15::bytea[], $16::bytea[]) new
WHERE (SELECT count(*) FROM done) >= 0 -- first these leave the index of what is open
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

    line_id: UUID | None = None
    source: str | None = None
    order_line: str | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """A promise.

    Args:
        quantity: what was asked for; `parts` is what is promised of it.
        orderable_on: when the rest could be there if it were ordered when the promise was made.
        request, body_hash: of the request that asked for it, whose repeats get the same answer.
    """

    reservation_id: UUID
    deal_id: UUID | None
    line: OrderLine
    product: str
    region: str
    quantity: Decimal
    wanted_on: date
    parts: tuple[SitePart, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    orderable_on: date | None
    request: bytes
    body_hash: bytes
    state: ReservationState = "open"


@dataclass(frozen=True, slots=True)
class Held:
    """What a line has reserved of a product."""

    reservation_id: UUID
    product: str
    parts: tuple[SitePart, ...]


@dataclass(frozen=True, slots=True)
class Promisable:
    """Balances as of a revision of the network.

    Args:
        held: by the lines that ask; it is bound in the balances.
        sold: those of them that are sold.
    """

    revision: int
    balances: Mapping[ItemSite, Balance]
    held: Mapping[OrderLine, Held]
    sold: Collection[OrderLine]


@dataclass(frozen=True, slots=True)
class SaleLine:
    """What a sale is of."""

    sale_id: UUID
    sequence: int
    deal_id: UUID | None
    line_id: UUID | None
    source: str
    order_line: str


async def read_balances(
    tx: Tx,
    keys: Collection[ItemSite],
    network: Network,
    today: date,
    lines: Sequence[OrderLine] = (),
) -> Promisable:
    """The balances of item-sites, and what `lines` have of them already."""
    series = sorted({one for key in keys for one in network.served_by.get(key, ())})
    places = sorted(keys)
    result = await tx.exec_driver_sql(
        READ,
        (
            [key.item for key in places],
            [key.site for key in places],
            [product for product, _ in series],
            [region for _, region in series],
            [line.line_id for line in lines],
            [line.source for line in lines],
            [line.order_line for line in lines],
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
        {
            _line(line, source, order_line): Held(UUID(identity), product, _parts(parts))
            for identity, line, source, order_line, product, parts in row["own"] or ()
        },
        {_line(*one) for one in row["sold_lines"] or ()},
    )


def _line(line_id: str | None, source: str | None, order_line: str | None) -> OrderLine:
    return OrderLine(UUID(line_id) if line_id else None, source, order_line)


def _parts(rows: Iterable[Sequence[Any]]) -> tuple[SitePart, ...]:
    return tuple(SitePart(site, date.fromisoformat(day), units) for site, day, units in rows)


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


async def reserve(tx: Tx, made: Sequence[Reservation], replaced: Collection[UUID]) -> None:
    """Keep promises in place of those that their lines had; what has expired is marked."""
    await tx.exec_driver_sql(
        RESERVE,
        (
            [one.reservation_id for one in made],
            [one.deal_id for one in made],
            [one.line.line_id for one in made],
            [one.line.source for one in made],
            [one.line.order_line for one in made],
            [one.product for one in made],
            [one.region for one in made],
            [one.quantity for one in made],
            [one.wanted_on for one in made],
            [
                json.dumps([(site, str(day), units) for site, day, units in one.parts])
                for one in made
            ],
            [one.created_by for one in made],
            [one.created_at for one in made],
            [one.expires_at for one in made],
            [one.orderable_on for one in made],
            [one.request for one in made],
            [one.body_hash for one in made],
            sorted(replaced),
        ),
    )


async def asked_before(tx: Tx, requests: Collection[bytes]) -> dict[bytes, Reservation]:
    """The promises that these requests were answered with."""
    rows = await tx.exec_driver_sql(
        f"SELECT {COLUMNS}, 'open' FROM reservations WHERE request = ANY($1::bytea[])",
        (sorted(requests),),
    )
    return {one.request: one for one in map(_reservation, rows)}


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
        deal,
        OrderLine(line, source, order_line),
        product,
        region,
        units,
        wanted,
        _parts(parts),
        *rest,
    )


async def take_lines(tx: Tx, sales: Sequence[SaleLine]) -> None:
    """Keep what sales are of; a sale takes the place of what was reserved for its line."""
    await tx.exec_driver_sql(
        TAKE_LINES,
        (
            [sale.sale_id for sale in sales],
            [sale.sequence for sale in sales],
            [sale.deal_id for sale in sales],
            [sale.line_id for sale in sales],
            [sale.source for sale in sales],
            [sale.order_line for sale in sales],
        ),
    )
