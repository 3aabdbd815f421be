"""Wire shapes of the forecast service's routes."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from takt.common.amounts import Code, Money, PositiveQuantity, Probability, Quantity
from takt.common.contracts.forecast import DatedQuantity, ForecastBucket, OutcomeCounts
from takt.common.http import RequestModel

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


class SumBucket(BaseModel):
    """A week of a sum; quantity = baseline + pipeline."""

    week: date
    quantity: Quantity
    baseline: Quantity
    pipeline: Quantity


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


class FrozenForecast(BaseModel):
    """A series as a version holds it."""

    product: Code
    region: Code
    unit: str
    revision: int
    price: Money
    buckets: tuple[ForecastBucket, ...]


class StageProbability(BaseModel):
    """P(won) of a deal in a stage at an age, and the cases behind it."""

    pipeline: Code
    stage: Code
    age_days: int
    """From this age, for a week."""
    probability: Probability
    median_days_to_win: int | None
    """Of those that will be won; none when more than half of them take longer than 200 days."""
    oldest_closed_days: int
    """A deal that is older is stalled, and its probability decays to zero."""
    counts: OutcomeCounts


class WinReason(BaseModel):
    """How far a feature moves the log-odds of winning.

    Features are codes: stage, previous_stage, stages_entered, returns, days_open, days_since_stage,
    days_in_stages, owner, calendar; amount, lines, product, region, team; closing (how many deals
    of this stage never close), age (what staying in the stage says), general (the rest).
    """

    feature: str
    log_odds: float


class DealWinProbability(BaseModel):
    """P(won) of a deal as it stands, and why."""

    deal_id: UUID
    status: Literal["open", "won", "lost"]
    stage: Code
    probability: Probability
    """1 of a won deal, 0 of a lost one; neither is ever scored again."""
    manual_probability: Probability | None
    """A person's own value; neither replaces the other."""
    said_by: Literal["outcome", "curves", "model"]
    curve_probability: Probability | None
    """By stage and age alone; none for a closed deal."""
    base_probability: Probability | None
    """The rate of all deals, from which the reasons count."""
    base_log_odds: float | None
    log_odds: float | None
    """`base_log_odds` and all reasons together. None where the curves speak."""
    reasons: list[WinReason]
    """The largest first."""


class WinValidation(BaseModel):
    """Mean squared errors on later deals of the evidence, as the calibration measured them."""

    deals: int
    milestones: int
    """Stages entered, which were scored."""
    base_rate: float
    stage_rate: float
    curves: float
    model: float
    gain_in_standard_errors: float
    """Of the model upon the curves, over deals; at more than 1.645 it takes their place."""
    model_weight: float
    """How far its log-odds replace those of the stage; 0 when it does not."""


class WinLeak(BaseModel):
    """An attribute that tells the outcome, and is not learned from."""

    attribute: str
    reason: Literal["only_closed", "presence", "zero", "separates"]
    share: float
    other: float


class WinChampion(BaseModel):
    """What says win probabilities now."""

    champion: Literal["curves", "model"]
    measured_at: datetime | None
    closed_deals: int
    validation: WinValidation | None
    """None where no model was tried: with fewer than 200 closed deals."""
    leaks: list[WinLeak]


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
