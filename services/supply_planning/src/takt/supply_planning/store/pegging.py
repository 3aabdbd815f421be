"""Stored plans with what they were made of, as pegging takes them, and what to name behind it."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from takt.common.db import Tx
from takt.supply_planning.domain.demand import ForecastWeek
from takt.supply_planning.domain.netting import Horizon
from takt.supply_planning.domain.network import Network, Series
from takt.supply_planning.domain.orders import supply_of
from takt.supply_planning.domain.origins import Part
from takt.supply_planning.domain.pegging import PlannedPosition
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.reasons import Asking, DealLine, ForecastReasons, wanted_at_site
from takt.supply_planning.store.by_network import asked_columns
from takt.supply_planning.store.orders import ORDER_ROW, order_from
from takt.supply_planning.store.plan_rows import netting_from, weeks_from
from takt.supply_planning.store.receipts import COMING, supplies_from

READ = f"""
WITH wanted AS (SELECT * FROM unnest($1::text[], $2::text[]) AS wanted (item, site)),
series AS (SELECT * FROM unnest($3::text[], $4::text[]) AS series (product, region))
SELECT (SELECT revision FROM network_revision) AS revision,
    (SELECT json_agg(json_build_array(item, site, gist->0, netting))
        FROM plans JOIN wanted USING (item, site) WHERE netting IS NOT NULL) AS plans,
    ({COMING.format("wanted")}) AS receipts,
    (SELECT json_agg({ORDER_ROW}) FROM purchase_orders o JOIN wanted USING (item, site)
        WHERE o.status IN ('proposed', 'approved', 'released', 'confirmed')) AS orders,
    (SELECT json_agg(json_build_array(product, region, demand))
        FROM forecasts JOIN series USING (product, region)) AS forecasts,
    (SELECT json_agg(json_build_array(product, region, deal_id, line_id, expected))
        FROM deal_lines JOIN series USING (product, region) WHERE until IS NULL) AS deals,
    (SELECT json_agg(json_build_array(
        product, region, sale_id, requested_on, ((quantity - shipped) * 1000000)::bigint))
        FROM sales JOIN series USING (product, region) WHERE direct AND quantity > shipped) AS sales
"""

BEHIND = """
WITH RECURSIVE series AS (SELECT * FROM unnest($1::text[], $2::text[]) AS series (product, region)),
lies_in AS (
    SELECT DISTINCT region, region AS place FROM series
    UNION
    SELECT l.region, r.parent FROM lies_in l JOIN regions r ON r.code = l.place
    WHERE r.parent IS NOT NULL
)
SELECT product, region, f.sequence AS revision, v.version, v.name AS version_name,
    v.revision AS version_revision, (
        SELECT coalesce(json_agg(json_build_object('signal_id', signal_id, 'kind', kind,
            'source', source, 'external_id', external_id, 'note', note, 'begins', begins,
            'ends', ends) ORDER BY begins, signal_id), '[]')
        FROM signals g WHERE holds AND ends >= $3
            AND (g.product = s.product OR g.product IS NULL AND (g.family IS NULL OR g.family =
                (SELECT family FROM product_families p WHERE p.product = s.product)))
            AND (g.region IS NULL OR g.region IN
                (SELECT place FROM lies_in l WHERE l.region = s.region))
    ) AS signals
FROM series s LEFT JOIN forecasts f USING (product, region)
    LEFT JOIN series_versions v USING (product, region)
