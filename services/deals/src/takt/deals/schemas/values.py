"""Single values with their limits."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from takt.deals.domain.money import DECIMALS, LARGEST

Text = Annotated[str, Field(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f]+$")]
"""A line of text, without control characters."""

PositiveAmount = Annotated[Decimal, Field(gt=0, le=LARGEST, decimal_places=DECIMALS)]
AmountOrZero = Annotated[Decimal, Field(ge=0, le=LARGEST, decimal_places=DECIMALS)]
Days = Annotated[int, Field(ge=0, le=365)]
Months = Annotated[int, Field(ge=0, le=240)]
Limit = Annotated[Decimal, Field(ge=0, lt=1, decimal_places=8)]
