"""/v1/forecast-consumption: what orders took the place of, and how far they reach."""

from fastapi import APIRouter

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Now, RequestCause
from takt.common.problems import NotFound
from takt.supply_planning.domain.consumption import Windows
from takt.supply_planning.domain.demand import StillForecast
from takt.supply_planning.domain.quantity import to_decimal
from takt.supply_planning.schemas.planning import (
    ConsumedBy,
    ConsumptionWeek,
    ConsumptionWindows,
    SeriesConsumption,
)
from takt.supply_planning.service.define import define_windows
from takt.supply_planning.store.network import current_network
from takt.supply_planning.store.series_demand import read_still_forecast

router = APIRouter(prefix="/v1/forecast-consumption", tags=["forecast-consumption"])


@router.get("", dependencies=[requires("supply:read")])
async def read_windows(tx: RequestTx) -> ConsumptionWindows:
    """How far orders consume forecast."""
    windows = (await current_network(tx)).windows
    return ConsumptionWindows(early_days=windows.early_days, late_days=windows.late_days)


@router.put("", dependencies=[requires("supply:write")])
async def put_windows(
    body: ConsumptionWindows, tx: RequestTx, now: Now, cause: RequestCause
) -> ConsumptionWindows:
    """Say how far orders consume forecast; everything is planned anew by it."""
    await define_windows(tx, Windows(body.early_days, body.late_days), now, cause)
    return body


@router.get("/{product}/{region}", dependencies=[requires("supply:read")])
async def read_consumption(product: str, region: str, tx: RequestTx) -> SeriesConsumption:
    """The baseline of a product in a region by week, and what direct orders consumed of it.

    Deals are another part of the forecast, which orders never consume.
    """
    network = await current_network(tx)
    found = await read_still_forecast(tx, (product, region), network)
    if found is None:
        raise NotFound(
            f"there is no forecast of {product} in {region}",
            field="product",
            value=product,
            remedy="check both codes at /v1/forecasts",
        )
    return SeriesConsumption(
        product=product,
        region=region,
        early_days=network.windows.early_days,
        late_days=network.windows.late_days,
        weeks=tuple(_week(found, place) for place in range(len(found.weeks))),
    )


def _week(found: StillForecast, place: int) -> ConsumptionWeek:
    weeks, taken = found.weeks, found.consumption.taken
    return ConsumptionWeek(
        week=weeks[place].week,
        baseline=to_decimal(found.baseline[place]),
        ordered=to_decimal(found.ordered[place]),
        net=to_decimal(found.consumption.net[place]),
        consumed_by=tuple(
            ConsumedBy(week=weeks[one.order].week, quantity=to_decimal(one.quantity))
            for one in taken
            if one.forecast == place
        ),
        beyond=to_decimal(
            found.ordered[place] - sum(one.quantity for one in taken if one.order == place)
        ),
    )
