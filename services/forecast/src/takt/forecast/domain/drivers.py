"""What is known of each series and period before its demand is: a panel, and what trees see of it.

A forecast of log demand starts from the series' own smoothed level, cleaned of what drivers did to
it, plus what they will do by the elasticities of its group; trees correct that. At horizon h
nothing of demand is used that is later than h periods before; drivers are known for the horizon,
because they are plans.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.elasticities import Effects, estimate

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LEVEL, FAST, SLOW = 0.1, 0.4, 0.04
"""Weights of the level, and of a faster and a slower one that trees compare with it."""
MEMORY = 26
"""Periods over which a driver's usual value is taken."""
OFFSET = 0.02
"""Of a series' mean demand, added to it before the logarithm where it is ever zero."""
CLOSE_TO_ZERO = 1e-9


@dataclass(frozen=True, slots=True)
class Panel:
    """Many series on one axis of periods; arrays of shape (series, periods), NaN without a row.

    `drivers` by name, prices as logs: those are named in `prices`. `rivals` says which driver is
    the price of the rivals of which. `groups` and `markets`, shape (series,), say which series
    share their elasticities, and which are sold in one place.
    """

    log_demand: Floats
    offset: Floats
    """Shape (series, 1): demand is exp(log_demand) less this."""
    drivers: Mapping[str, Floats]
    groups: Integers
    markets: Integers
    prices: frozenset[str] = frozenset()
    rivals: Mapping[str, str] = field(default_factory=dict)
    season: int = 1

    @property
    def demand(self) -> Floats:
        """In units."""
        return self.units(self.log_demand)

    def units(self, log_demand: Floats) -> Floats:
        """From logs to units, never negative."""
        units: Floats = np.maximum(np.exp(np.minimum(log_demand, 700.0)) - self.offset, 0.0)
        return units

    def without_drivers(self) -> "Panel":
        """The same demand, with nothing known beside it."""
        return Panel(
            self.log_demand, self.offset, {}, self.groups, self.markets, season=self.season
        )


def to_logs(demand: Floats, until: int) -> tuple[Floats, Floats]:
    """Logs of demand with the offset that makes them finite, from the first `until` periods.

    Args: demand: shape (series, periods), never negative, NaN without a row.
    """
    zero = np.nanmin(np.where(np.isnan(demand), np.inf, demand), axis=1) <= 0
    seen = np.where(np.isnan(demand[:, :until]), 0.0, demand[:, :until])
    rows = np.maximum((~np.isnan(demand[:, :until])).sum(axis=1), 1)
    mean = seen.sum(axis=1) / rows
    overall = float(mean.mean())
    share = OFFSET * np.maximum(np.where(mean > 0, mean, overall), CLOSE_TO_ZERO)
    offset = np.where(zero, share, 0.0)[:, None]
    return np.log(demand + offset), offset


@dataclass(frozen=True, slots=True)
class Features:
    """What trees see: columns of shape (series, periods) by name, for one horizon.

    `reference` is the level with the drivers' effect on it: trees forecast what is left. `of` says
    which columns show a driver, `parts` what each adds to the reference.
    """

    columns: Mapping[str, Floats]
    reference: Floats
    of: Mapping[str, Sequence[str]]
    parts: Mapping[str, Floats]


LINEAR = "effect of drivers"


def linear_effects(panel: Panel, until: int) -> dict[int, Effects]:
    """The effects of the drivers by group, from the first `until` periods.

    A group with too few rows takes those of all; where all have too few, there are none.
    """
    names = list(panel.drivers)
    if not names:
        return {}
    pool = _effects(panel, np.ones(len(panel.groups), dtype=bool), names, until)
    found = {}
    for group in np.unique(panel.groups):
        own = _effects(panel, panel.groups == group, names, until)
        if (effects := own or pool) is not None:
            found[int(group)] = effects
    return found


def _effects(
    panel: Panel, chosen: npt.NDArray[np.bool_], names: Sequence[str], until: int
) -> Effects | None:
    place = np.flatnonzero(chosen)
    x = np.stack([panel.drivers[name][place, :until] for name in names], axis=-1)
    y = panel.log_demand[place, :until]
    usable = np.isfinite(y) & np.isfinite(x).all(axis=-1)
    series, periods = np.nonzero(usable)
    if not len(series):
        return None
    return estimate(y[usable], x[usable], names, series, periods)


