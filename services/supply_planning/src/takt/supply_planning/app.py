"""Supply planning is one image and two processes: procurement and finance."""

from fastapi import FastAPI

from takt.common import app as common
from takt.common.bus import Log
from takt.common.clock import Clock
from takt.supply_planning.finance import FINANCE
from takt.supply_planning.procurement import PROCUREMENT
from takt.supply_planning.settings import SupplySettings

PARTS = {part.name: part for part in (PROCUREMENT, FINANCE)}


def create(
    role: str,
    settings: SupplySettings | None = None,
    *,
    log: Log | None = None,
    clock: Clock | None = None,
) -> FastAPI:
    """The app of a role: "procurement" or "finance"; settings are the environment's by default."""
    return common.create_app(PARTS[role], settings or SupplySettings(), log=log, clock=clock)
