"""The generated manufacturer of `make bench-planning`, as arrays and as a folder of files.

30 % finished items, 30 % subassemblies, 40 % bought: three levels. Every finished item has a demand
in each week. Lots, safety stock, stock and receipts on a part of the items.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from takt.supply_planning.domain.calendar import ROUND_THE_CLOCK, LeadTime
from takt.supply_planning.domain.grid.lines import ALWAYS
from takt.supply_planning.domain.grid.lots import Lots
from takt.supply_planning.domain.grid.model import Dated, Grid, Lines, Rows, lay_out
from takt.supply_planning.domain.grid.nouns import leads_of
from takt.supply_planning.domain.netting import Horizon

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

START = date(2026, 11, 30)
ONE = 1e6
SITE = "plant"


@dataclass(frozen=True, slots=True)
class Manufacturer:
    """Quantities are whole units. Items, shape (items,), finished ones first, bought ones last.

    Args: demand: shape (finished, weeks). parent, component, per: of each line of a bill.
        receipt_*: of each open order.
    """

    weeks: int
    finished: int
    made: int
    lead_days: Ints
    safety_stock: Ints
    lot_minimum: Ints
    lot_multiple: Ints
    stock: Ints
    demand: Ints
    parent: Ints
    component: Ints
    per: Ints
    receipt_item: Ints
    receipt_week: Ints
    receipt_quantity: Ints

    @property
    def items(self) -> int:
        """How many there are."""
        return len(self.lead_days)


def generated(items: int, weeks: int = 52, seed: int = 1) -> Manufacturer:
    """A manufacturer, the same for the same arguments."""
    dice = np.random.default_rng(seed)
    finished, made = items * 3 // 10, items * 6 // 10

    def some(share: float, values: list[int]) -> Ints:
        return np.where(dice.random(items) < share, dice.choice(values, items), 0)

    parent = np.repeat(np.arange(made), dice.integers(2, 5, made))
    lowest = np.where(parent < finished, finished, made)
    component = dice.integers(lowest, items)
    line = np.unique(parent * items + component)
    receipt_item = np.flatnonzero(dice.random(items) < 0.3)
    return Manufacturer(
        weeks=weeks,
        finished=finished,
        made=made,
        lead_days=dice.integers(1, 43, items),
        safety_stock=some(0.5, [10, 25, 100]),
        lot_minimum=some(0.5, [10, 50, 200]),
        lot_multiple=np.maximum(some(0.5, [5, 10, 24]), 1),
        stock=some(0.6, [20, 100, 400]),
        demand=dice.poisson(dice.lognormal(3, 1, finished)[:, None], (finished, weeks)),
        parent=line // items,
        component=line % items,
        per=dice.integers(1, 5, len(line)),
        receipt_item=receipt_item,
        receipt_week=dice.integers(0, 8, len(receipt_item)),
        receipt_quantity=dice.choice([20, 50, 200], len(receipt_item)),
    )


def grid_of_manufacturer(model: Manufacturer) -> Grid:
    """As `takt plan` lays it out."""
    number = model.items
    horizon = Horizon(START, model.weeks)
    distinct, lead = np.unique(model.lead_days, return_inverse=True)
    leads, _ = leads_of(
        [(LeadTime(days=int(days)), ROUND_THE_CLOCK, ROUND_THE_CLOCK) for days in distinct], horizon
    )
    none, nothing = np.zeros(number, np.int64), np.zeros(number)
    lots = Lots(
        rule=none,
        quantity=nothing,
        periods=none + 1,
        minimum=model.lot_minimum * ONE,
        multiple=model.lot_multiple * ONE,
        maximum=np.full(number, np.inf),
    )
    row, week = np.nonzero(model.demand)
    ends = (np.full(len(model.per), day) for day in ALWAYS)
    return lay_out(
        Rows(
            made=np.arange(number) < model.made,
            good=none + 1,
            of=none + 1,
            on_hand=model.stock * ONE,
            safety_stock=model.safety_stock * ONE,
            lots=lots,
            fence=none,
            lead=lead.astype(np.int64),
            tolerance_days=none,
            tolerance_share=nothing,
        ),
        Lines(model.parent, model.component, model.per, np.ones_like(model.per), *ends),
        leads,
        Dated(row, week, model.demand[row, week] * ONE),
        Dated(model.receipt_item, model.receipt_week, model.receipt_quantity * ONE),
        Dated.none(),
        none[:0],
        weeks=model.weeks,
        moving=False,
    )


def write(model: Manufacturer, folder: Path, suffix: str) -> None:
    """The same model as a folder that `takt plan` reads: suffix csv or parquet."""
    names = np.array([f"item-{number:07}" for number in range(model.items)])
    mondays = np.array([(START + timedelta(weeks=week)).isoformat() for week in range(model.weeks)])
    row, week = np.indices(model.demand.shape).reshape(2, -1)
    sites = np.full(len(row), SITE)
    tables: dict[str, dict[str, Any]] = {
        "items": {
            "item": names,
            "site": sites[: model.items] if len(row) >= model.items else [SITE] * model.items,
            "lead_time_days": model.lead_days,
            "safety_stock": model.safety_stock,
            "lot_minimum": model.lot_minimum,
            "lot_multiple": model.lot_multiple,
        },
        "bom": {
            "parent": names[model.parent],
            "component": names[model.component],
            "quantity": model.per,
        },
        "stock": {
            "item": names[model.stock > 0],
            "site": sites[: int((model.stock > 0).sum())],
            "quantity": model.stock[model.stock > 0],
        },
        "receipts": {
            "order": [f"PO-{number}" for number in range(len(model.receipt_item))],
            "item": names[model.receipt_item],
            "site": sites[: len(model.receipt_item)],
            "due": mondays[model.receipt_week],
            "quantity": model.receipt_quantity,
        },
        "demand": {
            "demand": [f"D-{number}" for number in range(len(row))],
            "item": names[row],
            "site": sites,
            "due": mondays[week],
            "quantity": model.demand[row, week],
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in tables.items():
        table = pyarrow.table(columns)
        if suffix == "csv":
            plain = pyarrow.csv.WriteOptions(quoting_style="none")
            pyarrow.csv.write_csv(table, folder / f"{name}.csv", plain)
        else:
            pyarrow.parquet.write_table(table, folder / f"{name}.parquet")
