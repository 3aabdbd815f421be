"""Bill lines with dates and alternates, yields, phantoms."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0004"
down_revision = "0003"

BILLS = """
ALTER TABLE bill_lines DROP CONSTRAINT bill_lines_pkey,
    ADD valid_from date, ADD valid_to date,
    -- [[component, millionths a unit of the parent, scrap], ...], the most preferred first
    ADD alternates jsonb NOT NULL DEFAULT '[]',
    ADD UNIQUE NULLS NOT DISTINCT (parent, component, valid_from),
    ADD CHECK (valid_to >= valid_from);
ALTER TABLE item_sites
    ADD yield_share numeric(9,8) NOT NULL DEFAULT 1 CHECK (yield_share > 0 AND yield_share <= 1),
    DROP CONSTRAINT item_sites_source_check,
    ADD CONSTRAINT item_sites_source_check CHECK (source IN ('make', 'buy', 'phantom'));
"""


def upgrade() -> None:
    execute_script(op, BILLS)
