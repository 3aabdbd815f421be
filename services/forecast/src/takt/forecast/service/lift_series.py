"""What signals do to series: effects learned anew, lifts put on locked series."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from takt.common.db import Tx
from takt.forecast.domain.calendar import HORIZON_WEEKS
from takt.forecast.domain.series import Floats, Series
from takt.forecast.domain.signals import effect_of, lasts_into, learned, lift
from takt.forecast.store import signals as store


async def lift_series(tx: Tx, batch: Sequence[Series]) -> list[Series]:
    """Series with the lifts of the signals that cover them, kept and returned.

    Args:
        tx: the caller's transaction, holding the locks of the series.
        batch: all of one week.
    """
    if not batch:
        return []
    week = batch[0].first_week
    products = [series.key.product for series in batch]
    signals = await store.signals_by_series(tx, products)
    coming = {
        series.key: [
            signal
            for signal in signals.get(series.key, ())
            if lasts_into(signal, week, HORIZON_WEEKS)
        ]
        for series in batch
    }
    touched = [s for s in batch if coming[s.key] or s.lift is not None]
    if not touched:
        return list(batch)
    moved = sorted({series.key.product for series in touched if coming[series.key]})
    paid = await store.paid_weeks(tx, moved, week) if moved else {}
    history = {
        product: await asyncio.to_thread(learned, paid.get(product, ()), signals)
        for product in moved
    }
    effects = {}
    lifted = {}
    for series in touched:
        found = [
            (signal, effect)
            for signal in coming[series.key]
            if (effect := effect_of(signal, float(series.price), history[series.key.product]))
        ]
        effects[series.key] = found
        factor, error = lift(found, week, HORIZON_WEEKS)
        lifted[series.key] = replace(
            series,
            lift=factor if found else None,
            lift_error=error if found else None,
        )
    await store.save_lifts(tx, list(lifted.values()), effects)
    return [lifted.get(series.key, series) for series in batch]


def same_lift(one: Series, other: Series) -> bool:
    """Whether signals do the same to both."""
    return np.array_equal(_or(one.lift, 1.0), _or(other.lift, 1.0)) and np.array_equal(
        _or(one.lift_error, 0.0), _or(other.lift_error, 0.0)
    )


def _or(values: Floats | None, neutral: float) -> Floats:
    return np.full(HORIZON_WEEKS, neutral) if values is None else values
