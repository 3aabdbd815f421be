"""How good forecasts were: the measures of the M4 competition, and those of demand planning.

Arrays have the shape (series, horizon). An actual that is not known is NaN and counts nowhere; a
series without any has NaN. Nothing divides by zero: each measure says what it gives instead.
Source: Makridakis, Spiliotis & Assimakopoulos (2020), "The M4 Competition: 100,000 time series and
61 forecasting methods", International Journal of Forecasting 36(1).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def mean(values: Floats, axis: int | None = None) -> Floats:
    """The mean of what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0.0).sum(axis=axis), known.sum(axis=axis))


def ratio(top: npt.ArrayLike, bottom: npt.ArrayLike) -> Floats:
    """Top over bottom; NaN where the bottom is zero."""
    above, below = np.asarray(top, np.float64), np.asarray(bottom, np.float64)
    zero = below == 0
    quotient: Floats = np.where(zero, np.nan, above / np.where(zero, 1.0, below))
    return quotient


def smape(actual: Floats, forecast: Floats) -> Floats:
    """Symmetric mean absolute percentage error in percent, 0 to 200, shape (series,).

    Where actual and forecast are both zero the error is zero.
    """
    size = np.abs(actual) + np.abs(forecast)
    error = np.abs(actual - forecast)
    return mean(np.where(size == 0, 0.0, 200 * error / np.where(size == 0, 1.0, size)), axis=1)


def seasonal_error(histories: Sequence[Floats], season: int) -> Floats:
    """The unit of MASE and MSIS: in-sample error of the seasonal naive, in units, shape (series,).

    The mean absolute difference from one season before. A history no longer than a season is
    compared with the period before. NaN where that error is zero or a single period is all there
    is: such a series has no MASE.

    Args:
        histories: one array of shape (periods,) for each series.
        season: periods in a season.
    """
    errors = np.full(len(histories), np.nan)
    for place, history in enumerate(histories):
        lag = season if len(history) > season else 1
        if len(history) > lag:
            errors[place] = np.abs(history[lag:] - history[:-lag]).mean()
    errors[errors == 0] = np.nan
    return errors


def mase(actual: Floats, forecast: Floats, unit: Floats) -> Floats:
    """Mean absolute scaled error, shape (series,); NaN where `unit` is.

    Args:
        actual: shape (series, horizon).
        forecast: shape (series, horizon).
        unit: what `seasonal_error` gives, shape (series,).

    Source: Hyndman & Koehler (2006).
    """
    return mean(np.abs(actual - forecast), axis=1) / unit


def owa(smapes: Floats, mases: Floats, naive_smapes: Floats, naive_mases: Floats) -> float:
    """Overall weighted average: the mean of sMAPE and MASE, each relative to Naive2's.

    Averaged over the series before dividing. A measure in which Naive2 never erred is left out if
    the method never erred either; otherwise, and where both are left out, the result is NaN.

    Args:
        smapes: of the method, shape (series,).
        mases: of the method, shape (series,).
        naive_smapes: of Naive2 on the same series, shape (series,).
        naive_mases: likewise.
    """
    ours = np.array([mean(smapes), mean(mases)])
    naive = np.array([mean(naive_smapes), mean(naive_mases)])
    counted = ~((naive == 0) & (ours == 0)) & ~np.isnan(naive)
    return float(ratio(ratio(ours, naive)[counted].sum(), counted.sum()))


def msis(actual: Floats, low: Floats, high: Floats, unit: Floats, level: float = 0.95) -> Floats:
    """Mean scaled interval score, shape (series,); NaN where `unit` is.

    An interval's width, plus 2 / (1 - level) times what an actual lies outside of it.

    Args:
        actual: shape (series, horizon).
        low: shape (series, horizon).
        high: shape (series, horizon).
        unit: what `seasonal_error` gives, shape (series,).
        level: the share of actuals that the interval is to hold.

    Source: Gneiting & Raftery (2007), scaled as in M4.
    """
    outside = np.maximum(low - actual, 0.0) + np.maximum(actual - high, 0.0)
    return mean(high - low + 2 / (1 - level) * outside, axis=1) / unit


def coverage(actual: Floats, low: Floats, high: Floats) -> float:
    """Share of the known actuals that lie in their interval, its ends included; NaN without any."""
    inside = ((actual >= low) & (actual <= high)).astype(np.float64)
    return float(mean(np.where(np.isnan(actual), np.nan, inside)))


def wape(actual: Floats, forecast: Floats, axis: int | None = None) -> Floats:
    """Sum of absolute errors over the sum of absolute actuals; NaN where that sum is zero.

    Args:
        actual: any shape.
        forecast: the same shape.
        axis: None pools everything; 1 gives one a series, 0 one a lag.
    """
    known = ~np.isnan(actual)
    error = np.where(known, np.abs(actual - forecast), 0.0).sum(axis=axis)
    return ratio(error, np.where(known, np.abs(actual), 0.0).sum(axis=axis))


def bias(actual: Floats, forecast: Floats, axis: int | None = None) -> Floats:
    """Sum of forecast less actual over the sum of absolute actuals; above zero: too much forecast.

    NaN where the actuals are all zero. Args: as for `wape`.
    """
    known = ~np.isnan(actual)
    error = np.where(known, forecast - actual, 0.0).sum(axis=axis)
    return ratio(error, np.where(known, np.abs(actual), 0.0).sum(axis=axis))


def pinball(actual: Floats, quantile: Floats, level: float) -> Floats:
    """Mean pinball loss of a quantile forecast in units, shape (series,).

    Args:
        actual: shape (series, horizon).
        quantile: the forecast that actuals are to exceed with probability 1 - level, same shape.
        level: between 0 and 1.

    Source: Koenker & Bassett (1978).
    """
    above = actual - quantile
    return mean(np.maximum(level * above, (level - 1) * above), axis=1)
