"""Wire shapes of the signals' routes."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

from takt.common.amounts import Code, SignedQuantity
from takt.common.contracts.forecast import SignalKind, SignalState, Strength
from takt.common.http import RequestModel
from takt.forecast.domain.signal_parts import SignalChange

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
        names = [(item.source, item.external_id) for item in self.items]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"{twice[0]} {twice[1]} is there twice; send it once")
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
