"""`python -m takt.supply_planning procurement|finance`: one of the two processes."""

import sys

import uvicorn
from takt.common import telemetry
from takt.supply_planning.app import PARTS, create
from takt.supply_planning.settings import SupplySettings


def main() -> None:
    """Serve the role that is named."""
    if len(sys.argv) != 2 or sys.argv[1] not in PARTS:
        sys.exit(f"name the role: python -m takt.supply_planning {'|'.join(PARTS)}")
    telemetry.configure()
    settings = SupplySettings()
    uvicorn.run(
        create(sys.argv[1], settings), host=settings.host, port=settings.port, log_config=None
    )


if __name__ == "__main__":
    main()
