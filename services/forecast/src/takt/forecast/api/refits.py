"""/v1/forecasts/refits: have series fitted anew, and see how far it is; what it found."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter

from takt.common.auth import Caller, requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Now, Page, decode_cursor, encode_cursor
from takt.common.jobs import enqueue
from takt.common.problems import NotFound
from takt.forecast.schemas_runs import Backtest, BacktestRow, RefitAccepted, RefitIn, RefitRun
from takt.forecast.service.refit_runs import request_run
from takt.forecast.store import models, runs

router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"])


class NoRun(NotFound):
    """There is no such run."""

    slug = "no-refit-run"


@router.post("/refits", status_code=202)
async def refit(
    tx: RequestTx,
    now: Now,
    caller: Annotated[Caller, requires("forecast:write")],
    body: RefitIn | None = None,
) -> RefitAccepted:
    """Have every series fitted anew: at once by the fast path, then by the combination.

    One run is under way at a time; a second request joins it, and is told so.
    """
    accepted = RefitAccepted(job="refit_all")
    if body is None or body.combination:
        run, joined = await request_run(tx, caller.name, now)
        accepted = RefitAccepted(job="refit_all", run=run.id, joined=joined)
    await enqueue(tx, "refit_all", once="refit by request")
    if accepted.run is not None:
        await enqueue(tx, "refit_run", {"run": accepted.run}, once=f"refit run {accepted.run}")
    return accepted


@router.get("/refits", dependencies=[requires("forecast:read")])
async def list_refits(tx: RequestTx, cursor: Cursor = None, limit: Limit = 50) -> Page[RefitRun]:
    """Runs, the newest first."""
    place = decode_cursor(cursor, tuple[UUID])
    items = [
        RefitRun.model_validate(run, from_attributes=True)
        for run in await runs.list_runs(tx, place[0] if place else None, limit)
    ]
    return Page(items=items, next=encode_cursor(items[-1].id) if len(items) == limit else None)


@router.get("/refits/{run}", dependencies=[requires("forecast:read")])
async def read_refit(run: UUID, tx: RequestTx) -> RefitRun:
    """A run: what it is doing, rows done of how many, and the seconds left."""
    found = await runs.get_run(tx, run)
    if found is None:
        raise NoRun(field="run", value=str(run), remedy="GET /v1/forecasts/refits lists them")
    return RefitRun.model_validate(found, from_attributes=True)


@router.get("/backtest", dependencies=[requires("forecast:read")])
async def read_backtest(
    tx: RequestTx, grouping: Literal["lag", "class", "level"] | None = None
) -> Backtest:
    """The errors of every method when the past was replayed, by lag, class of demand and level.

    GET /v1/forecasts has them by series. The pipeline has no part in them.
    """
    rows = await models.backtests(tx, grouping)
    return Backtest(
        run=rows[0].run if rows else None,
        week=rows[0].week if rows else None,
        rows=[BacktestRow.model_validate(row, from_attributes=True) for row in rows],
    )
