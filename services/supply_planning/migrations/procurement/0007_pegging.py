"""What stands behind a forecast, to name it: deals, versions, signals, families and regions."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0007"
down_revision = "0006"

QUANTITY = "numeric(18,6)"

BEHIND = f"""
CREATE TABLE deal_demands (
    deal_id uuid PRIMARY KEY, sequence bigint NOT NULL, stage text NOT NULL, status text NOT NULL,
    probability numeric(9,8) NOT NULL
);
-- Lines as they were from one state of their deal to the next; `until` is null of those it has now.
CREATE TABLE deal_lines (
    deal_id uuid NOT NULL REFERENCES deal_demands, sequence bigint NOT NULL, line_id uuid NOT NULL,
    product text NOT NULL, region text NOT NULL, quantity {QUANTITY} NOT NULL,
    expected jsonb NOT NULL, -- [[week, millionths], ...]
    since timestamptz NOT NULL, until timestamptz,
    PRIMARY KEY (deal_id, sequence, line_id)
);
CREATE INDEX deal_lines_series ON deal_lines (product, region);
CREATE INDEX deal_lines_now ON deal_lines (deal_id) WHERE until IS NULL;
CREATE INDEX deal_lines_until ON deal_lines (until) WHERE until IS NOT NULL;
-- The newest version that holds a series.
CREATE TABLE series_versions (
    product text NOT NULL, region text NOT NULL, version int NOT NULL, name text NOT NULL,
    revision bigint NOT NULL, published_as_of timestamptz NOT NULL,
    PRIMARY KEY (product, region)
);
CREATE TABLE signals (
    signal_id uuid PRIMARY KEY, sequence bigint NOT NULL, holds boolean NOT NULL,
    kind text NOT NULL, source text NOT NULL, external_id text NOT NULL, note text,
    product text, family text, region text, begins date NOT NULL, ends date NOT NULL
);
CREATE INDEX signals_dates ON signals (ends) WHERE holds;
CREATE TABLE product_families (
    product text PRIMARY KEY, sequence bigint NOT NULL, family text
);
CREATE TABLE regions (code text PRIMARY KEY, sequence bigint NOT NULL, parent text);
"""


def upgrade() -> None:
    execute_script(op, BEHIND)
