"""Resources and routings, and the orders of what has a routing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import RowMapping

from takt.common.db import Tx
from takt.supply_planning.domain.calendar import ROUND_THE_CLOCK
from takt.supply_planning.domain.capacity import Operation, Resource
from takt.supply_planning.domain.netting import PlannedOrder, Supply
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.store.network import working_calendar
from takt.supply_planning.store.receipts import COMING, supplies_from

LOCK = "LOCK TABLE resources, routings IN SHARE ROW EXCLUSIVE MODE"

RESOURCE_COLUMNS = "code, calendar, units, efficiency, overtime_minutes, overtime_cost"

PUT_RESOURCES = f"""
INSERT INTO resources ({RESOURCE_COLUMNS})
SELECT {RESOURCE_COLUMNS} FROM jsonb_to_recordset($1::jsonb) AS n (code text, calendar text,
    units numeric, efficiency numeric, overtime_minutes numeric, overtime_cost numeric)
ON CONFLICT (code) DO UPDATE SET calendar = excluded.calendar, units = excluded.units,
    efficiency = excluded.efficiency, overtime_minutes = excluded.overtime_minutes,
    overtime_cost = excluded.overtime_cost
"""

PUT_ROUTINGS = """
WITH given AS (SELECT * FROM jsonb_to_recordset($1::jsonb)
    AS n (item text, site text, operations jsonb)),
removed AS (DELETE FROM routings r USING given g
    WHERE (r.item, r.site) = (g.item, g.site) AND g.operations = '[]')
INSERT INTO routings (item, site, operations) SELECT * FROM given WHERE operations <> '[]'
ON CONFLICT (item, site) DO UPDATE SET operations = excluded.operations
"""

LIST_ROUTINGS = """
SELECT item, site, (SELECT jsonb_agg(jsonb_build_object(
        'resource', o ->> 0, 'minutes', o ->> 1, 'setup_minutes', o ->> 2) ORDER BY place)
    FROM jsonb_array_elements(operations) WITH ORDINALITY e (o, place)) AS operations
FROM routings WHERE ($1::text IS NULL OR item = $1) AND ($2::text IS NULL OR site = $2)
    AND ($3::text IS NULL OR (item, site) > ($3, $4))
ORDER BY item, site LIMIT $5
"""

LOADING = f"""
WITH routed AS (SELECT item, site, operations FROM routings
    WHERE $1::text IS NULL OR operations @> jsonb_build_array(jsonb_build_array($1::text)))
SELECT
    (SELECT json_agg(json_build_object('code', r.code, 'units', r.units::float8,
            'efficiency', r.efficiency::float8, 'overtime', r.overtime_minutes::float8,
            'calendar', to_json(c)) ORDER BY r.code)
        FROM resources r LEFT JOIN calendars c ON c.code = r.calendar
        WHERE $1::text IS NULL OR r.code = $1) AS resources,
    (SELECT json_agg(json_build_array(item, site, operations)) FROM routed) AS routings,
    (SELECT json_agg(json_build_array(
            item, site, netting -> 'first_week', netting -> 'orders'))
        FROM plans JOIN routed USING (item, site) WHERE netting IS NOT NULL) AS plans,
    ({COMING.format("routed")}) AS receipts
"""


@dataclass(frozen=True, slots=True)
class Loading:
    """What resources are loaded by.

    Args:
        steps: the operations of each item-site that has a routing, also on other resources.
        planned: of item-sites, their plan's first week and new orders.
        receipts: open orders, of other systems, by item-site.
    """

    resources: Sequence[Resource]
    steps: Mapping[ItemSite, Sequence[Operation]]
    planned: Mapping[ItemSite, tuple[date, Sequence[PlannedOrder]]]
    receipts: Mapping[ItemSite, Sequence[Supply]]


async def one_after_another(tx: Tx) -> None:
    """Let writers of resources and routings follow each other."""
    await tx.exec_driver_sql(LOCK)


async def list_routings(
    tx: Tx,
    *,
    item: str | None = None,
    site: str | None = None,
    after: Sequence[str] | None = None,
    limit: int,
) -> Sequence[RowMapping]:
    """Routings as their wire shapes, by item and site."""
    rows = await tx.exec_driver_sql(LIST_ROUTINGS, (item, site, *(after or (None, None)), limit))
    return rows.mappings().all()


async def one_moment(tx: Tx) -> None:
    """Let all statements of a transaction see the same state; before its first one."""
    await tx.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


async def read_loading(tx: Tx, resource: str | None) -> Loading:
    """What all resources are loaded by, or one."""
    row = (await tx.exec_driver_sql(LOADING, (resource,))).mappings().one()
    return Loading(
        [_resource(one) for one in row["resources"] or ()],
        {
            ItemSite(item, site): [
                Operation(code, float(minutes), float(setup)) for code, minutes, setup in operations
            ]
            for item, site, operations in row["routings"] or ()
        },
        {
            ItemSite(item, site): (date.fromisoformat(first), [_order(*one) for one in orders])
            for item, site, first, orders in row["plans"] or ()
        },
        supplies_from(row["receipts"]),
    )


def _resource(row: Mapping[str, Any]) -> Resource:
    calendar = working_calendar(row["calendar"]) if row["calendar"] else ROUND_THE_CLOCK
    return Resource(row["code"], calendar, row["units"], row["efficiency"], row["overtime"])


def _order(bucket: int, due: str, release: str, lots: Iterable[int], *loss: int) -> PlannedOrder:
    day = date.fromisoformat
    return PlannedOrder(bucket, day(due), day(release), tuple(lots), *loss)