ORDER BY product, region
"""


@dataclass(frozen=True, slots=True)
class StoredPlans:
    """Plans as pegging takes them, as of a revision of the network."""

    revision: int
    positions: Mapping[ItemSite, PlannedPosition] = field(default_factory=dict)


async def read_plans(tx: Tx, keys: Collection[ItemSite], network: Network) -> StoredPlans:
    """The stored plans of these, with their orders and why customers want them."""
    result = await tx.exec_driver_sql(
        READ,
        asked_columns(keys, network),
    )
    # In a thread, since much is read at once and plans are made meanwhile.
    return await asyncio.to_thread(_stored_plans, result.mappings().one(), network)


def _stored_plans(row: RowMapping, network: Network) -> StoredPlans:
    supplies = supplies_from(row["receipts"])
    proposals: dict[ItemSite, dict[date, UUID]] = defaultdict(dict)
    for values in row["orders"] or ():
        order = order_from(values)
        key = ItemSite(order.item, order.site)
        if supply := supply_of(order):
            supplies[key].append(supply)
        elif order.status == "proposed":
            proposals[key][order.due_period] = order.order_id
    asking = asking_of(row)
    positions = {}
    for item, site, ordinal, stored in row["plans"] or ():
        key = ItemSite(item, site)
        netting = netting_from(stored)
        horizon = Horizon(date.fromordinal(ordinal), len(netting.gross))
        positions[key] = PlannedPosition(
            netting,
            horizon,
            tuple(supplies[key]),
            proposals[key],
            _wanted_in(key, network, asking, horizon),
        )
    return StoredPlans(row["revision"], positions)


def asking_of(row: RowMapping) -> dict[Series, Asking]:
    """What is asked for in each series, from the columns forecasts, deals and sales."""
    forecasts: dict[Series, list[ForecastWeek]] = {}
    for product, region, demand in row["forecasts"] or ():
        forecasts[product, region] = weeks_from(demand)
    deals: dict[Series, dict[str, list[tuple[DealLine, int]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for product, region, deal, line, expected in row["deals"] or ():
        of_series, of_line = deals[product, region], (UUID(deal), UUID(line))
        for week, units in expected:
            of_series[week].append((of_line, units))
    sales: dict[Series, dict[date, dict[UUID, int]]] = defaultdict(dict)
    for product, region, sale, day, units in row["sales"] or ():
        sales[product, region].setdefault(date.fromisoformat(day), {})[UUID(sale)] = units
    return {
        series: Asking(
            ForecastReasons(
                forecasts.get(series, []),
                {date.fromisoformat(week): lines for week, lines in deals[series].items()},
            ),
            sales.get(series, {}),
        )
        for series in {*forecasts, *sales}
    }


def wanted_of(
    key: ItemSite,
    network: Network,
    asking: Mapping[Series, Asking],
    today: date,
    asked: Callable[[date], bool] = lambda _: True,
) -> list[tuple[date, Part]]:
    """Why customers want an item at a site, by day; for all days, or those that are asked for."""
    return [
        one
        for series in sorted(network.served_by.get(key, ()))
        if series in asking
        for one in wanted_at_site(
            series, asking[series], network.sourcing.get(series, ()), key.site, today, asked
        )
    ]


def _wanted_in(
    key: ItemSite, network: Network, asking: Mapping[Series, Asking], horizon: Horizon
) -> Callable[[int], list[Part]]:
    def wanted(bucket: int) -> list[Part]:
        found = wanted_of(
            key, network, asking, horizon.today, lambda day: horizon.bucket(day) == bucket
        )
        return [part for _, part in found]

    return wanted


async def read_behind(tx: Tx, series: Iterable[Series], since: date) -> Sequence[RowMapping]:
    """Of each series: its forecast's revision, its newest version, and signals that end later."""
    places = sorted(set(series))
    rows = await tx.exec_driver_sql(
        BEHIND, ([product for product, _ in places], [region for _, region in places], since)
    )
    return rows.mappings().all()


async def read_deals(tx: Tx, deals: Iterable[UUID]) -> Sequence[RowMapping]:
    """How these deals stand."""
    rows = await tx.exec_driver_sql(
        "SELECT deal_id, stage, status, probability FROM deal_demands"
        " WHERE deal_id = ANY($1::uuid[]) ORDER BY deal_id",
        (sorted(set(deals)),),
    )
    return rows.mappings().all()


async def series_of(
    tx: Tx, *, deal_id: UUID | None = None, sale_id: UUID | None = None
) -> set[Series]:
    """In which series a deal's lines, or a sale, are."""
    rows: Iterable[Any] = await tx.exec_driver_sql(
        "SELECT product, region FROM deal_lines WHERE deal_id = $1 AND until IS NULL"
        " UNION SELECT product, region FROM sales WHERE sale_id = $2",
        (deal_id, sale_id),
    )
    return {(row[0], row[1]) for row in rows}
