"""Wire shapes of the signals' routes."""

from datetime import date, datetime
from decimal import Decimal
from math import exp
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

from takt.common.amounts import Code, Money, SignedQuantity, SignedSum, Sum
from takt.common.contracts.forecast import SignalKind, SignalState, Strength
from takt.common.http import Page, RequestModel
from takt.forecast.domain.responses import OptionKind
from takt.forecast.domain.signal_parts import SignalChange
from takt.forecast.domain.signals import Z95

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class SignalIn(RequestModel):
    """A signal as its source states it; source and external id make it the same one again."""

    source: Text
    external_id: Text
    kind: SignalKind
    product: Code | None = None
    family: Code | None = None
    region: Code | None = None
    begins: date
    ends: date
    strength: Strength | None = None
    value: SignedQuantity | None = None
    note: Annotated[str, Field(max_length=1_000, pattern=r"^[^\x00]*$")] | None = None

    @field_validator("ends")
    @classmethod
    def _ends_when_it_has_begun(cls, ends: date, others: ValidationInfo) -> date:
        begins = others.data.get("begins")
        if begins is not None and ends < begins:
            raise ValueError(f"it ends on {ends}, before it begins on {begins}")
        return ends

    @field_validator("family")
    @classmethod
    def _is_of_a_product_or_a_family(cls, family: str | None, others: ValidationInfo) -> str | None:
        if family is not None and others.data.get("product") is not None:
            raise ValueError("name a product or a family, not both")
        return family

    @field_validator("value")
    @classmethod
    def _is_a_price_where_it_means_one(
        cls, value: Decimal | None, others: ValidationInfo
    ) -> Decimal | None:
        kind = others.data.get("kind")
        if kind in ("price", "promotion", "competitor") and value is not None and value <= 0:
            raise ValueError(f"the value of a {kind} is a price: it is above zero")
        return value


class SignalBatch(RequestModel):
    """Signals to be recorded together: all of them, or none."""

    items: list[SignalIn] = Field(min_length=1, max_length=1_000)

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        first: dict[tuple[str, str], int] = {}
        for place, item in enumerate(self.items):
            before = first.setdefault((item.source, item.external_id), place)
            if before != place:
                raise ValueError(
                    f"items.{place} is {item.source} {item.external_id} like items.{before};"
                    " send it once"
                )
        return self


class SignalImport(RequestModel):
    """Rows of one source; bad ones are reported and the others are recorded."""

    source: Text = "import"
    dry_run: bool = False
    rows: list[dict[str, Any]] = Field(min_length=1, max_length=20_000)


class RecordedSignal(BaseModel):
    """What became of one signal of a batch."""

    signal_id: UUID
    source: str
    external_id: str
    result: Literal["recorded", "corrected", "unchanged"]
    sequence: int


class RecordedSignals(BaseModel):
    """The outcomes in the order of the items."""

    items: list[RecordedSignal]


class SignalOut(SignalState):
    """A signal with who said it last, and whether it holds."""

    sequence: int
    withdrawn: bool
    recorded_by: str
    recorded_at: datetime


class EffectOut(BaseModel):
    """By what a signal multiplies the demand of a series while it lasts, with its 95 % interval."""

    product: Code
    region: Code
    factor: float
    low: float
    high: float
    origin: Literal["history", "stated"]
    """Estimated from the company's own history, or as the signal states it."""
    observed: int
    """Weeks of series behind an estimate."""

    @classmethod
    def of(cls, row: Any) -> Self:
        """From the logarithm and its error."""
        return cls(
            product=row.product,
            region=row.region,
            factor=exp(row.log_factor),
            low=exp(row.log_factor - Z95 * row.error),
            high=exp(row.log_factor + Z95 * row.error),
            origin=row.origin,
            observed=row.observed,
        )


class SignalWithEffects(SignalOut):
    """A signal with its effect on each series whose coming weeks it covers."""

    effects: list[EffectOut]


class ExplainedSignal(BaseModel):
    """A signal that moves the model's view by something else than in the earlier version."""

    signal_id: UUID
    kind: SignalKind
    source: str
    external_id: str
    change: SignalChange


class Range95(BaseModel):
    """What is expected, and the 95 % interval that the two effects' errors leave it."""

    expected: SignedSum
    low: SignedSum
    high: SignedSum


class ResponseOption(BaseModel):
    """A response, with what it is expected to bring over the window."""

    kind: OptionKind
    best: bool
    """Of the possible ones that with the most margin; none where the cost is not known."""
    possible: bool
    """Whether it can be worked out and would do anything; else the reason says why not."""
    price: Money | None
    units: Range95 | None
    revenue: Range95 | None
    margin: Range95 | None
    gain: Range95 | None
    """Of margin, beside doing nothing."""
    stock_units: SignedSum | None
    """Units to buy more or, below zero, fewer."""
    cash_freed: Sum | None
    """What need not be bought, at cost."""
    reason: str


class ElasticityOut(BaseModel):
    """Whose answer to prices it is, with its 95 % interval."""

    value: float
    low: float
    high: float
    group: str
    """The product, or the family whose products' history is pooled."""
    pooled: bool
    observed: int
    """Weeks of series behind it."""


class SeriesResponses(BaseModel):
    """What may be done about a competitor's promotion in a series; nothing of it is done."""

    product: Code
    region: Code
    unit: str
    price: Money
    """The expected price a unit."""
    lowest_price: Money | None
    """The range of a response, from cost to list price: the catalog carries no floor."""
    highest_price: Money | None
    cost: Money | None
    effect: EffectOut
    elasticity: ElasticityOut | None
    lost_units: SignedSum
    """What the competitor takes; below zero where its promotion brings some."""
    options: list[ResponseOption]


class SignalResponses(Page[SeriesResponses]):
    """Responses to a competitor's signal, by series; `note` says what holds for all of them."""

    signal_id: UUID
    language: Literal["en", "zh-CN"]
    begins: date | None
    """The first day that counts; none where no day of the signal is to come."""
    ends: date | None
    note: str
