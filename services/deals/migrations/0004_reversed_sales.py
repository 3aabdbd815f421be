"""A sale that a reopened deal took back is told from one that has left whole."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0004"
down_revision = "0003"

SCRIPT = """
ALTER TABLE sales ADD COLUMN reversed boolean NOT NULL DEFAULT false;
UPDATE sales SET reversed = true WHERE quantity = 0 AND deal_line_id IS NOT NULL;
"""


def upgrade() -> None:
    execute_script(op, SCRIPT)
