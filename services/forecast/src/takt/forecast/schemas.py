"""Wire shapes of the forecast service's routes."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from takt.common.amounts import (
    Code,
    Money,
    PositiveQuantity,
    Probability,
    Quantity,
    SignedSum,
    Sum,
)
from takt.common.contracts.forecast import DatedQuantity, ForecastBucket, OutcomeCounts
from takt.common.http import RequestModel
from takt.forecast.domain.deal_changes import DealChange, OrderChange
from takt.forecast.domain.explanation import PartKind
from takt.forecast.schemas_levels import LevelIntervals, ReconciliationMethod
from takt.forecast.schemas_signals import ExplainedSignal

Day = date


class DemandBucket(BaseModel):
    """Demand of a series in a week or month, by its first day."""

    product: Code
    region: Code
    begins: date
    quantity: Quantity
    value: Money
    sales: int


class DemandRowIn(BaseModel):
    """A row of imported demand history; `order_line` makes it the same row when it comes again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    order_line: str = Field(min_length=1, max_length=200)
    product: Code
    region: Code
    date: Day
    quantity: PositiveQuantity
    price: Money = Decimal(0)


class DemandImport(RequestModel):
    """Rows of demand history from one source; bad ones are reported and the others go in."""

    source: str = Field("import", min_length=1, max_length=100)
    dry_run: bool = False
    rows: list[dict[str, Any]] = Field(min_length=1, max_length=20_000)


class RowError(BaseModel):
    """Why a row was not taken, and what to do about it. Lines count from 1."""

    line: int
    field: str
    value: str
    problem: str
    remedy: str


class ImportReport(BaseModel):
    """What became of an import."""

    read: int
    imported: int
    unchanged: int
    errors: list[RowError]


class MonthQuantity(BaseModel):
    """A month, by its first day."""

    month: date
    quantity: Quantity


Speed = Literal["fast", "combination"]
Model = Literal["fast", "combination", "rate", "analogue", "pipeline"]
DemandClass = Literal["smooth", "erratic", "intermittent", "lumpy"]


class Analogue(BaseModel):
    """A series that a new product is like."""

    product: Code
    region: Code
    weight: float
    """Of all analogues together one; those that weigh most are named."""


class SeriesModel(BaseModel):
    """By which model a series is forecast, and how good that was when its past was replayed.

    `rate` is of rare demand; `analogue` of a new product, from what products like it sell and its
    own history; `pipeline` where nothing but deals is known. Measured on all demand of the series,
    without the pipeline. What is not known yet is none.
    """

    model: Model
    methods: str
    """What it is made of."""
    demand_class: DemandClass | None = None
    """None without a history, and in versions from before it was kept."""
    weight: float | None = None
    """Of a new product's own history beside its analogues; none where it is not new."""
    analogues: list[Analogue] | None = None
    """The likest first."""
    weeks: int | None
    """Forecasts that were compared with what came."""
    wape: float | None
    """Sum of absolute errors over what was wanted; beside it the seasonal naive's."""
    naive_wape: float | None
    mase: float | None
    bias: float | None
    """Above zero: more was forecast than was wanted."""
    coverage80: float | None
    """Share of weeks that lay in the 80 % interval."""
    coverage95: float | None


class SeriesForecast(BaseModel):
    """The forecast of a product in a region."""

    product: Code
    region: Code
    unit: str
    revision: int
    as_of: datetime
    price: Money
    buckets: tuple[ForecastBucket, ...]
    months: list[MonthQuantity]
    """A week being spread over its days; the first and last month are parts."""
    model: SeriesModel | None = None
    """Of the present forecast; none for one of the past: versions keep theirs."""


class SumBucket(BaseModel):
    """A week of a sum; quantity = baseline + pipeline.

    The interval is measured on sums of this level; none where none was measured yet.
    """

    week: date
    quantity: Quantity
    baseline: Quantity
    pipeline: Quantity
    low80: Quantity | None = None
    high80: Quantity | None = None
    low95: Quantity | None = None
    high95: Quantity | None = None


class ForecastSum(BaseModel):
    """The exact sum of the series below a node of the product and region hierarchies."""

    level: Literal["all", "family", "product"]
    product: str | None
    """The family or product; none for all."""
    region: Code | None
    """The region with all that lies in it; none for all."""
    series: int
    buckets: list[SumBucket]


