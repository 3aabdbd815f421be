"""Plan everything anew each day: weeks begin and release dates come without any event."""

from datetime import datetime, timedelta
from typing import Any

from takt.common.db import Database
from takt.common.event import Cause
from takt.supply_planning.service.replan import replan_items
from takt.supply_planning.store.behind import forget_lines
from takt.supply_planning.store.network import current_network, note_planned, planned_on

EXPLAINED = timedelta(days=35)
"""So long the lines that deals had are kept, to explain plans by them."""

JOB = "procurement_replan_all"


async def replan_all(database: Database, payload: dict[str, Any], now: datetime) -> None:
    """Plan each site in a transaction of its own, once in the company's day.

    Nothing that is planned crosses a site. Looked at every hour, since the company's day may begin
    at any.
    """
    async with database.transaction() as tx:
        network = await current_network(tx)
        today = network.today(now)
        if await planned_on(tx) == today:
            return
    for site in sorted({key.site for key in network.policies}):
        async with database.transaction() as tx:
            keys = [key for key in network.policies if key.site == site]
            cause = Cause.start()
            await replan_items(tx, {key: [cause] for key in keys}, now)
    async with database.transaction() as tx:
        await note_planned(tx, today)
        await forget_lines(tx, now - EXPLAINED)
