"""What is promised: reservations, and the sales that take their place."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from takt.common.db import Tx
from takt.supply_planning.domain.promise import SitePart

ReservationState = Literal["open", "expired", "released", "consumed"]

COLUMNS = """reservation_id, deal_id, line_id, source, order_line, product, region, quantity,
    wanted_on, parts, created_by, created_at, expires_at, orderable_on, request, body_hash"""

RESERVE = f"""
WITH expired AS ( -- what somebody else is marking is not waited for: he may wait for our plans
    SELECT reservation_id FROM reservations WHERE state = 'open' AND expires_at <= now()
    FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE reservations SET state = CASE WHEN expires_at > now() THEN 'released' ELSE 'expired' END
    WHERE state = 'open'
        AND reservation_id IN (SELECT * FROM expired UNION ALL SELECT unnest($17::uuid[]))
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
    RETURNING t.sale_id, r.product, r.parts
)
INSERT INTO sale_lines (sale_id, sequence, deal_id, line_id, source, order_line, promised)
SELECT t.*, coalesce((
    SELECT parts FROM taken JOIN sales USING (sale_id, product)
    WHERE taken.sale_id = t.sale_id LIMIT 1), '[]') -- the dates of another product say nothing
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
        orderable_on: when a unit more could be there if it were ordered when the promise was made.
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
class SaleLine:
    """What a sale is of."""

    sale_id: UUID
    sequence: int
    deal_id: UUID | None
    line_id: UUID | None
    source: str
    order_line: str


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


def parts_from(rows: Iterable[Sequence[Any]]) -> tuple[SitePart, ...]:
    """Parts as they are stored."""
    return tuple(SitePart(site, date.fromisoformat(day), units) for site, day, units in rows)


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
        parts_from(parts),
        *rest,
    )


async def take_lines(tx: Tx, sales: Sequence[SaleLine]) -> None:
    """Keep what sales are of; a sale takes the place of what was reserved for its line.

    Args: sales: with a quantity, and kept already (`store.demand`).
    """
    if not sales:
        return
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
