"""Kanban loops: how they are set, what they call for, and what there is and comes for them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping

from takt.common.db import Tx
from takt.supply_planning.domain.kanban import Loop
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import to_decimal, to_millionths

ORDERED = """(
    SELECT coalesce(sum(quantity), 0) FROM scheduled_receipts r
    WHERE (r.item, r.site) = (l.item, l.site) AND r.quantity > 0
) + (
    SELECT coalesce(sum(greatest(coalesce(confirmed_quantity, quantity) - received_quantity, 0)), 0)
    FROM purchase_orders o WHERE (o.item, o.site) = (l.item, l.site)
        AND o.status IN ('approved', 'released', 'confirmed')
)"""
"""What is still to come for a loop `l`."""

# The first week of a plan has what is overdue, too, and is partly over.
PLANNED = """(
    SELECT coalesce(sum(gross::numeric), 0)
    FROM plans p, json_array_elements_text(p.netting->'gross') WITH ORDINALITY g (gross, place)
    WHERE (p.item, p.site) = (l.item, l.site) AND place BETWEEN 2 AND l.demand_weeks + 1
)"""
"""Millionths that the plan of `l` needs in the weeks after the first."""

WANTED = "unnest($1::text[], $2::text[]) AS wanted (item, site)"

POSITIONS = f"""
SELECT l.item, l.site, l.container, l.cards, l.called, l.lead_time_days, s.on_hand,
    {ORDERED} AS ordered
FROM kanban_loops l JOIN {WANTED} USING (item, site) JOIN stock s USING (item, site)
ORDER BY l.item, l.site
"""

LIST = f"""
SELECT l.*, s.on_hand, {ORDERED} AS ordered, {PLANNED} AS planned
FROM kanban_loops l JOIN stock s USING (item, site)
WHERE ($1::text IS NULL OR l.item = $1) AND ($2::text IS NULL OR l.site = $2)
    AND (NOT $3 OR l.called > 0) AND ($4::text IS NULL OR (l.item, l.site) > ($4, $5))
ORDER BY l.item, l.site LIMIT $6
"""

DEMAND = f"""
SELECT l.item, l.site, {PLANNED} AS planned
FROM unnest($1::text[], $2::text[], $3::int[]) AS l (item, site, demand_weeks)
"""

PUT = """
INSERT INTO kanban_loops (item, site, container, lead_time_days, safety_share, demand_per_day,
    demand_weeks, cards, cards_given)
SELECT * FROM unnest($1::text[], $2::text[], $3::numeric[], $4::int[], $5::numeric[],
    $6::numeric[], $7::int[], $8::int[], $9::boolean[])
ON CONFLICT (item, site) DO UPDATE SET container = excluded.container,
    lead_time_days = excluded.lead_time_days, safety_share = excluded.safety_share,
    demand_per_day = excluded.demand_per_day, demand_weeks = excluded.demand_weeks,
    cards = excluded.cards, cards_given = excluded.cards_given
"""

CALL = """
UPDATE kanban_loops l SET called = n.called,
    sequence = CASE WHEN n.signals THEN nextval('kanban_signals') ELSE l.sequence END,
    signalled_at = CASE WHEN n.signals THEN $5 ELSE l.signalled_at END
FROM unnest($1::text[], $2::text[], $3::numeric[], $4::boolean[])
    AS n (item, site, called, signals)
