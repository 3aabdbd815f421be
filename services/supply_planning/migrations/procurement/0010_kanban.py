"""Loops of cards, what they call for, and the order of their signals."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0010"
down_revision = "0009"

QUANTITY = "numeric(18,6)"

KANBAN = f"""
-- Of all loops together: a loop that is removed and made again goes on where it was.
CREATE SEQUENCE kanban_signals;
CREATE TABLE kanban_loops (
    item text NOT NULL, site text NOT NULL,
    container {QUANTITY} NOT NULL CHECK (container > 0),
    lead_time_days int NOT NULL CHECK (lead_time_days > 0),
    safety_share numeric(9,8) NOT NULL CHECK (safety_share BETWEEN 0 AND 1),
    demand_per_day {QUANTITY} CHECK (demand_per_day > 0),
    demand_weeks int CHECK (demand_weeks > 0), -- of the plan, where no demand is given
    cards int NOT NULL CHECK (cards > 0), cards_given boolean NOT NULL,
    called {QUANTITY} NOT NULL DEFAULT 0 CHECK (called >= 0), -- signalled, and not ordered since
    sequence bigint NOT NULL DEFAULT 0, signalled_at timestamptz, -- of the last signal
    PRIMARY KEY (item, site), FOREIGN KEY (item, site) REFERENCES item_sites,
    CHECK ((demand_per_day IS NULL) <> (demand_weeks IS NULL))
);
"""


def upgrade() -> None:
    execute_script(op, KANBAN)
