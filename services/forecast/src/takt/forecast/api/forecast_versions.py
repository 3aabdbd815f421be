"""/v1/forecast-versions: immutable snapshots, any of them as of any time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from takt.common.auth import Caller, requires
from takt.common.db import RequestTx
from takt.common.http import (
    Cursor,
    Limit,
    Now,
    Page,
    PlaceNumber,
    PlaceText,
    RequestCause,
    decode_cursor,
    encode_cursor,
    once,
)
from takt.common.problems import NotFound, Problem
from takt.forecast.domain.history import SeriesKey
from takt.forecast.schemas import (
    ForecastSum,
    FrozenForecast,
    PublishVersion,
    SeriesModel,
    VersionHead,
)
from takt.forecast.schemas_levels import LevelIntervals
from takt.forecast.service.publish import buckets
from takt.forecast.service.publish_versions import publish_version
from takt.forecast.service.sum_forecasts import Level, frozen_sums
from takt.forecast.store import catalog, models, version_levels, versions

CHOOSABLE = {
    "family": "ask with level=family or level=product",
    "product": "ask with level=product",
    "region": "ask with by_region=true",
}


class NotAmongSums(Problem):
    """What is asked for is no sum of this level."""

    status, slug = 422, "not-among-sums"


router = APIRouter(prefix="/v1/forecast-versions", tags=["forecast versions"])

VersionNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]


class NoVersion(NotFound):
    """There is no such version."""

    slug = "no-version"


@router.get("", dependencies=[requires("forecast:read")])
async def list_versions(
    tx: RequestTx, as_of: datetime | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[VersionHead]:
    """Versions, the newest first. With `as_of`, the first one is the version in force then."""
    place = decode_cursor(cursor, tuple[PlaceNumber])
    rows = await versions.list_versions(
        tx, as_of=as_of, before=place[0] if place else None, limit=limit
    )
    known = await version_levels.intervals_of(tx, [row.version for row in rows])
    items = [_head(row, known.get(row.version, ())) for row in rows]
    return Page(items=items, next=encode_cursor(items[-1].version) if len(items) == limit else None)


@router.post("", status_code=201)
async def publish(
    request: Request,
    body: PublishVersion,
    tx: RequestTx,
    now: Now,
    cause: RequestCause,
    caller: Annotated[Caller, requires("forecast:write")],
) -> Response:
    """Publish a version of every series as it stands."""

    async def answer() -> tuple[int, Any]:
        version = await publish_version(
            tx, name=body.name, published_by=caller.name, now=now, cause=cause
        )
        return 201, await head_of(tx, version.version, "version")

    return await once(request, tx, answer)


@router.get("/{version}", dependencies=[requires("forecast:read")])
async def read_version(version: VersionNumber, tx: RequestTx) -> VersionHead:
    """A version's head."""
    return await head_of(tx, version, "version")


@router.get("/{version}/series", dependencies=[requires("forecast:read")])
async def read_series(
    version: VersionNumber, tx: RequestTx, cursor: Cursor = None, limit: Limit = 50
) -> Page[FrozenForecast]:
    """What a version holds, a page of series at a time."""
    await read_version(version, tx)
    after = decode_cursor(cursor, tuple[PlaceText, PlaceText])
    rows = await versions.page_of_series(tx, version, after, limit)
    keys = [SeriesKey(row.product, row.region) for row in rows]
    known = await models.models_in(tx, version, keys)
    items = [
        FrozenForecast(
            product=row.product,
            region=row.region,
            unit=row.unit,
            revision=row.revision,
            price=row.price,
            buckets=buckets(row.first_week, row.baseline, row.pipeline, row.bands),
            model=SeriesModel.model_validate(known[key], from_attributes=True)
            if key in known
            else None,
        )
        for key, row in zip(keys, rows, strict=True)
    ]
    last = items[-1] if len(items) == limit else None
    return Page(items=items, next=encode_cursor(last.product, last.region) if last else None)


@router.get("/{version}/sums", dependencies=[requires("forecast:read")])
async def read_sums(
    version: VersionNumber,
    tx: RequestTx,
    level: Level = "all",
    by_region: bool = False,
    family: str | None = None,
    product: str | None = None,
    region: str | None = None,
) -> list[ForecastSum]:
    """The sums of a version with their intervals, as they were published.

    At a level of products, in all or in each region with what lies in it. `family` chooses it, or
    among products those in it now, `product` a product, and `region` among regions: sums were
    frozen whole, and parts of them cannot be told.
    """
    await read_version(version, tx)
    wrong = {
        "family": family if level == "all" else None,
        "product": product if level != "product" else None,
        "region": None if by_region else region,
    }
    for name, value in wrong.items():
        if value is not None:
            raise NotAmongSums(
                f"sums of level={level}, by_region={by_region} have no {name} to choose",
                field=f"query.{name}",
                value=value,
                remedy=CHOOSABLE[name],
            )
    families: Mapping[str, str | None] = {}
    if family is not None:
        products = await catalog.families_of_products(tx)
        families = products if level == "product" else {family: family}
    return [
        one
        for one in await frozen_sums(tx, version, level, by_region)
        if product in (None, one.product)
        and region in (None, one.region)
        and family in (None, families.get(one.product or ""))
    ]


async def head_of(tx: RequestTx, version: int, field: str) -> VersionHead:
    """A version's head. Raises NoVersion, which names the field that asked for it."""
    row = await versions.get_version(tx, version)
    if row is None:
        raise NoVersion(field=field, value=version, remedy="GET /v1/forecast-versions lists them")
    known = await version_levels.intervals_of(tx, [version])
    return _head(row, known.get(version, ()))


def _head(row: Any, intervals: Sequence[Any]) -> VersionHead:
    return VersionHead(
        version=row.version,
        name=row.name,
        as_of=row.as_of,
        published_by=row.published_by,
        series=row.series,
        reconciliation=row.reconciliation,
        intervals=[LevelIntervals.model_validate(i, from_attributes=True) for i in intervals],
    )
