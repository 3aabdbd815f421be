"""What the forecast service says: demand per deal, the forecast per series, versions."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, PlainSerializer

from takt.common.amounts import Code, Money, Probability, Quantity, SignedQuantity, plain
from takt.common.contracts import topics
from takt.common.contracts.deals import Part
from takt.common.event import Event


class DatedQuantity(Part):
    """Expected units in the week that begins on this ISO Monday."""

    week: date
    quantity: Quantity


class OutcomeCounts(Part):
    """The cases behind a probability: deals that entered the stage, and what became of them."""

    entered: int
    won: int
    lost: int
    open: int
    at_risk: int
    """Cases that were still open at this age."""


class LineDemand(Part):
    """What a deal line asks for: probability x quantity, dated."""

    line_id: UUID
    product: Code
    region: Code
    quantity: Quantity
    price: Money
    expected: tuple[DatedQuantity, ...]
    """Over the horizon; what falls later is in none of the weeks."""


class PipelineDemandChanged(Event):
    """The demand that a deal stands for, whole. Lost deals have probability 0 and no lines."""

    event_type = "takt.pipeline_demand.changed.v1"
    topic = topics.PIPELINE_DEMAND

    deal_id: UUID
    deal_sequence: int
    stage: Code
    status: Literal["open", "won", "lost"]
    probability: Probability
    stalled: bool = False
    """Older than any deal that ever closed from this stage."""
    counts: OutcomeCounts | None = None
    as_of: datetime
    lines: tuple[LineDemand, ...] = ()
    expected_value: Money
    """Sum over lines of probability x quantity x price."""

    @property
    def subject(self) -> str:
        return str(self.deal_id)


class ForecastBucket(Part):
    """One week: quantity = baseline + pipeline; the intervals are for the whole."""

    week: date
    quantity: Quantity
    baseline: Quantity
    """The part of orders not yet seen.

    (1 - c_h) x statistical baseline, net of what was sold in this week.
    """
    pipeline: Quantity
    """Open deals by probability, and won lines not yet shipped."""
    low80: Quantity
    high80: Quantity
    low95: Quantity
    high95: Quantity


class OrderedWeek(Part):
    """The orders that a forecast knows for a week."""

    week: date
    won: Quantity = Decimal(0)
    """Of deals, not yet shipped: a part of the pipeline."""
    direct: Quantity = Decimal(0)
    """Never seen as deals and wanted in this week: in no part of the forecast."""
    consumed: Quantity = Decimal(0)
    """What direct orders took of the baseline: with it, it is what was expected without them."""


class ForecastChanged(Event):
    """The current forecast of a series (product x region), whole; `sequence` is its revision."""

    event_type = "takt.forecast.changed.v1"
    topic = topics.FORECASTS

    product: Code
    region: Code
    unit: str = "each"
    price: Money
    """The expected price a unit."""
    as_of: datetime
    buckets: tuple[ForecastBucket, ...]
    orders: tuple[OrderedWeek, ...] = ()
    """Of the weeks that have any."""

    @property
    def subject(self) -> str:
        return f"{self.product}|{self.region}"


class FrozenDealPart(Part):
    """What a version expected of a deal line in a week."""

    deal_id: UUID
    line_id: UUID
    week: date
    quantity: Quantity
    """Expected units in this week: probability x quantity x the share of this week."""
    full_quantity: Quantity
    probability: Probability
    price: Money


class FrozenSeries(Part):
    """A series in a version: its revision, expected price, buckets and per-deal parts."""

    product: Code
    region: Code
    unit: str = "each"
    revision: int
    price: Money
    buckets: tuple[ForecastBucket, ...]
    deals: tuple[FrozenDealPart, ...] = ()


class ForecastVersionPublished(Event):
    """A part of a named, immutable version; parts 1 to `parts` together are the whole.

    `sequence` is the part.
    """

    event_type = "takt.forecast_version.published.v1"
    topic = topics.FORECAST_VERSIONS

    version: int
    name: str
    as_of: datetime
    published_by: str
    part: int
    parts: int
    series: tuple[FrozenSeries, ...]

    @property
    def subject(self) -> str:
        return str(self.version)


class RefitProgressed(Event):
    """How far a run of the second speed is, which forecasts every series by the combination.

    Told at its beginning, at every further percent and at its end; `sequence` counts the tellings.
    """

    event_type = "takt.forecast.refit_progressed.v1"
    topic = topics.FORECAST_VERSIONS

    run_id: UUID
    state: Literal["waiting", "forecasting", "publishing", "done", "failed"]
    requested_by: str
    """A person or the schedule."""
    series: int
    rows: int
    """Forecasts to be made: of each series one for now, and those of past weeks that are missing
    for the backtest."""
    rows_done: int
    seconds_left: int | None = None
    failure: str | None = None

    @property
    def subject(self) -> str:
        return str(self.run_id)


SignalKind = Literal[
    "price",
    "promotion",
    "competitor",
    "policy",
    "supply",
    "market_index",
    "sentiment",
    "intention",
]

Strength = Annotated[
    Decimal,
    Field(gt=-1, le=20, max_digits=9, decimal_places=6),
    PlainSerializer(plain, return_type=str, when_used="json"),
]
"""A relative change of demand: 0.2 is a fifth more."""


class SignalState(Part):
    """A signal as it stands: what happens when, to which demand, and who says so."""

    signal_id: UUID
    kind: SignalKind
    source: str
    external_id: str
    """The source's own id of it."""
    product: Code | None = None
    family: Code | None = None
    """Neither product nor family: every product."""
    region: Code | None = None
    """With all that lies in it; none for every region."""
    begins: date
    ends: date
    """The last day."""
    strength: Strength | None = None
    """By what share demand is said to change."""
    value: SignedQuantity | None = None
    """The price a unit of a price, promotion or competitor; an index; a score; intended units."""
    note: str | None = None


class SignalRecorded(Event):
    """A dated signal was recorded, or what it says has changed."""

    event_type = "takt.signal.recorded.v1"
    topic = topics.SIGNALS

    signal: SignalState
    recorded_by: str
    as_of: datetime

    @property
    def subject(self) -> str:
        return str(self.signal.signal_id)


class SignalWithdrawn(Event):
    """A signal does not hold any more; it moves no forecast."""

    event_type = "takt.signal.withdrawn.v1"
    topic = topics.SIGNALS

    signal: SignalState
    withdrawn_by: str
    as_of: datetime

    @property
    def subject(self) -> str:
        return str(self.signal.signal_id)
