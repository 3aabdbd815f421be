"""The statements that write and list what planning works in. Sets go in as one JSON array each."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from takt.common.db import Tx
from takt.supply_planning.domain.consumption import Windows
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.quantity import to_millionths

PUT_CALENDARS = """
INSERT INTO calendars (code, minutes, exceptions)
SELECT * FROM jsonb_to_recordset($1::jsonb) AS n (code text, minutes int[], exceptions jsonb)
ON CONFLICT (code) DO UPDATE SET minutes = excluded.minutes, exceptions = excluded.exceptions
"""

PUT_SITES = """
INSERT INTO sites (code, name, calendar)
SELECT * FROM jsonb_to_recordset($1::jsonb) AS n (code text, name text, calendar text)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, calendar = excluded.calendar
"""

PUT_SUPPLIERS = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb)
        AS n (code text, name text, calendar text, payment_days int, offers jsonb)
), written AS (
    INSERT INTO suppliers (code, name, calendar, payment_days)
    SELECT code, name, calendar, payment_days FROM given
    ON CONFLICT (code) DO UPDATE SET name = excluded.name, calendar = excluded.calendar,
        payment_days = excluded.payment_days
    RETURNING code
), offered AS (
    SELECT g.code, o.* FROM given g, jsonb_to_recordset(g.offers) AS o (item text, preference int,
        lead_time_days int, minimum numeric, multiple numeric, maximum numeric, price_breaks jsonb)
), removed AS (
    DELETE FROM item_suppliers i USING given g WHERE i.supplier = g.code
        AND NOT EXISTS (SELECT FROM offered o WHERE (o.code, o.item) = (i.supplier, i.item))
)
INSERT INTO item_suppliers
    (supplier, item, preference, lead_time_days, minimum, multiple, maximum, price_breaks)
SELECT o.code, item, preference, lead_time_days, minimum, multiple, maximum, price_breaks
FROM offered o JOIN written USING (code)
ON CONFLICT (item, supplier) DO UPDATE SET preference = excluded.preference,
    lead_time_days = excluded.lead_time_days, minimum = excluded.minimum,
    multiple = excluded.multiple, maximum = excluded.maximum,
    price_breaks = excluded.price_breaks
"""

PUT_ITEMS = """
INSERT INTO items (code, name, unit)
SELECT * FROM jsonb_to_recordset($1::jsonb) AS n (code text, name text, unit text)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, unit = excluded.unit
"""

PUT_SOLD_ITEMS = """
INSERT INTO items (code, name, unit, catalog_sequence)
SELECT * FROM jsonb_to_recordset($1::jsonb)
    AS n (code text, name text, unit text, catalog_sequence bigint)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, unit = excluded.unit,
    catalog_sequence = excluded.catalog_sequence
WHERE items.catalog_sequence < excluded.catalog_sequence
"""

PUT_COMPANY = """
UPDATE network_revision SET time_zone = $1, company_sequence = $2,
    revision = nextval('network_revisions') WHERE company_sequence < $2
"""

ITEM_SITE_COLUMNS = """
    item, site, source, safety_stock, lot_rule, lot_quantity, lot_periods, minimum,
    multiple, maximum, lead_time_days, minutes_per_unit, buffer_days, fence_days, demand_fence_days,
    tolerance_days, tolerance_share, yield_share, unit_cost, service_level, fill_rate"""

PUT_WINDOWS = "UPDATE network_revision SET consume_early_days = $1, consume_late_days = $2"

