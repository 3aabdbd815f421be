"""Methods by class of demand, and new products: what each series is forecast by, and why."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0007"
down_revision = "0006"

CLASSES = """
-- A rate of rare demand is one number for all weeks; null where demand is not rare.
ALTER TABLE trials ADD COLUMN rate float8;
ALTER TABLE backtests ADD COLUMN sum_error float8;
ALTER TABLE series_accuracy ADD COLUMN sum_error float8;
-- What the latest run found of each class of rare demand.
CREATE TABLE class_decisions (
    demand_class text PRIMARY KEY, run uuid NOT NULL REFERENCES refit_runs, at timestamptz NOT NULL,
    method text NOT NULL, speed text NOT NULL, reason text NOT NULL, origins int NOT NULL,
    series int NOT NULL, rate_loss float8, speed_loss float8, statistic float8, p_value float8
);
-- What series of rare demand have in common, as it was last measured.
CREATE TABLE rare_demand (
    id int PRIMARY KEY DEFAULT 1 CHECK (id = 1), at timestamptz NOT NULL, series int NOT NULL,
    common float8[] NOT NULL
);
"""

SERIES = """
-- The day on which a product came that nothing was sold of before; null for those that were there
-- when the company was loaded.
ALTER TABLE products ADD COLUMN introduced date;
-- `weight` is that of its own history beside its analogues, of which `analogue` is the part, by
-- week from `week` on.
CREATE TABLE series_methods (
    product text NOT NULL, region text NOT NULL, demand_class text,
    method text NOT NULL CHECK (method IN ('speeds', 'rate', 'analogue', 'pipeline')),
    weight float8, analogues jsonb, analogue float8[], week date,
    PRIMARY KEY (product, region), FOREIGN KEY (product, region) REFERENCES series
);
DROP VIEW series_models;
CREATE VIEW series_models AS
SELECT s.product, s.region, m.model, m.methods, a.weeks, a.wape, n.wape AS naive_wape, a.mase,
    a.bias, a.coverage80, a.coverage95, k.demand_class, k.weight, k.analogues, k.analogue,
    k.week AS analogue_week
FROM series s
LEFT JOIN series_methods k USING (product, region)
LEFT JOIN series_states t USING (product, region)
LEFT JOIN outlooks o USING (product, region)
CROSS JOIN LATERAL (SELECT
    coalesce(k.method, CASE WHEN t.product IS NULL THEN 'pipeline' ELSE 'speeds' END) AS method) f
CROSS JOIN LATERAL (SELECT
    CASE WHEN f.method <> 'speeds' THEN f.method WHEN o.origin IS NULL THEN 'fast'
        ELSE 'combination' END AS model,
    CASE f.method WHEN 'rate' THEN 'SBA, TSB, IMAPA, drawn to what series have in common'
        WHEN 'analogue' THEN 'products of its family, by price and region'
        WHEN 'pipeline' THEN 'deals alone'
        ELSE coalesce(o.methods, 'theta, damped trend') END AS methods) m
LEFT JOIN series_accuracy a ON (a.product, a.region, a.method) = (s.product, s.region, m.model)
LEFT JOIN series_accuracy n ON (n.product, n.region, n.method) = (s.product, s.region, 'naive');
ALTER TABLE version_models ADD COLUMN demand_class text, ADD COLUMN weight float8,
    ADD COLUMN analogues jsonb, ADD COLUMN analogue float8[], ADD COLUMN analogue_week date;
"""


def upgrade() -> None:
    execute_script(op, CLASSES)
    execute_script(op, SERIES)
