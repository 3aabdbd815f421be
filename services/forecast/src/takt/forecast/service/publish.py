"""Putting forecasts together and telling them: what every change of a series ends in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from takt.common.amounts import micro, probability
from takt.common.contracts.deals import DealState
from takt.common.contracts.forecast import ForecastBucket, PipelineDemandChanged
from takt.common.db import Tx
from takt.common.event import Cause, Event
from takt.common.outbox import emit
from takt.forecast.domain.calendar import HORIZON_WEEKS
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.joining import Joined, Millionths
from takt.forecast.domain.pipeline import to_decimals
from takt.forecast.domain.series import Series, join_series
from takt.forecast.store.calibrations import Calibration
from takt.forecast.store.series import DealDemand, save_forecasts
from takt.forecast.wire import WrittenDemand, WrittenForecast


def in_zone(now: datetime, zone: str | None) -> datetime:
    """Business time in the company's time zone: its date is the business day."""
    return now.astimezone(ZoneInfo(zone or "UTC"))


async def publish(
    tx: Tx,
    batch: Sequence[Series],
    causes: Mapping[SeriesKey, Cause],
    calibration: Calibration,
    now: datetime,
    demand: Sequence[DealDemand] = (),
    said: Sequence[tuple[Event, Cause]] = (),
) -> None:
    """Join each series anew, keep it as a new revision, and tell it, after what is `said` before.

    Two statements, whatever the size of the batch.

    Args:
        tx: the caller's transaction, holding the locks of series and deals.
        batch: locked series with their new parts, at their old revisions.
        causes: why each series changes.
        calibration: by which bands.
        now: business time.
        demand: deals whose lines moved them.
        said: events that come before.
    """
    if not batch and not demand:
        return
    revised = [replace(series, revision=series.revision + 1) for series in batch]
    joined = join_series(revised, calibration.bands) if revised else _nothing()
    await save_forecasts(tx, revised, joined, now, demand)
    told = [
        (WrittenForecast.of(series, joined, position, now), causes[series.key])
        for position, series in enumerate(revised)
    ]
    await emit(tx, *said, *told)


def _nothing() -> Joined:
    none = np.zeros((0, HORIZON_WEEKS), dtype=np.int64)
    return Joined(none, none, none, np.zeros((4, 0, HORIZON_WEEKS), dtype=np.int64))


def buckets(
    first_week: date, baseline: Millionths, pipeline: Millionths, bands: Millionths
) -> tuple[ForecastBucket, ...]:
    """Weekly buckets from whole millionths; not validated, because integers cannot be wrong.

    Args: first_week: of the first bucket. baseline, pipeline: shape (weeks,). bands: (4, weeks).
    """
    low95, low80, high80, high95 = (to_decimals(edge) for edge in bands)
    return tuple(
        ForecastBucket.model_construct(
            week=first_week + timedelta(weeks=week),
            quantity=expected + known,
            baseline=expected,
            pipeline=known,
            low80=low80[week],
            high80=high80[week],
            low95=low95[week],
            high95=high95[week],
        )
        for week, (expected, known) in enumerate(
            zip(to_decimals(baseline), to_decimals(pipeline), strict=True)
        )
    )


def demand_event(
    deal: DealState, deal_sequence: int, demand: DealDemand, now: datetime
) -> PipelineDemandChanged:
    """The demand that a deal stands for, whole."""
    chance = probability(demand.outlook.probability)
    return WrittenDemand.of(
        deal,
        sequence=demand.sequence,
        deal_sequence=deal_sequence,
        probability=chance,
        stalled=demand.outlook.stalled,
        counts=demand.outlook.counts,
        lines=demand.lines,
        expected_value=micro(chance * deal.value),
        now=now,
    )
