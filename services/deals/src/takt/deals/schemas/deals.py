"""Deals, their lines, documents, approvals and history."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from takt.common.amounts import Code, Currency, Money, Probability, Quantity
from takt.common.http import RequestModel
from takt.deals.schemas.values import Days, Months, PositiveAmount, Text


class LineIn(RequestModel):
    """A line: quantity in the base unit, price a unit in the company's currency."""

    id: UUID | None = None
    reference: Code | None = None
    product: Code
    quantity: PositiveAmount
    price: PositiveAmount
    requested_date: date | None = None


class DocumentIn(RequestModel):
    """A completed document and where it lies."""

    name: Text
    address: Annotated[str, Field(max_length=2000)] | None = None


class DocumentRow(DocumentIn):
    """A completed document of a kind."""

    kind: Code


Lines = Annotated[tuple[LineIn, ...], Field(max_length=500)]


class DealIn(RequestModel):
    """A new deal; it begins in the first stage of its pipeline."""

    name: Text
    source: Code = "takt"
    external_id: Code | None = None
    account_id: UUID | None = None
    owner: Code
    region: Code | None = None
    pipeline: Code = "default"
    expected_close: date | None = None
    payment_days: Days | None = None
    warranty_months: Months | None = None
    manual_probability: Probability | None = None
    currency: Currency | None = None
    lines: Lines = ()
    documents: Annotated[tuple[DocumentRow, ...], Field(max_length=100)] = ()


class DealPatch(RequestModel):
    """What to change of a deal; fields left out stay, null empties, lines are given whole."""

    name: Text | None = None
    account_id: UUID | None = None
    owner: Code | None = None
    region: Code | None = None
    expected_close: date | None = None
    payment_days: Days | None = None
    warranty_months: Months | None = None
    manual_probability: Probability | None = None
    currency: Currency | None = None
    lines: Lines | None = None

    @model_validator(mode="after")
    def _kept(self) -> Self:
        for name in ("name", "owner", "region", "lines"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be emptied")
        return self


class StageEntryIn(RequestModel):
    """When a deal of the past entered a stage."""

    stage: Code
    entered_at: AwareDatetime


class DealUpsert(RequestModel):
    """A deal of another system by its own id; fields left out stay as they are here.

    A new one enters with its stage, or its whole history, as a flagged fact.
    """

    source: Code
    external_id: Code
    sequence: Annotated[int, Field(ge=0)] | None = None
    name: Text | None = None
    account: Text | None = None
    owner: Code | None = None
    region: Code | None = None
    pipeline: Code | None = None
    stage: Code | None = None
    history: Annotated[tuple[StageEntryIn, ...], Field(max_length=1000)] = ()
    expected_close: date | None = None
    payment_days: Days | None = None
    warranty_months: Months | None = None
    manual_probability: Probability | None = None
    currency: Currency | None = None
    lines: Lines | None = None
    documents: Annotated[tuple[DocumentRow, ...], Field(max_length=100)] = ()
    reason: Text | None = None
    competitor: Text | None = None
    shipped: bool = False
    """The goods of a won deal of the past have left."""
    correlation_id: UUID | None = None


class DealUpserts(RequestModel):
    """Many deals of other systems."""

    items: Annotated[list[DealUpsert], Field(min_length=1, max_length=1000)]


class OfferIn(RequestModel):
    """A line as it is approved."""

    line_id: UUID
    product: Code
    quantity: PositiveAmount
    price: PositiveAmount


class ApprovalIn(RequestModel):
    """An approval by a role: of given offers and terms, or of the deal as it stands."""

    role: Code
    expires_at: AwareDatetime
    reason: Text | None = None
    offers: Annotated[tuple[OfferIn, ...], Field(min_length=1, max_length=500)] | None = None
    payment_days: Days | None = None
    warranty_months: Months | None = None


class LineOut(BaseModel):
    """A line as it stands."""

    id: UUID
    reference: str | None
    product: str
    quantity: Quantity
    price: Money
    requested_date: date | None


class DealOut(BaseModel):
    """A deal as it stands; the model's probability beside a person's own."""

    id: UUID
    source: str | None
    external_id: str | None
    name: str
    account_id: UUID | None
    owner: str
    team: str | None
    region: str
    pipeline: str
    stage: str
    status: str
    opened_at: datetime
    stage_entered_at: datetime
    closed_at: datetime | None
    expected_close: date | None
    payment_days: int | None
    warranty_months: int | None
    manual_probability: Probability | None
    model_probability: Probability | None
    stalled: bool | None
    reason: str | None
    competitor: str | None
    imported: bool
    sequence: int
    changed_by: str | None
    """Who changed or moved it last: the name of a key, or the source that told it.

    None where that was before it was kept.
    """
    value: Money
    lines: list[LineOut]
    documents: list[str]


class StayOut(BaseModel):
    """A stay in a stage. `in_cycle` is false for moves taken back within ten minutes."""

    stage: str
    entered_at: datetime
    left_at: datetime | None
    seconds: float
    imported: bool
    in_cycle: bool


class CycleStay(BaseModel):
    """A stay as cycle metrics count it: a move taken back has not happened."""

    stage: str
    entered_at: datetime
    seconds: float


class HistoryOut(BaseModel):
    """A deal's stays, and those that cycle metrics count; the seconds of each sum to its age."""

    deal_id: UUID
    age_seconds: float
    stays: list[StayOut]
    cycle: list[CycleStay]


class ApprovalOut(BaseModel):
    """An approval with what was approved."""

    id: UUID
    role: str
    approver: str
    reason: str | None
    offers: list[dict[str, Any]]
    payment_days: int | None
    warranty_months: int | None
    created_at: datetime
    expires_at: datetime
    voided_at: datetime | None
