"""Quantities and prices: what a number must be before it is one of ours."""

from decimal import Decimal, InvalidOperation
from typing import Final

from takt.common.amounts import LARGEST_MONEY, plain
from takt.deals.domain.refusal import Refusal

DECIMALS: Final = 6
LARGEST: Final = Decimal(1_000_000_000)
"""Above a thousand million a quantity or a unit price is a slip of the keyboard."""


def check_total(field: str, total: Decimal) -> list[Refusal]:
    """Why quantity x price, or the sum of many, is more than money can say."""
    if total <= LARGEST_MONEY:
        return []
    remedy = f"Quantity times price is at most {LARGEST_MONEY:,}; check both, or split it."
    return [Refusal("total-too-large", field, plain(total), remedy)]


def read_amount(field: str, given: str | Decimal) -> Decimal | Refusal:
    """A positive decimal with at most six decimals and at most `LARGEST`, or why it is none.

    Units: the product's base unit for quantities, the company currency for prices.
    """
    text = str(given).strip()
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return Refusal("not-a-number", field, text, "Write a decimal number such as 12.5.")
    if not amount.is_finite():
        return Refusal("not-finite", field, text, "Write a finite decimal number such as 12.5.")
    if amount <= 0:
        return Refusal("not-positive", field, text, "Give an amount above zero.")
    if amount > LARGEST:
        return Refusal("too-large", field, text, f"Give at most {LARGEST:,}; check the unit.")
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > DECIMALS:
        return Refusal("over-precise", field, text, f"Round to {DECIMALS} decimals.")
    return amount
