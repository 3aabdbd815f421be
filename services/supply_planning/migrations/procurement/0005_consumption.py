"""Demand time fences, how far orders consume forecast, and what items are worth."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0005"
down_revision = "0004"

CONSUMPTION = """
ALTER TABLE item_sites
    ADD demand_fence_days int NOT NULL DEFAULT 0 CHECK (demand_fence_days >= 0),
    ADD unit_cost numeric(18,6) CHECK (unit_cost >= 0);
ALTER TABLE network_revision
    ADD consume_early_days int NOT NULL DEFAULT 0 CHECK (consume_early_days >= 0),
    ADD consume_late_days int NOT NULL DEFAULT 0 CHECK (consume_late_days >= 0);
"""


def upgrade() -> None:
    execute_script(op, CONSUMPTION)
