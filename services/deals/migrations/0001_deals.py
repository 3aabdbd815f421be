"""Company, catalog, accounts, pipelines, deals with their history, sales, imports."""

from alembic import op

from takt.common.migrations import create_common_tables, execute_script

revision = "0001"
down_revision = None

AMOUNT = "numeric(18,6)"

CATALOG = f"""
CREATE TABLE company (
    id int PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    name text NOT NULL, currency text NOT NULL CHECK (currency ~ '^[A-Z]{{3}}$'),
    time_zone text NOT NULL, payment_days int NOT NULL CHECK (payment_days >= 0),
    sequence bigint NOT NULL
);
-- Counts the changes of what processes keep in memory: company, products, pipelines, rules.
-- From a sequence: a revision that was rolled back never returns.
CREATE SEQUENCE catalog_revisions;
CREATE TABLE catalog_revision (
    id int PRIMARY KEY DEFAULT 1 CHECK (id = 1), revision bigint NOT NULL
);
INSERT INTO catalog_revision (revision) VALUES (nextval('catalog_revisions'));
CREATE TABLE regions (
    code text PRIMARY KEY, name text NOT NULL, parent text, sequence bigint NOT NULL,
    placeholder boolean NOT NULL DEFAULT false
);
CREATE TABLE teams (
    code text PRIMARY KEY, name text NOT NULL, parent text, region text,
    sequence bigint NOT NULL, placeholder boolean NOT NULL DEFAULT false
);
CREATE TABLE owners (
    code text PRIMARY KEY, name text NOT NULL, team text REFERENCES teams,
    sequence bigint NOT NULL, placeholder boolean NOT NULL DEFAULT false
);
CREATE TABLE products (
    code text PRIMARY KEY, name text NOT NULL, family text, unit text NOT NULL,
    list_price {AMOUNT} CHECK (list_price > 0), cost {AMOUNT} CHECK (cost >= 0),
    active boolean NOT NULL DEFAULT true, sequence bigint NOT NULL,
    placeholder boolean NOT NULL DEFAULT false
);
CREATE TABLE accounts (
    id uuid PRIMARY KEY, source text, external_id text, name text NOT NULL,
    sector text, segment text, region text, payment_days int CHECK (payment_days >= 0),
    sequence bigint NOT NULL, placeholder boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX accounts_external ON accounts (source, external_id);
CREATE INDEX accounts_name ON accounts (name);
CREATE TABLE pipelines (
    code text PRIMARY KEY, name text NOT NULL, stages jsonb NOT NULL, transitions jsonb NOT NULL,
    sequence bigint NOT NULL
);
CREATE TABLE price_rules (
    code text PRIMARY KEY, role text NOT NULL, product text REFERENCES products, family text,
    segment text,
    account_id uuid REFERENCES accounts, pipeline text REFERENCES pipelines, stage text,
    maximum_discount numeric(9,8), maximum_surcharge numeric(18,8), minimum_margin {AMOUNT},
    minimum_gross_margin numeric(9,8), contract_floor {AMOUNT}, maximum_payment_days int,
    maximum_warranty_months int, sequence bigint NOT NULL,
    CHECK ((pipeline IS NULL) = (stage IS NULL))
);
"""

