"""What orders that stand ask for and a finite plan does not have: named, or refused."""

from dataclasses import dataclass

import numpy as np

from takt.supply_planning.domain.capacity import TOLERANCE, Floats


@dataclass(frozen=True, slots=True)
class Shortage:
    """What orders that stand need and is not there: minutes of a resource, or units of a row."""

    kind: str
    place: int
    week: int
    missing: float


class InfeasiblePlanError(ValueError):
    """Orders that stand ask for more than can be had; `shortages` say what, when and how much."""

    def __init__(self, shortages: tuple[Shortage, ...]) -> None:
        one = shortages[0]
        super().__init__(
            f"orders that stand miss {one.missing:g} of {one.kind} {one.place} in week {one.week}"
            f", and {len(shortages) - 1} more"
        )
        self.shortages = shortages


def require(kind: str, missing: Floats) -> None:
    """Raises InfeasiblePlanError: something is missing; shape (places, weeks)."""
    refuse(shortages(kind, missing))


def refuse(found: tuple[Shortage, ...]) -> None:
    """Raises InfeasiblePlanError: there are shortages."""
    if found:
        raise InfeasiblePlanError(found)


def shortages(kind: str, missing: Floats) -> tuple[Shortage, ...]:
    """Where something is missing, shape (places, weeks)."""
    return tuple(
        Shortage(kind, int(place), int(week), float(missing[place, week]))
        for place, week in np.argwhere(missing > TOLERANCE)
    )


def lacking(level: Floats) -> Floats:
    """What levels lack to be nothing or more, in all by each week; shape (rows, weeks)."""
    found: Floats = np.maximum.accumulate(np.maximum(-level, 0.0), axis=1)
    return found
