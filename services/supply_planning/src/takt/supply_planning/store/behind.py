"""What stands behind a forecast: deals, versions, signals, the families and regions they name."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from takt.common.contracts.deals import ProductChanged, RegionChanged
from takt.common.contracts.forecast import (
    ForecastVersionPublished,
    PipelineDemandChanged,
    SignalState,
)
from takt.common.db import Tx
from takt.supply_planning.domain.quantity import to_millionths

KEEP_DEALS = """
INSERT INTO deal_demands (deal_id, sequence, stage, status, probability)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::numeric[])
ON CONFLICT (deal_id) DO UPDATE SET sequence = excluded.sequence, stage = excluded.stage,
    status = excluded.status, probability = excluded.probability
WHERE deal_demands.sequence < excluded.sequence
RETURNING deal_id
"""

KEEP_LINES = """
WITH newer AS (SELECT * FROM unnest($1::uuid[], $2::timestamptz[]) AS newer (deal_id, since)),
ended AS (
    UPDATE deal_lines l SET until = n.since FROM newer n
    WHERE l.deal_id = n.deal_id AND l.until IS NULL
    RETURNING line_id
), given_up AS (
    -- What was reserved for a deal that is lost, or for a line that it had and has no more. A line
    -- that it never had here is newer than this news.
    UPDATE reservations r SET state = 'released' FROM deal_demands d
    WHERE r.state = 'open' AND r.expires_at > now()
        AND r.deal_id = d.deal_id AND d.deal_id = ANY($1::uuid[])
        AND (d.status = 'lost' OR (d.status = 'open' AND r.line_id IN (SELECT line_id FROM ended)
            AND r.line_id <> ALL($5::uuid[])))
)
INSERT INTO deal_lines
    (deal_id, sequence, since, line_id, product, region, quantity, expected)
SELECT line.deal_id, sequence, since, line_id, product, region, quantity, expected
FROM unnest($3::uuid[], $4::bigint[], $5::uuid[], $6::text[], $7::text[], $8::numeric[],
    $9::jsonb[]) AS line (deal_id, sequence, line_id, product, region, quantity, expected)
    JOIN newer USING (deal_id)
"""

KEEP_VERSIONS = """
INSERT INTO series_versions (product, region, version, name, revision, published_as_of)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::bigint[], $6::timestamptz[])
ON CONFLICT (product, region) DO UPDATE SET version = excluded.version, name = excluded.name,
    revision = excluded.revision, published_as_of = excluded.published_as_of
WHERE series_versions.version < excluded.version
"""

KEEP_SIGNALS = """
INSERT INTO signals (signal_id, sequence, holds, kind, source, external_id, note, product, family,
    region, begins, ends)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::boolean[], $4::text[], $5::text[], $6::text[],
    $7::text[], $8::text[], $9::text[], $10::text[], $11::date[], $12::date[])
ON CONFLICT (signal_id) DO UPDATE SET sequence = excluded.sequence, holds = excluded.holds,
    kind = excluded.kind, source = excluded.source, external_id = excluded.external_id,
    note = excluded.note, product = excluded.product, family = excluded.family,
    region = excluded.region, begins = excluded.begins, ends = excluded.ends
WHERE signals.sequence < excluded.sequence
"""


async def keep_deals(tx: Tx, deals: Sequence[PipelineDemandChanged]) -> None:
    """Keep what deals stand for, each once; an older state changes nothing."""
    rows: Iterable[Any] = await tx.exec_driver_sql(
        KEEP_DEALS,
        (
            [one.deal_id for one in deals],
            [one.sequence for one in deals],
            [one.stage for one in deals],
            [one.status for one in deals],
            [one.probability for one in deals],
        ),
    )
    newer = {row[0] for row in rows}
    if not newer:
        return
    changed = [one for one in deals if one.deal_id in newer]
    lines = [(one, line) for one in changed for line in one.lines]
    await tx.exec_driver_sql(
        KEEP_LINES,
        (
            [one.deal_id for one in changed],
            [one.as_of for one in changed],
            [one.deal_id for one, _ in lines],
            [one.sequence for one, _ in lines],
            [line.line_id for _, line in lines],
            [line.product for _, line in lines],
            [line.region for _, line in lines],
            [line.quantity for _, line in lines],
            [
                json.dumps([(str(at.week), to_millionths(at.quantity)) for at in line.expected])
                for _, line in lines
            ],
        ),
    )


async def keep_versions(tx: Tx, parts: Sequence[ForecastVersionPublished]) -> None:
    """Keep which version each series was last published in."""
    newest = {
        (series.product, series.region): (part, series)
        for part in sorted(parts, key=lambda one: one.version)
        for series in part.series
    }
    found = [newest[place] for place in sorted(newest)]
    await tx.exec_driver_sql(
        KEEP_VERSIONS,
        (
            [series.product for _, series in found],
            [series.region for _, series in found],
            [part.version for part, _ in found],
            [part.name for part, _ in found],
            [series.revision for _, series in found],
            [part.as_of for part, _ in found],
        ),
    )


async def keep_signals(tx: Tx, signals: Sequence[tuple[int, bool, SignalState]]) -> None:
    """Keep signals, each once: its sequence, whether it holds, and what it says."""
    await tx.exec_driver_sql(
        KEEP_SIGNALS,
        (
            [one.signal_id for _, _, one in signals],
            [sequence for sequence, _, _ in signals],
            [holds for _, holds, _ in signals],
            [one.kind for _, _, one in signals],
            [one.source for _, _, one in signals],
            [one.external_id for _, _, one in signals],
            [one.note for _, _, one in signals],
            [one.product for _, _, one in signals],
            [one.family for _, _, one in signals],
            [one.region for _, _, one in signals],
            [one.begins for _, _, one in signals],
            [one.ends for _, _, one in signals],
        ),
    )


async def keep_families(tx: Tx, products: Sequence[ProductChanged]) -> None:
    """Keep the family of products, each once."""
    await tx.exec_driver_sql(
        "INSERT INTO product_families (product, sequence, family)"
        " SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[])"
        " ON CONFLICT (product) DO UPDATE SET sequence = excluded.sequence,"
        " family = excluded.family WHERE product_families.sequence < excluded.sequence",
        (
            [one.code for one in products],
            [one.sequence for one in products],
            [one.family for one in products],
        ),
    )


async def keep_regions(tx: Tx, regions: Sequence[RegionChanged]) -> None:
    """Keep which region lies in which, each once."""
    await tx.exec_driver_sql(
        "INSERT INTO regions (code, sequence, parent)"
        " SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[])"
        " ON CONFLICT (code) DO UPDATE SET sequence = excluded.sequence, parent = excluded.parent"
        " WHERE regions.sequence < excluded.sequence",
        (
            [one.code for one in regions],
            [one.sequence for one in regions],
            [one.parent for one in regions],
        ),
    )


async def forget_lines(tx: Tx, before: datetime) -> None:
    """Forget lines that no deal has had since."""
    await tx.exec_driver_sql("DELETE FROM deal_lines WHERE until < $1", (before,))
