"""The switch of publishing to the ERP: how it stands, who moved it, and what it holds back."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0003"
down_revision = "0002"

SWITCH = """
-- Whoever changes orders shares this row until the commit; whoever moves the switch has it alone.
CREATE TABLE erp_publishing (
    id int PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    state text NOT NULL CHECK (state IN ('on', 'off'))
);
INSERT INTO erp_publishing (state) VALUES ('on');
-- Only ever appended.
CREATE TABLE erp_publishing_changes (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('on', 'off')),
    reason text NOT NULL, changed_by text NOT NULL, changed_at timestamptz NOT NULL
);
CREATE TABLE held_orders (
    order_id uuid PRIMARY KEY,
    told_sequence bigint NOT NULL, -- the highest that the ERP may have; 0 when it has none
    told jsonb -- the order as it was told; null when there is none, or when that is not known
);
"""


def upgrade() -> None:
    execute_script(op, SWITCH)
