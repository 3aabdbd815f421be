"""A series has a new forecast: plan the item at the sites that serve it, and its components."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from takt.common.contracts.forecast import ForecastChanged
from takt.common.db import Tx
from takt.common.event import Cause, Envelope
from takt.supply_planning.domain.demand import ForecastWeek
from takt.supply_planning.domain.network import Series
from takt.supply_planning.domain.quantity import to_millionths
from takt.supply_planning.service.replan import replan_series
from takt.supply_planning.store.demand import Forecast, keep_forecasts
from takt.supply_planning.store.network import known_network


async def receive_forecasts(
    tx: Tx, events: Sequence[Envelope[ForecastChanged]], now: datetime
) -> None:
    """Keep the newest forecast of each series and plan once; an older one changes nothing."""
    newest: dict[Series, Envelope[ForecastChanged]] = {}
    causes: dict[Series, list[Cause]] = defaultdict(list)
    for envelope in events:
        series = (envelope.event.product, envelope.event.region)
        causes[series].append(Cause.of(envelope))
        if series not in newest or newest[series].event.sequence < envelope.event.sequence:
            newest[series] = envelope
    network = await known_network(tx)
    changed = await keep_forecasts(
        tx,
        {
            series: Forecast(
                envelope.event.sequence,
                network.today(envelope.event.as_of),
                envelope.time,
                tuple(_weeks(envelope.event)),
                envelope.event.as_of,
                tuple(_margins(envelope.event)),
            )
            for series, envelope in newest.items()
        },
    )
    if changed:
        await replan_series(tx, {series: causes[series] for series in changed}, now)


def _margins(forecast: ForecastChanged) -> Iterator[int]:
    for bucket in forecast.buckets:
        yield max(to_millionths(bucket.high95 - bucket.quantity), 0)


def _weeks(forecast: ForecastChanged) -> Iterator[ForecastWeek]:
    orders = {
        one.week: tuple(map(to_millionths, (one.won, one.direct, one.consumed)))
        for one in forecast.orders
    }
    for bucket in forecast.buckets:
        units = map(to_millionths, (bucket.quantity, bucket.baseline))
        yield ForecastWeek(bucket.week, *units, *orders.get(bucket.week, ()))
