"""Who made a change: the name of a key, or the source that told it; of older ones it is unknown."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0005"
down_revision = "0004"

SCRIPT = """
ALTER TABLE deals ADD COLUMN changed_by text;
ALTER TABLE deal_revisions ADD COLUMN changed_by text;
ALTER TABLE stage_entries ADD COLUMN changed_by text;
"""


def upgrade() -> None:
    execute_script(op, SCRIPT)
