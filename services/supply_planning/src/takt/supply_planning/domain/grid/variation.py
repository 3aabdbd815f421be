"""How much weekly demand varies, of everything at once: what customers want and what that takes.

What is made or kept for others is wanted as they are: a component's weekly demand is its own and
what its bill takes for that of its users in the same week, without lots, stock and lead times, so
that it varies as customers do and not as lots do.
"""

from typing import NamedTuple

import numpy as np

from takt.supply_planning.domain.grid.exact import rounded_up
from takt.supply_planning.domain.grid.model import Floats, Grid, Ints


def with_users(grid: Grid, own: Floats, mondays: Ints) -> Floats:
    """Weekly demand of rows with that of all that uses them, shape (weeks, rows).

    Args:
        grid: whose bills say who uses what.
        own: independent demand of any weeks, shape (weeks, rows).
        mondays: of those weeks, as ordinals: a line of a bill holds for a week when it holds then.
    """
    total, started = own.copy(), np.zeros_like(own)
    for level in grid.levels:
        rows = slice(level.start, level.stop)
        level.lines.add(started, total)
        if (dated := level.lines.dated) is not None:
            for day, begun, needed in zip(mondays, started, total, strict=True):
                holds = (dated.valid_from <= day) & (day <= dated.valid_to)
                needed[rows] += dated.required(np.where(holds, begun[dated.parent], 0.0))
        started[:, rows] = rounded_up(total[:, rows], grid.rows.of[rows], grid.rows.good[rows])
    return total


class Variation(NamedTuple):
    """Of the weeks of each row: how many, their mean and their deviation, each shape (rows,)."""

    weeks: Ints
    mean: Floats
    deviation: Floats


def variation(weekly: Floats, *, to_the_end: bool) -> Variation:
    """How weekly demand varies from its first week on, 0 of what has no two weeks.

    Args:
        weekly: shape (weeks, rows).
        to_the_end: the weeks after the last with any count too.
    """
    some = weekly > 0
    first = np.where(some.any(axis=0), some.argmax(axis=0), len(weekly))
    stop = np.full_like(first, len(weekly))
    if not to_the_end:
        stop -= some[::-1].argmax(axis=0)
    week = np.arange(len(weekly))[:, np.newaxis]
    inside = (week >= first) & (week < stop)
    number = inside.sum(axis=0)
    mean = weekly.sum(axis=0) / np.maximum(number, 1)
    squares = (np.where(inside, weekly - mean, 0.0) ** 2).sum(axis=0)
    return Variation(number, mean, np.sqrt(squares / np.maximum(number - 1, 1)))
