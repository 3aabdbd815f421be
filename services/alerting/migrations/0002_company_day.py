"""Days of shipment, and the company's days on which everything was checked."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0002"
down_revision = "0001"

SCRIPT = """
ALTER TABLE sales ADD COLUMN shipped_on date;
-- The company's days on which every scope was judged.
CREATE TABLE checks (day date PRIMARY KEY);
"""


def upgrade() -> None:
    execute_script(op, SCRIPT)