PUT_ITEM_SITES = f"""
WITH written AS (
    INSERT INTO item_sites ({ITEM_SITE_COLUMNS})
    SELECT {ITEM_SITE_COLUMNS} FROM jsonb_to_recordset($1::jsonb) AS n (item text, site text,
        source text, safety_stock numeric, lot_rule text, lot_quantity numeric, lot_periods int,
        minimum numeric, multiple numeric, maximum numeric, lead_time_days int,
        minutes_per_unit int, buffer_days int, fence_days int, demand_fence_days int,
        tolerance_days int, tolerance_share numeric, yield_share numeric, unit_cost numeric,
        service_level numeric, fill_rate numeric)
    ON CONFLICT (item, site) DO UPDATE SET source = excluded.source,
        safety_stock = excluded.safety_stock, lot_rule = excluded.lot_rule,
        lot_quantity = excluded.lot_quantity, lot_periods = excluded.lot_periods,
        minimum = excluded.minimum, multiple = excluded.multiple, maximum = excluded.maximum,
        lead_time_days = excluded.lead_time_days, minutes_per_unit = excluded.minutes_per_unit,
        buffer_days = excluded.buffer_days, fence_days = excluded.fence_days,
        demand_fence_days = excluded.demand_fence_days,
        tolerance_days = excluded.tolerance_days, tolerance_share = excluded.tolerance_share,
        yield_share = excluded.yield_share, unit_cost = excluded.unit_cost,
        service_level = excluded.service_level, fill_rate = excluded.fill_rate
    RETURNING item, site
), stocked AS (
    INSERT INTO stock (item, site, on_hand, counted_on) SELECT item, site, 0, $2 FROM written
    ON CONFLICT DO NOTHING
)
INSERT INTO plans (item, site) SELECT item, site FROM written ON CONFLICT DO NOTHING
"""

PUT_SAFETY_STOCK = """
UPDATE item_sites SET safety_stock = $3 WHERE (item, site) = ($1, $2)
"""

PUT_BILLS = """
WITH given AS (SELECT * FROM jsonb_to_recordset($1::jsonb)
    AS n (parent text, component text, quantity_per numeric, scrap numeric, valid_from date,
        valid_to date, alternates jsonb)),
removed AS (
    DELETE FROM bill_lines b WHERE parent = ANY($2::text[])
        AND NOT EXISTS (SELECT FROM given g WHERE (g.parent, g.component) = (b.parent, b.component)
            AND g.valid_from IS NOT DISTINCT FROM b.valid_from)
)
INSERT INTO bill_lines
    (parent, component, quantity_per, scrap, valid_from, valid_to, alternates)
SELECT * FROM given
ON CONFLICT (parent, component, valid_from) DO UPDATE SET quantity_per = excluded.quantity_per,
    scrap = excluded.scrap, valid_to = excluded.valid_to, alternates = excluded.alternates
"""

PUT_SOURCING = """
INSERT INTO sourcing (product, region, valid_from, shares)
SELECT * FROM jsonb_to_recordset($1::jsonb)
    AS n (product text, region text, valid_from date, shares jsonb)
ON CONFLICT (product, region, valid_from) DO UPDATE SET shares = excluded.shares
"""

PUT_STOCK = """
UPDATE stock s SET on_hand = n.on_hand, counted_on = n.counted_on
FROM jsonb_to_recordset($1::jsonb) AS n (item text, site text, on_hand numeric, counted_on date)
WHERE (s.item, s.site) = (n.item, n.site)
RETURNING s.item, s.site, new.on_hand - old.on_hand
"""

PUT_RECEIPTS = """
INSERT INTO scheduled_receipts (reference, item, site, kind, due_on, release_on, quantity)
SELECT * FROM jsonb_to_recordset($1::jsonb) AS n (reference text, item text, site text, kind text,
    due_on date, release_on date, quantity numeric)
ON CONFLICT (reference) DO UPDATE SET item = excluded.item, site = excluded.site,
    kind = excluded.kind, due_on = excluded.due_on, release_on = excluded.release_on,
    quantity = excluded.quantity
"""

