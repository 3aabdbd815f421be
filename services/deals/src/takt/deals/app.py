"""The deals service, wired: the only place that knows all of its parts."""

from fastapi import FastAPI

from takt.common.app import Part, create_app
from takt.common.bus import Log
from takt.common.clock import Clock
from takt.common.db import Database
from takt.common.migrations import migrations_of
from takt.deals.api import ROUTERS
from takt.deals.consumers import CONSUMERS
from takt.deals.service.catalog import begin_with_default_pipeline
from takt.deals.service.imports import JOB, run_import
from takt.deals.settings import DealsSettings


async def _start(app: FastAPI) -> None:
    database: Database = app.state.database
    async with database.transaction() as tx:
        await begin_with_default_pipeline(tx)


PART = Part(
    name="deals",
    title="deals: pipeline, customers, pricing",
    migrations=migrations_of(__file__),
    routers=ROUTERS,
    consumers=CONSUMERS,
    jobs={JOB: run_import},
    start=_start,
)


def create(
    settings: DealsSettings | None = None, *, log: Log | None = None, clock: Clock | None = None
) -> FastAPI:
    """The app; settings come from the environment when none are given."""
    return create_app(PART, settings or DealsSettings(), log=log, clock=clock)
