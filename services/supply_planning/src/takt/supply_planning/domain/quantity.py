"""Quantities as planning counts them: whole millionths of the base unit.

A quantity is `numeric(18,6)`, so it is a whole number of millionths, and Python's integers add them
exactly: what netting conserves it conserves to the last place, and an incremental plan equals a
complete one bit for bit.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

ONE = 1_000_000
"""One base unit."""


def to_millionths(quantity: Decimal) -> int:
    """A decimal as millionths. Raises ValueError: more than six places, or not finite."""
    if not quantity.is_finite():
        raise ValueError(f"{quantity} is not a finite quantity")
    scaled = quantity.scaleb(6)
    whole = int(scaled)
    if whole != scaled:
        raise ValueError(f"{quantity} has more than six decimal places")
    return whole


def to_decimal(millionths: int) -> Decimal:
    """Millionths as a decimal with six places, for the border."""
    return Decimal(millionths).scaleb(-6)


@lru_cache(maxsize=1 << 16)
def to_text(millionths: int) -> str:
    """Millionths as a plain decimal, without trailing zeros."""
    whole, rest = divmod(abs(millionths), ONE)
    sign = "-" if millionths < 0 else ""
    return f"{sign}{whole}.{rest:06}".rstrip("0") if rest else f"{sign}{whole}"


def ceil_div(numerator: int, denominator: int) -> int:
    """The quotient of whole numbers, rounded up."""
    return -(-numerator // denominator)


def share_out(total: int, shares: Sequence[int]) -> tuple[int, ...]:
    """Divide `total` in proportion to `shares` so that the parts sum to it: largest remainder.

    Args: total: not negative. shares: not negative, in any one unit, with a positive sum.
    Raises: ValueError: the shares sum to nothing.
    """
    whole = sum(shares)
    if whole <= 0:
        raise ValueError("the shares sum to nothing")
    parts = [total * share // whole for share in shares]
    left = total - sum(parts)
    if left:
        by_remainder = sorted(range(len(shares)), key=lambda i: (-(total * shares[i] % whole), i))
        for place in by_remainder[:left]:
            parts[place] += 1
    return tuple(parts)
