"""For whom an order is, through three levels: from a bought part up to the deals of its products.

Six products of a family, each with a baseline and twenty deals a week, are made of shared
assemblies, which are made of one bought part. Asked by the use case on PostgreSQL, its network
known, as a route asks it.
"""

import time
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

import numpy as np

from benchmarks.lab import Lab
from benchmarks.line import Line
from takt.common.contracts.forecast import (
    DatedQuantity,
    ForecastBucket,
    ForecastChanged,
    LineDemand,
    PipelineDemandChanged,
)
from takt.common.db import Database, Tx
from takt.common.event import Cause, Envelope, Event, new_id, wall_now
from takt.supply_planning.schemas.network import (
    BillOfMaterial,
    Item,
    Site,
    Sourcing,
    Stock,
    Supplier,
)
from takt.supply_planning.service import define
from takt.supply_planning.service.pegging import peg_order
from takt.supply_planning.service.receive_behind import receive_deals
from takt.supply_planning.service.receive_forecasts import receive_forecasts

E = TypeVar("E", bound=Event)
PRODUCTS = [f"product-{number}" for number in range(6)]
ASSEMBLIES = [f"assembly-{number}" for number in range(3)]
WEEKS, DEALS, TIMES = 26, 20, 100


async def measure(lab: Lab) -> list[Line]:
    """One line."""
    now = wall_now()
    async with lab.database("supply_planning", "procurement") as url:
        database = Database("procurement", url, schema="procurement")
        async with database.transaction() as tx:
            await _company(tx, now)
            orders = await tx.exec_driver_sql(
                "SELECT order_id FROM purchase_orders ORDER BY due_on OFFSET 5 LIMIT 1"
            )
            order: UUID = orders.scalar_one()
        pegged = []
        for _ in range(TIMES):
            async with database.transaction() as tx:
                began = time.perf_counter()
                found = await peg_order(tx, order, now)
                pegged.append(time.perf_counter() - began)
        assert sum(part.quantity for part in found.parts) == found.source.quantity
        await database.close()
    return [
        Line(
            "Pegging of one order through three levels, median",
            float(np.median(pegged)) * 1000, "ms",
            None, None, 10, better="less", ratio_aim=False, note=f"{len(found.parts)} parts",
        ),
    ]  # fmt: skip


async def _company(tx: Tx, now: datetime) -> None:
    cause = Cause.start()
    made = [
        Item.model_validate(
            {
                "code": code,
                "name": code,
                "sites": [{"site": "plant", "source": source, "lead_time_days": 7}],
            }
        )
        for codes, source in ((PRODUCTS, "make"), (ASSEMBLIES, "make"), (["part"], "buy"))
        for code in codes
    ]
    bills = {product: ASSEMBLIES for product in PRODUCTS} | {one: ["part"] for one in ASSEMBLIES}
    await define.define_sites(tx, [Site(code="plant", name="Plant")], now, cause)
    await define.define_items(tx, made, now, cause)
    await define.define_bills(
        tx,
        [
            BillOfMaterial.model_validate(
                {
                    "item": parent,
                    "components": [{"component": one, "quantity": "2"} for one in components],
                }
            )
            for parent, components in bills.items()
        ],
        now,
        cause,
    )
    offer = {"item": "part", "lead_time_days": 14, "price_breaks": [{"price": "1"}]}
    supplier = {"code": "s", "name": "S", "payment_days": 30, "offers": [offer]}
    await define.define_suppliers(tx, [Supplier.model_validate(supplier)], now, cause)
    shares = [{"site": "plant", "share": "1"}]
    rules = [
        {"product": one, "region": "north", "valid_from": "2020-01-06", "shares": shares}
        for one in PRODUCTS
    ]
    await define.define_sourcing(tx, [Sourcing.model_validate(one) for one in rules], now, cause)
    monday = now.date() - timedelta(days=now.weekday())
    for product in PRODUCTS:
        await receive_deals(tx, [_sealed(_deal(product, monday, now)) for _ in range(DEALS)], now)
        await receive_forecasts(tx, [_sealed(_forecast(product, monday, now))], now)
    await define.count_stock(
        tx, [Stock(item="part", site="plant", on_hand=Decimal(100))], now, cause
    )


def _sealed(event: E) -> Envelope[E]:
    return Envelope(event, new_id(), wall_now(), Cause.start(), "/bench")


def _deal(product: str, monday: date, now: datetime) -> PipelineDemandChanged:
    line = LineDemand(
        line_id=new_id(),
        product=product,
        region="north",
        quantity=Decimal(WEEKS),
        price=Decimal(1),
        expected=tuple(
            DatedQuantity(week=monday + timedelta(weeks=week), quantity=Decimal(1))
            for week in range(WEEKS)
        ),
    )
    return PipelineDemandChanged(
        sequence=1,
        deal_id=new_id(),
        deal_sequence=1,
        stage="offer",
        status="open",
        probability=Decimal("0.5"),
        as_of=now,
        lines=(line,),
        expected_value=Decimal(1),
    )


def _forecast(product: str, monday: date, now: datetime) -> ForecastChanged:
    baseline, pipeline = Decimal(30), Decimal(DEALS)
    whole = baseline + pipeline
    return ForecastChanged(
        sequence=1,
        product=product,
        region="north",
        price=Decimal(1),
        as_of=now,
        buckets=tuple(
            ForecastBucket(
                week=monday + timedelta(weeks=week), quantity=whole, baseline=baseline,
                pipeline=pipeline, low80=whole, high80=whole, low95=whole, high95=whole,
            )
            for week in range(WEEKS)
        ),
    )  # fmt: skip
