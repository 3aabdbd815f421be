"""What series of rare demand have in common, measured for the rates of the fast path (F2)."""

import asyncio
from datetime import datetime

from takt.common.db import Database
from takt.forecast.domain import intermittent
from takt.forecast.domain.calendar import week_of
from takt.forecast.domain.demand_classes import RARE, classify_all
from takt.forecast.service.publish import in_zone
from takt.forecast.store import catalog, history, methods

PAGE = 500
"""Series read at a time."""
MOST_SERIES = 2_000
"""So many tell it well enough; of more, every second, third, ... is taken."""


async def measure_rare(database: Database, now: datetime) -> int:
    """Measure it, and keep it; returns how many series of rare demand there are."""
    async with database.transaction() as tx:
        week = week_of(in_zone(now, await catalog.time_zone(tx)).date())
        keys = sorted(key for key, _ in await history.first_weeks(tx, week))
    rare: list[intermittent.Floats] = []
    for start in range(0, len(keys), PAGE):
        async with database.transaction() as tx:
            units = await history.weekly_units(tx, keys[start : start + PAGE], week)
        whole = [one.whole(week) for one in units]
        classes = classify_all(whole)
        rare += [y for y, name in zip(whole, classes, strict=True) if name in RARE]
    if rare:
        taken = rare[:: -(-len(rare) // MOST_SERIES)]
        found = await asyncio.to_thread(intermittent.common, taken)
        async with database.transaction() as tx:
            await methods.save_common(tx, found, len(rare), now)
    return len(rare)
