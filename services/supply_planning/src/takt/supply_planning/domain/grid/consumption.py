"""Forecast consumption of all rows at once; `domain.consumption` defines it."""

import numpy as np

from takt.supply_planning.domain.grid.model import Floats, Ints


def unconsumed(forecast: Floats, ordered: Floats, early: Ints, late: Ints) -> Floats:
    """What is left of forecasts that orders have consumed, shape (weeks, rows).

    Args:
        forecast: not below zero, shape (weeks, rows).
        ordered: not below zero, shape (weeks, rows).
        early: how many weeks before its own an order reaches, shape (rows,).
        late: how many weeks after its own, shape (rows,).
    """
    weeks = len(forecast)
    net = forecast.copy()
    furthest_early, furthest_late = int(early.max(initial=0)), int(late.max(initial=0))
    for week, orders in enumerate(ordered):
        left = orders.copy()
        before = range(week - 1, max(week - furthest_early, 0) - 1, -1)
        after = range(week + 1, min(week + furthest_late + 1, weeks))
        for other in (week, *before, *after):
            reaches = (week - other <= early) & (other - week <= late)
            some = np.where(reaches, np.minimum(left, net[other]), 0.0)
            net[other] -= some
            left -= some
    return net
