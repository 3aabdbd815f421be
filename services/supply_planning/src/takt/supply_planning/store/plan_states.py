"""Plans as they were: what each was made of, and why that was wanted."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import RowMapping

from takt.common.db import Tx
from takt.supply_planning.domain.change import KeptPlan
from takt.supply_planning.domain.network import Network
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.store.by_network import asked_columns
from takt.supply_planning.store.pegging import asking_of, wanted_of
from takt.supply_planning.store.plan_rows import inputs_from

READ = """
WITH wanted AS (SELECT * FROM unnest($1::text[], $2::text[]) AS wanted (item, site)),
series AS (SELECT * FROM unnest($3::text[], $4::text[]) AS series (product, region)),
known AS ( -- the forecast of each series that was known then
    SELECT f.* FROM series JOIN LATERAL (
        SELECT product, region, as_of, demand FROM forecast_states f
        WHERE (f.product, f.region) = (series.product, series.region) AND kept_at <= $5
        ORDER BY sequence DESC LIMIT 1) f ON true
), sold AS (
    SELECT DISTINCT ON (sale_id) sale_id, product, region, direct, requested_on, quantity, shipped
    FROM sale_states WHERE kept_at <= $5 AND sale_id IN (
        SELECT sale_id FROM sale_states JOIN series USING (product, region) WHERE direct)
    ORDER BY sale_id, sequence DESC
)
SELECT (SELECT json_agg(json_build_array(s.item, s.site, s.inputs)) FROM wanted w JOIN LATERAL (
        SELECT item, site, inputs FROM plan_states p
        WHERE (p.item, p.site) = (w.item, w.site) AND written_at <= $5
        ORDER BY sequence DESC LIMIT 1) s ON true) AS plans,
    (SELECT json_agg(json_build_array(product, region, demand)) FROM known) AS forecasts,
    (SELECT json_agg(json_build_array(l.product, l.region, deal_id, line_id, expected))
        FROM known k JOIN deal_lines l ON (l.product, l.region) = (k.product, k.region)
            AND since <= k.as_of AND (until IS NULL OR until > k.as_of)) AS deals,
    (SELECT json_agg(json_build_array(
        product, region, sale_id, requested_on, ((quantity - shipped) * 1000000)::bigint))
        FROM sold JOIN series USING (product, region) WHERE direct AND quantity > shipped) AS sales
"""


async def list_states(tx: Tx, key: ItemSite) -> Sequence[RowMapping]:
    """The plans of an item at a site that are kept, the newest first."""
    rows = await tx.exec_driver_sql(
        "SELECT sequence, as_of, written_at FROM plan_states WHERE item = $1 AND site = $2"
        " ORDER BY sequence DESC",
        (key.item, key.site),
    )
    return rows.mappings().all()


async def read_past(
    tx: Tx, keys: Collection[ItemSite], network: Network, at: datetime
) -> dict[ItemSite, KeptPlan]:
    """The plans of these item-sites as they stood when a transaction at `at` was through."""
    result = await tx.exec_driver_sql(
        READ,
        (
            *asked_columns(keys, network),
            at,
        ),
    )
    row = result.mappings().one()
    asking = asking_of(row)
    plans = {}
    for item, site, stored in row["plans"] or ():
        key, inputs = ItemSite(item, site), inputs_from(stored)
        plans[key] = KeptPlan(inputs, tuple(wanted_of(key, network, asking, inputs.today)))
    return plans
