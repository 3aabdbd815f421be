"""The catalog, versions and sales as alerting knows them; buckets, alerts, reviews, webhooks."""

from alembic import op

from takt.common.migrations import create_common_tables, execute_script

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE company (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    name text NOT NULL, currency text NOT NULL, time_zone text NOT NULL, sequence bigint NOT NULL
);
CREATE TABLE products (
    code text PRIMARY KEY, name text NOT NULL, family text, unit text NOT NULL,
    sequence bigint NOT NULL
);
CREATE TABLE regions (
    code text PRIMARY KEY, name text NOT NULL, parent text, sequence bigint NOT NULL
);
CREATE TABLE deals (
    deal_id uuid PRIMARY KEY, name text NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'won', 'lost')), sequence bigint NOT NULL
);
CREATE TABLE sales (
    sale_id uuid PRIMARY KEY, product text NOT NULL, region text NOT NULL,
    quantity numeric(18, 6) NOT NULL, price numeric(18, 6) NOT NULL,
    demand_date date NOT NULL, sold_on date NOT NULL,
    deal_id uuid, line_id uuid, sequence bigint NOT NULL
);
CREATE INDEX sales_demand_date ON sales (demand_date);

CREATE TABLE versions (
    version bigint PRIMARY KEY, name text NOT NULL, as_of timestamptz NOT NULL, parts int NOT NULL
);
CREATE TABLE version_parts (
    version bigint NOT NULL REFERENCES versions ON DELETE CASCADE, part int NOT NULL,
    PRIMARY KEY (version, part)
);
CREATE TABLE version_series (
    version bigint NOT NULL REFERENCES versions ON DELETE CASCADE,
    product text NOT NULL, region text NOT NULL, unit text NOT NULL,
    price numeric(18, 6) NOT NULL,
    weeks date[] NOT NULL, quantity numeric[] NOT NULL,
    low numeric[] NOT NULL, high numeric[] NOT NULL,
    PRIMARY KEY (version, product, region)
);
CREATE TABLE version_deals (
    version bigint NOT NULL REFERENCES versions ON DELETE CASCADE,
    line_id uuid NOT NULL, week date NOT NULL, deal_id uuid NOT NULL,
    product text NOT NULL, region text NOT NULL,
    quantity numeric(18, 6) NOT NULL, expected_ever numeric NOT NULL,
    PRIMARY KEY (version, line_id, week)
);

CREATE TABLE frozen_weeks (
    week date PRIMARY KEY, version bigint NOT NULL, frozen_at timestamptz NOT NULL
);
CREATE TABLE buckets (
    scope text NOT NULL, week date NOT NULL,
    product text, family text, region text, unit text,
    forecast_quantity numeric NOT NULL, forecast_value numeric NOT NULL,
    quantity_below numeric NOT NULL, quantity_above numeric NOT NULL,
    value_below numeric NOT NULL, value_above numeric NOT NULL,
    PRIMARY KEY (scope, week)
);
CREATE INDEX buckets_week ON buckets (week, scope);
CREATE TABLE bucket_days (
    scope text NOT NULL, day date NOT NULL, quantity numeric NOT NULL, revenue numeric NOT NULL,
    PRIMARY KEY (scope, day)
);
CREATE INDEX bucket_days_day ON bucket_days (day);

CREATE TABLE reviews (
    review_id uuid PRIMARY KEY, scope text NOT NULL, level text NOT NULL,
    product text, family text, region text, week date NOT NULL,
    title text NOT NULL, direction text NOT NULL CHECK (direction IN ('under', 'over')),
    state text NOT NULL CHECK (state IN ('open', 'decided', 'closed')),
    owner text NOT NULL, roles text[] NOT NULL,
    starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL,
    opened_at timestamptz NOT NULL, closed_at timestamptz, outcome text,
    joined text[] NOT NULL, decisions jsonb NOT NULL, actions jsonb NOT NULL,
    deviation numeric NOT NULL, causes jsonb NOT NULL, sequence bigint NOT NULL
);
CREATE UNIQUE INDEX reviews_one_a_scope ON reviews (scope) WHERE state <> 'closed';
CREATE INDEX reviews_state ON reviews (state, review_id);

CREATE TABLE alerts (
    alert_id uuid PRIMARY KEY, kind text NOT NULL CHECK (kind IN ('deviation', 'cash_shortfall')),
    scope text NOT NULL, level text NOT NULL, product text, family text, region text, week date,
    rule text NOT NULL, direction text NOT NULL CHECK (direction IN ('under', 'over')),
    summary text NOT NULL, raised_at timestamptz NOT NULL, resolved_at timestamptz,
    expected numeric, actual numeric, money numeric NOT NULL,
    review_id uuid REFERENCES reviews, sequence bigint NOT NULL
);
CREATE UNIQUE INDEX alerts_one_a_scope ON alerts (kind, scope) WHERE resolved_at IS NULL;
CREATE INDEX alerts_review ON alerts (review_id);
CREATE TABLE cash_shortfalls (
    ledger text PRIMARY KEY, sequence bigint NOT NULL
);

CREATE TABLE webhook_endpoints (
    endpoint_id uuid PRIMARY KEY, url text NOT NULL, description text NOT NULL,
    types text[] NOT NULL,
    state text NOT NULL CHECK (state IN ('enabled', 'disabled')), disabled_because text,
    failing_since timestamptz, created_at timestamptz NOT NULL, sequence bigint NOT NULL
);
CREATE TABLE webhook_secrets (
    secret_id uuid PRIMARY KEY,
    endpoint_id uuid NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
    sealed bytea NOT NULL, created_at timestamptz NOT NULL, expires_at timestamptz
);
CREATE INDEX webhook_secrets_endpoint ON webhook_secrets (endpoint_id);
CREATE TABLE webhook_messages (
    message_id uuid PRIMARY KEY, type text NOT NULL, subject text NOT NULL, body text NOT NULL,
    correlations uuid[] NOT NULL, created_at timestamptz NOT NULL
);
CREATE INDEX webhook_messages_correlations ON webhook_messages USING gin (correlations);
CREATE TABLE webhook_deliveries (
    delivery_id uuid PRIMARY KEY,
    message_id uuid NOT NULL REFERENCES webhook_messages ON DELETE CASCADE,
    endpoint_id uuid NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
    state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts int NOT NULL DEFAULT 0, next_at timestamptz, created_at timestamptz NOT NULL
);
CREATE INDEX webhook_deliveries_endpoint ON webhook_deliveries (endpoint_id, delivery_id);
CREATE INDEX webhook_deliveries_message ON webhook_deliveries (message_id);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (next_at) WHERE state = 'waiting';
CREATE TABLE webhook_attempts (
    attempt_id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
    number int NOT NULL, at timestamptz NOT NULL, status int, milliseconds int NOT NULL,
    error text
);
CREATE INDEX webhook_attempts_delivery ON webhook_attempts (delivery_id);
"""


def upgrade() -> None:
    create_common_tables(op)
    execute_script(op, TABLES)
