"""Shifts: by what series are moved so that the forecasts of all levels agree.

A series' statistical view holds its shift, so that nothing else has to know of it: a deal's change
reads and writes what it did before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from takt.common.db import Tx
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.series import Floats, Series
from takt.forecast.store import levels


async def keep_shifts(tx: Tx, batch: Sequence[Series], week: date) -> list[Series]:
    """Locked series that were fitted anew, moved as they were before."""
    shifts = await levels.shifts_of(tx, [series.key for series in batch], week)
    return await _save(tx, batch, shifts, week)


async def shift_series(
    tx: Tx, batch: Sequence[Series], shifts: Mapping[SeriesKey, Floats], week: date
) -> list[Series]:
    """Locked series, moved by these shifts in the place of those that they had."""
    before = await levels.shifts_of(tx, [series.key for series in batch], week)
    bare = [
        replace(series, statistical=np.maximum(series.statistical - before[series.key], 0.0))
        if series.key in before
        else series
        for series in batch
    ]
    gone = dict.fromkeys(before.keys() - shifts.keys())
    await levels.save_shifts(tx, gone, week)
    changed = [replace(one, model_changed=True) if one.key in gone else one for one in bare]
    return await _save(tx, changed, shifts, week)


async def _save(
    tx: Tx, batch: Sequence[Series], shifts: Mapping[SeriesKey, Floats], week: date
) -> list[Series]:
    """Move series; what is kept of a shift is what it does, no view being negative."""
    shifted = []
    done: dict[SeriesKey, Floats | None] = {}
    for series in batch:
        if series.key in shifts and not series.scale:
            done[series.key] = None  # its history was taken back: it expects nothing
        elif series.key in shifts:
            view = np.maximum(series.statistical + shifts[series.key], 0.0)
            done[series.key] = view - series.statistical
            series = replace(series, statistical=view, model_changed=True)
        shifted.append(series)
    await levels.save_shifts(tx, done, week)
    return shifted
