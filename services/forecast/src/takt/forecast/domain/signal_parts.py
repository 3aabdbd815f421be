"""What each signal adds to the difference of two versions: parts that sum in whole millionths.

Signals multiply: of the lift from l to l' of a week, signal s has changed the logarithm by d_s, and
the sum of all d_s is d = log(l'/l). What is still expected of the gross m and the orders o changes
from f(0) to f(1), with f(t) = max(m l exp(t d) - o, 0). Along this straight way of logarithms, on
which all signals go from the older version to the newer at one pace, the part of a signal is

    p_s = d_s x (f(1) - f(0)) / d        its share of the change of the logarithm
    p_s = d_s x m l, or 0 below o        where d is 0: signals that cancel keep both their parts

No order is chosen and none matters: parts depend on d_s alone. They are rounded to millionths, and
what that leaves is the largest part's.
Source: Ang (2005), the logarithmic mean Divisia index; Aumann & Shapley (1974) with the floor at 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import numpy as np
import numpy.typing as npt

from takt.common.contracts.forecast import SignalKind

Floats = npt.NDArray[np.float64]
Millionths = npt.NDArray[np.int64]
Logs = Mapping[UUID | None, Floats]
"""What each signal adds to the logarithm of a lift by week; under None what none accounts for."""

SignalChange = Literal["came", "changed", "learned", "gone"]
"""`learned`: nothing but its effect, which was estimated anew. `gone`: it counts no more here."""
NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class HeldSignal:
    """What a signal adds to the logarithm of a series' lift, by week from its first on."""

    signal_id: UUID
    logs: Floats


@dataclass(frozen=True, slots=True)
class SignalThen:
    """A signal as a version kept it."""

    signal_id: UUID
    sequence: int
    kind: SignalKind
    source: str
    external_id: str


def logs_of(signals: Sequence[HeldSignal], lift: Floats) -> Logs:
    """The logarithm of a lift by signal; a version that kept none has all of it under None."""
    found: dict[UUID | None, Floats] = {held.signal_id: held.logs for held in signals}
    rest = np.log(lift) - sum(found.values(), np.zeros(len(lift)))
    if (np.abs(rest) > NOTHING).any():
        found[None] = rest
    return found


def told_apart(
    change: Millionths, gross: Floats, ordered: Millionths, before: Logs, after: Logs
) -> Iterator[tuple[UUID | None, Millionths]]:
    """Each signal's part of a change of the baseline; they sum to it in every week.

    Args:
        change: shape (weeks,), what the newer lift changes.
        gross: what is expected before orders without any signal, in millionths.
        ordered: orders that take from it.
        before: of the older lift.
        after: of the newer.
    """
    names = sorted({*before, *after}, key=lambda name: (name is None, name or UUID(int=0)))
    if not names or not len(change):
        return
    none = np.zeros(len(change))
    moved = np.stack([after.get(name, none) - before.get(name, none) for name in names])
    # Summed in the order of names: to the last bit, however they are given.
    here = gross * np.exp(sum((before.get(name, none) for name in names), none))
    parts = moved * _slope(here, moved.sum(axis=0), ordered)
    whole = np.rint(parts).astype(np.int64)
    largest = np.abs(parts).argmax(axis=0)
    whole[largest, np.arange(len(change))] += change - whole.sum(axis=0)
    yield from zip(names, whole, strict=True)


def _slope(here: Floats, moved: Floats, ordered: Millionths) -> Floats:
    """(f(1) - f(0)) / d, in every week; its limit where d is nothing."""
    small = np.abs(moved) < NOTHING
    way = np.where(small, 1.0, moved)
    there = here * np.exp(moved)
    above = here * np.where(small, 1.0, np.expm1(way) / way)
    crossing = np.maximum(np.maximum(here, there) - ordered, 0.0) / np.abs(way)
    slope: Floats = np.where(np.minimum(here, there) >= ordered, above, crossing)
    return np.where(small & (here < ordered), 0.0, slope)


def signal_change(before: SignalThen | None, after: SignalThen | None) -> SignalChange:
    """What happened to a signal between two versions that keep it, or do not."""
    if before is None:
        return "came"
    if after is None:
        return "gone"
    return "changed" if before.sequence != after.sequence else "learned"
