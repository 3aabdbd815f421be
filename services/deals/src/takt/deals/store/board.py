"""The board of a pipeline: every card as JSON text, made where the data lies.

Five thousand rows that pass through Python's values cost more than the whole statement, so that
PostgreSQL writes the JSON and nobody reads it on its way.
"""

from datetime import date

from takt.common.db import Tx
from takt.deals.store.rows import fetch
from takt.deals.store.views import WITHIN

INSTANT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""
"""To the second: a board says for how many days a deal has stood, not for how many microseconds."""

CARDS = f"""
WITH card AS (
    SELECT d.id, d.name, a.name AS account, d.account_id, d.owner, o.team, d.region, d.stage,
        d.status, {INSTANT.format("d.stage_entered_at")} AS stage_entered_at,
        {INSTANT.format("d.opened_at")} AS opened_at, {INSTANT.format("d.closed_at")} AS closed_at,
        d.expected_close, trim_scale(round(COALESCE(l.value, 0), 6))::text AS value,
        COALESCE(l.products, '{{}}') AS products, trim_scale(w.probability)::text AS probability,
        w.sequence AS probability_sequence, w.stalled, d.sequence,
        trim_scale(d.manual_probability)::text AS manual_probability
    FROM deals d JOIN owners o ON o.code = d.owner LEFT JOIN accounts a ON a.id = d.account_id
        LEFT JOIN win_probabilities w ON w.deal_id = d.id
        LEFT JOIN LATERAL (
            SELECT sum(quantity * price) AS value, array_agg(DISTINCT product) AS products
            FROM deal_lines WHERE deal_id = d.id
        ) l ON true
    -- An open deal, and only an open one, has no closed_at.
    WHERE d.pipeline = $1
        AND (d.closed_at IS NULL OR d.closed_at >= $2::date::timestamp AT TIME ZONE $3)
        AND ($4::text IS NULL OR d.owner = $4)
        AND ($5::text IS NULL
            OR o.team IN (WITH RECURSIVE {WITHIN.format(table="teams", code="$5")}))
        AND ($6::text IS NULL
            OR d.region IN (WITH RECURSIVE {WITHIN.format(table="regions", code="$6")}))
        AND ($7::text IS NULL OR $7 = ANY(l.products))
    ORDER BY d.id LIMIT $8
)
SELECT count(*)::int, COALESCE(json_agg(card), '[]')::text FROM card
"""


async def read_cards(
    tx: Tx,
    pipeline: str,
    *,
    closed_since: date | None,
    time_zone: str,
    owner: str | None = None,
    team: str | None = None,
    region: str | None = None,
    product: str | None = None,
    limit: int,
) -> tuple[int, str]:
    """How many cards a board has, up to `limit`, and they themselves as a JSON array, by id.

    Args: closed_since: deals closed on this day of the time zone, or later, are there too; None for
        open ones only.
    """
    [(count, cards)] = await fetch(
        tx, CARDS, pipeline, closed_since, time_zone, owner, team, region, product, limit
    )
    return count, cards
