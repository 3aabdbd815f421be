"""Wire shapes of runs, of what they found, and of what was decided by it."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from takt.common.http import RequestModel
from takt.forecast.schemas import DemandClass, JobAccepted, Speed


class RefitIn(RequestModel):
    """What to fit anew."""

    combination: bool = True
    """Also by the combination, in a run; else by the fast path alone."""


class RefitAccepted(JobAccepted):
    """The work was queued; a run is to be followed at /v1/forecasts/refits/{run}."""

    run: UUID | None = None
    joined: bool = False
    """A run was under way, and is not begun a second time."""


class RefitRun(BaseModel):
    """A run that forecasts every series by the combination, and how far it is."""

    id: UUID
    state: Literal["waiting", "forecasting", "publishing", "done", "failed"]
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None
    week: date | None
    """From which it forecasts."""
    series: int
    rows: int
    """Forecasts to be made: one of each series, and those of past weeks that the backtest lacks."""
    rows_done: int
    seconds_left: int | None
    """At the pace so far."""
    failure: str | None
    outcome: Literal["promoted", "kept", "unchanged"] | None
    """What a run that is done decided about the models; `unchanged` where the evidence is that of
    the latest decision, which stands and is not logged again."""


class BacktestRow(BaseModel):
    """The errors of one method in one group of replayed forecasts."""

    grouping: Literal["lag", "class", "level"]
    label: str
    """Weeks ahead, the class of demand, or of which sums: series, product, region, family, all."""
    method: Literal["naive", "fast", "combination", "rate", "published"]
    """`rate` is of rare demand alone; `published` what would have been, by today's decisions."""
    weeks: int
    wape: float | None
    mase: float | None
    smape: float | None
    bias: float | None
    sum_error: float | None
    """Of the sum over the weeks of each forecast, as a share of what was wanted."""
    pinball: float | None
    """Mean of twice the losses at the edges of both intervals, as a share of what was wanted."""
    coverage80: float | None
    coverage95: float | None


class Backtest(BaseModel):
    """What the latest run found; empty before the first."""

    run: UUID | None
    week: date | None
    rows: list[BacktestRow]


class ModelDecision(BaseModel):
    """Why a model is published, with the numbers of the test."""

    decision: int
    at: datetime
    run: UUID | None
    outcome: Literal["promoted", "kept", "undone"]
    champion: Speed
    """Who is published from then on."""
    challenger: Speed
    decided_by: str
    """`test`, or the person who undid."""
    undoes: int | None
    reason: str
    origins: int | None
    series: int | None
    fast_loss: float | None
    """Mean error of four weeks' sum, in the series' mean one-step error."""
    combination_loss: float | None
    statistic: float | None
    """Diebold-Mariano, corrected; above zero where who challenged the champion of before lost less.
    """
    p_value: float | None
    better: int | None
    """Series in which who challenged lost less beyond chance, of all that were tested."""
    worse: int | None


class TrialWeek(BaseModel):
    """What each method said of a week, and what was wanted in it."""

    week: date
    actual: float | None
    """None for a week that is not over."""
    naive: float
    fast: float
    combination: float


class Trial(BaseModel):
    """What each method says of a series from one week on, knowing only what was before it.

    One of the two speeds was published, if any was by then; the other is its shadow.
    """

    origin: date
    methods: str
    """What the combination was made of."""
    rate: float | None
    """Units of every week by the rate of rare demand; none where demand was not rare."""
    weeks: list[TrialWeek]


class ClassMethod(BaseModel):
    """By which method series of a class of demand are forecast, and what that rests on.

    Rare demand is forecast by its rate, unless one of the two speeds was better when the latest run
    replayed the past. Losses are squared errors of four weeks' sum, in the series' mean one-step
    error: absolute ones are least for a forecast of nothing.
    """

    demand_class: DemandClass
    method: Literal["rate", "fast", "combination"]
    reason: str
    origins: int | None = None
    series: int | None = None
    rate_loss: float | None = None
    speed_loss: float | None = None
    statistic: float | None = None
    p_value: float | None = None
    backtest: list[BacktestRow]
    """Of every method, by the latest run; empty before the first."""


class ForecastModels(BaseModel):
    """Which model is published, and what was decided, the newest first."""

    champion: Speed
    challenger: Speed
    """Its forecasts are made too, kept, and not published."""
    classes: list[ClassMethod]
    decisions: list[ModelDecision]
    next: str | None = None