LISTS = {
    "calendars": """
        SELECT jsonb_build_object('code', code, 'minutes', minutes, 'exceptions', exceptions), code
        FROM calendars""",
    "sites": """
        SELECT jsonb_build_object('code', code, 'name', name, 'calendar', calendar), code
        FROM sites""",
    "suppliers": """
        SELECT jsonb_build_object('code', code, 'name', name, 'calendar', calendar,
            'payment_days', payment_days, 'offers', coalesce((
                SELECT jsonb_agg(jsonb_build_object('item', item, 'preference', preference,
                    'lead_time_days', lead_time_days, 'minimum', minimum::text,
                    'multiple', multiple::text, 'maximum', maximum::text, 'price_breaks', (
                        SELECT jsonb_agg(jsonb_build_object(
                            'quantity', ((b ->> 0)::numeric / 1000000)::numeric(18,6)::text,
                            'price', b ->> 1))
                        FROM jsonb_array_elements(price_breaks) b)) ORDER BY item)
                FROM item_suppliers WHERE supplier = s.code), '[]')), code
        FROM suppliers s""",
    "items": """
        SELECT jsonb_build_object('code', code, 'name', name, 'unit', unit, 'sites', coalesce((
            SELECT jsonb_agg(jsonb_build_object('site', site, 'source', source,
                'safety_stock', safety_stock::text, 'lot', jsonb_build_object('rule', lot_rule,
                    'quantity', lot_quantity::text, 'periods', lot_periods),
                'minimum', minimum::text, 'multiple', multiple::text, 'maximum', maximum::text,
                'lead_time_days', lead_time_days, 'minutes_per_unit', minutes_per_unit,
                'buffer_days', buffer_days, 'fence_days', fence_days,
                'demand_fence_days', demand_fence_days,
                'tolerance_days', tolerance_days, 'tolerance_share', tolerance_share::text,
                'yield_share', yield_share::text, 'unit_cost', unit_cost::text,
                'service_level', service_level::text, 'fill_rate', fill_rate::text)
                ORDER BY site)
            FROM item_sites WHERE item = i.code), '[]')), code
        FROM items i""",
    "bills": """
        SELECT jsonb_build_object('item', code, 'components', (
            SELECT jsonb_agg(jsonb_build_object('component', component,
                'quantity', quantity_per::text, 'scrap', scrap::text,
                'valid_from', valid_from, 'valid_to', valid_to, 'alternates', coalesce((
                    SELECT jsonb_agg(jsonb_build_object('component', a ->> 0,
                        'quantity', ((a ->> 1)::numeric / 1000000)::numeric(18,6)::text,
                        'scrap', a ->> 2) ORDER BY place)
                    FROM jsonb_array_elements(alternates) WITH ORDINALITY e (a, place)), '[]'))
                ORDER BY component, valid_from NULLS FIRST)
            FROM bill_lines WHERE parent = i.code)), code
        FROM (SELECT DISTINCT parent AS code FROM bill_lines) i""",
    "sourcing": """
        SELECT jsonb_build_object('product', product, 'region', region, 'valid_from', valid_from,
            'shares', (SELECT jsonb_agg(jsonb_build_object('site', key,
                'share', (value::numeric / 100000000)::numeric(9,8)::text) ORDER BY key)
                FROM jsonb_each_text(shares))), code
        FROM (SELECT *, product || '|' || region || '|' || valid_from AS code FROM sourcing) s""",
    "resources": """
        SELECT jsonb_build_object('code', code, 'calendar', calendar, 'units', units::text,
            'efficiency', efficiency::text, 'overtime_minutes', overtime_minutes::text,
            'overtime_cost', overtime_cost::text), code
        FROM resources""",
    "stock": """
        SELECT jsonb_build_object('item', item, 'site', site, 'on_hand', on_hand::text,
            'counted_on', counted_on), code
        FROM (SELECT *, item || '|' || site AS code FROM stock) s""",
    "receipts": """
        SELECT jsonb_build_object('reference', code, 'item', item, 'site', site, 'kind', kind,
            'due_on', due_on, 'release_on', release_on, 'quantity', quantity::text), code
        FROM (SELECT *, reference AS code FROM scheduled_receipts WHERE quantity > 0) r""",
}
"""Each noun as its wire shape in JSON, and what it is sorted by."""


