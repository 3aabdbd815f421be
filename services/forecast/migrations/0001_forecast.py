"""Replicas of catalog, deals and sales; series, revisions, versions, calibrations."""

from alembic import op

from takt.common.migrations import create_common_tables, execute_script

revision = "0001"
down_revision = None

REPLICAS = """
CREATE TABLE company (
    id int PRIMARY KEY DEFAULT 1 CHECK (id = 1), time_zone text NOT NULL, sequence bigint NOT NULL
);
CREATE TABLE products (
    code text PRIMARY KEY, name text NOT NULL, family text, unit text NOT NULL,
    list_price numeric(18,6) NOT NULL, active boolean NOT NULL, sequence bigint NOT NULL
);
CREATE TABLE regions (
    code text PRIMARY KEY, name text NOT NULL, parent text, sequence bigint NOT NULL
);
-- The whole state with its stage history; probability and demand_sequence are what was last said.
CREATE TABLE deals (
    deal_id uuid PRIMARY KEY, sequence bigint NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'won', 'lost')),
    pipeline text NOT NULL, stage text NOT NULL, opened_at timestamptz NOT NULL,
    closed_at timestamptz, state jsonb NOT NULL,
    probability numeric(9,8), stalled boolean NOT NULL DEFAULT false, counts jsonb,
    demand_sequence bigint NOT NULL DEFAULT 0, demand_as_of timestamptz
) WITH (fillfactor = 70);
CREATE INDEX deals_open ON deals (deal_id) WHERE status = 'open';
CREATE TABLE demand (
    sale_id uuid PRIMARY KEY, sequence bigint NOT NULL,
    source text NOT NULL, order_line text NOT NULL,
    product text NOT NULL, region text NOT NULL, day date NOT NULL,
    quantity numeric(18,6) NOT NULL CHECK (quantity >= 0), price numeric(18,6) NOT NULL,
    sold_on date NOT NULL, deal_id uuid, deal_line_id uuid,
    shipped_quantity numeric(18,6) NOT NULL DEFAULT 0, shipped_on date
);
CREATE INDEX demand_order_line ON demand (source, order_line);
CREATE INDEX demand_series ON demand (product, region, day);
CREATE INDEX demand_deal ON demand (deal_id) WHERE deal_id IS NOT NULL;
"""

FORECASTS = """
-- Quantities are whole millionths of the unit, so that sums are exact; weeks count from first_week.
CREATE TABLE pipeline_lines (
    deal_id uuid NOT NULL REFERENCES deals, line_id uuid NOT NULL,
    product text NOT NULL, region text NOT NULL,
    quantity numeric(18,6) NOT NULL, price numeric(18,6) NOT NULL, probability numeric(9,8) NOT
    NULL, first_week date NOT NULL, expected bigint[] NOT NULL, variance float8[] NOT NULL,
    PRIMARY KEY (deal_id, line_id)
) WITH (fillfactor = 70);
CREATE INDEX pipeline_lines_series ON pipeline_lines (product, region);
CREATE TABLE series (
    product text NOT NULL, region text NOT NULL, revision bigint NOT NULL,
    price numeric(18,6) NOT NULL, first_week date NOT NULL,
    statistical float8[] NOT NULL, known float8[] NOT NULL, scale float8 NOT NULL,
    ordered bigint[] NOT NULL, pipeline bigint[] NOT NULL, variance float8[] NOT NULL,
    stale boolean NOT NULL DEFAULT false,
    PRIMARY KEY (product, region)
) WITH (fillfactor = 70);
CREATE INDEX series_stale ON series (product, region) WHERE stale;
CREATE TABLE series_states (
    product text NOT NULL, region text NOT NULL, observed_from date NOT NULL,
    observed_before date NOT NULL, states float8[] NOT NULL,
    PRIMARY KEY (product, region), FOREIGN KEY (product, region) REFERENCES series
);
CREATE TABLE forecast_revisions (
    product text NOT NULL, region text NOT NULL, revision bigint NOT NULL, as_of timestamptz NOT
    NULL, price numeric(18,6) NOT NULL, first_week date NOT NULL,
    baseline bigint[] NOT NULL, pipeline bigint[] NOT NULL, bands bigint[] NOT NULL,
    PRIMARY KEY (product, region, revision)
);
CREATE INDEX forecast_revisions_as_of ON forecast_revisions (product, region, as_of);
CREATE TABLE versions (
    version int PRIMARY KEY, name text NOT NULL, as_of timestamptz NOT NULL,
    published_by text NOT NULL, series int NOT NULL
);
CREATE INDEX versions_as_of ON versions (as_of);
CREATE TABLE version_series (
    version int NOT NULL REFERENCES versions, product text NOT NULL, region text NOT NULL,
    revision bigint NOT NULL, unit text NOT NULL,
    PRIMARY KEY (version, product, region),
    FOREIGN KEY (product, region, revision) REFERENCES forecast_revisions
);
CREATE TABLE version_lines (
    version int NOT NULL, product text NOT NULL, region text NOT NULL,
    deal_id uuid NOT NULL, line_id uuid NOT NULL, quantity numeric(18,6) NOT NULL,
    price numeric(18,6) NOT NULL, probability numeric(9,8) NOT NULL,
    first_week date NOT NULL, expected bigint[] NOT NULL,
    PRIMARY KEY (version, product, region, line_id),
    FOREIGN KEY (version, product, region) REFERENCES version_series
);
CREATE TABLE calibrations (
    id uuid PRIMARY KEY, at timestamptz NOT NULL, fulfilment_days int NOT NULL,
    bands float8[] NOT NULL, band_scores int[] NOT NULL, sales bigint NOT NULL, closed_deals bigint
    NOT NULL
);
-- stage '' is the pipeline as a whole; pipeline '' is what holds before anything closed.
CREATE TABLE win_curves (
    calibration uuid NOT NULL REFERENCES calibrations, pipeline text NOT NULL, stage text NOT NULL,
    age_days int NOT NULL, oldest_closed_days float8 NOT NULL, probability float8 NOT NULL,
    cumulative float8[] NOT NULL, entered int NOT NULL, won int NOT NULL, lost int NOT NULL,
    still_open int NOT NULL, at_risk int NOT NULL,
    PRIMARY KEY (calibration, pipeline, stage, age_days)
);
"""


def upgrade() -> None:
    create_common_tables(op)
    execute_script(op, REPLICAS)
    execute_script(op, FORECASTS)
