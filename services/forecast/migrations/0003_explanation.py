"""What a version keeps so that its difference from any other can be explained."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0003"
down_revision = "0002"

SCRIPT = """
-- From what each baseline was put together; null in versions from before. `observed` is the demand
-- of the weeks before the series' first week, in whole millionths, the latest last.
ALTER TABLE version_series ADD COLUMN statistical float8[], ADD COLUMN known float8[],
    ADD COLUMN ordered bigint[], ADD COLUMN observed bigint[], ADD COLUMN observed_before date,
    ADD COLUMN states float8[];
-- Orders that were never deals and are counted into `ordered`.
CREATE TABLE version_orders (
    version int NOT NULL, product text NOT NULL, region text NOT NULL, sale_id uuid NOT NULL,
    source text NOT NULL, order_line text NOT NULL, week date NOT NULL, quantity bigint NOT NULL,
    PRIMARY KEY (version, product, region, sale_id),
    FOREIGN KEY (version, product, region) REFERENCES version_series
);
-- Deals with lines in a version, and, as they ended, those that had some in the version before.
CREATE TABLE version_deals (
    deal_id uuid NOT NULL, version int NOT NULL REFERENCES versions, name text NOT NULL,
    stage text NOT NULL, status text NOT NULL, sequence bigint NOT NULL,
    PRIMARY KEY (deal_id, version)
);
"""


def upgrade() -> None:
    execute_script(op, SCRIPT)
