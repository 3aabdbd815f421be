"""Forecast consumption: an order takes the place of what was forecast for it, and is not added.

It consumes the forecast of its own bucket first, then that of earlier ones, the nearest first, then
that of later ones, the nearest first, as far as they begin within a window of days from its own.
Orders go in the order of their buckets, so that the order in which they come does not matter. What
finds no forecast is demand beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


class Windows(NamedTuple):
    """How many days before and after its own bucket an order may consume; 0 is its own alone."""

    early_days: int = 0
    late_days: int = 0


OWN_BUCKET = Windows()


class Taken(NamedTuple):
    """What the orders of one bucket took of the forecast of another, or of the same."""

    order: int
    forecast: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Consumption:
    """What is left of a forecast by bucket, and who took the rest: gross = net + taken."""

    net: tuple[int, ...]
    taken: tuple[Taken, ...]


def consume(
    starts: Sequence[date], gross: Sequence[int], orders: Sequence[int], windows: Windows
) -> Consumption:
    """The forecast without what orders have consumed.

    Args:
        starts: when each bucket begins, rising, shape (buckets,).
        gross: the forecast, not below zero.
        orders: what is wanted in each bucket; below zero counts as nothing.
        windows: how far an order reaches.

    Source: APICS dictionary, forecast consumption; capability F14.
    """
    net = list(gross)
    taken: list[Taken] = []
    for bucket, ordered in enumerate(orders):
        if ordered <= 0:
            continue
        for other in _within(starts, bucket, windows):
            if some := min(ordered, net[other]):
                net[other] -= some
                ordered -= some
                taken.append(Taken(bucket, other, some))
            if not ordered:
                break
    return Consumption(tuple(net), tuple(taken))


def _within(starts: Sequence[date], bucket: int, windows: Windows) -> list[int]:
    own = starts[bucket]
    earlier = [
        other
        for other in range(bucket - 1, -1, -1)
        if (own - starts[other]).days <= windows.early_days
    ]
    later = [
        other
        for other in range(bucket + 1, len(starts))
        if (starts[other] - own).days <= windows.late_days
    ]
    return [bucket, *earlier, *later]