class PublishVersion(RequestModel):
    """Publish a version now."""

    name: str | None = Field(None, min_length=1, max_length=200)


class VersionHead(BaseModel):
    """A published version; it never changes."""

    version: int
    name: str
    as_of: datetime
    published_by: str
    series: int
    reconciliation: ReconciliationMethod | None = None
    """None where no level had been measured."""
    intervals: list[LevelIntervals] = Field(default_factory=list)
    """How good the intervals of each level had been by then."""


class FrozenForecast(BaseModel):
    """A series as a version holds it."""

    product: Code
    region: Code
    unit: str
    revision: int
    price: Money
    buckets: tuple[ForecastBucket, ...]
    model: SeriesModel | None = None
    """None in versions from before models were kept."""


class ExplainedWeek(BaseModel):
    """A week of both versions; one that only one of them sees is zero in the other."""

    week: date
    before: Sum
    after: Sum
    difference: SignedSum


class WeekChange(BaseModel):
    """What a reason adds to a week."""

    week: date
    quantity: SignedSum


class ExplainedDeal(BaseModel):
    """A deal behind a difference, and what happened to it between the earlier and later version."""

    deal_id: UUID
    name: str | None
    change: DealChange
    stage_before: Code | None
    stage_after: Code | None


class ExplainedOrder(BaseModel):
    """An order that was never a deal."""

    sale_id: UUID
    source: str
    order_line: str
    change: OrderChange


class ExplainedPart(BaseModel):
    """A reason of a difference; programs must expect kinds that come later."""

    kind: PartKind
    deal: ExplainedDeal | None = None
    order: ExplainedOrder | None = None
    signal: ExplainedSignal | None = None
    quantity: SignedSum
    percent: SignedSum | None
    """Of what the other version expected; none where it expected nothing."""
    value: SignedSum
    weeks: list[WeekChange]
    """Those that it changes."""


class ExplainedSum(BaseModel):
    """The difference of two versions in the sum of the series below a node.

    The parts sum to it exactly, in each week, in total and in value.
    """

    level: Literal["all", "family", "product"]
    product: str | None
    """The family or product; none for all."""
    region: Code | None
    """The region with all that lies in it; none for all."""
    series: int
    unit: str | None
    """None where series of several units are summed."""
    before: Sum
    """What the version compared with expects in all of its weeks."""
    after: Sum
    difference: SignedSum
    percent: SignedSum | None
    value_before: Sum
    value_difference: SignedSum
    sentence: str
    """What a planner reads, in the language of Accept-Language: English or Chinese."""
    weeks: list[ExplainedWeek]
    parts: list[ExplainedPart]
    """The largest first."""


class Explanation(BaseModel):
    """Why a version differs from another, at each node of a level."""

    version: VersionHead
    against: VersionHead
    language: Literal["en", "zh-CN"]
    sums: list[ExplainedSum]


class SeriesTotals(BaseModel):
    """The sums of a series' present forecast over its horizon; quantity = baseline + pipeline."""

    quantity: Quantity
    baseline: Quantity
    pipeline: Quantity
    """From open and won deals, this line among them."""


class LineExpectation(BaseModel):
    """What a deal line asks for, beside the whole forecast of its series."""

    line_id: UUID
    product: Code
    region: Code
    quantity: Quantity
    price: Money
    probability: Probability
    expected: list[DatedQuantity]
    expected_quantity: Quantity
    """The sum of `expected`: less than probability x quantity by what may be won too late for the
    horizon."""
    series: SeriesTotals


class DealDemandOut(BaseModel):
    """What a deal stands for."""

    deal_id: UUID
    deal_sequence: int
    stage: Code
    status: Literal["open", "won", "lost"]
    probability: Probability
    stalled: bool
    counts: OutcomeCounts | None
    """Of the cases in this stage, at this age; none for a closed deal."""
    as_of: datetime
    expected_value: Money
    """Probability x the value of all lines, in or after the horizon."""
    lines: list[LineExpectation]


class JobAccepted(BaseModel):
    """The work was queued."""

    job: str
