"""Elasticities: what a change of a driver does to demand, within series, with honest errors.

Of a group of series, log demand y and drivers x (prices as logs) at series i and period t:

    y_it = a_i + x_it b + u_it         least squares after taking each series' own means away
    V    = (X'X)^-1 M (X'X)^-1         the sandwich; s_it = x_it u_it are the scores
    M    = sum over clusters c of (sum of s in c)(sum of s in c)', times C/(C-1) (N-1)/(N-k)

With eight series or more the clusters are the series and, crossed with them, the periods, because a
price is changed in many places at once: M = M(series) + M(periods) - M(rows), and no variance is
taken below that of the series alone. With fewer, M is Driscoll and Kraay's: the scores summed by
period, with Bartlett weights over periods that follow one another. A coefficient of a log price is
the elasticity; exp(x b) is the factor by which demand changes when the drivers change by x, and its
interval is exp(x b -+ t sqrt(x V x')).
Sources: Cameron, Gelbach & Miller (2011); Driscoll & Kraay (1998); Newey & West (1994) for the lag.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SERIES_NEEDED = 8
"""Series from which on they are clusters."""
PERIODS_NEEDED = 12
"""Periods below which nothing is said of a group."""
MOVES_NEEDED = 1e-9
"""A driver whose part that no other explains is smaller, relative to itself, has no effect of its
own that could be estimated."""
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Effect:
    """By what factor demand changes, with its interval; `error` is that of its logarithm."""

    factor: float
    low: float
    high: float
    error: float


NO_EFFECT = Effect(1.0, 1.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Effects:
    """The coefficients of a group of series with their covariance.

    `coefficients` has the shape (names,), `covariance` (names, names); `freedom` is that of t.
    """

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    freedom: int
    rows: int
    series: int
    periods: int
    left_out: tuple[str, ...] = ()
    """Drivers that never move within a series, or only together with others."""

    @property
    def errors(self) -> Floats:
        """Standard errors, shape (names,)."""
        return np.sqrt(np.diag(self.covariance))

    def interval(self, level: float = LEVEL) -> tuple[Floats, Floats]:
        """Low and high of every coefficient."""
        width = _t(level, self.freedom) * self.errors
        return self.coefficients - width, self.coefficients + width

    def of_change(self, change: Mapping[str, float], level: float = LEVEL) -> Effect:
        """What demand does when drivers change together: logs of prices, amounts of the others.

        A driver that is not among the names changes nothing.
        """
        moved = np.array([change.get(name, 0.0) for name in self.names])
        middle = float(moved @ self.coefficients)
        error = float(np.sqrt(max(moved @ self.covariance @ moved, 0.0)))
        width = _t(level, self.freedom) * error
        low, middle, high = np.exp(np.clip([middle - width, middle, middle + width], -50, 50))
        return Effect(float(middle), float(low), float(high), error)


def estimate(
    log_demand: Floats,
    drivers: Floats,
    names: Sequence[str],
    series: Integers,
    periods: Integers,
) -> Effects | None:
    """The effects of drivers within series; None when there are too few rows to say any.

    Args:
        log_demand: shape (rows,).
        drivers: shape (rows, drivers), prices as logs; all finite.
        names: of the drivers.
        series: of each row, any whole numbers.
        periods: of each row, on an axis of whole periods.

    Raises: ValueError: a value is missing or infinite.
    """
    if not (np.isfinite(log_demand).all() and np.isfinite(drivers).all()):
        raise ValueError("a row has a missing or infinite value; leave the row out")
    owners, owner = np.unique(series, return_inverse=True)
    times = np.unique(periods)
    y = _within(log_demand[:, None], owner)[:, 0]
    x = _within(drivers, owner)
    used = _independent(x, drivers)
    left_out = tuple(name for place, name in enumerate(names) if place not in used)
    freedom = len(y) - len(owners) - len(used)
    if len(times) < PERIODS_NEEDED or freedom < PERIODS_NEEDED or not used:
        return None
    x = x[:, used]
    inverse = np.linalg.inv(x.T @ x)
    coefficients = inverse @ (x.T @ y)
    scores = x * (y - x @ coefficients)[:, None]
    meat, clusters = _meat(scores, owner, periods)
    covariance = inverse @ meat @ inverse
    if len(owners) >= SERIES_NEEDED:
        alone = inverse @ _clustered(scores, owner) @ inverse
        covariance = _at_least(covariance, np.diag(alone))
    return Effects(
        tuple(names[place] for place in used),
        coefficients,
        covariance,
        clusters - 1,
        len(y),
        len(owners),
        len(times),
        left_out,
    )


def _within(values: Floats, owner: Integers) -> Floats:
    """Values less the mean of their series, shape (rows, columns)."""
    count = np.bincount(owner).astype(np.float64)
    means = np.stack([np.bincount(owner, column) / count for column in values.T], axis=1)
    centred: Floats = values - means[owner]
    return centred


def _independent(x: Floats, plain: Floats) -> list[int]:
    """Columns of which something is left after those before them: Gram and Schmidt, in order."""
    used: list[int] = []
    basis = np.empty((len(x), 0))
    for place in range(x.shape[1]):
        rest = x[:, place] - basis @ (basis.T @ x[:, place])
        size = float(np.linalg.norm(rest))
        if size > MOVES_NEEDED**0.5 * max(float(np.linalg.norm(plain[:, place])), 1e-300):
            used.append(place)
            basis = np.column_stack([basis, rest / size])
    return used


def _meat(scores: Floats, owner: Integers, periods: Integers) -> tuple[Floats, int]:
    """The middle of the sandwich, and how many clusters it rests on."""
    owners, times = int(owner.max()) + 1, len(np.unique(periods))
    if owners >= SERIES_NEEDED:
        crossed = scores.T @ scores * _correction(len(scores), *scores.shape)
        both = _clustered(scores, owner) + _clustered(scores, periods)
        return both - crossed, min(owners, times)
    summed = _summed(scores, periods - periods.min())
    meat: Floats = summed.T @ summed
    lags = int(4 * (times / 100) ** (2 / 9))
    for lag in range(1, lags + 1):
        together = summed[lag:].T @ summed[:-lag]
        meat += (1 - lag / (lags + 1)) * (together + together.T)
    return meat * _correction(times, *scores.shape), times - scores.shape[1]


def _clustered(scores: Floats, labels: Integers) -> Floats:
    _, place = np.unique(labels, return_inverse=True)
    summed = _summed(scores, place)
    meat: Floats = summed.T @ summed * _correction(len(summed), *scores.shape)
    return meat


def _summed(scores: Floats, place: Integers) -> Floats:
    columns = [np.bincount(place, column).astype(np.float64) for column in scores.T]
    return np.stack(columns, axis=1)


def _correction(clusters: int, rows: int, columns: int) -> float:
    return clusters / max(clusters - 1, 1) * (rows - 1) / max(rows - columns, 1)


def _at_least(covariance: Floats, variances: Floats) -> Floats:
    """The covariance with no variance below these: scaled, its correlations kept.

    A difference of matrices may have directions of negative variance; those are taken as none,
    in units in which these variances are one, so that the units of the drivers do not matter.
    """
    size = np.sqrt(np.maximum(variances, 1e-300))
    relative = covariance / np.outer(size, size)
    values, vectors = np.linalg.eigh((relative + relative.T) / 2)
    relative = vectors * np.maximum(values, 0.0) @ vectors.T
    own = np.maximum(np.diag(relative), 1e-300)
    raised = np.sqrt(np.maximum(own, 1.0) / own) * size
    at_least: Floats = relative * np.outer(raised, raised)
    return at_least


def _t(level: float, freedom: int) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + level) / 2, max(freedom, 1)))
