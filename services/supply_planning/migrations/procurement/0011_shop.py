"""What work is done on, and what work each item takes where it is made."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0011"
down_revision = "0010"

QUANTITY = "numeric(18,6)"

SHOP = f"""
-- Not of the network: plans are made without them, so its revision does not count their changes.
CREATE TABLE resources (
    code text PRIMARY KEY, calendar text REFERENCES calendars, -- null: round the clock
    units {QUANTITY} NOT NULL CHECK (units > 0),
    efficiency {QUANTITY} NOT NULL CHECK (efficiency > 0),
    overtime_minutes {QUANTITY} NOT NULL CHECK (overtime_minutes >= 0), -- a week
    overtime_cost {QUANTITY} NOT NULL CHECK (overtime_cost >= 0) -- a minute
);
CREATE TABLE routings (
    item text NOT NULL, site text NOT NULL,
    -- [[resource, minutes of a unit, minutes of setup of a lot], ...] in their order, as texts
    operations jsonb NOT NULL,
    PRIMARY KEY (item, site), FOREIGN KEY (item, site) REFERENCES item_sites
);
"""


def upgrade() -> None:
    execute_script(op, SHOP)
