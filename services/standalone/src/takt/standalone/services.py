"""Which services there are, and how each is made when all run in one process.

What is a container of its own in compose is an app in one event loop here: the same databases, the
same routes, the same consumers.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from takt.standalone.provision import ACCESS, Databases

if TYPE_CHECKING:
    from fastapi import FastAPI

    from takt.common.bus import Log
    from takt.common.clock import Clock

POOL_SIZE = 2
"""Connections of a service at most, twice as many for a moment: one person and a few consumers."""


@dataclass(frozen=True)
class Surroundings:
    """What all services of one process share."""

    databases: Databases
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


def create(around: Surroundings) -> "dict[str, FastAPI]":
    """The app of every part, to be run in this process's event loop."""
    from takt.alerting import app as alerting
    from takt.alerting.settings import AlertingSettings
    from takt.deals import app as deals
    from takt.deals.settings import DealsSettings
    from takt.forecast import app as forecast
    from takt.forecast.settings import ForecastSettings
    from takt.supply_planning import app as supply_planning
    from takt.supply_planning.settings import SupplySettings

    def known(database: str) -> Any:
        """What every service is told: its database, the keys, how many connections."""
        return {
            "database_url": around.databases.url(database),
            "access_url": around.databases.url(ACCESS, database),
            "pool_size": POOL_SIZE,
        }

    shared: Any = {"log": around.log, "clock": around.clock}
    supply = SupplySettings(**known("takt_supply_planning"))
    webhook_key = urlsafe_b64encode(bytes.fromhex(around.secret("webhook secrets at rest")))
    return {
        "deals": deals.create(DealsSettings(**known("takt_deals")), **shared),
        "forecast": forecast.create(ForecastSettings(**known("takt_forecast")), **shared),
        "procurement": supply_planning.create("procurement", supply, **shared),
        "finance": supply_planning.create("finance", supply, **shared),
        "alerting": alerting.create(
            AlertingSettings(**known("takt_alerting"), webhook_keys=(webhook_key.decode(),)),
            **shared,
        ),
    }


def create_door(apps: "Mapping[str, FastAPI]", around: Surroundings, *, page_key: str) -> "FastAPI":
    """The door in front of these apps."""
    from takt.console.app import create as create_console
    from takt.console.settings import ConsoleSettings

    settings = ConsoleSettings(access_url=around.databases.url(ACCESS), page_key=page_key)
    return create_console(settings, services=apps, log=around.log, clock=around.clock)
