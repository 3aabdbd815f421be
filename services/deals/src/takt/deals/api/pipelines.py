"""Pipelines, their boards, and how one stood at any past instant."""

import json
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import IfMatchWhenThere, Now, RequestCause, etag
from takt.common.problems import NotFound, Problem
from takt.deals.domain.pipeline import Pipeline
from takt.deals.schemas.pipelines import CardsOut, PipelineIn, StandingOut
from takt.deals.service.catalog import put_one
from takt.deals.service.moves import company_of
from takt.deals.store.board import read_cards
from takt.deals.store.catalog import PIPELINES, Catalog, load_catalog, pipeline_row
from takt.deals.store.views import standing_at

router = APIRouter(prefix="/v1/pipelines", tags=["pipelines"])
Code = Annotated[str, Path(min_length=1, max_length=100)]
MOST_CARDS = 20_000
"""More cards than that are no board that a person could look at."""


class TooManyCards(Problem):
    """The board has more cards than one answer holds."""

    status, slug = 422, "too-many-cards"


@router.get("", dependencies=[requires("deals:read")])
async def list_pipelines(tx: RequestTx) -> list[dict[str, Any]]:
    """All pipelines with their stages and declared moves."""
    catalog = await load_catalog(tx)
    return [_shown(one) for _, one in sorted(catalog.pipelines.items())]


@router.get("/{code}", dependencies=[requires("deals:read")])
async def get_pipeline(code: Code, tx: RequestTx, response: Response) -> dict[str, Any]:
    """A pipeline with its stages and declared moves."""
    pipeline = _find(await load_catalog(tx), code)
    response.headers["ETag"] = etag(pipeline.revision)
    return _shown(pipeline)


@router.put("/{code}", dependencies=[requires("deals:write")])
async def put_pipeline(
    code: Code,
    body: PipelineIn,
    tx: RequestTx,
    seen: IfMatchWhenThere,
    cause: RequestCause,
    response: Response,
) -> dict[str, Any]:
    """Write a pipeline; every fault of it is listed, and no stage with deals in it may go."""
    expected, sent = seen
    row = body.row(code)
    sequence = await put_one(tx, PIPELINES, row, expected=expected, exists_only=sent, cause=cause)
    response.headers["ETag"] = etag(sequence)
    return {"code": code, **body.model_dump(mode="json"), "sequence": sequence}


@router.get("/{code}/standing", dependencies=[requires("deals:read")])
async def get_standing(
    code: Code, tx: RequestTx, now: Now, at: Annotated[AwareDatetime | None, Query()] = None
) -> list[StandingOut]:
    """Deals and value in each stage, now or as they stood at an instant."""
    pipeline = _find(await load_catalog(tx), code)
    rows = {row["stage"]: row for row in await standing_at(tx, code, at or now)}
    empty = {"deals": 0, "value": 0}
    return [
        StandingOut.model_validate({"stage": stage.code, **{**empty, **rows.get(stage.code, {})}})
        for stage in pipeline.stages
    ]


@router.get("/{code}/cards", dependencies=[requires("deals:read")], response_model=CardsOut)
async def get_cards(
    code: Code,
    tx: RequestTx,
    now: Now,
    closed_since: date | None = None,
    owner: str | None = None,
    team: str | None = None,
    region: str | None = None,
    product: str | None = None,
) -> Response:
    """The board: every open deal, and those closed since a day of the company's.

    `products` are the codes of a deal's lines, `probability` is the model's. It has no pages. Sums
    of columns, filters and moves are only true over the whole board, and pages that are read one
    after the other show a deal that is moved meanwhile twice or never; this is one snapshot. A team
    or region stands for itself and all that lie in it. Above 20,000 cards it is refused with the
    advice to filter.
    """
    catalog = await load_catalog(tx)
    pipeline, company = _find(catalog, code), company_of(catalog)
    count, cards = await read_cards(
        tx,
        pipeline.code,
        closed_since=closed_since,
        time_zone=company.time_zone,
        owner=owner,
        team=team,
        region=region,
        product=product,
        limit=MOST_CARDS + 1,
    )
    if count > MOST_CARDS:
        raise TooManyCards(
            f"the board of {pipeline.name} has more than {MOST_CARDS:,} cards",
            field="pipeline",
            value=code,
            remedy="filter by owner, team, region or product, or give a later closed_since",
        )
    head = json.dumps(
        {"pipeline": code, "currency": company.currency, "as_of": now.isoformat()}
    ).removesuffix("}")
    return Response(f'{head}, "cards": {cards}}}', media_type="application/json")


def _find(catalog: Catalog, code: str) -> Pipeline:
    pipeline = catalog.pipelines.get(code)
    if pipeline is None:
        raise NotFound(
            f"there is no pipeline {code}",
            field="pipeline",
            value=code,
            remedy=f"use one of: {', '.join(sorted(catalog.pipelines))}",
        )
    return pipeline


def _shown(pipeline: Pipeline) -> dict[str, Any]:
    row = pipeline_row(pipeline)
    for stage, one in zip(row["stages"], pipeline.stages, strict=True):
        del stage["target_seconds"]
        days = None if one.target is None else one.target / timedelta(days=1)
        stage["target_days"] = None if days is None else f"{days:g}"
        stage["moves_to"] = pipeline.moves_from(one.code)
    return {**row, "sequence": pipeline.revision}
