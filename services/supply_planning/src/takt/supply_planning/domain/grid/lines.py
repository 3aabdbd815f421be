"""From what is started to the components that it takes, a low-level code at a time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from takt.supply_planning.domain.grid.exact import rounded_up

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


ALWAYS = (0, 1 << 40)
"""The first and the last day of a line without either."""


def held_for_a_time(valid_from: Ints, valid_to: Ints) -> npt.NDArray[np.bool_]:
    """Which lines begin or end."""
    found: npt.NDArray[np.bool_] = (valid_from != ALWAYS[0]) | (valid_to != ALWAYS[1])
    return found


@dataclass(frozen=True, slots=True)
class Parts:
    """Lines that are reckoned one by one: what each takes is rounded up by itself, by bucket.

    Args:
        valid_from, valid_to: the days of release on which a line holds.
        into: sums lines by component, shape (components, lines).
    """

    parent: Ints
    numerator: Ints
    denominator: Ints
    valid_from: Ints
    valid_to: Ints
    into: Any

    def required(self, parents: Floats) -> Floats:
        """What the components are taken for so much of each line's parent, shape (components,)."""
        taken: Floats = self.into @ rounded_up(parents, self.numerator, self.denominator)
        return taken


@dataclass(frozen=True, slots=True)
class LevelLines:
    """What the rows from `start` to `stop` give to those that draw on them.

    Args:
        whole: lines with whole factors, shape (components, rows above).
        parts: those with others.
        dated: those that hold for a time, which `add` leaves out: what is released on which day is
            not known there.
    """

    start: int
    stop: int
    whole: Any | None
    parts: Parts | None
    dated: Parts | None

    def add(self, started: Floats, gross: Floats) -> None:
        """Add to `gross` what the rows above take for what they start, both (weeks, rows)."""
        for begun, needed in zip(started, gross, strict=True):
            mine = needed[self.start : self.stop]
            if self.whole is not None:
                mine += self.whole @ begun[: self.start]
            if self.parts is not None:
                mine += self.parts.required(begun[self.parts.parent])


def level_lines(
    start: int,
    stop: int,
    parent: Ints,
    component: Ints,
    numerator: Ints,
    denominator: Ints,
    valid_from: Ints,
    valid_to: Ints,
) -> LevelLines:
    """The lines whose components are the rows from `start` to `stop`; parents lie before them."""
    mine = (component >= start) & (component < stop)
    always = ~held_for_a_time(valid_from, valid_to)
    plain = np.flatnonzero(mine & always & (denominator == 1))

    def parts(lines: Ints) -> Parts | None:
        if not len(lines):
            return None
        into = csr_array(
            (np.ones(len(lines)), (component[lines] - start, np.arange(len(lines)))),
            shape=(stop - start, len(lines)),
        )
        return Parts(
            parent=parent[lines],
            numerator=numerator[lines],
            denominator=denominator[lines],
            valid_from=valid_from[lines],
            valid_to=valid_to[lines],
            into=into,
        )

    whole = None
    if len(plain):
        whole = csr_array(
            (numerator[plain].astype(np.float64), (component[plain] - start, parent[plain])),
            shape=(stop - start, start),
        )
    return LevelLines(
        start,
        stop,
        whole,
        parts(np.flatnonzero(mine & always & (denominator != 1))),
        parts(np.flatnonzero(mine & ~always)),
    )
