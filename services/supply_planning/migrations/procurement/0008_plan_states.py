"""What plans were made of, for some time: so that it can be said why one differs from another."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0008"
down_revision = "0007"

STATES = """
-- `written_at` and `kept_at` are of the transaction: a plan and what it heard have the same.
CREATE TABLE plan_states (
    item text NOT NULL, site text NOT NULL, sequence bigint NOT NULL, as_of timestamptz NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(), inputs json NOT NULL,
    PRIMARY KEY (item, site, sequence)
);
CREATE TABLE forecast_states (
    product text NOT NULL, region text NOT NULL, sequence bigint NOT NULL,
    as_of timestamptz NOT NULL, -- of the forecast, as its deals have it
    kept_at timestamptz NOT NULL DEFAULT now(), demand jsonb NOT NULL,
    PRIMARY KEY (product, region, sequence)
);
-- Written in the beat and rarely read: kept in their pages and as they are.
ALTER TABLE plan_states SET (toast_tuple_target = 8160);
ALTER TABLE plan_states ALTER inputs SET STORAGE EXTERNAL;
ALTER TABLE forecast_states SET (toast_tuple_target = 8160);
ALTER TABLE forecast_states ALTER demand SET STORAGE EXTERNAL;
ALTER TABLE sale_states ADD kept_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX sale_states_series ON sale_states (product, region) WHERE direct;
"""


def upgrade() -> None:
    execute_script(op, STATES)
