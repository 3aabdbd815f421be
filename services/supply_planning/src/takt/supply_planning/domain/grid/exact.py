"""Up to where float64 holds whole millionths exactly."""

from collections.abc import Sequence

EXACT = float(2**53)
"""9,007,199,254.740992 units: below it, sums, multiples and rounding up are exact."""


class QuantityTooLargeError(ValueError):
    """Quantities of some rows are too large to be planned to the millionth."""

    def __init__(self, rows: Sequence[int]) -> None:
        super().__init__(
            f"{len(rows)} rows have quantities that add up to more than {EXACT / 1e6:,.0f} units"
        )
        self.rows = rows
