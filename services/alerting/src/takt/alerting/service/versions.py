"""Takes forecast versions; some of them become what the week under way is held to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from takt.alerting.domain.deviation import Limits
from takt.alerting.service.deviations import check
from takt.alerting.service.freezing import follow_version
from takt.alerting.store import reference, versions
from takt.common.contracts.forecast import ForecastVersionPublished
from takt.common.db import Tx
from takt.common.event import Cause, Envelope


async def take_versions(
    tx: Tx, events: Sequence[Envelope[ForecastVersionPublished]], now: datetime, *, limits: Limits
) -> None:
    """Keep the parts of versions.

    Sales that came before any version could not be judged, and those of Monday's first minutes
    were held to the week before's: the version that the week is held to judges them.
    """
    await reference.lock(tx)
    complete = [e for e in events if await versions.save_part(tx, e.event)]
    if complete and await follow_version(tx, now):
        await check(tx, now, limits, Cause.of(*complete))
