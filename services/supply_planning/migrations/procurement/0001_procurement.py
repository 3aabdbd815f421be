"""What is planned and how; demand and stock; plans, purchase orders and what ERPs said of them."""

from alembic import op

from takt.common.migrations import create_common_tables, execute_script

revision = "0001"
down_revision = None

QUANTITY = "numeric(18,6)"

NETWORK = f"""
-- Counts the changes of everything that processes keep in memory: all tables of this part of the
-- file. From a sequence: a revision that was rolled back never returns.
CREATE SEQUENCE network_revisions;
CREATE TABLE network_revision (
    id int PRIMARY KEY DEFAULT 1 CHECK (id = 1), revision bigint NOT NULL,
    time_zone text NOT NULL DEFAULT 'UTC', company_sequence bigint NOT NULL DEFAULT 0,
    planned_on date -- the company's day on which everything was last planned anew
);
INSERT INTO network_revision (revision) VALUES (nextval('network_revisions'));
CREATE TABLE calendars (
    code text PRIMARY KEY, minutes int[] NOT NULL CHECK (cardinality(minutes) = 7),
    exceptions jsonb NOT NULL
);
CREATE TABLE sites (code text PRIMARY KEY, name text NOT NULL, calendar text REFERENCES calendars);
CREATE TABLE suppliers (
    code text PRIMARY KEY, name text NOT NULL, calendar text REFERENCES calendars,
    payment_days int NOT NULL CHECK (payment_days >= 0)
);
CREATE TABLE items (
    code text PRIMARY KEY, name text NOT NULL, unit text NOT NULL,
    catalog_sequence bigint NOT NULL DEFAULT 0
);
CREATE TABLE item_sites (
    item text REFERENCES items, site text REFERENCES sites,
    source text NOT NULL CHECK (source IN ('make', 'buy')),
    safety_stock {QUANTITY} NOT NULL CHECK (safety_stock >= 0),
    lot_rule text NOT NULL, lot_quantity {QUANTITY} NOT NULL, lot_periods int NOT NULL,
    minimum {QUANTITY} NOT NULL, multiple {QUANTITY} NOT NULL, maximum {QUANTITY},
    lead_time_days int NOT NULL CHECK (lead_time_days >= 0),
    minutes_per_unit int NOT NULL CHECK (minutes_per_unit >= 0),
    buffer_days int NOT NULL CHECK (buffer_days >= 0),
    fence_days int NOT NULL CHECK (fence_days >= 0),
    tolerance_days int NOT NULL CHECK (tolerance_days >= 0),
    tolerance_share numeric(9,8) NOT NULL CHECK (tolerance_share BETWEEN 0 AND 1),
    PRIMARY KEY (item, site)
);
CREATE TABLE item_suppliers (
    item text REFERENCES items, supplier text REFERENCES suppliers, preference int NOT NULL,
    lead_time_days int NOT NULL CHECK (lead_time_days >= 0),
    minimum {QUANTITY} NOT NULL, multiple {QUANTITY} NOT NULL, maximum {QUANTITY},
    price_breaks jsonb NOT NULL,
    PRIMARY KEY (item, supplier)
);
CREATE TABLE bill_lines (
    parent text REFERENCES items, component text REFERENCES items,
    quantity_per {QUANTITY} NOT NULL CHECK (quantity_per > 0),
    scrap numeric(9,8) NOT NULL CHECK (scrap >= 0 AND scrap < 1),
    PRIMARY KEY (parent, component)
);
CREATE TABLE sourcing (
    product text NOT NULL, region text NOT NULL, valid_from date NOT NULL, shares jsonb NOT NULL,
    PRIMARY KEY (product, region, valid_from)
);
"""

