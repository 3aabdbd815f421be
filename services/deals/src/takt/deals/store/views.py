"""Reading deals for people and programs: pages, histories, the past, everything for export."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from takt.common.db import Tx
from takt.deals.store.rows import fetch_maps, from_json

WITHIN = """
within AS (SELECT {code}::text AS code
    UNION SELECT t.code FROM {table} t JOIN within w ON t.parent = w.code)
SELECT code FROM within
"""
"""One of a hierarchy and all that lie in it. The UNION ends it even where one lay inside itself."""

WITHIN_TEAM = WITHIN.format(table="teams", code="$10")
WITHIN_REGION = WITHIN.format(table="regions", code="$11")

VIEW = f"""
SELECT d.id, d.source, d.external_id, d.name, d.account_id, a.name AS account, d.owner, o.team,
    d.region, d.pipeline, d.stage, d.status, d.opened_at, d.stage_entered_at, d.closed_at,
    d.expected_close, d.payment_days, d.warranty_months, d.manual_probability,
    w.probability AS model_probability, w.stalled, d.reason, d.competitor, d.imported,
    d.sequence, d.changed_by,
    round(COALESCE(l.value, 0), 6) AS value, l.lines,
    ARRAY(SELECT kind FROM deal_documents k WHERE k.deal_id = d.id ORDER BY kind) AS documents
FROM deals d JOIN owners o ON o.code = d.owner LEFT JOIN accounts a ON a.id = d.account_id
    LEFT JOIN win_probabilities w ON w.deal_id = d.id
    LEFT JOIN LATERAL (
        SELECT sum(quantity * price) AS value, json_agg(json_build_object('id', id,
            'reference', reference, 'product', product, 'quantity', quantity::text,
            'price', price::text, 'requested_date', requested_date) ORDER BY position)::text
            AS lines
        FROM deal_lines WHERE deal_id = d.id
    ) l ON true
WHERE ($1::uuid IS NULL OR d.id = $1) AND ($2::text IS NULL OR d.pipeline = $2)
    AND ($3::text IS NULL OR d.stage = $3) AND ($4::text IS NULL OR d.status = $4)
    AND ($5::text IS NULL OR d.owner = $5) AND ($6::uuid IS NULL OR d.account_id = $6)
    AND ($7::text IS NULL OR d.source = $7) AND ($8::text IS NULL OR d.external_id = $8)
    AND ($9::text IS NULL OR EXISTS (
        SELECT FROM deal_lines p WHERE p.deal_id = d.id AND p.product = $9))
    AND ($10::text IS NULL OR o.team IN (WITH RECURSIVE {WITHIN_TEAM}))
    AND ($11::text IS NULL OR d.region IN (WITH RECURSIVE {WITHIN_REGION}))
    AND ($12::uuid IS NULL OR d.id > $12)
ORDER BY d.id LIMIT $13
"""

FILTERS = (
    "id", "pipeline", "stage", "status", "owner", "account_id", "source", "external_id", "product",
    "team", "region",
)  # fmt: skip


async def page_deals(
    tx: Tx, filters: Mapping[str, Any], *, after: UUID | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """A page of deals by id, with lines, documents and the model's probability.

    Args: filters: any of `FILTERS`; those that are None or left out match all.
    """
    values = [filters.get(name) for name in FILTERS]
    rows = await fetch_maps(tx, VIEW, *values, after, limit)
    return [{**row, "lines": from_json(row["lines"])} for row in rows]


async def read_approvals(tx: Tx, deal: UUID) -> list[dict[str, Any]]:
    """All approvals of a deal, void ones too, latest first."""
    rows = await fetch_maps(
        tx,
        "SELECT id, role, approver, reason, offers::text AS offers, payment_days,"
        " warranty_months, created_at, expires_at, voided_at FROM approvals"
        " WHERE deal_id = $1 ORDER BY created_at DESC, id",
        deal,
    )
    return [{**row, "offers": from_json(row["offers"])} for row in rows]


async def standing_at(tx: Tx, pipeline: str, at: datetime) -> list[dict[str, Any]]:
    """Deals and value by stage as they stood at an instant, from what was only ever appended."""
    return await fetch_maps(
        tx,
        """
        SELECT e.stage, count(*)::int AS deals, round(COALESCE(sum(r.value), 0), 6) AS value
        FROM deals d
        CROSS JOIN LATERAL (
            SELECT stage FROM stage_entries WHERE deal_id = d.id AND entered_at <= $2
            ORDER BY number DESC LIMIT 1
        ) e
        CROSS JOIN LATERAL (
            SELECT value FROM deal_revisions WHERE deal_id = d.id AND valid_from <= $2
            ORDER BY sequence DESC LIMIT 1
        ) r
        WHERE d.pipeline = $1 GROUP BY e.stage
        """,
        pipeline,
        at,
    )
