"""Wire shapes: what requests may say and what answers look like."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator
from takt.common.amounts import Code, Currency, Money, Probability, Quantity
from takt.common.http import RequestModel
from takt.deals.domain.gates import GateField
from takt.deals.domain.money import DECIMALS, LARGEST

Text = Annotated[str, Field(min_length=1, max_length=400)]
PositiveAmount = Annotated[Decimal, Field(gt=0, le=LARGEST, decimal_places=DECIMALS)]
AmountOrZero = Annotated[Decimal, Field(ge=0, le=LARGEST, decimal_places=DECIMALS)]
Days = Annotated[int, Field(ge=0, le=365)]
Months = Annotated[int, Field(ge=0, le=240)]
Limit = Annotated[Decimal, Field(ge=0, lt=1, decimal_places=8)]


class CompanyIn(RequestModel):
    """The company; currency and time zone are fixed with the first deal or sale."""

    name: Text
    currency: Currency
    time_zone: Annotated[str, Field(max_length=100)]
    payment_days: Days = 30


class CompanyOut(CompanyIn):
    """The company as it is."""

    sequence: int


class ProductIn(RequestModel):
    """A product: list price and cost per base unit, in the company's currency."""

    name: Text
    family: Code | None = None
    unit: Code = "each"
    list_price: PositiveAmount
    cost: AmountOrZero | None = None
    active: bool = True


class RegionIn(RequestModel):
    """A region, inside another or at the top."""

    name: Text
    parent: Code | None = None


class TeamIn(RequestModel):
    """A team in a region, inside another team or at the top."""

    name: Text
    parent: Code | None = None
    region: Code | None = None


class OwnerIn(RequestModel):
    """Somebody who owns deals, in a team."""

    name: Text
    team: Code | None = None


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


class PriceRuleIn(RequestModel):
    """Limits for lines that match every scope named; shares of list in [0, 1), margins a unit."""

    role: Code
    product: Code | None = None
    family: Code | None = None
    segment: Code | None = None
    account_id: UUID | None = None
    pipeline: Code | None = None
    stage: Code | None = None
    maximum_discount: Limit | None = None
    maximum_surcharge: Annotated[Decimal, Field(ge=0, le=1000, decimal_places=8)] | None = None
    minimum_margin: AmountOrZero | None = None
    minimum_gross_margin: Limit | None = None
    contract_floor: AmountOrZero | None = None
    maximum_payment_days: Days | None = None
    maximum_warranty_months: Months | None = None

    @model_validator(mode="after")
    def _stage_of_a_pipeline(self) -> Self:
        if (self.pipeline is None) != (self.stage is None):
            raise ValueError("give pipeline and stage together")
        return self


class AccountIn(RequestModel):
    """A customer, by its source's id where it has one."""

    external_id: Code
    source: Code = "takt"
    name: Text
    sector: Code | None = None
    segment: Code | None = None
    region: Code | None = None
    payment_days: Days | None = None


class AccountPatch(RequestModel):
    """What to change of an account; fields left out stay."""

    name: Text | None = None
    sector: Code | None = None
    segment: Code | None = None
    region: Code | None = None
    payment_days: Days | None = None


class Coded(RequestModel):
    """A row of a bulk upsert: the thing's code beside its fields."""

    code: Code


class ProductRow(ProductIn, Coded):
    """A product with its code."""


class RegionRow(RegionIn, Coded):
    """A region with its code."""


class TeamRow(TeamIn, Coded):
    """A team with its code."""


class OwnerRow(OwnerIn, Coded):
    """An owner with its code."""


class PriceRuleRow(PriceRuleIn, Coded):
    """A price rule with its code."""


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


class StageWish(RequestModel):
    """Where a deal should go; a closed one keeps reason and, when lost, the winning competitor."""

    stage: Code
    reason: Text | None = None
    competitor: Text | None = None


class StageMove(StageWish):
    """A move in bulk; `sequence` is the version that the caller saw."""

    deal_id: UUID
    sequence: int | None = None
    correlation_id: UUID | None = None


class StageMoves(RequestModel):
    """Many moves; several of one deal follow each other."""

    moves: Annotated[list[StageMove], Field(min_length=1, max_length=1000)]


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
    value: Money
    lines: list[LineOut]
    documents: list[str]


class StageMoved(BaseModel):
    """A deal after its move."""

    id: UUID
    stage: str
    status: str
    stage_entered_at: datetime
    sequence: int


class BulkOutcome(BaseModel):
    """What became of one item: its result, or its problem (RFC 9457)."""

    id: UUID | None = None
    external_id: str | None = None
    result: str | None = None
    stage: str | None = None
    sequence: int | None = None
    problem: dict[str, Any] | None = None


class BulkOut(BaseModel):
    """The outcomes in the order of the items."""

    done: int
    failed: int
    items: list[BulkOutcome]


class StayOut(BaseModel):
    """A stay in a stage. `in_cycle` is false for moves taken back within ten minutes."""

    stage: str
    entered_at: datetime
    left_at: datetime | None
    seconds: float
    imported: bool
    in_cycle: bool


class HistoryOut(BaseModel):
    """A deal's stays; their seconds sum to its age."""

    deal_id: UUID
    age_seconds: float
    stays: list[StayOut]


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


class StandingOut(BaseModel):
    """What stood in a stage at an instant."""

    stage: str
    deals: int
    value: Money


class SaleIn(RequestModel):
    """An order line as its system knows it; a deal line's sale is replaced, not added to."""

    source: Code
    order_line: Code
    sequence: Annotated[int, Field(ge=0)] = 0
    product: Code
    region: Code
    quantity: AmountOrZero
    price: AmountOrZero
    currency: Currency | None = None
    sold_on: date
    requested_date: date | None = None
    payment_days: Days | None = None
    deal_line_id: UUID | None = None
    account: Text | None = None
    shipped_quantity: AmountOrZero = Decimal(0)
    shipped_on: date | None = None
    correlation_id: UUID | None = None


class SalesIn(RequestModel):
    """Many order lines; all go in or none."""

    items: Annotated[list[SaleIn], Field(min_length=1, max_length=1000)]


class ReturnIn(RequestModel):
    """Goods that came back; `amount` is what was credited."""

    return_id: Code
    returned_on: date
    quantity: PositiveAmount
    amount: AmountOrZero


class ShipmentIn(RequestModel):
    """Goods that left: the sum so far."""

    shipped_quantity: PositiveAmount
    shipped_on: date


class ImportIn(RequestModel):
    """An import of a CRM's files: send them next, then start it."""

    mapping: Annotated[str, Field(max_length=200_000)] | None = None
    """TOML; the default mapping when left out."""
    dry_run: bool = False


class ImportOut(BaseModel):
    """An import and how far it is."""

    id: UUID
    state: Literal["receiving", "waiting", "running", "done", "failed"]
    dry_run: bool
    files: list[str]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    rows_read: int
    rows_total: int
    rows_done: int
    counts: dict[str, Any]
    problems: int
    failure: str | None
    correlation: UUID


class RowProblemOut(BaseModel):
    """Why a row did not go in; line 0 means the whole file."""

    number: int
    file: str
    line: int
    field: str
    value: str
    remedy: str
