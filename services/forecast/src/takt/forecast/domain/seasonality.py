"""Multiplicative seasonal indices, for a whole matrix of series at once.

Source: Makridakis, Spiliotis & Assimakopoulos, "The M4 Competition" (2020): the 90 %
autocorrelation test, then classical multiplicative decomposition. With weekly data three years
give three observations a week of the year, so indices of long seasons are smoothed over their
neighbours. There the autocorrelation test is blind, because a smooth year correlates at every lag;
it is replaced by what it stands for: the years must resemble each other.

    indices   all or nothing, by the test: what Naive2 and the fast path use
    reliable  shrunk by how much of their variance is noise: what the combination uses

The test is blind to a smooth season in few years; shrinking needs none.
Source: Miller & Williams, "Shrinkage estimators of time series seasonal factors" (2003), James and
Stein's, with the noise taken from how a season's ratios differ from year to year.
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
MOST_KEPT = 0.93
"""Share that is kept of the distance from 1 of an index without noise; see decision 0401."""
LEAST_INDEX = 0.01
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
    result = np.ones((len(y), season))
    chosen = np.flatnonzero(is_seasonal(y, season))
    if not chosen.size:
        return result
    ratios, usable = _ratios(y[chosen], season)
    found = np.nanmean(ratios, axis=1)
    if season >= LONG_SEASON:
        found = _around_the_year(found)
    found = found / np.maximum(found.mean(axis=1, keepdims=True), 1e-300)
    usable &= found.min(axis=1) > LEAST_INDEX
    result[chosen[usable]] = 1 + kept * (found[usable] - 1)
    return result


def reliable(y: Floats, season: int) -> Floats:
    """Seasonal indices with mean 1, shape (series, season), nearer to 1 the less is known of them.

    All 1 below three seasons, and where a moving average or an index would reach zero.

    Args:
        y: shape (series, periods), never negative.
        season: periods in a season.
    """
    series, periods = y.shape
    result = np.ones((series, season))
    if season < 2 or periods < SEASONS_NEEDED * season:
        return result
    ratios, usable = _ratios(y, season)
    found = np.nanmean(ratios, axis=1)
    apart = (ratios - found[:, None, :]).reshape(series, -1)
    apart = apart[:, ~np.isnan(apart[0])]
    counts = (~np.isnan(ratios[0])).sum(axis=0)
    if season >= LONG_SEASON:
        found, apart = _around_the_year(found), _smooth(apart)
    found = found / np.maximum(found.mean(axis=1, keepdims=True), 1e-300)
    noise = (apart**2).mean(axis=1) * counts.sum() / (counts.sum() - season) * (1 / counts).mean()
    strength = ((found - 1) ** 2).sum(axis=1)
    lost = np.minimum(max(season - 3, 1) * noise / np.maximum(strength, 1e-300), 1.0)
    shrunk = 1 + (MOST_KEPT * (1 - lost))[:, None] * (found - 1)
    usable &= shrunk.min(axis=1) > LEAST_INDEX
    result[usable] = shrunk[usable]
    return result


def _ratios(y: Floats, season: int) -> tuple[Floats, Booleans]:
    """Ratios to a moving average by season, and whether a series has any.

    Shapes (series, seasons, season), NaN where none is known, and (series,).
    """
    series, periods = y.shape
    half = season // 2
    cumulative = np.concatenate([np.zeros((series, 1)), y.cumsum(axis=1)], axis=1)
    average = (cumulative[:, season:] - cumulative[:, :-season]) / season
    if season % 2 == 0:
        average = (average[:, :-1] + average[:, 1:]) / 2
    ratios = np.full((series, -(-periods // season) * season), np.nan)
    known = slice(half, half + average.shape[1])
    ratios[:, known] = y[:, known] / np.where(average > 0, average, 1.0)
    return ratios.reshape(series, -1, season), average.min(axis=1) > 0


def _around_the_year(found: Floats) -> Floats:
    """Smoothed over neighbours, the last period being the first one's."""
    return _smooth(np.concatenate([found[:, -2:], found, found[:, :2]], axis=1))
