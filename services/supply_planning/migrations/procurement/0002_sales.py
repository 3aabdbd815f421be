"""Sales whole, so that direct orders are demand, and forecasts with their baseline part."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0002"
down_revision = "0001"

QUANTITY = "numeric(18,6)"

SALES = f"""
CREATE TABLE sales (
    sale_id uuid PRIMARY KEY, sequence bigint NOT NULL, product text NOT NULL, region text NOT NULL,
    direct boolean NOT NULL, -- it never was a deal: no forecast holds it
    requested_on date NOT NULL, quantity {QUANTITY} NOT NULL,
    shipped {QUANTITY} NOT NULL, shipped_on date,
    taken jsonb NOT NULL, -- site: millionths that it took from stock
    said_at timestamptz NOT NULL
);
CREATE INDEX sales_firm ON sales (product, region) WHERE direct AND quantity > shipped;
CREATE INDEX sales_series ON sales (product, region, said_at);
-- All that was told, to know what a forecast knew of a sale when it was made.
CREATE TABLE sale_states (
    sale_id uuid NOT NULL, sequence bigint NOT NULL, product text NOT NULL, region text NOT NULL,
    direct boolean NOT NULL, requested_on date NOT NULL, quantity {QUANTITY} NOT NULL,
    shipped {QUANTITY} NOT NULL, said_at timestamptz NOT NULL,
    PRIMARY KEY (sale_id, sequence)
);
INSERT INTO sale_states
SELECT sale_id, sequence, product, region, false, coalesce(shipped_on, said_at::date), quantity,
    quantity, said_at
FROM shipments;
INSERT INTO sales
SELECT DISTINCT ON (sale_id) sale_id, sequence, product, region, false,
    coalesce(shipped_on, said_at::date), quantity, quantity, shipped_on, taken, said_at
FROM shipments ORDER BY sale_id, sequence DESC;
DROP TABLE shipments;
-- A week is [Monday, quantity, baseline] from now on; what is known has no baseline until the next.
UPDATE forecasts SET demand = (
    SELECT coalesce(jsonb_agg(week || '[0]'), '[]') FROM jsonb_array_elements(demand) week
);
"""


def upgrade() -> None:
    execute_script(op, SALES)
