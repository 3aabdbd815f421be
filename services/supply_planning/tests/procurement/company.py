"""A small company: bikes of a frame and two wheels, made at one plant of bought parts."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from takt.common.contracts.deals import (
    SaleClosed,
    SaleCorrected,
    SaleEvent,
    SaleShipped,
    SaleState,
)
from takt.common.contracts.forecast import ForecastBucket, ForecastChanged
from takt.common.contracts.inbound import InboundPurchaseOrder
from takt.common.db import Tx
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
from takt.supply_planning.service.receive_forecasts import receive_forecasts

MONDAY = date(2026, 11, 23)
SALES = UUID("018f0000-0000-7000-8000-000000000000")


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


def made(code: str, **planning: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": code,
        "sites": [{"site": "plant", "source": "make", "lead_time_days": 7, **planning}],
    }


def bought(code: str, **planning: Any) -> dict[str, Any]:
    return {"code": code, "name": code, "sites": [{"site": "plant", "source": "buy", **planning}]}


SITES = [{"code": "plant", "name": "Plant"}]
ITEMS = [made("bike"), bought("frame"), bought("wheel")]
BILLS = [
    {
        "item": "bike",
        "components": [
            {"component": "frame", "quantity": "1"},
            {"component": "wheel", "quantity": "2"},
        ],
    }
]
SUPPLIERS = [
    {
        "code": "acme",
        "name": "Acme",
        "payment_days": 30,
        "offers": [
            {"item": "frame", "lead_time_days": 14, "price_breaks": [{"price": "40"}]},
            {
                "item": "wheel",
                "lead_time_days": 7,
                "multiple": "10",
                "price_breaks": [{"price": "9"}, {"quantity": "100", "price": "8"}],
            },
        ],
    }
]
SOURCING = [
    {
        "product": "bike",
        "region": region,
        "valid_from": "2026-01-05",
        "shares": [{"site": "plant", "share": "1"}],
    }
    for region in ("north", "south")
]


async def found(tx: Tx, now: datetime, *, items: Sequence[Mapping[str, Any]] = ITEMS) -> None:
    """Write the company."""
    cause = Cause.start()
    await define.define_sites(tx, [Site.model_validate(one) for one in SITES], now, cause)
    await define.define_items(tx, [Item.model_validate(one) for one in items], now, cause)
    bills = [BillOfMaterial.model_validate(one) for one in BILLS]
    await define.define_bills(tx, bills, now, cause)
    suppliers = [Supplier.model_validate(one) for one in SUPPLIERS]
    await define.define_suppliers(tx, suppliers, now, cause)
    rules = [Sourcing.model_validate(one) for one in SOURCING]
    await define.define_sourcing(tx, rules, now, cause)


async def count(tx: Tx, now: datetime, **on_hand: int) -> None:
    """Count stock at the plant."""
    counts = [
        Stock(item=item, site="plant", on_hand=Decimal(units)) for item, units in on_hand.items()
    ]
    await define.count_stock(tx, counts, now, Cause.start())


def sealed(event: Event, *, time: datetime | None = None) -> Envelope[Any]:
    """An event on its way."""
    return Envelope(event, new_id(), time or wall_now(), Cause.start(), "/test")


def forecast(
    now: datetime,
    demand: Mapping[int, int | str],
    *,
    pipeline: Mapping[int, int] | None = None,
    region: str = "north",
    sequence: int = 1,
    product: str = "bike",
    time: datetime | None = None,
) -> Envelope[ForecastChanged]:
    """A forecast of a product in a region, by week from this one on: baseline, and pipeline."""
    buckets = []
    for number in range(26):
        baseline = Decimal(demand.get(number, 0))
        deals = Decimal((pipeline or {}).get(number, 0))
        units = baseline + deals
        buckets.append(
            ForecastBucket(
                week=week(number),
                quantity=units,
                baseline=baseline,
                pipeline=deals,
                low80=units,
                high80=units,
                low95=units,
                high95=units,
            )
        )
    event = ForecastChanged(
        sequence=sequence,
        product=product,
        region=region,
        price=Decimal(100),
        as_of=now,
        buckets=tuple(buckets),
    )
    return sealed(event, time=time)


async def ask(tx: Tx, now: datetime, demand: Mapping[int, int | str], **more: Any) -> None:
    """Receive one forecast."""
    await receive_forecasts(tx, [forecast(now, demand, **more)], now)


def sold(
    name: str,
    units: int,
    *,
    gone: int = 0,
    sequence: int = 1,
    region: str = "north",
    wanted: date = MONDAY,
    on: date = MONDAY,
    deal: str | None = None,
    time: datetime | None = None,
) -> Envelope[SaleEvent]:
    """A sale of bikes as it stands, of which so many are gone; without a deal it is direct."""
    sale = SaleState(
        sale_id=uuid5(SALES, name),
        source="erp",
        order_line=name,
        deal_id=uuid5(SALES, deal) if deal else None,
        deal_line_id=uuid5(SALES, f"{deal} line") if deal else None,
        product="bike",
        region=region,
        quantity=Decimal(units),
        price=Decimal(100),
        sold_on=MONDAY,
        requested_date=wanted,
        payment_days=30,
        shipped_quantity=Decimal(gone),
        shipped_on=on if gone else None,
    )
    kind = SaleClosed if sequence == 1 else SaleShipped if gone else SaleCorrected
    return sealed(kind(sequence=sequence, sale=sale), time=time)


def shipped(
    name: str, units: int, *, sequence: int = 2, region: str = "north", on: date = MONDAY
) -> Envelope[SaleEvent]:
    """So many units of a deal's sale have left so far."""
    return sold(name, 100, gone=units, sequence=sequence, region=region, on=on, deal=name)


def answered(
    order_id: UUID, revision: int, answer: str, quantity: int | None = None, **more: Any
) -> Envelope[InboundPurchaseOrder]:
    """An ERP's answer."""
    return sealed(
        InboundPurchaseOrder.model_validate(
            {
                "order_id": order_id,
                "order_revision": revision,
                "answer": answer,
                "quantity": quantity,
                **more,
            }
        )
    )


async def orders_of(tx: Tx, item: str) -> list[Mapping[str, Any]]:
    """Orders of an item by due date."""
    rows = await tx.exec_driver_sql(
        "SELECT * FROM purchase_orders WHERE item = $1 ORDER BY due_on, generation", (item,)
    )
    return [dict(row) for row in rows.mappings()]


async def plan_of(tx: Tx, item: str) -> Mapping[str, Any]:
    """The plan of an item at the plant."""
    rows = await tx.exec_driver_sql("SELECT * FROM plans WHERE item = $1", (item,))
    return dict(rows.mappings().one())


async def whole_plan(tx: Tx) -> str:
    """Everything that was planned, without the counts of how often."""
    plans = await tx.exec_driver_sql(
        "SELECT item, site, netting, releases, messages FROM plans ORDER BY item, site"
    )
    orders = await tx.exec_driver_sql(
        "SELECT to_jsonb(o) - 'sequence' AS one FROM purchase_orders o"
        " WHERE status <> 'cancelled' ORDER BY order_id"
    )
    stock = await tx.exec_driver_sql("SELECT item, on_hand::text FROM stock ORDER BY item")
    parts = (plans.mappings(), orders.mappings(), stock.mappings())
    return json.dumps([[dict(row) for row in part] for part in parts], default=str, indent=1)
