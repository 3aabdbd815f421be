"""New products (F18): expected by what products like them sell, until their own history speaks."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from takt.common.db import Tx
from takt.forecast.domain.analogues import Profile, Relative
from takt.forecast.domain.calendar import week_of, weeks_between
from takt.forecast.domain.history import SeriesKey, WeeklyHistory
from takt.forecast.domain.views import (
    NEW_WEEKS,
    TELLING_WEEKS,
    View,
    since_launch,
    with_analogues,
)
from takt.forecast.store import new_products
from takt.forecast.store.new_products import Launch


async def launched(
    tx: Tx, keys: Iterable[SeriesKey], histories: Mapping[SeriesKey, WeeklyHistory], week: date
) -> dict[SeriesKey, Launch]:
    """The series of new products, which came less than a year ago, and when they came."""
    young = [
        key for key in keys if key not in histories or len(histories[key].quantities) < NEW_WEEKS
    ]
    if not young:
        return {}
    known = await new_products.launches(tx, {key.product for key in young}, TELLING_WEEKS)
    earliest = week - timedelta(weeks=NEW_WEEKS)
    return {
        key: launch
        for key in young
        if (launch := known.get(key.product)) is not None
        and launch.since is not None
        and launch.since >= earliest
    }


def from_launch(
    histories: Mapping[SeriesKey, WeeklyHistory], launches: Mapping[SeriesKey, Launch], week: date
) -> list[WeeklyHistory]:
    """Histories of one week at least, those of new products from their launch on."""
    whole = dict(histories)
    for key, launch in launches.items():
        if launch.since is not None:
            whole[key] = since_launch(histories.get(key), key, launch.since, week)
    return [history for history in whole.values() if len(history.quantities)]


async def blended(
    tx: Tx, views: Mapping[SeriesKey, View], launches: Mapping[SeriesKey, Launch], week: date
) -> dict[SeriesKey, View]:
    """The views of new products, each its own with that of its analogues."""
    families = {launch.family for launch in launches.values() if launch.family is not None}
    if not families:
        return {}
    alike = await new_products.relatives(tx, families, week, TELLING_WEEKS)
    return await asyncio.to_thread(_blended, views, launches, alike, week)


def _blended(
    views: Mapping[SeriesKey, View],
    launches: Mapping[SeriesKey, Launch],
    alike: Mapping[str, Sequence[Relative]],
    week: date,
) -> dict[SeriesKey, View]:
    return {
        key: with_analogues(
            views.get(key),
            Profile(launch.family, launch.price, key.region),
            [relative for relative in alike.get(launch.family, ()) if relative.key != key],
            max(weeks_between(week_of(launch.since), week), 0),
        )
        for key, launch in launches.items()
        if launch.family is not None and launch.since is not None
    }
