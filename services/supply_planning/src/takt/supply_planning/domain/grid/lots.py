"""Lot sizing for many rows at once; `domain.lots` defines it. Quantities are millionths."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from takt.supply_planning.domain.lots import LotPolicy, LotRule

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
RULES: tuple[LotRule, ...] = get_args(LotRule)
FIXED, PERIOD, ECONOMIC = (RULES.index(rule) for rule in ("fixed", "period", "economic"))


@dataclass(frozen=True, slots=True)
class Lots:
    """How much each row orders at a time, each shape (rows,): `LotPolicy` as columns.

    Args:
        rule: place in `RULES`.
        multiple: 1, a millionth, where any quantity will do.
        maximum: infinite where there is none.
    """

    rule: Ints
    quantity: Floats
    periods: Ints
    minimum: Floats
    multiple: Floats
    maximum: Floats

    @property
    def rare(self) -> npt.NDArray[np.bool_]:
        """Which rows need more than a minimum and a multiple."""
        found: npt.NDArray[np.bool_] = (
            np.isfinite(self.maximum) | (self.rule == FIXED) | (self.rule == PERIOD)
        )
        return found

    @property
    def covered(self) -> Ints:
        """The weeks whose need an order covers."""
        return np.where(self.rule == PERIOD, self.periods, 1)

    @property
    def least(self) -> Floats:
        """The smallest order; of an economic lot, its quantity."""
        return np.where(
            self.rule == ECONOMIC, np.maximum(self.quantity, self.minimum), self.minimum
        )

    @property
    def largest(self) -> Floats:
        """The largest lot: the maximum down to a multiple."""
        return np.where(
            np.isfinite(self.maximum),
            np.floor(self.maximum / self.multiple) * self.multiple,
            np.inf,
        )

    def take(self, places: npt.NDArray[Any] | slice) -> "Lots":
        """The lots of some rows."""
        return Lots(*(getattr(self, field.name)[places] for field in fields(self)))


def lots_of(policies: Sequence[LotPolicy]) -> Lots:
    """As columns."""
    return Lots(
        rule=np.array([RULES.index(lot.rule) for lot in policies], np.int64),
        quantity=np.array([lot.quantity for lot in policies], np.float64),
        periods=np.array([lot.periods for lot in policies], np.int64),
        minimum=np.array([lot.minimum for lot in policies], np.float64),
        multiple=np.array([lot.multiple or 1 for lot in policies], np.float64),
        maximum=np.array(
            [np.inf if lot.maximum is None else lot.maximum for lot in policies], np.float64
        ),
    )


def sized(need: Floats, lots: Lots) -> Floats:
    """The sum of the lots that cover each need, 0 for 0 or less; see `domain.lots.lots`."""
    wanted = np.maximum(need, 0.0)
    fixed = lots.rule == FIXED
    size = np.where(fixed, lots.quantity, 1.0)
    wanted = np.ceil(wanted / size) * size
    wanted = np.where(
        (lots.rule == ECONOMIC) & (wanted > 0), np.maximum(wanted, lots.quantity), wanted
    )
    largest = lots.largest
    full = np.floor(wanted / largest) * np.where(np.isfinite(largest), largest, 0.0)
    wanted -= full
    last = np.ceil(np.maximum(wanted, lots.minimum) / lots.multiple) * lots.multiple
    return full + np.where(wanted > 0, last, 0.0)
