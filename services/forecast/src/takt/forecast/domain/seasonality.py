"""Multiplicative seasonal indices, for a whole matrix of series at once.

Source: Makridakis, Spiliotis & Assimakopoulos, "The M4 Competition" (2020): the 90 %
autocorrelation test, then classical multiplicative decomposition. With weekly data three years
give three observations a week of the year, so indices of long seasons are smoothed over their
neighbours. There the autocorrelation test is blind, because a smooth year correlates at every lag;
it is replaced by what it stands for: the years must resemble each other.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

SEASONS_NEEDED = 3
TEST_QUANTILE = 1.645
KEPT = 0.9
"""Share of an index's distance from 1 that is kept (Miller & Williams, 2003).

Chosen on the last 18 months of M3's training parts: OWA .857 with .9, .859 with 1, .863 with .8.
"""
LONG_SEASON = 26
YEARS_AGREE = 0.3
NEIGHBOUR_WEIGHTS = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0


def is_seasonal(y: Floats, season: int) -> Booleans:
    """Whether each series is seasonal, shape (series,). Fewer than three seasons never are.

    Short seasons: the autocorrelation at the season differs from zero at 90 %. Long seasons: the
    smoothed courses of the single years, each less its own line, correlate by .3 on average.

    Args: y: shape (series, periods). season: periods in a season.
    """
    series, periods = y.shape
    if season < 2 or periods < SEASONS_NEEDED * season:
        return np.zeros(series, dtype=bool)
    return _years_agree(y, season) if season >= LONG_SEASON else _autocorrelates(y, season)


def _years_agree(y: Floats, season: int) -> Booleans:
    years = y.shape[1] // season
    courses = _smooth(y[:, -years * season :].reshape(-1, season)).reshape(len(y), years, -1)
    times = np.arange(courses.shape[2]) - (courses.shape[2] - 1) / 2
    courses = courses - courses.mean(axis=2, keepdims=True)
    courses = courses - (courses @ times / (times @ times))[:, :, None] * times
    lengths = np.sqrt((courses**2).sum(axis=2, keepdims=True))
    flat = (lengths[:, :, 0] <= 1e-9 * np.maximum(1.0, y.max(axis=1))[:, None]).any(axis=1)
    units = courses / np.maximum(lengths, 1e-300)
    total = units.sum(axis=1)
    agreement = ((total**2).sum(axis=1) - years) / (years * (years - 1))
    agreed: Booleans = (agreement >= YEARS_AGREE) & ~flat
    return agreed


def _smooth(y: Floats) -> Floats:
    """Weighted moving average over five neighbours, shape (series, periods - 4)."""
    windows = np.lib.stride_tricks.sliding_window_view(y, len(NEIGHBOUR_WEIGHTS), axis=1)
    smoothed: Floats = windows @ NEIGHBOUR_WEIGHTS
    return smoothed


def _autocorrelates(y: Floats, season: int) -> Booleans:
    periods = y.shape[1]
    centred = y - y.mean(axis=1, keepdims=True)
    size = 1 << (2 * periods - 1).bit_length()
    spectrum = np.fft.rfft(centred, size, axis=1)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, size, axis=1)[:, : season + 1]
    variance = np.maximum(covariance[:, :1], 1e-300)
    correlation = covariance[:, 1:] / variance
    limit = TEST_QUANTILE * np.sqrt((1 + 2 * (correlation[:, :-1] ** 2).sum(axis=1)) / periods)
    flat = covariance[:, 0] <= 1e-12 * np.maximum(1.0, np.abs(y).max(axis=1)) ** 2
    found: Booleans = (np.abs(correlation[:, -1]) > limit) & ~flat
    return found


def indices(y: Floats, season: int, kept: float = KEPT) -> Floats:
    """Seasonal indices with mean 1, shape (series, season); all 1 where a series is not seasonal.

    A series whose moving average or index would reach zero stays unadjusted.

    Args:
        y: shape (series, periods), never negative.
        season: periods in a season.
        kept: share of the distance from 1 that is kept; 1 is the plain decomposition.
    """
    series, periods = y.shape
    result = np.ones((series, season))
    chosen = np.flatnonzero(is_seasonal(y, season))
    if not chosen.size:
        return result
    part = y[chosen]
    half = season // 2
    cumulative = np.concatenate([np.zeros((len(part), 1)), part.cumsum(axis=1)], axis=1)
    average = (cumulative[:, season:] - cumulative[:, :-season]) / season
    if season % 2 == 0:
        average = (average[:, :-1] + average[:, 1:]) / 2
    ratios = np.full((len(part), -(-periods // season) * season), np.nan)
    usable = average.min(axis=1) > 0
    safe = np.where(average > 0, average, 1.0)
    ratios[:, half : half + average.shape[1]] = part[:, half : half + average.shape[1]] / safe
    found = np.nanmean(ratios.reshape(len(part), -1, season), axis=1)
    if season >= LONG_SEASON:
        padded = np.concatenate([found[:, -2:], found, found[:, :2]], axis=1)
        found = _smooth(padded)
    found = found / np.maximum(found.mean(axis=1, keepdims=True), 1e-300)
    usable &= found.min(axis=1) > 0.01
    result[chosen[usable]] = 1 + kept * (found[usable] - 1)
    return result
