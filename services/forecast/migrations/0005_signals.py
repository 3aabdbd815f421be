"""Dated signals, their effects on series, and the lift that series take from them."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0005"
down_revision = "0004"

SIGNALS = """
CREATE TABLE signals (
    signal_id uuid PRIMARY KEY, sequence bigint NOT NULL,
    source text NOT NULL, external_id text NOT NULL, kind text NOT NULL,
    product text, family text, region text,
    begins date NOT NULL, ends date NOT NULL CHECK (ends >= begins),
    strength numeric(9,6), value numeric(18,6), note text,
    withdrawn boolean NOT NULL DEFAULT false, recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    UNIQUE (source, external_id), CHECK (product IS NULL OR family IS NULL)
);
CREATE INDEX signals_product ON signals (product) WHERE NOT withdrawn;
CREATE TABLE signal_effects (
    signal_id uuid NOT NULL REFERENCES signals, product text NOT NULL, region text NOT NULL,
    log_factor float8 NOT NULL, error float8 NOT NULL, origin text NOT NULL, observed int NOT NULL,
    PRIMARY KEY (signal_id, product, region)
);
CREATE INDEX signal_effects_series ON signal_effects (product, region);
-- Factors on the statistical view, from lift_week on; their logarithms' standard errors.
ALTER TABLE series ADD COLUMN lift float8[], ADD COLUMN lift_error float8[],
    ADD COLUMN lift_week date;
ALTER TABLE version_series ADD COLUMN lift float8[], ADD COLUMN lift_week date;
"""


def upgrade() -> None:
    execute_script(op, SIGNALS)