async def put(tx: Tx, statement: str, rows: str, *more: object) -> None:
    """Write a set, given as a JSON array."""
    await tx.exec_driver_sql(statement, (rows, *more))


async def put_company(tx: Tx, time_zone: str, sequence: int) -> bool:
    """Keep the company's time zone; False when a newer one is known."""
    return (await tx.exec_driver_sql(PUT_COMPANY, (time_zone, sequence))).rowcount > 0


async def put_windows(tx: Tx, windows: Windows) -> None:
    """Keep how far orders consume forecast."""
    await tx.exec_driver_sql(PUT_WINDOWS, windows)


async def put_stock(tx: Tx, rows: str) -> dict[ItemSite, int]:
    """Keep counts; returns by how much each differs from what was known, in millionths."""
    changed: Iterable[Any] = await tx.exec_driver_sql(PUT_STOCK, (rows,))
    return {ItemSite(row[0], row[1]): to_millionths(row[2]) for row in changed}


async def put_safety_stock(tx: Tx, key: ItemSite, quantity: Decimal) -> None:
    """Keep what is to be kept of an item at a site."""
    await tx.exec_driver_sql(PUT_SAFETY_STOCK, (*key, quantity))


async def list_page(
    tx: Tx, noun: str, after: str | None, limit: int
) -> list[tuple[Mapping[str, Any], str]]:
    """A page of a noun's wire shapes, each with what it is sorted by."""
    rows: Iterable[Any] = await tx.exec_driver_sql(
        f"SELECT * FROM ({LISTS[noun]}) listed (shape, place)"
        " WHERE $1::text IS NULL OR place > $1 ORDER BY place LIMIT $2",
        (after, limit),
    )
    return [(row[0], row[1]) for row in rows]


async def find(tx: Tx, noun: str, place: str) -> Mapping[str, Any] | None:
    """One wire shape of a noun."""
    rows = await tx.exec_driver_sql(
        f"SELECT * FROM ({LISTS[noun]}) listed (shape, place) WHERE place = $1", (place,)
    )
    row = rows.one_or_none()
    return row[0] if row else None


async def unknown_codes(tx: Tx, table: str, codes: Iterable[str]) -> set[str]:
    """Which of these codes are not in a table."""
    rows = await tx.exec_driver_sql(
        f"SELECT code FROM unnest($1::text[]) AS given (code) EXCEPT SELECT code FROM {table}",
        (sorted(set(codes)),),
    )
    return set(rows.scalars())


async def item_sites(
    tx: Tx,
    *,
    items: Sequence[str] | None = None,
    sites: Sequence[str] | None = None,
) -> set[ItemSite]:
    """Planned item-sites: all, or those of these items or of these sites."""
    rows: Iterable[Any] = await tx.exec_driver_sql(
        "SELECT item, site FROM item_sites WHERE ($1::text[] IS NULL OR item = ANY($1))"
        " AND ($2::text[] IS NULL OR site = ANY($2))",
        (items, sites),
    )
    return {ItemSite(row[0], row[1]) for row in rows}


async def components_of(tx: Tx, parents: Sequence[str]) -> set[str]:
    """What these items take now, alternates too."""
    rows = await tx.exec_driver_sql(
        """
        SELECT component FROM bill_lines WHERE parent = ANY($1::text[])
        UNION SELECT a ->> 0 FROM bill_lines, jsonb_array_elements(alternates) a
        WHERE parent = ANY($1::text[])
        """,
        (parents,),
    )
    return set(rows.scalars())


async def known_receipts(tx: Tx, references: Sequence[str]) -> dict[str, tuple[ItemSite, Decimal]]:
    """Where these scheduled receipts were to come so far, and how much."""
    rows: Iterable[Any] = await tx.exec_driver_sql(
        "SELECT reference, item, site, quantity FROM scheduled_receipts"
        " WHERE reference = ANY($1::text[])",
        (references,),
    )
    return {row[0]: (ItemSite(row[1], row[2]), row[3]) for row in rows}
