"""`python -m takt.supply_planning procurement|finance`: one of the two processes."""

import sys

from takt.common.serving import serve
from takt.supply_planning.app import PARTS, create
from takt.supply_planning.settings import SupplySettings

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PARTS:
        sys.exit(f"name the role: python -m takt.supply_planning {'|'.join(PARTS)}")
    settings = SupplySettings()
    serve(create(sys.argv[1], settings), settings)
