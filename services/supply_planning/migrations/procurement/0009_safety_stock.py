"""What safety stock follows from: how far forecasts may be missed, and what is asked for."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0009"
down_revision = "0008"

SAFETY_STOCK = """
ALTER TABLE forecasts ADD margins jsonb NOT NULL DEFAULT '[]'; -- millionths by week ahead
ALTER TABLE item_sites
    ADD service_level numeric(9,8) CHECK (service_level > 0 AND service_level < 1),
    ADD fill_rate numeric(9,8) CHECK (fill_rate > 0 AND fill_rate < 1);
"""


def upgrade() -> None:
    execute_script(op, SAFETY_STOCK)
