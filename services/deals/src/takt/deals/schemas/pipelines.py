"""Pipelines, their stages and how they stood."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from takt.common.amounts import Code, Currency, Money, Probability, Sum
from takt.common.http import RequestModel
from takt.deals.domain.gates import GateField
from takt.deals.schemas.values import Text


class CriterionIn(RequestModel):
    """What must be true before a deal leaves a stage: exactly one of the three."""

    field: GateField | None = None
    document: Code | None = None
    approval: Code | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if [self.field, self.document, self.approval].count(None) != 2:
            raise ValueError("give exactly one of field, document and approval")
        return self


class StageIn(RequestModel):
    """A stage; open ones first, then won, then lost."""

    code: Code
    name: Text
    kind: Literal["open", "won", "lost"] = "open"
    target_days: Annotated[Decimal, Field(gt=0, le=3650)] | None = None
    exit_criteria: tuple[CriterionIn, ...] = ()


class PipelineIn(RequestModel):
    """A pipeline: ordered stages and the declared moves as (from, to)."""

    name: Text
    stages: Annotated[tuple[StageIn, ...], Field(max_length=100)]
    transitions: Annotated[tuple[tuple[Code, Code], ...], Field(max_length=10_000)]

    def row(self, code: str) -> dict[str, Any]:
        """As it is stored."""
        return {
            "code": code,
            "name": self.name,
            "stages": [
                {
                    "code": stage.code,
                    "name": stage.name,
                    "kind": stage.kind,
                    "target_seconds": None
                    if stage.target_days is None
                    else float(stage.target_days * 86_400),
                    "exit_criteria": [
                        one.model_dump(exclude_none=True) for one in stage.exit_criteria
                    ],
                }
                for stage in self.stages
            ],
            "transitions": sorted(set(self.transitions)),
        }


class StandingOut(BaseModel):
    """What stood in a stage at an instant."""

    stage: str
    deals: int
    value: Sum


class CardOut(BaseModel):
    """A deal as a board shows it; amounts are in the board's currency."""

    id: UUID
    name: str
    account: str | None
    account_id: UUID | None
    owner: str
    team: str | None
    region: str
    stage: str
    status: Literal["open", "won", "lost"]
    stage_entered_at: datetime
    opened_at: datetime
    closed_at: datetime | None
    expected_close: date | None
    value: Money
    products: list[str]
    probability: Probability | None
    """The model's; none until the forecast has spoken."""
    probability_sequence: int | None
    """Of the pipeline demand that said so: an event with a lower one says nothing new."""
    manual_probability: Probability | None
    stalled: bool | None
    sequence: int


class CardsOut(BaseModel):
    """A pipeline's whole board."""

    pipeline: str
    currency: Currency
    as_of: datetime
    cards: list[CardOut]