POSITIONS = f"""
CREATE TABLE forecasts (
    product text NOT NULL, region text NOT NULL, sequence bigint NOT NULL,
    as_of date NOT NULL, said_at timestamptz NOT NULL,
    demand jsonb NOT NULL, -- [[week, millionths], ...]
    PRIMARY KEY (product, region)
);
CREATE TABLE shipments (
    sale_id uuid NOT NULL, sequence bigint NOT NULL, product text NOT NULL, region text NOT NULL,
    quantity {QUANTITY} NOT NULL, -- shipped so far
    shipped_on date, said_at timestamptz NOT NULL,
    taken jsonb NOT NULL, -- site: millionths that it took from stock
    PRIMARY KEY (sale_id, sequence)
);
CREATE INDEX shipments_series ON shipments (product, region, said_at);
CREATE TABLE stock (
    item text NOT NULL, site text NOT NULL, on_hand {QUANTITY} NOT NULL, counted_on date NOT NULL,
    PRIMARY KEY (item, site), FOREIGN KEY (item, site) REFERENCES item_sites
);
CREATE TABLE scheduled_receipts (
    reference text PRIMARY KEY, item text NOT NULL, site text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('scheduled', 'firm')), due_on date NOT NULL,
    release_on date, quantity {QUANTITY} NOT NULL CHECK (quantity >= 0),
    FOREIGN KEY (item, site) REFERENCES item_sites
);
CREATE INDEX scheduled_receipts_item_site ON scheduled_receipts (item, site) WHERE quantity > 0;
"""

PLANS = f"""
CREATE TABLE plans (
    item text NOT NULL, site text NOT NULL, sequence bigint NOT NULL DEFAULT 0,
    as_of timestamptz,
    outcome text, because text,
    netting json, gist jsonb, releases jsonb NOT NULL DEFAULT '[]',
    messages jsonb NOT NULL DEFAULT '[]',
    communicated jsonb NOT NULL DEFAULT '{{}}',
    PRIMARY KEY (item, site), FOREIGN KEY (item, site) REFERENCES item_sites
);
-- A plan is some 5 KB and is rewritten often: keep it in its page and as it is.
ALTER TABLE plans SET (toast_tuple_target = 8160, fillfactor = 50);
ALTER TABLE plans ALTER netting SET STORAGE EXTERNAL, ALTER releases SET STORAGE EXTERNAL,
    ALTER messages SET STORAGE EXTERNAL, ALTER communicated SET STORAGE EXTERNAL;
CREATE TABLE purchase_orders (
    order_id uuid PRIMARY KEY, reference text UNIQUE, item text NOT NULL, site text NOT NULL,
    supplier text NOT NULL REFERENCES suppliers, due_period date NOT NULL, generation int NOT NULL,
    due_on date NOT NULL, release_on date NOT NULL,
    quantity {QUANTITY} NOT NULL CHECK (quantity > 0),
    price {QUANTITY} NOT NULL CHECK (price >= 0),
    payment_days int NOT NULL, stage text NOT NULL, status text NOT NULL, sequence bigint NOT NULL,
    confirmed_quantity {QUANTITY}, confirmed_on date,
    received_quantity {QUANTITY} NOT NULL, received_on date,
    terms_revision int NOT NULL, receipt_revision int NOT NULL, cancel_revision int NOT NULL,
    FOREIGN KEY (item, site) REFERENCES item_sites
);
CREATE INDEX purchase_orders_open ON purchase_orders (item, site, due_period)
    WHERE status IN ('proposed', 'approved', 'released', 'confirmed');
CREATE INDEX purchase_orders_week ON purchase_orders (item, site, due_period);
CREATE TABLE purchase_order_answers (
    order_id uuid NOT NULL, revision int NOT NULL, kind text NOT NULL,
    quantity {QUANTITY}, due_on date, received_on date, source text NOT NULL,
    said_at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('applied', 'older', 'waiting')),
    PRIMARY KEY (order_id, revision, kind, source)
);
CREATE INDEX purchase_order_answers_waiting ON purchase_order_answers (order_id)
    WHERE outcome = 'waiting';
"""


def upgrade() -> None:
    create_common_tables(op)
    for script in (NETWORK, POSITIONS, PLANS):
        execute_script(op, script)
