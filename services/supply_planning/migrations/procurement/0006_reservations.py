"""Promises to customers, and which order line each sale is of, so that a sale takes its promise."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0006"
down_revision = "0005"

QUANTITY = "numeric(18,6)"

RESERVATIONS = f"""
CREATE TABLE reservations (
    reservation_id uuid PRIMARY KEY,
    -- of a deal's line, or of a line of another system's order
    deal_id uuid, line_id uuid, source text, order_line text,
    product text NOT NULL, region text NOT NULL, quantity {QUANTITY} NOT NULL,
    wanted_on date NOT NULL,
    parts jsonb NOT NULL, -- [[site, date, millionths], ...]
    state text NOT NULL CHECK (state IN ('open', 'expired', 'released', 'consumed')),
    created_by text NOT NULL, created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
    orderable_on date, -- told with the promise, and again to whoever repeats the request
    request bytea NOT NULL UNIQUE, body_hash bytea NOT NULL, -- of its Idempotency-Key
    CHECK ((line_id IS NULL) <> (order_line IS NULL)),
    CHECK ((deal_id IS NULL) = (line_id IS NULL) AND (source IS NULL) = (order_line IS NULL))
);
CREATE INDEX reservations_open ON reservations (product) WHERE state = 'open';
CREATE INDEX reservations_expiry ON reservations (expires_at) WHERE state = 'open';
CREATE INDEX reservations_deal ON reservations (deal_id) WHERE deal_id IS NOT NULL;
CREATE UNIQUE INDEX reservations_open_line ON reservations (line_id) WHERE state = 'open';
CREATE UNIQUE INDEX reservations_open_order_line ON reservations (source, order_line)
    WHERE state = 'open';
-- What a sale is of, beside what planning needs to know of it.
CREATE TABLE sale_lines (
    sale_id uuid PRIMARY KEY, sequence bigint NOT NULL, deal_id uuid, line_id uuid,
    source text NOT NULL, order_line text NOT NULL,
    promised jsonb NOT NULL DEFAULT '[]' -- parts of the reservation whose place the sale took
);
CREATE INDEX sale_lines_line ON sale_lines (line_id) WHERE line_id IS NOT NULL;
CREATE INDEX sale_lines_order_line ON sale_lines (source, order_line);
CREATE INDEX sales_open ON sales (product, region) WHERE quantity > shipped;
"""


def upgrade() -> None:
    execute_script(op, RESERVATIONS)
