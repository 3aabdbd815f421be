"""The win model of a calibration, and what its validation found."""

from alembic import op

from takt.common.migrations import execute_script

revision = "0004"
down_revision = "0003"

SCRIPT = """
-- The challenge holds no model where the curves were not beaten; its validation says by how much.
CREATE TABLE win_models (
    calibration uuid PRIMARY KEY REFERENCES calibrations, challenge jsonb NOT NULL
);
"""


def upgrade() -> None:
    execute_script(op, SCRIPT)
