"""The cash ledger: its settings, what every source contributes, and the weekly sums.

All money is in cents.
"""

from alembic import op

from takt.common.migrations import create_common_tables, execute_script

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE cash_ledger (
    code text PRIMARY KEY,
    currency text NOT NULL,
    time_zone text NOT NULL,
    company_sequence bigint NOT NULL,
    opening_revision bigint NOT NULL,
    opening_on date,
    opening_balance bigint NOT NULL,
    minimum_balance bigint NOT NULL,
    terms_revision bigint NOT NULL,
    customers_net_days int NOT NULL,
    customers_end_of_month boolean NOT NULL,
    suppliers_end_of_month boolean NOT NULL,
    fixed_revision bigint NOT NULL,
    fixed_payments jsonb NOT NULL,
    projection_sequence bigint NOT NULL,
    shortfall_sequence bigint NOT NULL,
    shortfall_lowest bigint
);
COMMENT ON COLUMN cash_ledger.shortfall_lowest IS
    'In cents. The lowest balance last told of an open shortfall; null while there is none.';
INSERT INTO cash_ledger VALUES (
    'main', 'XXX', 'UTC', -1, 0, NULL, 0, 0, 0, 30, false, false, 0, '[]', 0, 0, NULL
);

CREATE TABLE cash_sources (
    kind text NOT NULL CHECK (kind IN ('deal', 'sale', 'order', 'series')),
    id text NOT NULL,
    facts jsonb NOT NULL,
    weeks jsonb NOT NULL,
    first_week date,
    last_week date,
    PRIMARY KEY (kind, id)
);
COMMENT ON COLUMN cash_sources.weeks IS
    'What the source adds to cash_weeks now: week to the four sums, in the order of its columns.';
CREATE INDEX cash_sources_last_week ON cash_sources (last_week);

CREATE TABLE cash_weeks (
    week date PRIMARY KEY,
    committed_receipts bigint NOT NULL,
    committed_payments bigint NOT NULL,
    expected_receipts bigint NOT NULL,
    expected_payments bigint NOT NULL
);
"""


def upgrade() -> None:
    create_common_tables(op)
    execute_script(op, TABLES)
