"""Wire shapes of what can be promised and what is."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from takt.common.amounts import Code, PositiveQuantity, Quantity, SignedQuantity, SignedSum, Sum
from takt.common.http import RequestModel

Source = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
"""A line of text, as the names of sales are."""


class PromiseWeek(BaseModel):
    """What can be promised in a week; the discrete quantities add up to the cumulative ones."""

    week: date
    receipts: SignedSum
    """What comes; in the first week with what is on hand."""
    bound: Sum
    """What was sold and is not shipped, and what is reserved."""
    discrete: Sum
    """Of what comes in this week."""
    cumulative: Sum
    """Until the end of this week."""
    short: Sum
    """What is missing at its end for what is bound already."""


class SiteAvailability(BaseModel):
    """What can be promised of an item at a site."""

    item: Code
    site: Code
    on_hand: SignedQuantity
    weeks: tuple[PromiseWeek, ...]


class WholeWeek(BaseModel):
    """The most that can be there as a whole by the end of a week."""

    week: date
    cumulative: Sum


class SeriesAvailability(BaseModel):
    """What can be promised of a product in a region, each site giving its sourcing share."""

    product: Code
    region: Code
    weeks: tuple[WholeWeek, ...]
    sites: tuple[SiteAvailability, ...]


class PromisedPart(BaseModel):
    """So much from a site, from this day on."""

    site: Code
    promised_on: date
    quantity: Quantity


class WishedLine(RequestModel):
    """A line of which is asked what can be promised; what it has reserved itself counts as free."""

    line_id: UUID | None = None
    product: Code
    region: Code
    quantity: PositiveQuantity
    wanted_on: date | None = None
    """As soon as can be, when it is left out."""


class QuoteQuestion(RequestModel):
    """Lines that are wanted together: as many as a deal may have."""

    lines: Annotated[tuple[WishedLine, ...], Field(min_length=1, max_length=500)]


class QuotedLine(BaseModel):
    """What can be promised of a line."""

    line_id: UUID | None
    product: Code
    region: Code
    quantity: Quantity
    wanted_on: date
    promised: Sum
    promised_on: date | None
    """When all of `promised` is there; null when that is nothing."""
    parts: tuple[PromisedPart, ...]
    orderable_on: date | None
    """When one more unit could be there if it were ordered today with all that it is made of, by
    hand within a planning time fence, too: no promise, and a large rest may take longer. Null when
    nothing is missing, or no site serves the region."""


class Quotes(BaseModel):
    """What can be promised of lines together, in their order."""

    as_of: datetime
    lines: tuple[QuotedLine, ...]


class ReservationRequest(RequestModel):
    """A quantity that is wanted on a day: for a line of a deal, or of another system's order."""

    deal_id: UUID | None = None
    line_id: UUID | None = None
    source: Source | None = None
    order_line: Source | None = None
    product: Code
    region: Code
    quantity: PositiveQuantity
    wanted_on: date
    expires_at: AwareDatetime | None = None
    """A week from now when it is left out."""

    @model_validator(mode="after")
    def _is_for_one_line(self) -> Self:
        pairs = (self.deal_id, self.line_id), (self.source, self.order_line)
        if sorted(pair.count(None) for pair in pairs) != [0, 2]:
            raise ValueError("say deal_id and line_id, or source and order_line")
        return self


class Reservation(BaseModel):
    """A promise that is kept until it expires, is released, or its line is sold."""

    reservation_id: UUID
    deal_id: UUID | None
    line_id: UUID | None
    source: str | None
    order_line: str | None
    product: Code
    region: Code
    quantity: Quantity
    """What was asked for."""
    wanted_on: date
    promised: Sum
    promised_on: date
    """When all of `promised` is there."""
    parts: tuple[PromisedPart, ...]
    state: Literal["open", "expired", "released", "consumed"]
    """Consumed: a sale of its line has taken its place."""
    created_by: str
    created_at: datetime
    expires_at: datetime


class NewReservation(Reservation):
    """A promise as it is made."""

    orderable_on: date | None
    """When one more unit could be there if it were ordered today; null when nothing is missing."""
