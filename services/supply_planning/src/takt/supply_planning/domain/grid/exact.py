"""Up to where float64 holds whole millionths exactly, and shares of them rounded exactly."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

EXACT = float(2**53)
"""9,007,199,254.740992 units: below it, sums, multiples and rounding up are exact."""


class QuantityTooLargeError(ValueError):
    """Quantities of some rows are too large to be planned to the millionth."""

    def __init__(self, rows: Sequence[int]) -> None:
        super().__init__(
            f"{len(rows)} rows have quantities that add up to more than {EXACT / 1e6:,.0f} units"
        )
        self.rows = rows


def rounded_up(values: Floats, numerator: Ints, denominator: Ints) -> Floats:
    """Whole values times a fraction, rounded up; shapes that broadcast."""
    product = values * numerator
    if product.max(initial=0.0) < EXACT:
        # Exact: both are whole and below 2 ** 53, so that rounding cannot reach the next number.
        return np.ceil(product / denominator)
    whole, rest = np.divmod(values.astype(np.int64), denominator)
    parts = -(-(rest * numerator) // denominator)
    # In float64, so that what is too large is large and is told, not wrapped round.
    return whole.astype(np.float64) * numerator + parts


def rounded_down(values: Floats, numerator: Ints, denominator: Ints) -> Floats:
    """Whole values times a fraction of at most 1, rounded down; shapes that broadcast."""
    whole, rest = np.divmod(values.astype(np.int64), denominator)
    return (whole * numerator + rest * numerator // denominator).astype(np.float64)
