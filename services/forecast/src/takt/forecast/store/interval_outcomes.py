"""What came, week by week, against the intervals that versions had published for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from takt.common.db import Tx
from takt.forecast.domain.adaptive import Outcome
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.levels import Place, Scope


async def outcomes(tx: Tx) -> dict[Scope, list[Outcome]]:
    """What came against what was published, by scope."""
    rows = await tx.exec_driver_sql("SELECT * FROM interval_outcomes ORDER BY week, lag")
    found: dict[Scope, list[Outcome]] = {}
    for row in rows:
        missed = row.below95, row.below80, row.above80, row.above95
        outcome = Outcome(row.week, row.lag, row.compared, missed)
        found.setdefault(Scope(row.level, row.depth), []).append(outcome)
    return found


async def last_compared(tx: Tx) -> date | None:
    """The latest week that was compared with what versions had said."""
    rows = await tx.exec_driver_sql("SELECT max(week) AS week FROM interval_outcomes")
    week: date | None = rows.scalar_one()
    return week


@dataclass(frozen=True, slots=True)
class Said:
    """A version, the week from which it looks ahead, and the day on which it was published."""

    version: int
    first_week: date
    said_on: date


async def wanted_in(tx: Tx, week: date, said: Said) -> dict[SeriesKey, int]:
    """What was wanted in a week, in whole millionths; every series, also without any.

    What was sold from deals before a version is left out: it was known then, and counted as firm.
    On its day, that is what was won in it.
    """
    rows = await tx.exec_driver_sql(
        """
        SELECT product, region, coalesce((sum(quantity) * 1000000)::bigint, 0) AS units
        FROM series LEFT JOIN (
            SELECT * FROM demand d WHERE day >= $1 AND day < $1 + 7 AND quantity > 0
                AND (deal_id IS NULL OR sold_on > $2 OR (sold_on = $2 AND NOT EXISTS (
                    SELECT FROM version_lines l WHERE l.version = $3 AND l.probability = 1
                        AND (l.deal_id, l.line_id) = (d.deal_id, d.deal_line_id))))
        ) wanted USING (product, region) GROUP BY 1, 2
        """,
        (week, said.said_on, said.version),
    )
    return {SeriesKey(row.product, row.region): row.units for row in rows}


_COMPARE = """
WITH told AS (
    SELECT {scope}, ($1::date - first_week) / 7 + 1, units, ordered, firm, bands
    FROM {source} WHERE version = $2 AND first_week = $3
), held AS (
    SELECT level, depth, lag, greatest(units - ordered[lag], 0) + coalesce(firm[lag], 0) AS came,
        bands[lag] AS low95, bands[weeks + lag] AS low80, bands[2 * weeks + lag] AS high80,
        bands[3 * weeks + lag] AS high95
    FROM told AS t (level, depth, lag, units, ordered, firm, bands)
    CROSS JOIN LATERAL (SELECT cardinality(bands) / 4 AS weeks) w
    WHERE level IS NOT NULL AND lag <= weeks
)
INSERT INTO interval_outcomes
SELECT level, depth, $1, lag, count(*), count(*) FILTER (WHERE came < low95),
    count(*) FILTER (WHERE came < low80), count(*) FILTER (WHERE came > high80),
    count(*) FILTER (WHERE came > high95)
FROM held GROUP BY level, depth, lag ON CONFLICT DO NOTHING
"""


async def compare(
    tx: Tx,
    week: date,
    said: Said,
    wanted: Mapping[SeriesKey, int],
    summed: Mapping[Place, int],
) -> None:
    """Keep how many values of a week lay outside what a version had said, by scope and lag.

    Orders that it knew are no part of what it said; what was won by then is.

    Args:
        tx: the caller's transaction.
        week: a whole one that is over.
        said: the version.
        wanted: by series, in whole millionths.
        summed: likewise by sum.
    """
    version = week, said.version, said.first_week
    await tx.exec_driver_sql(
        _COMPARE.format(
            scope="'series', 0",
            source="""
                version_series v JOIN forecast_revisions r USING (product, region, revision)
                JOIN unnest($4::text[], $5::text[], $6::bigint[]) AS w (product, region, units)
                    USING (product, region)
            """,
        ),
        (
            *version,
            [key.product for key in wanted],
            [key.region for key in wanted],
            list(wanted.values()),
        ),
    )
    await tx.exec_driver_sql(
        _COMPARE.format(
            scope="scope_level, scope_depth",
            source="""
                version_sums
                JOIN unnest($4::text[], $5::text[], $6::text[], $7::bigint[])
                    AS w (level, product, region, units) USING (level, product, region)
            """,
        ),
        (
            *version,
            [place.level for place in summed],
            [place.product or "" for place in summed],
            [place.region or "" for place in summed],
            list(summed.values()),
        ),
    )


async def first_of_each_week(tx: Tx, since: date, zone: str) -> list[Said]:
    """The first version of each week from one on, in the company's zone and in order."""
    rows = await tx.exec_driver_sql(
        """
        SELECT DISTINCT ON (date_trunc('week', local)) version, local::date AS said_on,
            date_trunc('week', local)::date AS first_week
        FROM (SELECT version, as_of AT TIME ZONE $2 AS local FROM versions) v
        WHERE local >= $1 ORDER BY date_trunc('week', local), version
        """,
        (since, zone),
    )
    return [Said(row.version, row.first_week, row.said_on) for row in rows]
