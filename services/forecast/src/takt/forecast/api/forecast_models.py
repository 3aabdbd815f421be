"""/v1/forecast-models: the model that is published, its challenger, and every decision."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from takt.common.auth import Caller, requires
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    Limit,
    Now,
    PlaceNumber,
    decode_cursor,
    encode_cursor,
    once,
)
from takt.forecast.domain import demand_classes
from takt.forecast.domain.calendar import HORIZON_WEEKS, week_of, weeks_from
from takt.forecast.domain.demand_classes import RARE
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.two_speeds import COMBINATION, FAST, RATE
from takt.forecast.schemas_runs import (
    BacktestRow,
    ClassMethod,
    ForecastModels,
    ModelDecision,
    Trial,
    TrialWeek,
)
from takt.forecast.service.publish import in_zone
from takt.forecast.service.undo_decision import undo_decision
from takt.forecast.store import catalog, history, methods, models, runs

router = APIRouter(prefix="/v1/forecast-models", tags=["forecast models"])

DecisionNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("", dependencies=[requires("forecast:read")])
async def read_models(tx: RequestTx, cursor: Cursor = None, limit: Limit = 50) -> ForecastModels:
    """The champion, the challenger, and what was decided between them."""
    place = decode_cursor(cursor, tuple[PlaceNumber])
    before = min(place[0], 2**31 - 1) if place else None
    rows = await models.list_decisions(tx, before, limit)
    champion = await models.champion(tx)
    decisions = [_decision(row) for row in rows]
    return ForecastModels.model_validate(
        {
            "champion": champion,
            "challenger": FAST if champion == COMBINATION else COMBINATION,
            "classes": await _classes(tx, champion),
            "decisions": decisions,
            "next": encode_cursor(decisions[-1].decision) if len(rows) == limit else None,
        }
    )


@router.get("/trials/{product}/{region}", dependencies=[requires("forecast:read")])
async def read_trials(product: str, region: str, tx: RequestTx, now: Now) -> list[Trial]:
    """What both speeds and the seasonal naive said of a series, beside what came, latest first.

    The shadow of what was published is among them. Empty before the first run.
    """
    week = week_of(in_zone(now, await catalog.time_zone(tx)).date())
    key = SeriesKey(product, region)
    rows = await runs.trials_in(tx, key)
    came = {
        one.first_week + timedelta(weeks=after): quantity
        for one in await history.weekly_units(tx, [key], week)
        for after, quantity in zip(one.weeks, one.quantities, strict=True)
    }
    return [
        Trial(
            origin=row.origin,
            methods=row.methods,
            rate=row.rate,
            weeks=[
                TrialWeek(
                    week=monday,
                    actual=came.get(monday, 0.0) if monday < week else None,
                    naive=naive,
                    fast=fast,
                    combination=combination,
                )
                for monday, naive, fast, combination in zip(
                    weeks_from(row.origin, HORIZON_WEEKS),
                    row.naive,
                    row.fast,
                    row.combination,
                    strict=True,
                )
            ],
        )
        for row in rows
    ]


@router.post("/decisions/{decision}/undo", status_code=201)
async def undo(
    request: Request,
    decision: DecisionNumber,
    tx: RequestTx,
    now: Now,
    caller: Annotated[Caller, requires("forecast:write")],
) -> Response:
    """Publish again who was published before a promotion; it counts as a decision of its own.

    What was known by then does not promote the challenger a second time.
    """

    async def answer() -> tuple[int, Any]:
        return 201, _decision(await undo_decision(tx, decision, caller.name, now))

    return await once(request, tx, answer)


async def _classes(tx: RequestTx, champion: str) -> list[ClassMethod]:
    """By which method each class of demand is forecast, with its backtest."""
    tried = await models.backtests(tx, "class")
    decided = {row.demand_class: row._mapping for row in await methods.class_decisions(tx)}
    by_rate = await methods.by_rate(tx)
    return [
        ClassMethod.model_validate(
            {
                "reason": "demand is rare" if label in RARE else "demand is not rare",
                **decided.get(label, {}),
                "demand_class": label,
                "method": RATE if label in by_rate else champion,
                "backtest": [
                    BacktestRow.model_validate(row, from_attributes=True)
                    for row in tried
                    if row.label == label
                ],
            }
        )
        for label in demand_classes.METHODS
    ]


def _decision(row: Any) -> ModelDecision:
    # The row's losses are those of who was champion before, and of who challenged.
    before = row.challenger if row.outcome == "promoted" else row.champion
    losses = row.champion_loss, row.challenger_loss
    fast, combination = losses if before == FAST else reversed(losses)
    return ModelDecision.model_validate(
        {**row._mapping, "fast_loss": fast, "combination_loss": combination}
    )
