"""What is asked for of series: forecasts, and what was told of sales since; parts of statements.

Each expects a `series (product, region)` before it.
"""

from collections import defaultdict
from datetime import date

from sqlalchemy import RowMapping

from takt.common.db import Tx
from takt.supply_planning.domain.demand import StillForecast, still_forecast, wanted_at_sites
from takt.supply_planning.domain.netting import Horizon
from takt.supply_planning.domain.network import Network, Series
from takt.supply_planning.domain.plan import Dated, ItemSite
from takt.supply_planning.store.plan_rows import weeks_from

NEWS = """
news AS ( -- sales that were told anew since the forecast of their series, and as that knew them
    SELECT s.product, s.region, s.direct, s.requested_on, s.quantity, s.shipped, s.shipped_on,
        f.as_of, known.direct AS known_direct, known.requested_on AS known_requested_on,
        known.quantity AS known_quantity, known.shipped AS known_shipped
    FROM series JOIN forecasts f USING (product, region) JOIN sales s USING (product, region)
        LEFT JOIN LATERAL (
            SELECT direct, requested_on, quantity, shipped FROM sale_states k
            WHERE k.sale_id = s.sale_id AND (k.product, k.region) = (s.product, s.region)
                AND k.said_at <= f.said_at
            ORDER BY k.sequence DESC LIMIT 1
        ) known ON true
    WHERE s.said_at > f.said_at
)
"""

TOLD = """
    (SELECT json_agg(json_build_array(product, region, demand))
        FROM forecasts JOIN series USING (product, region)) AS forecasts,
    (SELECT json_agg(json_build_array(product, region, requested_on, firm)) FROM (
        SELECT product, region, requested_on, (sum(quantity - shipped) * 1000000)::bigint AS firm
        FROM (
            SELECT product, region, requested_on, quantity, shipped
            FROM series JOIN sales USING (product, region) WHERE direct AND quantity > shipped
            UNION ALL -- those that were linked to a deal and are not in the pipeline part yet
            SELECT product, region, requested_on, quantity, shipped
            FROM news WHERE known_direct AND NOT direct AND quantity > shipped
        ) sales GROUP BY product, region, requested_on) wanted) AS firm,
    (SELECT json_agg(json_build_array(product, region, shipped)) FROM (
        SELECT product, region,
            (sum(shipped - coalesce(known_shipped, 0)) * 1000000)::bigint AS shipped
        FROM news WHERE NOT coalesce(known_direct, direct) AND shipped_on >= as_of
        GROUP BY product, region) gone) AS shipped,
    (SELECT json_agg(json_build_array(product, region, week, ordered)) FROM (
        SELECT product, region, date_trunc('week', day)::date AS week,
            (sum(quantity) * 1000000)::bigint AS ordered
        FROM (
            SELECT product, region, as_of, requested_on AS day, quantity FROM news WHERE direct
            UNION ALL
            SELECT product, region, as_of, known_requested_on, -known_quantity
            FROM news WHERE known_direct
        ) orders WHERE day >= date_trunc('week', as_of) GROUP BY 1, 2, 3) consuming) AS ordered
"""

READ = f"""
WITH series AS (SELECT $1::text AS product, $2::text AS region),
{NEWS}
SELECT {TOLD}
"""


async def read_still_forecast(tx: Tx, series: Series, network: Network) -> StillForecast | None:
    """What is still forecast of a series, and what orders consumed; None without a forecast."""
    row = (await tx.exec_driver_sql(READ, series)).mappings().one()
    return forecasts_of(row, network).get(series)


def forecasts_of(row: RowMapping, network: Network) -> dict[Series, StillForecast]:
    """What is still forecast of each series."""
    shipped = {(product, region): units for product, region, units in row["shipped"] or ()}
    ordered: dict[Series, dict[date, int]] = defaultdict(dict)
    for product, region, week, units in row["ordered"] or ():
        ordered[product, region][date.fromisoformat(week)] = units
    return {
        (product, region): still_forecast(
            weeks_from(weeks),
            shipped.get((product, region), 0),
            ordered.get((product, region), {}),
            network.windows,
        )
        for product, region, weeks in row["forecasts"] or ()
    }


def demand_of(row: RowMapping, network: Network, horizon: Horizon) -> dict[ItemSite, Dated]:
    """Demand at sites: what is still forecast, and firm orders; what is overdue is for today."""
    firm: dict[Series, list[tuple[date, int]]] = defaultdict(list)
    for product, region, day, units in row["firm"] or ():
        firm[product, region].append((max(date.fromisoformat(day), horizon.today), units))
    forecasts = forecasts_of(row, network)
    found: dict[ItemSite, list[tuple[date, int]]] = defaultdict(list)
    for series in forecasts.keys() | firm.keys():
        told = forecasts.get(series)
        at_sites = wanted_at_sites(
            told.weeks if told else (),
            firm.get(series, ()),
            network.sourcing.get(series, ()),
            network.demand_fences(series[0], horizon),
        )
        for site, part in at_sites.items():
            found[ItemSite(series[0], site)] += part
    return {key: tuple(sorted(dated)) for key, dated in found.items()}
