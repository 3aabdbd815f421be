"""The second speed: runs and their tasks, trials of every method, and which one is published."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0002"
down_revision = "0001"

RUNS = """
-- One run is under way at most; `seconds` were worked, through all interruptions.
CREATE TABLE refit_runs (
    id uuid PRIMARY KEY, state text NOT NULL
        CHECK (state IN ('waiting', 'forecasting', 'publishing', 'done', 'failed')),
    requested_by text NOT NULL, requested_at timestamptz NOT NULL, finished_at timestamptz,
    week date, series int NOT NULL DEFAULT 0, rows int NOT NULL DEFAULT 0,
    rows_done int NOT NULL DEFAULT 0, seconds float8 NOT NULL DEFAULT 0,
    sequence int NOT NULL DEFAULT 0, failure text, bands float8[], band_scores int[]
);
CREATE UNIQUE INDEX refit_runs_under_way ON refit_runs ((true))
    WHERE state IN ('waiting', 'forecasting', 'publishing');
CREATE TABLE refit_tasks (
    run uuid NOT NULL REFERENCES refit_runs, task int NOT NULL, origin date NOT NULL,
    products text[] NOT NULL, regions text[] NOT NULL, done boolean NOT NULL DEFAULT false,
    PRIMARY KEY (run, task)
);
-- What each method says, or would have said, knowing only what was before `origin`, by week.
CREATE TABLE trials (
    product text NOT NULL, region text NOT NULL, origin date NOT NULL, recipe int NOT NULL,
    observed_from date NOT NULL, methods text NOT NULL, unit float8 NOT NULL,
    scale float8 NOT NULL, naive float8[] NOT NULL, fast float8[] NOT NULL,
    combination float8[] NOT NULL,
    PRIMARY KEY (product, region, origin)
);
CREATE INDEX trials_origin ON trials (origin);
"""

MODELS = """
CREATE TABLE model_decisions (
    decision int PRIMARY KEY, at timestamptz NOT NULL, run uuid REFERENCES refit_runs,
    outcome text NOT NULL CHECK (outcome IN ('promoted', 'kept', 'undone')),
    champion text NOT NULL, challenger text NOT NULL, decided_by text NOT NULL,
    undoes int REFERENCES model_decisions, reason text NOT NULL,
    origins int, series int, champion_loss float8, challenger_loss float8, statistic float8,
    p_value float8, better int, worse int
);
CREATE TABLE backtests (
    grouping text NOT NULL, label text NOT NULL, method text NOT NULL, place int NOT NULL,
    run uuid NOT NULL REFERENCES refit_runs, weeks int NOT NULL, wape float8, mase float8,
    smape float8, bias float8, pinball float8, coverage80 float8, coverage95 float8,
    PRIMARY KEY (grouping, label, method)
);
CREATE TABLE series_accuracy (
    product text NOT NULL, region text NOT NULL, method text NOT NULL, weeks int NOT NULL,
    wape float8, mase float8, smape float8, bias float8, pinball float8, coverage80 float8,
    coverage95 float8, PRIMARY KEY (product, region, method)
);
CREATE VIEW outlooks AS
SELECT t.* FROM trials t WHERE t.origin = (
    SELECT max(week) FROM refit_runs WHERE state IN ('publishing', 'done')
) AND (SELECT champion FROM model_decisions ORDER BY decision DESC LIMIT 1) = 'combination';
COMMENT ON VIEW outlooks IS 'By which published forecasts differ from the fast path''s.';
CREATE VIEW series_models AS
SELECT s.product, s.region, m.model, m.methods, a.weeks, a.wape, n.wape AS naive_wape, a.mase,
    a.bias, a.coverage80, a.coverage95
FROM series s
LEFT JOIN outlooks o USING (product, region)
CROSS JOIN LATERAL (SELECT
    CASE WHEN o.origin IS NULL THEN 'fast' ELSE 'combination' END AS model,
    coalesce(o.methods, 'theta, damped trend') AS methods) m
LEFT JOIN series_accuracy a ON (a.product, a.region, a.method) = (s.product, s.region, m.model)
LEFT JOIN series_accuracy n ON (n.product, n.region, n.method) = (s.product, s.region, 'naive');
CREATE TABLE version_models (
    version int NOT NULL REFERENCES versions, product text NOT NULL, region text NOT NULL,
    model text NOT NULL, methods text NOT NULL, weeks int, wape float8, naive_wape float8,
    mase float8, bias float8, coverage80 float8, coverage95 float8,
    PRIMARY KEY (version, product, region)
);
"""


def upgrade() -> None:
    execute_script(op, RUNS)
    execute_script(op, MODELS)