WHERE (l.item, l.site) = (n.item, n.site) RETURNING l.item, l.site, l.sequence
"""

ANSWER = """
UPDATE kanban_loops l SET called = greatest(l.called - n.units, 0)
FROM unnest($1::text[], $2::text[], $3::numeric[]) AS n (item, site, units)
WHERE (l.item, l.site) = (n.item, n.site) AND l.called > 0
"""


@dataclass(frozen=True, slots=True)
class LoopSetting:
    """How a loop is set: container and demand a day in base units."""

    key: ItemSite
    container: Decimal
    lead_time_days: int
    safety_share: Decimal
    demand_per_day: Decimal | None
    demand_weeks: int | None
    cards: int
    cards_given: bool


@dataclass(frozen=True, slots=True)
class LoopPosition:
    """A loop with its stock and what is on order for it, in millionths."""

    loop: Loop
    lead_time_days: int
    on_hand: int
    ordered: int


async def put_loops(tx: Tx, settings: Sequence[LoopSetting]) -> None:
    """Write loops; what they have called for stays."""
    await tx.exec_driver_sql(
        PUT,
        (
            *_columns([one.key for one in settings]),
            [one.container for one in settings],
            [one.lead_time_days for one in settings],
            [one.safety_share for one in settings],
            [one.demand_per_day for one in settings],
            [one.demand_weeks for one in settings],
            [one.cards for one in settings],
            [one.cards_given for one in settings],
        ),
    )


async def remove_loop(tx: Tx, key: ItemSite) -> bool:
    """Remove a loop; False when there is none."""
    gone = await tx.exec_driver_sql(
        "DELETE FROM kanban_loops WHERE (item, site) = ($1, $2)", (key.item, key.site)
    )
    return gone.rowcount > 0


async def read_planned(tx: Tx, weeks: Mapping[ItemSite, int]) -> dict[ItemSite, int]:
    """What the stored plans need in so many weeks after their first, in millionths."""
    keys = list(weeks)
    if not keys:
        return {}
    rows: Iterable[Any] = await tx.exec_driver_sql(
        DEMAND, (*_columns(keys), [weeks[key] for key in keys])
    )
    return {ItemSite(row[0], row[1]): int(row[2]) for row in rows}


async def read_loops(tx: Tx, keys: Collection[ItemSite]) -> dict[ItemSite, LoopPosition]:
    """Those of these item-sites that have a loop, as they stand."""
    rows = await tx.exec_driver_sql(POSITIONS, _columns(keys))
    return {
        ItemSite(row["item"], row["site"]): LoopPosition(
            loop_from(row),
            row["lead_time_days"],
            to_millionths(row["on_hand"]),
            to_millionths(row["ordered"]),
        )
        for row in rows.mappings()
    }


async def list_loops(
    tx: Tx,
    *,
    item: str | None = None,
    site: str | None = None,
    called: bool = False,
    after: Sequence[str] | None = None,
    limit: int,
) -> Sequence[RowMapping]:
    """Loops with their stock, what is on order and what is planned; `called`: with open signals."""
    rows = await tx.exec_driver_sql(LIST, (item, site, called, *(after or (None, None)), limit))
    return rows.mappings().all()


async def call_for(
    tx: Tx, called: Mapping[ItemSite, int], signals: Collection[ItemSite], now: datetime
) -> dict[ItemSite, int]:
    """Write what loops call for now; returns the sequence of each."""
    keys = list(called)
    rows: Iterable[Any] = await tx.exec_driver_sql(
        CALL,
        (
            *_columns(keys),
            [to_decimal(called[key]) for key in keys],
            [key in signals for key in keys],
            now,
        ),
    )
    return {ItemSite(row[0], row[1]): row[2] for row in rows}


async def answer_calls(tx: Tx, placed: Mapping[ItemSite, int]) -> None:
    """So much was ordered: loops that call for it do so no more."""
    keys = [key for key, units in placed.items() if units > 0]
    if keys:
        units = [to_decimal(placed[key]) for key in keys]
        await tx.exec_driver_sql(ANSWER, (*_columns(keys), units))


def loop_from(row: RowMapping) -> Loop:
    """A loop from its row."""
    return Loop(to_millionths(row["container"]), row["cards"], to_millionths(row["called"]))


def _columns(keys: Collection[ItemSite]) -> tuple[list[str], list[str]]:
    return [key.item for key in keys], [key.site for key in keys]
