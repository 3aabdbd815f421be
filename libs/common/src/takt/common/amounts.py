"""Numbers as they cross a border: decimals, sent as strings, with the limits of their columns.

Quantities are in a product's base unit, money is in the company's one currency. Both fit
`numeric(18,6)`; float64 is used only inside models and netting and is rounded here, at the border.
"""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated

from pydantic import Field, PlainSerializer, WithJsonSchema

MICRO = Decimal("0.000001")
"""The last place of a quantity or an amount of money."""

LARGEST_MONEY = Decimal("999999999999.999999")
"""The most that `Money` takes: what multiplies a quantity by a price keeps within it."""

LARGEST_QUANTITY = Decimal("999999999999.999999")
"""The most that `Quantity` takes."""

PROBABILITY_STEP = Decimal("0.00000001")
"""The last place of a probability."""


def plain(value: Decimal) -> str:
    """Write a decimal without exponent and trailing zeros: `1E+3` is "1000", `1.50` is "1.5"."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def micro(value: Decimal | float) -> Decimal:
    """Round to six places, half to even: the border between float64 and `numeric(18,6)`."""
    return Decimal(value).quantize(MICRO, ROUND_HALF_EVEN)


def probability(value: Decimal | float) -> Decimal:
    """Round a probability to eight places, inside [0, 1]."""
    exact = Decimal(value).quantize(PROBABILITY_STEP, ROUND_HALF_EVEN)
    return min(max(exact, Decimal(0)), Decimal(1))


_Plain = PlainSerializer(plain, return_type=str, when_used="json")


def _on_the_wire(pattern: str) -> WithJsonSchema:
    """What a schema says of a decimal that is sent as a string."""
    return WithJsonSchema({"type": "string", "pattern": pattern}, mode="serialization")


_Unsigned = _on_the_wire(r"^\d{1,12}(\.\d{1,6})?$")
_Signed = _on_the_wire(r"^-?\d{1,12}(\.\d{1,6})?$")
_Sum = _on_the_wire(r"^\d+(\.\d{1,6})?$")
_SignedSum = _on_the_wire(r"^-?\d+(\.\d{1,6})?$")
_UpToOne = _on_the_wire(r"^(0(\.\d{1,8})?|1)$")

Quantity = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6), _Plain, _Unsigned]
PositiveQuantity = Annotated[
    Decimal, Field(gt=0, max_digits=18, decimal_places=6), _Plain, _Unsigned
]
SignedQuantity = Annotated[Decimal, Field(max_digits=18, decimal_places=6), _Plain, _Signed]
Money = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6), _Plain, _Unsigned]
SignedMoney = Annotated[Decimal, Field(max_digits=18, decimal_places=6), _Plain, _Signed]
Sum = Annotated[Decimal, Field(ge=0), _Plain, _Sum]
"""What many amounts make together: each is bounded, their sum is not."""
SignedSum = Annotated[Decimal, Field(), _Plain, _SignedSum]
Probability = Annotated[
    Decimal, Field(ge=0, le=1, max_digits=9, decimal_places=8), _Plain, _UpToOne
]
Share = Annotated[Decimal, Field(gt=0, le=1, max_digits=9, decimal_places=8), _Plain, _UpToOne]

Code = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$")]
"""A short name chosen by people: a product, region, site, supplier, stage.

No space at either end.
"""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""
