"""Of each series, and of sums in versions, what of the pipeline is won and not shipped."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0009"
down_revision = "0008"

SCRIPT = """
ALTER TABLE series ADD COLUMN won bigint[];
-- From its lines: what they expected in weeks that are over is expected in the series' first.
UPDATE series s SET won = (
    SELECT array_agg(coalesce(units, 0) ORDER BY week)
    FROM generate_series(1, cardinality(s.pipeline)) week LEFT JOIN (
        SELECT greatest(place - (s.first_week - l.first_week) / 7, 1) AS week,
            sum(e.quantity)::bigint AS units
        FROM pipeline_lines l, unnest(l.expected) WITH ORDINALITY AS e (quantity, place)
        WHERE (l.product, l.region) = (s.product, s.region) AND l.probability = 1
        GROUP BY 1
    ) counted USING (week)
);
-- A process of the release before goes on for a while and does not know it.
ALTER TABLE series ALTER won SET NOT NULL, ALTER won SET DEFAULT array_fill(0::bigint, ARRAY[26]);

-- 0008 has these only where it ran after they were put into it.
ALTER TABLE version_series ADD COLUMN IF NOT EXISTS firm bigint[];
ALTER TABLE version_sums ADD COLUMN IF NOT EXISTS firm bigint[];
UPDATE version_sums SET firm = array_fill(0::bigint, ARRAY[cardinality(pipeline)])
WHERE firm IS NULL;
ALTER TABLE version_sums ALTER firm SET NOT NULL,
    ALTER firm SET DEFAULT array_fill(0::bigint, ARRAY[26]);
"""


def upgrade() -> None:
    execute_script(op, SCRIPT)
