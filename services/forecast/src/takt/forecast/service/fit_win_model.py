"""The win model is tried beside the curves, and speaks in their place while it is better (D8).

It is fitted after a calibration, in a process of its own, so that neither a forecast waits for it
nor a service keeps what it loads. A fit that is killed half-way has changed nothing, and is begun
anew; one that another calibration has overtaken is given up, because that one has a fit of its own.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from uuid import UUID

from takt.common.contracts.deals import DealState
from takt.common.db import Database
from takt.common.event import new_id
from takt.forecast.domain.win_champion import (
    NO_CHALLENGE,
    Challenge,
    challenge,
    days_of,
    path_of,
)
from takt.forecast.domain.win_history import DealPath
from takt.forecast.domain.win_model import CLOSED_NEEDED
from takt.forecast.service.recalibrate import refresh_pipeline
from takt.forecast.service.workers import Workers
from takt.forecast.store import calibrations, replicas

logger = logging.getLogger(__name__)


async def fit_win_model(database: Database, calibration: UUID, now: datetime) -> None:
    """Try a model, keep what became of it, and say open deals by whoever speaks now.

    Args:
        database: of the service.
        calibration: beside whose curves.
        now: business time.
    """
    async with database.transaction() as tx:
        if calibration != await calibrations.latest(tx):
            return
        deals = await replicas.deal_states(tx)
    tried = await try_model(deals, now)
    async with database.transaction() as tx:
        await calibrations.lock(tx)
        if calibration != await calibrations.latest(tx):
            return
        before = await calibrations.calibration_of(tx, calibration)
        await calibrations.save_calibration(tx, new_id(), replace(before, challenge=tried))
    await refresh_pipeline(database, now)


async def try_model(deals: Sequence[DealState], now: datetime) -> Challenge:
    """A model beside the curves; none with few closed deals, and then no process is started."""
    if sum(deal.status != "open" for deal in deals) < CLOSED_NEEDED:
        return NO_CHALLENGE
    paths = await asyncio.to_thread(_paths, deals)
    async with Workers(1) as workers:
        found = await workers.run(challenge, paths, days_of(now))
    logger.info(
        "win model %s: %s",
        "in place of the curves" if found.model else "not better than the curves",
        json.dumps(asdict(found.validation)),
    )
    for leak in found.leaks:
        logger.warning("win model without %s, which tells the outcome: %s", leak.attribute, leak)
    return found


def _paths(deals: Sequence[DealState]) -> list[DealPath]:
    closing = frozenset((deal.pipeline, deal.stage) for deal in deals if deal.status != "open")
    return [path_of(deal, closing) for deal in deals]
