"""Joining the pipeline with the baseline: the pick-up method of partially known demand.

    Forecast(h) = (1 - c_h) x baseline
                + sum of quantity x P(demand falls in bucket h | stage, age, still open)

over open lines and lines that were won and not shipped. c_h is the share of the sales at horizon h
that came from lines that were already known h weeks before: history contains the sales of deals
too, and what is seen in the pipeline must not be expected a second time. Only orders that were
never seen as deals consume the baseline of their week.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from takt.forecast.domain.intervals import Bands, around

Floats = npt.NDArray[np.float64]
Millionths = npt.NDArray[np.int64]

SHRINKAGE_SALES = 30
"""A series' own share weighs like its number of sales against these many of the pool."""
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class PastSale:
    """A sale as the replay sees it. Weeks are whole numbers on one axis."""

    series: int
    week: int
    """In which it was wanted."""
    known_from: float | None
    """The moment its deal was opened, in weeks; None when it was never a deal."""
    quantity: float


def known_shares(sales: Sequence[PastSale], series: int, horizon: int, first_seen: float) -> Floats:
    """c_h of every series, shape (series, horizon), by replaying what was known at each origin.

    The origin of horizon h is the beginning of the week that lies h weeks before the sale's.
    Origins before the first deal that was ever seen are left out: nothing could be known then.

    Args:
        sales: all sales to be replayed.
        series: how many series there are.
        horizon: weeks ahead.
        first_seen: the moment the first deal was opened, in weeks.

    Returns: [0, 1], never rising with h; own share shrunk to the pool's.
    """
    index = np.array([sale.series for sale in sales], dtype=np.int64)
    week = np.array([sale.week for sale in sales], dtype=np.float64)
    known = np.array([np.inf if s.known_from is None else s.known_from for s in sales])
    quantity = np.array([sale.quantity for sale in sales])
    shares = np.zeros((series, horizon))
    for h in range(horizon):
        origin = week - h
        seen = origin >= first_seen
        total = np.bincount(index[seen], quantity[seen], series)
        count = np.bincount(index[seen], minlength=series)
        early = seen & (known <= origin)
        told = np.bincount(index[early], quantity[early], series)
        pool = told.sum() / total.sum() if total.sum() > 0 else 0.0
        own = np.divide(told, total, out=np.zeros(series), where=total > 0)
        shares[:, h] = (count * own + SHRINKAGE_SALES * pool) / (count + SHRINKAGE_SALES)
    lowest: Floats = np.minimum.accumulate(shares, axis=1)
    return lowest


@dataclass(frozen=True, slots=True)
class Joined:
    """The forecast of a batch of series: shapes (series, horizon), `bands` (4, series, horizon).

    baseline + pipeline = quantity, in whole millionths. `consumed` is what orders took of the
    baseline: with it, it is what was expected without them.
    """

    baseline: Millionths
    consumed: Millionths
    pipeline: Millionths
    bands: Millionths

    @property
    def quantity(self) -> Millionths:
        """The whole forecast."""
        return self.baseline + self.pipeline


def unconsumed_baseline(statistical: Floats, known: Floats) -> Millionths:
    """What is expected of orders that are never seen as deals: (1 - c_h) x statistical."""
    remaining: Millionths = np.rint((1 - known) * statistical * MILLION).astype(np.int64)
    return remaining


def expected_baseline(statistical: Floats, known: Floats, ordered: Millionths) -> Millionths:
    """What is still expected of orders not yet seen: (1 - c_h) x statistical, net of `ordered`."""
    baseline: Millionths = np.maximum(unconsumed_baseline(statistical, known) - ordered, 0)
    return baseline


def join(
    statistical: Floats,
    known: Floats,
    ordered: Millionths,
    pipeline: Millionths,
    pipeline_variance: Floats,
    scale: Floats,
    bands: Bands,
) -> Joined:
    """Join the parts of a batch of series: arithmetic only.

    All are of shape (series, horizon) but the last two.

    Args:
        statistical: what the model expects of all demand.
        known: c_h.
        ordered: orders never seen as deals, wanted in that week: arrived, no longer expected.
        pipeline: expected units of open and won-unshipped lines.
        pipeline_variance: sum of p(1-p)q^2.
        scale: unit of the series' scores, shape (series,).
        bands: calibrated scores.
    """
    remaining = unconsumed_baseline(statistical, known)
    baseline = np.maximum(remaining - ordered, 0)
    consumed = np.maximum(remaining - baseline, 0)
    left = baseline / np.maximum(statistical * MILLION, 1.0)
    share = np.clip(np.where(statistical > 0, left, 1 - known), 0.0, 1.0)
    quantity = baseline + pipeline
    edges = around(
        quantity / MILLION, share * scale[:, None], np.maximum(pipeline_variance, 0.0), bands
    )
    return Joined(baseline, consumed, pipeline, np.rint(edges * MILLION).astype(np.int64))
