"""Which services there are, and how each is made when all run in one process.

What is a container of its own in compose is an app in one event loop here: the same databases, the
same routes, the same consumers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from takt.common.bus import Log
    from takt.common.clock import Clock
    from takt.standalone.provision import Databases

POOL_SIZE = 4


@dataclass(frozen=True)
class Surroundings:
    """What all services of one process share."""

    databases: "Databases"
    log: "Log"
    clock: "Clock"
    secret: Callable[[str], str]
    """Names a secret of this home: the same text each time."""


@dataclass(frozen=True)
class Part:
    """What has to be migrated: a folder of migrations for a schema of a database."""

    name: str
    database: str
    migrations: Path
    schema: str


def parts() -> list[Part]:
    """Every part of Takt that has tables."""
    from takt.alerting.app import PART as ALERTING
    from takt.deals.app import PART as DEALS
    from takt.forecast.app import PART as FORECAST
    from takt.supply_planning.app import PARTS as SUPPLY_PLANNING

    owners = {
        "takt_deals": [DEALS],
        "takt_forecast": [FORECAST],
        "takt_supply_planning": list(SUPPLY_PLANNING.values()),
        "takt_alerting": [ALERTING],
    }
    return [
        Part(part.name, database, part.migrations, part.schema)
        for database, members in owners.items()
        for part in members
    ]
