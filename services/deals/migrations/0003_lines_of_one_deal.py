"""A line belongs to one deal for good: a write that names another deal's line fails."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0003"
down_revision = "0002"

SCRIPT = """
DROP INDEX deal_lines_deal;
ALTER TABLE deal_lines ADD UNIQUE (deal_id, id);
"""


def upgrade() -> None:
    execute_script(op, SCRIPT)
