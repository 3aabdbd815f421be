"""Finance, a part of supply planning: wired here, run by app.py when the role is finance."""

from datetime import datetime, timedelta
from typing import Any

from takt.common.app import Part
from takt.common.db import Database
from takt.common.event import Cause
from takt.common.jobs import Schedule
from takt.common.migrations import migrations_of
from takt.supply_planning.api import cash, fixed_payments, payment_terms
from takt.supply_planning.finance_consumers import CONSUMER
from takt.supply_planning.service.cash import project_day


async def project_daily(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """A new day moves the projection though nothing has happened.

    Looked at every hour, since the company's day may begin at any.
    """
    async with database.transaction() as tx:
        await project_day(tx, now, Cause.start())


FINANCE = Part(
    name="finance",
    title="Finance",
    migrations=migrations_of(__file__) / "finance",
    routers=(cash.router, fixed_payments.router, payment_terms.router),
    consumers=(CONSUMER,),
    jobs={"project-cash": project_daily},
    schedules=(Schedule("project-cash", every=timedelta(hours=1)),),
    schema="finance",
)
