"""From what is started to the components that it takes, a low-level code at a time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from takt.supply_planning.domain.grid.exact import EXACT

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Parts:
    """Lines whose factor is no whole number: what each takes is rounded up by itself, by bucket.

    Args:
        into: sums lines by component, shape (components, lines).
    """

    parent: Ints
    numerator: Ints
    denominator: Ints
    into: Any


@dataclass(frozen=True, slots=True)
class LevelLines:
    """What the rows from `start` to `stop` give to those that draw on them.

    Args:
        whole: lines with whole factors, shape (components, rows above).
        parts: those with others.
    """

    start: int
    stop: int
    whole: Any | None
    parts: Parts | None

    def add(self, started: Floats, gross: Floats) -> None:
        """Add to `gross` what the rows above take for what they start, both (weeks, rows)."""
        for begun, needed in zip(started, gross, strict=True):
            mine = needed[self.start : self.stop]
            if self.whole is not None:
                mine += self.whole @ begun[: self.start]
            if self.parts is not None:
                mine += self.parts.into @ _required(begun[self.parts.parent], self.parts)


def level_lines(
    start: int,
    stop: int,
    parent: Ints,
    component: Ints,
    numerator: Ints,
    denominator: Ints,
) -> LevelLines:
    """The lines whose components are the rows from `start` to `stop`; parents lie before them."""
    mine = (component >= start) & (component < stop)
    plain = np.flatnonzero(mine & (denominator == 1))
    split = np.flatnonzero(mine & (denominator != 1))
    whole = parts = None
    if len(plain):
        whole = csr_array(
            (numerator[plain].astype(np.float64), (component[plain] - start, parent[plain])),
            shape=(stop - start, start),
        )
    if len(split):
        parts = Parts(
            parent[split],
            numerator[split],
            denominator[split],
            csr_array(
                (np.ones(len(split)), (component[split] - start, np.arange(len(split)))),
                shape=(stop - start, len(split)),
            ),
        )
    return LevelLines(start, stop, whole, parts)


def _required(parents: Floats, lines: Parts) -> Floats:
    """What each line takes, rounded up, as `BillLine.required`."""
    product = parents * lines.numerator
    if product.max(initial=0.0) < EXACT:
        # Exact: both are whole and below 2 ** 53, so that rounding cannot reach the next number.
        return np.ceil(product / lines.denominator)
    whole, rest = np.divmod(parents.astype(np.int64), lines.denominator)
    parts = -(-(rest * lines.numerator) // lines.denominator)
    # In float64, so that what is too large is large and is told, not wrapped round.
    return whole.astype(np.float64) * lines.numerator + parts
