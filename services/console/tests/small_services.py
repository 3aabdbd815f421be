"""Two small services made of the real library: deals takes sales, forecast forecasts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from takt.common.amounts import PositiveQuantity
from takt.common.app import Part
from takt.common.auth import requires
from takt.common.bus import Log, Message
from takt.common.bus.consumer import Consumer
from takt.common.contracts.deals import SaleClosed, SaleState
from takt.common.contracts.forecast import ForecastBucket, ForecastChanged
from takt.common.db import RequestTx, Tx
from takt.common.event import Cause, Envelope, Event, new_id, seal
from takt.common.http import RequestCause, RequestModel, once
from takt.common.outbox import emit

MIGRATIONS = Path(__file__).parent / "migrations"
MONDAY = date(2026, 11, 23)


def sale(product: str = "lamp", quantity: Decimal = Decimal(1)) -> SaleClosed:
    state = SaleState(
        sale_id=new_id(),
        source="till",
        order_line="1",
        product=product,
        region="north",
        quantity=quantity,
        price=Decimal(10),
        sold_on=MONDAY,
        requested_date=MONDAY,
        payment_days=30,
    )
    return SaleClosed(sequence=1, sale=state)


def forecast(product: str, level: Decimal, sequence: int = 1) -> ForecastChanged:
    """Expected: the level, growing by a tenth a week; 80 % within 20 % of it, 95 % within 40 %."""
    quantities = [level * (1 + Decimal(week) / 10) for week in range(26)]
    return ForecastChanged(
        sequence=sequence,
        product=product,
        region="north",
        price=Decimal(10),
        as_of=datetime.fromisoformat("2026-11-23T09:00:00Z"),
        buckets=tuple(
            ForecastBucket(
                week=MONDAY + timedelta(weeks=week),
                quantity=quantity,
                baseline=quantity * Decimal("0.75"),
                pipeline=quantity * Decimal("0.25"),
                low80=quantity * Decimal("0.8"),
                high80=quantity * Decimal("1.2"),
                low95=quantity * Decimal("0.6"),
                high95=quantity * Decimal("1.4"),
            )
            for week, quantity in enumerate(quantities)
        ),
    )


async def publish(log: Log, *events: Event) -> list[str]:
    """Publish events; answers their ids."""
    sealed = seal([(event, Cause.start()) for event in events], "/takt/deals")
    await log.publish(
        [Message(e.event.topic, e.event.key, e.headers(), e.body().encode()) for e in sealed]
    )
    return [str(e.id) for e in sealed]


class Line(RequestModel):
    """A line of what is sold."""

    product: str
    quantity: PositiveQuantity


class Order(RequestModel):
    """What is sold together."""

    lines: list[Line]


sales = APIRouter(tags=["sales"])


@sales.post("/v1/sales", dependencies=[requires("deals:write")])
async def sell(request: Request, body: Order, tx: RequestTx, cause: RequestCause) -> Response:
    """Sell some lines."""

    async def answer() -> tuple[int, Any]:
        events = [sale(line.product, line.quantity) for line in body.lines]
        await emit(tx, *((event, cause) for event in events))
        return 201, {"sales": [event.subject for event in events]}

    return await once(request, tx, answer)


@sales.post("/v1/sales/batches", dependencies=[requires("deals:write")])
async def sell_in_a_batch(body: Order, tx: RequestTx) -> list[str]:
    """Sell each line as a chain of its own; answers their correlation ids."""
    pairs = [(sale(line.product, line.quantity), Cause.start()) for line in body.lines]
    await emit(tx, *pairs)
    return [str(cause.correlations[0]) for _, cause in pairs]


@sales.post("/v1/deals/echo", dependencies=[requires("deals:read")])
async def echo_body(request: Request) -> Response:
    """Answer what came in."""
    return await echo(request)


@sales.get("/v1/deals/echo", dependencies=[requires("deals:read")])
async def echo(request: Request) -> Response:
    """Answer what came in."""
    said = {
        "headers": request.headers.items(),
        "query": request.url.query,
        "path": request.scope["raw_path"].decode(),
        "body": (await request.body()).decode(),
    }
    headers = {"Connection": "X-Only-Here", "X-Only-Here": "1", "ETag": '"7"', "Keep-Alive": "1"}
    answer = Response(content=str(said), headers=headers)
    answer.headers.append("set-cookie", "a=1")
    answer.headers.append("set-cookie", "b=2")
    return answer


go_on = asyncio.Event()


@sales.get("/v1/deals/export", dependencies=[requires("deals:read")])
async def export() -> StreamingResponse:
    """The second line comes when the test has seen the first."""

    async def lines() -> AsyncIterator[bytes]:
        yield b"first\n"
        await go_on.wait()
        yield b"second\n"

    return StreamingResponse(lines(), media_type="text/csv")


@sales.get("/v1/deals/sleep", dependencies=[requires("deals:read")])
async def sleep() -> None:
    """Never answer in time."""
    await asyncio.sleep(30)


@sales.get("/v1/deals/fault", dependencies=[requires("deals:read")])
async def fault() -> None:
    """Have a fault."""
    raise RuntimeError("a fault of the service")


forecasts = APIRouter(tags=["forecasts"])


class Line(BaseModel):  # type: ignore[no-redef]
    """A line of a forecast: the same name as in deals, another meaning."""

    week: date
    quantity: Decimal


@forecasts.get("/v1/forecasts/{product}", dependencies=[requires("forecast:read")])
async def show(product: str, tx: RequestTx) -> list[Line]:
    """The forecast of a product."""
    rows = await tx.exec_driver_sql("SELECT quantity FROM demand WHERE product = $1", (product,))
    return [Line(week=MONDAY, quantity=row[0]) for row in rows]


async def follow_sales(tx: Tx, events: Sequence[Envelope[SaleClosed]], now: datetime) -> None:
    """One forecast for each product of the batch, caused by all its sales."""
    by_product: dict[str, list[Envelope[SaleClosed]]] = {}
    for event in events:
        by_product.setdefault(event.event.sale.product, []).append(event)
    if "poison" in by_product:
        raise ValueError("poison is not forecast here")
    await tx.exec_driver_sql(
        "INSERT INTO demand SELECT * FROM unnest($1::text[], $2::numeric[])"
        " ON CONFLICT (product) DO UPDATE SET quantity = demand.quantity + excluded.quantity",
        (
            list(by_product),
            [sum(e.event.sale.quantity for e in found) for found in by_product.values()],
        ),
    )
    await emit(
        tx,
        *((forecast(p, Decimal(len(found))), Cause.of(*found)) for p, found in by_product.items()),
    )


DEALS = Part("deals", "Deals", MIGRATIONS, routers=[sales])
FORECAST = Part(
    "forecast",
    "Forecast",
    MIGRATIONS,
    routers=[forecasts],
    consumers=[
        Consumer(
            "forecast.sales", {SaleClosed: follow_sales}, adds_up=frozenset({SaleClosed.topic})
        )
    ],
)
