"""What can be promised: the balances that reservations are taken from."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from takt.common.db import Tx
from takt.supply_planning.domain.network import Network
from takt.supply_planning.domain.orders import supply_of
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.promise import Balance, Part, SitePart, bound_by_sale
from takt.supply_planning.store.by_network import asked_columns
from takt.supply_planning.store.orders import ORDER_ROW, order_from
from takt.supply_planning.store.promises import OrderLine, parts_from

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
        SELECT r.product, part->>0 AS site, part->>1 AS day, sum((part->>2)::bigint) AS units
        FROM reservations r, jsonb_array_elements(parts) part
        WHERE state = 'open' AND expires_at > now() AND r.product = ANY($1::text[])
            -- A line that was sold while its promise was made binds by the sale alone.
            AND NOT EXISTS (SELECT FROM sale_lines l JOIN sales USING (sale_id)
                WHERE l.line_id = r.line_id AND sales.quantity > 0)
            AND NOT EXISTS (SELECT FROM sale_lines l JOIN sales USING (sale_id)
                WHERE (l.source, l.order_line) = (r.source, r.order_line) AND sales.quantity > 0)
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


async def read_balances(
    tx: Tx,
    keys: Collection[ItemSite],
    network: Network,
    today: date,
    lines: Sequence[OrderLine] = (),
) -> Promisable:
    """The balances of item-sites, and what `lines` have of them already."""
    result = await tx.exec_driver_sql(
        READ,
        (
            *asked_columns(keys, network),
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
    sold = {_line(*one) for one in row["sold_lines"] or ()}
    return Promisable(
        row["revision"],
        {
            key: Balance(today, on_hand.get(key, 0), tuple(receipts[key]), tuple(bound[key]))
            for key in keys
        },
        {
            one: Held(UUID(identity), product, parts_from(parts))
            for identity, line, source, order_line, product, parts in row["own"] or ()
            if (one := _line(line, source, order_line)) not in sold
        },
        sold,
    )


def _line(line_id: str | None, source: str | None, order_line: str | None) -> OrderLine:
    return OrderLine(UUID(line_id) if line_id else None, source, order_line)


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
