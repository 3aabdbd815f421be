"""/v1/forecasts: the forecast of each series, now or as of a time, and sums over hierarchies."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Cursor, Limit, Page, PlaceText, decode_cursor, encode_cursor
from takt.common.problems import NotFound
from takt.forecast.domain.calendar import months_of_weeks
from takt.forecast.domain.hierarchy import ancestry
from takt.forecast.domain.history import SeriesKey
from takt.forecast.schemas import ForecastSum, MonthQuantity, SeriesForecast, SeriesModel
from takt.forecast.service.level_intervals import Within, present_edges
from takt.forecast.service.publish import buckets
from takt.forecast.service.sum_forecasts import rounded_in, sum_forecasts
from takt.forecast.store import catalog, models
from takt.forecast.store.forecasts import forecasts
from takt.forecast.store.versions import FrozenRevision

router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"])

Step = Annotated[
    Decimal | None, Query(gt=0, le=1_000_000, decimal_places=6, description="such as 1 or 0.1")
]


class NoForecast(NotFound):
    """There is no forecast of this series."""

    slug = "no-forecast"


@router.get("", dependencies=[requires("forecast:read")])
async def list_forecasts(
    tx: RequestTx,
    product: str | None = None,
    region: str | None = None,
    family: str | None = None,
    as_of: datetime | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[SeriesForecast]:
    """Forecasts by product and region, a region with those in it, now or `as_of`."""
    found = await forecasts(
        tx,
        as_of=as_of,
        product=product,
        regions=None if region is None else await inside(tx, region),
        family=family,
        after=decode_cursor(cursor, tuple[PlaceText, PlaceText]),
        limit=limit,
    )
    keys = [SeriesKey(revision.product, revision.region) for revision, _ in found]
    known = {} if as_of is not None else await models.models_of(tx, keys)
    items = [
        _series(revision, made, known.get(key))
        for key, (revision, made) in zip(keys, found, strict=True)
    ]
    last = items[-1] if len(items) == limit else None
    return Page(items=items, next=encode_cursor(last.product, last.region) if last else None)


@router.get("/sums", dependencies=[requires("forecast:read")])
async def sum_over_hierarchy(
    tx: RequestTx,
    level: Literal["all", "family", "product"] = "all",
    by_region: bool = False,
    family: str | None = None,
    product: str | None = None,
    region: str | None = None,
    as_of: datetime | None = None,
    step: Step = None,
) -> list[ForecastSum]:
    """Exact sums at a level of products, in all or in each region with what lies in it.

    Their intervals are measured on sums of the same level. Those of the past have none: versions
    keep theirs. With `step` quantities are multiples of it that sum at every level, whatever part
    is asked for: baseline and pipeline of all series are rounded together by largest remainder.
    """
    regions = None if region is None else await inside(tx, region)
    found = await forecasts(tx, as_of=as_of, product=product, family=family, regions=regions)
    revisions = [revision for revision, _ in found]
    edges = None
    if revisions and as_of is None:
        edges = await present_edges(tx, revisions, Within(family, product, region))
    if step is not None:
        whole = [revision for revision, _ in await forecasts(tx, as_of=as_of)]
        revisions = rounded_in(whole, revisions, step)
        edges = None if edges is None else edges.rounded(step)
    parents = await catalog.parents_of_regions(tx)
    families = await catalog.families_of_products(tx)
    return sum_forecasts(revisions, level, families, parents if by_region else None, edges)


@router.get("/{product}/{region}", dependencies=[requires("forecast:read")])
async def read_forecast(
    product: str, region: str, tx: RequestTx, as_of: datetime | None = None
) -> SeriesForecast:
    """The forecast of one series, at present or as of a time."""
    found = await forecasts(tx, as_of=as_of, product=product, regions=[region], limit=1)
    if not found:
        raise NoForecast(
            f"nothing was said of {product} in {region}" + (f" by {as_of}" if as_of else ""),
            field="product",
            value=f"{product}/{region}",
            remedy="GET /v1/forecasts lists what there is; it begins with the first sale or deal",
        )
    key = SeriesKey(product, region)
    known = {} if as_of is not None else await models.models_of(tx, [key])
    return _series(*found[0], known.get(key))


async def inside(tx: RequestTx, region: str) -> list[str]:
    """A region with all that lies in it."""
    parents = await catalog.parents_of_regions(tx)
    return [code for code in {*parents, region} if region in ancestry(code, parents)]


def _series(revision: FrozenRevision, made: datetime, model: Any | None) -> SeriesForecast:
    weekly = buckets(revision.first_week, revision.baseline, revision.pipeline, revision.bands)
    months = months_of_weeks({bucket.week: bucket.quantity for bucket in weekly})
    return SeriesForecast(
        product=revision.product,
        region=revision.region,
        unit=revision.unit,
        revision=revision.revision,
        as_of=made,
        price=revision.price,
        buckets=weekly,
        months=[MonthQuantity(month=month, quantity=units) for month, units in months.items()],
        model=None if model is None else SeriesModel.model_validate(model, from_attributes=True),
    )