DEALS = f"""
CREATE TABLE deals (
    id uuid PRIMARY KEY, source text, external_id text, name text NOT NULL,
    account_id uuid REFERENCES accounts, owner text NOT NULL REFERENCES owners,
    region text NOT NULL REFERENCES regions, pipeline text NOT NULL REFERENCES pipelines,
    stage text NOT NULL, status text NOT NULL CHECK (status IN ('open', 'won', 'lost')),
    opened_at timestamptz NOT NULL, stage_entered_at timestamptz NOT NULL, closed_at timestamptz,
    expected_close date, payment_days int, warranty_months int,
    manual_probability numeric(9,8) CHECK (manual_probability BETWEEN 0 AND 1),
    reason text, competitor text, imported boolean NOT NULL DEFAULT false,
    sequence bigint NOT NULL, source_sequence bigint,
    CHECK ((status = 'open') = (closed_at IS NULL)), CHECK (stage_entered_at >= opened_at)
);
CREATE UNIQUE INDEX deals_external ON deals (source, external_id);
CREATE INDEX deals_stage ON deals (pipeline, stage, id);
CREATE INDEX deals_owner ON deals (owner, id);
CREATE INDEX deals_account ON deals (account_id, id);
CREATE TABLE deal_lines (
    id uuid PRIMARY KEY, deal_id uuid NOT NULL REFERENCES deals, position int NOT NULL,
    reference text, product text NOT NULL REFERENCES products,
    quantity {AMOUNT} NOT NULL CHECK (quantity > 0), price {AMOUNT} NOT NULL CHECK (price > 0),
    requested_date date
);
CREATE INDEX deal_lines_deal ON deal_lines (deal_id, position);
-- Append-only: a deal stays in a stage until its next entry, so stays always sum to its age.
CREATE TABLE stage_entries (
    deal_id uuid NOT NULL REFERENCES deals, number int NOT NULL, stage text NOT NULL,
    entered_at timestamptz NOT NULL, imported boolean NOT NULL DEFAULT false,
    recorded_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (deal_id, number)
);
CREATE INDEX stage_entries_time ON stage_entries (entered_at);
-- Append-only: what a deal held besides its stage, from an instant on.
CREATE TABLE deal_revisions (
    deal_id uuid NOT NULL REFERENCES deals, sequence bigint NOT NULL,
    valid_from timestamptz NOT NULL, owner text NOT NULL, account_id uuid, region text NOT NULL,
    expected_close date, value numeric NOT NULL, lines jsonb NOT NULL,
    PRIMARY KEY (deal_id, sequence)
);
CREATE TABLE deal_documents (
    deal_id uuid NOT NULL REFERENCES deals, kind text NOT NULL, name text NOT NULL,
    address text, completed_at timestamptz NOT NULL, PRIMARY KEY (deal_id, kind)
);
CREATE TABLE approvals (
    id uuid PRIMARY KEY, deal_id uuid NOT NULL REFERENCES deals, role text NOT NULL,
    approver text NOT NULL, reason text, offers jsonb NOT NULL, payment_days int,
    warranty_months int, created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
    voided_at timestamptz
);
CREATE INDEX approvals_deal ON approvals (deal_id);
-- What the forecast says of a deal, beside and never over a person's own value.
CREATE TABLE win_probabilities (
    deal_id uuid PRIMARY KEY, probability numeric(9,8) NOT NULL, stalled boolean NOT NULL,
    expected_value numeric NOT NULL, as_of timestamptz NOT NULL, sequence bigint NOT NULL
);
"""

SALES = f"""
CREATE TABLE sales (
    id uuid PRIMARY KEY, source text NOT NULL, order_line text NOT NULL, deal_id uuid,
    deal_line_id uuid, account_id uuid REFERENCES accounts,
    product text NOT NULL REFERENCES products, region text NOT NULL REFERENCES regions,
    quantity {AMOUNT} NOT NULL CHECK (quantity >= 0), price {AMOUNT} NOT NULL CHECK (price >= 0),
    sold_on date NOT NULL, requested_date date NOT NULL, payment_days int NOT NULL,
    shipped_quantity {AMOUNT} NOT NULL DEFAULT 0, shipped_on date,
    returns jsonb NOT NULL DEFAULT '[]', imported boolean NOT NULL DEFAULT false,
    sequence bigint NOT NULL, source_sequence bigint,
    UNIQUE (source, order_line)
);
CREATE UNIQUE INDEX sales_deal_line ON sales (deal_line_id);
CREATE INDEX sales_deal ON sales (deal_id);
CREATE INDEX sales_day ON sales (sold_on, id);
"""

IMPORTS = """
CREATE TABLE imports (
    id uuid PRIMARY KEY, state text NOT NULL
        CHECK (state IN ('receiving', 'waiting', 'running', 'done', 'failed')),
    mapping text NOT NULL, dry_run boolean NOT NULL, created_at timestamptz NOT NULL,
    started_at timestamptz, ended_at timestamptz, rows_read int NOT NULL DEFAULT 0,
    rows_total int NOT NULL DEFAULT 0, rows_done int NOT NULL DEFAULT 0,
    counts jsonb NOT NULL DEFAULT '{}', problems int NOT NULL DEFAULT 0, failure text,
    correlation uuid NOT NULL
);
CREATE TABLE import_files (
    import_id uuid NOT NULL REFERENCES imports, name text NOT NULL, content bytea NOT NULL,
    PRIMARY KEY (import_id, name)
);
CREATE TABLE import_problems (
    import_id uuid NOT NULL REFERENCES imports, number int NOT NULL, file text NOT NULL,
    line int NOT NULL, field text NOT NULL, value text NOT NULL, remedy text NOT NULL,
    PRIMARY KEY (import_id, number)
);
"""


def upgrade() -> None:
    create_common_tables(op)
    for script in (CATALOG, DEALS, SALES, IMPORTS):
        execute_script(op, script)
