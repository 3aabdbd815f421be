"""A deal's own events are found by its key while the outbox keeps them: its life names chains."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    execute_script(op, "CREATE INDEX outbox_key ON outbox (key)")
