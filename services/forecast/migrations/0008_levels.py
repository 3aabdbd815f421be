"""Levels: intervals of sums as measured and as published, and by what series are reconciled."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0008"
down_revision = "0007"

SCRIPT = """
-- By what reconciling has moved `statistical`, in units from shift_week on; null where it has not.
ALTER TABLE series ADD COLUMN shift float8[], ADD COLUMN shift_week date;
ALTER TABLE version_series ADD COLUMN shift float8[], ADD COLUMN shift_week date,
    ADD COLUMN lift_error float8[],
    ADD COLUMN firm bigint[];
ALTER TABLE versions ADD COLUMN reconciliation text;

-- A measurement of all levels, and whether reconciling is published by it.
CREATE TABLE level_measures (
    id uuid PRIMARY KEY, at timestamptz NOT NULL,
    method text NOT NULL CHECK (method IN ('bottom_up', 'reconciled')),
    outcome text NOT NULL CHECK (outcome IN ('promoted', 'kept', 'chosen')),
    decided_by text NOT NULL, reason text NOT NULL, origins int,
    bottom_up_loss float8, reconciled_loss float8, p_value float8
);
-- Levels of products by depth of regions; the arrays are the sums in it, '' being none or all.
CREATE TABLE level_bands (
    measure uuid NOT NULL REFERENCES level_measures, level text NOT NULL, depth int NOT NULL,
    nodes int NOT NULL, bands float8[] NOT NULL, band_scores int[] NOT NULL, coverage80 float8,
    coverage95 float8, errors jsonb NOT NULL,
    levels text[] NOT NULL, products text[] NOT NULL, regions text[] NOT NULL,
    scales float8[] NOT NULL,
    PRIMARY KEY (measure, level, depth)
);
CREATE TABLE reconciliation_choices (
    choice int PRIMARY KEY, at timestamptz NOT NULL, chosen_by text NOT NULL,
    method text NOT NULL CHECK (method IN ('tested', 'bottom_up', 'reconciled'))
);
-- What came in a week against what versions had said of it, `lag` weeks ahead.
CREATE TABLE interval_outcomes (
    level text NOT NULL, depth int NOT NULL, week date NOT NULL, lag int NOT NULL,
    compared int NOT NULL, below95 int NOT NULL, below80 int NOT NULL, above80 int NOT NULL,
    above95 int NOT NULL,
    PRIMARY KEY (week, level, depth, lag)
);
-- Sums of a version; '' is none or all. `bands` is null for a sum that was not measured yet;
-- `ordered` had arrived and is not in it, `firm` are won deals that were not shipped and are.
CREATE TABLE version_sums (
    version int NOT NULL REFERENCES versions, level text NOT NULL, product text NOT NULL,
    region text NOT NULL, series int NOT NULL, first_week date NOT NULL, baseline bigint[] NOT NULL,
    pipeline bigint[] NOT NULL, ordered bigint[] NOT NULL, firm bigint[] NOT NULL, bands bigint[],
    scope_level text, scope_depth int,
    PRIMARY KEY (version, level, product, region)
);
-- How good the intervals of each level were when a version was published.
CREATE TABLE version_intervals (
    version int NOT NULL REFERENCES versions, level text NOT NULL, depth int NOT NULL,
    nodes int NOT NULL, replayed80 float8, replayed95 float8, weeks int NOT NULL,
    compared int NOT NULL, inside80 float8, inside95 float8,
    PRIMARY KEY (version, level, depth)
);
"""


def upgrade() -> None:
    execute_script(op, SCRIPT)
