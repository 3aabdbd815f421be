"""The smallest service: the library is tested on real PostgreSQL without any real one."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from takt.common.amounts import PositiveQuantity
from takt.common.app import Part
from takt.common.auth import Caller, requires
from takt.common.bus.consumer import Consumer
from takt.common.contracts.deals import SaleClosed, SaleState
from takt.common.db import RequestTx, Tx
from takt.common.event import Cause, Envelope, new_id
from takt.common.http import IfMatch, RequestModel, check_match, once
from takt.common.testing import service_app, service_database

FOLDER = Path(__file__).parent / "shop" / "migrations"


class Poison(Exception):
    """What the handler says to a product named poison."""


async def tally(tx: Tx, events: Sequence[Envelope[SaleClosed]], now: datetime) -> None:
    """Add up what was sold, in one statement."""
    if any(e.event.sale.product == "poison" for e in events):
        raise Poison("poison is not sold here")
    await tx.exec_driver_sql(
        "INSERT INTO tally SELECT product, sum(quantity) FROM unnest($1::text[], $2::numeric[])"
        " AS sold (product, quantity) GROUP BY product"
        " ON CONFLICT (product) DO UPDATE SET quantity = tally.quantity + excluded.quantity",
        ([e.event.sale.product for e in events], [e.event.sale.quantity for e in events]),
    )


TALLY = Consumer("shop.tally", {SaleClosed: tally}, adds_up=frozenset({"takt.sales.v1"}))

router = APIRouter()


class Order(RequestModel):
    product: str
    quantity: PositiveQuantity


@router.post("/v1/orders", dependencies=[requires("deals:write")])
async def order(request: Request, body: Order, tx: RequestTx) -> Response:
    async def answer() -> tuple[int, Any]:
        await tx.exec_driver_sql(
            "INSERT INTO tally VALUES ($1, $2) ON CONFLICT (product)"
            " DO UPDATE SET quantity = tally.quantity + excluded.quantity",
            (body.product, body.quantity),
        )
        return 201, {"product": body.product}

    return await once(request, tx, answer)


class Who(BaseModel):
    name: str


@router.put("/v1/orders/{sequence}", response_model=Who)
async def change(
    sequence: int, expected: IfMatch, caller: Annotated[Caller, requires("deals:write")]
) -> Who:
    check_match(expected, sequence)
    return Who(name=caller.name)


SHOP = Part("shop", "Shop", FOLDER, routers=[router], consumers=[TALLY])

database = service_database(SHOP)
app = service_app(SHOP)


def sale(product: str = "lamp", quantity: int = 1, sale_id: UUID | None = None) -> SaleClosed:
    """A sale of one line."""
    today = date(2026, 11, 23)
    state = SaleState(
        sale_id=sale_id or new_id(),
        source="till",
        order_line="1",
        product=product,
        region="north",
        quantity=Decimal(quantity),
        price=Decimal(10),
        sold_on=today,
        requested_date=today,
        payment_days=30,
    )
    return SaleClosed(sequence=1, sale=state)


def pair(event: SaleClosed) -> tuple[SaleClosed, Cause]:
    """An event at the beginning of a chain."""
    return event, Cause.start()
