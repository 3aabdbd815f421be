"""Signals of a version told apart, the source's own count of a signal, and what products cost."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0006"
down_revision = "0005"

SCRIPT = """
ALTER TABLE signals ADD COLUMN source_sequence bigint;
-- Null until the product is told again.
ALTER TABLE products ADD COLUMN cost numeric(18,6);
-- By what each signal changed the series of a version; a lift without them is of an older version.
CREATE TABLE version_signals (
    version int NOT NULL, product text NOT NULL, region text NOT NULL, signal_id uuid NOT NULL,
    sequence bigint NOT NULL, kind text NOT NULL, source text NOT NULL, external_id text NOT NULL,
    begins date NOT NULL, ends date NOT NULL, log_factor float8 NOT NULL,
    PRIMARY KEY (version, product, region, signal_id),
    FOREIGN KEY (version, product, region) REFERENCES version_series
);
"""


def upgrade() -> None:
    execute_script(op, SCRIPT)
