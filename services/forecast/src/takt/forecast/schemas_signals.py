"""Wire shapes of the signals' routes."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from takt.common.amounts import Code, SignedQuantity
from takt.common.contracts.forecast import SignalKind, SignalState, Strength
from takt.common.http import RequestModel

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

    @model_validator(mode="after")
    def _is_of_one_piece(self) -> Self:
        if self.ends < self.begins:
            raise ValueError(f"it ends on {self.ends}, before it begins on {self.begins}")
        if self.product is not None and self.family is not None:
            raise ValueError("name a product or a family, not both")
        priced = self.kind in ("price", "promotion", "competitor")
        if priced and self.value is not None and self.value <= 0:
            raise ValueError(f"the value of a {self.kind} is a price: it is above zero")
        return self


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
