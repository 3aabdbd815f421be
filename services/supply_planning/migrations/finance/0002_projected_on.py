"""The company's day of the projection last told, so that each day is told once, in its zone."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE cash_ledger ADD COLUMN projected_on date")
