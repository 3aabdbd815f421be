"""One changed demand in a plan of 100,000 items that stands: until its messages are stored.

The generated manufacturer of `make bench-planning` is written by the use cases, its finished items'
demand as forecasts. Then single items are forecast anew, one transaction each: the item and all
that hangs below it are planned, and orders, messages and events written. Beside it the pass over
everything, on arrays.
"""

import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import numpy as np

from benchmarks.lab import Lab
from benchmarks.line import Line
from benchmarks.planning_model import SITE, Manufacturer, generated, grid_of_manufacturer
from takt.common.contracts.forecast import ForecastBucket, ForecastChanged
from takt.common.db import Database, Tx
from takt.common.event import Cause, Envelope, new_id, wall_now
from takt.supply_planning.domain.grid.netting import plan_grid
from takt.supply_planning.schemas.network import (
    BillOfMaterial,
    Item,
    ScheduledReceipt,
    Site,
    Sourcing,
    Stock,
)
from takt.supply_planning.service import define
from takt.supply_planning.service.receive_forecasts import receive_forecasts

T = TypeVar("T")
Define = Callable[[Tx, Sequence[Any], datetime, Cause], Awaitable[None]]
ITEMS, PART, CHANGES, WARM = 100_000, 5_000, 300, 50
REGION = "north"
"""Of all demand."""


async def measure(lab: Lab) -> list[Line]:
    """Two lines: median and 95th percentile."""
    model, now = generated(ITEMS), wall_now()
    grid = grid_of_manufacturer(model)
    began = time.perf_counter()
    plan_grid(grid)
    whole = (time.perf_counter() - began) * 1000
    async with lab.database("supply_planning", "procurement") as url:
        database = Database("procurement", url, schema="procurement")
        await _load(database, model, now)
        dice = np.random.default_rng(7)
        took = []
        for number, item in enumerate(dice.integers(0, model.finished, WARM + CHANGES).tolist()):
            week = int(dice.integers(0, model.weeks))
            model.demand[item, week] += int(dice.integers(1, 200))
            event = _forecast(model, item, number + 2, now)
            began = time.perf_counter()
            async with database.transaction() as tx:
                await receive_forecasts(tx, [event], now)
            took.append((time.perf_counter() - began) * 1000)
        await database.close()
    return [
        Line(
            f"one changed demand in a plan of {ITEMS:,} items, {name}",
            float(np.percentile(took[WARM:], point)), "ms",
            "the pass over everything, on arrays", whole,
            20, better="less", ratio_aim=False, note=f"{CHANGES} changes",
        )
        for name, point in (("p50", 50), ("p95", 95))
    ]  # fmt: skip


def _name(item: int) -> str:
    return f"item-{item:07}"


async def _load(database: Database, model: Manufacturer, now: datetime) -> None:
    cause = Cause.start()
    sets: list[tuple[Define, list[Any]]] = [
        (define.define_sites, [Site(code=SITE, name=SITE)]),
        (define.define_items, list(_items(model))),
        (define.define_bills, list(_bills(model))),
        (define.count_stock, list(_stock(model))),
        (define.schedule_receipts, list(_receipts(model, now))),
        (define.define_sourcing, list(_sourcing(model))),
    ]
    for write, rows in sets:
        print(f"{write.__name__}: {len(rows):,} …", file=sys.stderr, flush=True)
        for part in _parts(rows):
            async with database.transaction() as tx:
                await write(tx, part, now, cause)
    for forecasts in _parts([_forecast(model, item, 1, now) for item in range(model.finished)]):
        async with database.transaction() as tx:
            await receive_forecasts(tx, forecasts, now)


def _parts(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    for begin in range(0, len(rows), PART):
        yield rows[begin : begin + PART]


def _items(model: Manufacturer) -> Iterator[Item]:
    for item in range(model.items):
        site = {
            "site": SITE,
            "source": "make" if item < model.made else "buy",
            "lead_time_days": int(model.lead_days[item]),
            "safety_stock": str(model.safety_stock[item]),
            "minimum": str(model.lot_minimum[item]),
            "multiple": str(model.lot_multiple[item]),
        }
        yield Item.model_validate({"code": _name(item), "name": _name(item), "sites": [site]})


def _bills(model: Manufacturer) -> Iterator[BillOfMaterial]:
    first = np.searchsorted(model.parent, np.arange(model.made + 1))
    for parent in range(model.made):
        lines = range(first[parent], first[parent + 1])
        components = [
            {"component": _name(int(model.component[line])), "quantity": str(model.per[line])}
            for line in lines
        ]
        yield BillOfMaterial.model_validate({"item": _name(parent), "components": components})


def _stock(model: Manufacturer) -> Iterator[Stock]:
    for item in np.flatnonzero(model.stock).tolist():
        yield Stock(item=_name(item), site=SITE, on_hand=Decimal(int(model.stock[item])))


def _receipts(model: Manufacturer, now: datetime) -> Iterator[ScheduledReceipt]:
    monday = now.date() - timedelta(days=now.weekday())
    for number, item in enumerate(model.receipt_item.tolist()):
        yield ScheduledReceipt.model_validate(
            {
                "reference": f"PO-{number}",
                "item": _name(item),
                "site": SITE,
                "due_on": monday + timedelta(weeks=int(model.receipt_week[number]) + 1),
                "quantity": str(model.receipt_quantity[number]),
            }
        )


def _sourcing(model: Manufacturer) -> Iterator[Sourcing]:
    shares = [{"site": SITE, "share": "1"}]
    for item in range(model.finished):
        yield Sourcing.model_validate(
            {
                "product": _name(item),
                "region": REGION,
                "valid_from": "2020-01-06",
                "shares": shares,
            }
        )


def _forecast(
    model: Manufacturer, item: int, sequence: int, now: datetime
) -> Envelope[ForecastChanged]:
    monday = now.date() - timedelta(days=now.weekday())
    none = Decimal(0)
    event = ForecastChanged(
        sequence=sequence,
        product=_name(item),
        region=REGION,
        price=Decimal(1),
        as_of=now,
        buckets=tuple(
            ForecastBucket(
                week=monday + timedelta(weeks=week), quantity=units, baseline=units,
                pipeline=none, low80=units, high80=units, low95=units, high95=units,
            )
            for week, units in enumerate(map(Decimal, model.demand[item].tolist()))
        ),
    )  # fmt: skip
    return Envelope(event, new_id(), wall_now(), Cause.start(), "/bench")