def features(panel: Panel, effects: Mapping[int, Effects], ahead: int) -> Features:
    """What is known `ahead` periods before each period, and the drivers of the period itself."""
    filled = {name: _filled(values) for name, values in panel.drivers.items()}
    parts = {name: np.zeros(panel.log_demand.shape) for name in filled}
    for group, found in effects.items():
        members = panel.groups == group
        for name, coefficient in zip(found.names, found.coefficients, strict=True):
            parts[name][members] = coefficient * np.nan_to_num(filled[name][members])
    effect = sum(parts.values(), np.zeros(panel.log_demand.shape))
    cleaned = panel.log_demand - effect
    known = _Known(ahead)
    level = smoothed(cleaned, LEVEL)
    error = cleaned - level
    columns = {
        "last error": known(_before(error)),
        "error before": known(_before(error, 2)),
        "fast level": known(smoothed(cleaned, FAST) - level),
        "slow level": known(smoothed(cleaned, SLOW) - level),
        "spread": known(smoothed(np.abs(error), LEVEL)),
        "error of the group": known(_before(_mean_of(error, panel.groups))),
        "error of the market": known(_before(_mean_of(error, panel.markets))),
        "error of all": known(_before(_mean_of(error, np.zeros_like(panel.groups)))),
        "level": known(level),
        "group": np.broadcast_to(panel.groups[:, None].astype(np.float64), level.shape),
        "ahead": np.full(level.shape, float(ahead)),
    }
    if panel.season > 1:
        columns["error a season ago"] = _before(error, -(-ahead // panel.season) * panel.season)
        columns["season"] = np.broadcast_to(
            np.arange(level.shape[1], dtype=np.float64) % panel.season, level.shape
        )
    of: dict[str, list[str]] = {}
    for name, values in filled.items():
        shown = _price_columns if name in panel.prices else _plain_columns
        made = {f"{name}: {what}": column for what, column in shown(values, panel.groups).items()}
        if name in panel.rivals:
            made[f"{name}: to rivals"] = values - filled[panel.rivals[name]]
        columns |= made
        of[name] = list(made)
    if filled:
        columns[LINEAR] = effect - known(smoothed(effect, LEVEL))
    return Features(columns, known(level) + effect, of, parts)


def _price_columns(values: Floats, groups: Integers) -> dict[str, Floats]:
    usual = _usual(values, 0.5)
    return {
        "to its median": values - usual,
        "to its regular": values - _usual(values, 0.8),
        "change": values - _before(values),
        "group to its median": _mean_of(values - usual, groups),
    }


def _plain_columns(values: Floats, groups: Integers) -> dict[str, Floats]:
    of_group = _mean_of(values, groups)
    return {
        "value": values,
        "before": _before(values),
        "of the group": of_group,
        "usual": smoothed(values, LEVEL),
    }


class _Known:
    """Columns for one step ahead, seen from an origin that lies further back."""

    def __init__(self, ahead: int) -> None:
        self._back = ahead - 1

    def __call__(self, column: Floats) -> Floats:
        return _before(column, self._back)


def _before(values: Floats, periods: int = 1) -> Floats:
    """Each period's value as it was so many periods before; NaN where the axis begins later."""
    if periods == 0:
        return values
    moved = np.full(values.shape, np.nan)
    if periods < values.shape[1]:
        moved[:, periods:] = values[:, :-periods]
    return moved


def _filled(values: Floats) -> Floats:
    """Missing periods take the last value before them."""
    places = np.where(np.isnan(values), 0, np.arange(values.shape[1]))
    last = np.maximum.accumulate(places, axis=1)
    filled: Floats = np.take_along_axis(values, last, axis=1)
    return filled


def smoothed(values: Floats, weight: float) -> Floats:
    """The exponentially smoothed level before each period, shape (series, periods).

    A missing period leaves it; it begins with the first value, and young levels are plain means.
    """
    level = np.full(len(values), np.nan)
    seen = np.zeros(len(values))
    found = np.full(values.shape, np.nan)
    for period in range(values.shape[1]):
        found[:, period] = level
        here = ~np.isnan(values[:, period])
        seen += here
        step = np.maximum(weight, 1 / np.maximum(seen, 1))
        moved = np.where(np.isnan(level), 0.0, level)
        moved += step * (np.where(here, values[:, period], 0.0) - moved)
        level = np.where(here, moved, level)
    return found


def _usual(values: Floats, quantile: float) -> Floats:
    """A running quantile over the periods before each one."""
    usual = np.full(values.shape, np.nan)
    for period in range(1, values.shape[1]):
        window = np.sort(values[:, max(0, period - MEMORY) : period], axis=1)
        count = (~np.isnan(window)).sum(axis=1)
        place = np.maximum((np.maximum(count - 1, 0) * quantile).round().astype(np.int64), 0)
        usual[:, period] = window[np.arange(len(window)), place]
    return usual


def _mean_of(values: Floats, labels: Integers) -> Floats:
    """The mean over the series of a label in each period, put beside each of them."""
    _, place = np.unique(labels, return_inverse=True)
    here = ~np.isnan(values)
    sums = np.zeros((int(place.max()) + 1, values.shape[1]))
    counts = np.zeros_like(sums)
    np.add.at(sums, place, np.where(here, values, 0.0))
    np.add.at(counts, place, here)
    means = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    beside: Floats = means[place]
    return beside
