"""The forecast service: the only place that wires."""

from fastapi import FastAPI

from takt.common.app import Part, create_app
from takt.common.bus import Log
from takt.common.clock import Clock
from takt.common.migrations import migrations_of
from takt.common.settings import Settings
from takt.forecast.api import ROUTERS
from takt.forecast.consumers import CONSUMERS
from takt.forecast.jobs import JOBS, SCHEDULES
from takt.forecast.settings import ForecastSettings

PART = Part(
    name="forecast",
    title="Forecast",
    migrations=migrations_of(__file__),
    routers=ROUTERS,
    consumers=CONSUMERS,
    jobs=JOBS,
    schedules=SCHEDULES,
)


def create(
    settings: Settings | None = None, *, log: Log | None = None, clock: Clock | None = None
) -> FastAPI:
    """The app; settings from the environment when none are given."""
    return create_app(PART, settings or ForecastSettings(), log=log, clock=clock)
