"""What is expected of a series, and by which method: by its class of demand, or by its likes.

smooth, erratic       one of the two speeds
intermittent, lumpy   the rate of rare demand, flat over the horizon
new                   the same, blended with what products like it sell
nothing known         deals alone
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt

from takt.forecast.domain import analogues, intermittent
from takt.forecast.domain.analogues import NewProduct, Profile, Relative
from takt.forecast.domain.calendar import HORIZON_WEEKS, week_of, weeks_between
from takt.forecast.domain.demand_classes import Class, classify_all
from takt.forecast.domain.history import SeriesKey, WeeklyHistory
from takt.forecast.domain.rare_smoothing import Common
from takt.forecast.domain.refit import Fit
from takt.forecast.domain.two_speeds import Outlook, adjusted

Floats = npt.NDArray[np.float64]
Method = Literal["speeds", "rate", "analogue", "pipeline"]

NEW_WEEKS = 52
"""So long a product is new: then it has seen every season."""
TELLING_WEEKS = 26
"""Series that were observed so long are what others may be like."""


@dataclass(frozen=True, slots=True)
class View:
    """What is expected of all demand of a series, shape (HORIZON_WEEKS,)."""

    statistical: Floats
    scale: float
    demand_class: Class | None
    method: Method
    new: NewProduct | None = None


NOTHING = View(np.zeros(HORIZON_WEEKS), 0.0, None, "pipeline")
"""Of a series without a history, or whose history was taken back."""


def since_launch(
    history: WeeklyHistory | None, key: SeriesKey, since: date, week: date
) -> WeeklyHistory:
    """A new product's history from its launch on: weeks before its first sale sold nothing.

    Args:
        history: from its first sale on, in this region; None without any.
        key: the series.
        since: the day of the launch.
        week: the week in progress.
    """
    launched = week_of(since)
    if history is None:
        return WeeklyHistory(key, launched, np.zeros(max(weeks_between(launched, week), 0)))
    before = max(weeks_between(launched, history.first_week), 0)
    return WeeklyHistory(
        key,
        history.first_week - timedelta(weeks=before),
        np.concatenate([np.zeros(before), history.quantities]),
    )


def own_views(
    histories: Sequence[WeeklyHistory],
    fits: Mapping[SeriesKey, Fit],
    outlooks: Mapping[SeriesKey, Outlook],
    common: Common,
    by_rate: Collection[Class],
    week: date,
) -> dict[SeriesKey, View]:
    """What the own history of each series says, by its class of demand.

    Args:
        histories: of at least one week.
        fits: by the fast path, of the same series.
        outlooks: by which the combination moves the fast path, where it is published.
        common: what series of rare demand have in common.
        by_rate: the classes that are forecast by their rate.
        week: the week in progress.
    """
    labels = classify_all([history.quantities for history in histories])
    classes = {history.series: label for history, label in zip(histories, labels, strict=True)}
    rare = [history for history in histories if classes[history.series] in by_rate]
    rates: dict[SeriesKey, float] = {}
    if rare:
        found = intermittent.published([history.quantities for history in rare], common)
        rates = dict(zip([history.series for history in rare], found.tolist(), strict=True))
    views: dict[SeriesKey, View] = {}
    for key, label in classes.items():
        fit = fits[key]
        if key in rates:
            flat = np.full(HORIZON_WEEKS, rates[key])
            views[key] = View(flat, fit.scale, label, "rate")
        else:
            expected = adjusted(fit.statistical, outlooks.get(key), week)
            views[key] = View(expected, fit.scale, label, "speeds")
    return views


def with_analogues(
    own: View | None, profile: Profile, relatives: Sequence[Relative], weeks: int
) -> View:
    """The view of a new product: its own blended with what products like it sell.

    Args:
        own: what its own history says; None without any.
        profile: what is known of it.
        relatives: series of its family.
        weeks: since its launch.
    """
    new = analogues.baseline(
        profile, relatives, None if own is None else own.statistical, weeks, HORIZON_WEEKS
    )
    if not new.likest:
        return own or NOTHING
    view = own or NOTHING
    scale = new.credibility * view.scale + (1 - new.credibility) * new.spread
    return View(new.forecast, scale, view.demand_class, "analogue", new)
