"""What the small services of these tests keep."""

from alembic import op

from takt.common.migrations import create_common_tables, execute_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_common_tables(op)
    execute_script(op, "CREATE TABLE demand (product text PRIMARY KEY, quantity numeric NOT NULL)")
