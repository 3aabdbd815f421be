"""Overloads of the plan without limits: what makes them, and whom that is for."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from takt.standalone.commands.output import put, put_table

if TYPE_CHECKING:
    from takt.standalone.supply_folder.catalogue import Catalogue
    from takt.standalone.supply_folder.flows import Demands
    from takt.standalone.supply_folder.folder import Folder
    from takt.supply_planning.domain.capacity import Overload
    from takt.supply_planning.domain.finite_grid import Shop
    from takt.supply_planning.domain.grid.netting import GridPlan, PlannedOrders
    from takt.supply_planning.domain.grid.pegging import Served
    from takt.supply_planning.domain.netting import Horizon

FEW = 20
"""Overloads that are named, the largest orders of each, and demands of it in the table."""
FEW_ORDERS = 5
FEW_DEMANDS = 3


def overloads_of(
    read: "Folder", shop: "Shop", planned: "GridPlan", new: "PlannedOrders", horizon: "Horizon"
) -> dict[str, Any]:
    """How many overloads there are, and the largest with their orders and demands."""
    import numpy as np

    from takt.supply_planning.domain.capacity import overloads
    from takt.supply_planning.domain.finite_grid import rough_cut
    from takt.supply_planning.domain.grid.pegging import served

    grid = read.grid
    orders = rough_cut(grid, new)
    found = list(overloads(orders, shop.routings(grid), shop.resources, horizon))
    largest = found[:FEW]
    begun = np.flatnonzero(read.open_orders.firm & grid.rows.made[read.open_orders.row])
    spent = served(planned, _spent(largest, orders.row, new.bucket, begun), begun)
    rows = grid.order[orders.row]
    told = [
        {
            "resource": over.resource,
            "week": over.monday.isoformat(),
            "load": over.load,
            "capacity": over.capacity,
            "missing": over.missing,
            "overtime": over.overtime,
            "orders": [
                {**_item(read.catalogue, int(rows[part.order])), "minutes": part.minutes}
                for part in over.orders[:FEW_ORDERS]
            ],
            "demands": demands,
            "stock_minutes": float(spent.stock[place]),
            "owed_minutes": float(spent.owed[place]),
        }
        for place, (over, demands) in enumerate(
            zip(largest, _named(read, spent, len(largest)), strict=True)
        )
    ]
    return {"overloads": len(found), "overloaded": told}


def _spent(largest: "Sequence[Overload]", row: Any, bucket: Any, begun: Any) -> Any:
    """The minutes of overloads by order: new ones come first among the orders, then firm ones."""
    import numpy as np

    from takt.supply_planning.domain.grid.pegging import PLANNED, Spent

    order = np.array([part.order for over in largest for part in over.orders], np.int64)
    receipt = np.concatenate([np.full(len(bucket), PLANNED), begun])
    bucket = np.concatenate([bucket, np.zeros_like(begun)])
    return Spent(
        group=np.array([k for k, over in enumerate(largest) for _ in over.orders], np.int64),
        row=row[order],
        bucket=bucket[order],
        receipt=receipt[order],
        amount=np.array([part.minutes for over in largest for part in over.orders], np.float64),
    )


def _named(read: "Folder", spent: "Served", groups: int) -> list[list[dict[str, Any]]]:
    """The demands of each group by name, the most minutes first; a week's share its minutes."""
    import numpy as np

    from takt.supply_planning.domain.grid.levels import ranges

    demands: Demands | None = read.demands
    if demands is None:
        raise ValueError("the folder was read without the names of its demands")
    rows = read.catalogue.rows
    cell = demands.bucket * rows + read.grid.place[demands.row]
    by_cell = np.argsort(cell, kind="stable")
    wanted = spent.bucket * rows + spent.row
    first, stop = (np.searchsorted(cell[by_cell], wanted, side) for side in ("left", "right"))
    demand = by_cell[ranges(first, stop)]
    entry = np.repeat(np.arange(len(wanted)), stop - first)
    quantity = demands.quantity[demand]
    minutes = spent.amount[entry] * quantity / np.bincount(entry, quantity, len(wanted))[entry]
    some = np.flatnonzero(minutes > 0)
    order = some[np.lexsort((-minutes[some], spent.group[entry[some]]))]
    demand, minutes, group = demand[order], minutes[order], spent.group[entry[order]]
    columns = zip(
        demands.name.take(demand).to_pylist(),
        read.catalogue.items.take(read.catalogue.item[demands.row[demand]]).to_pylist(),
        read.catalogue.sites.take(read.catalogue.site[demands.row[demand]]).to_pylist(),
        [date.fromordinal(day).isoformat() for day in demands.due[demand].tolist()],
        [units(one) for one in demands.quantity[demand].tolist()],
        minutes.tolist(),
        strict=True,
    )
    names = ("demand", "item", "site", "due", "quantity", "minutes")
    told = [dict(zip(names, each, strict=True)) for each in columns]
    bounds = np.searchsorted(group, np.arange(groups + 1)).tolist()
    return [told[start:end] for start, end in pairwise(bounds)]


def show_overloads(overloaded: Sequence[dict[str, Any]]) -> None:
    """A table of overloads, the most minutes missing first."""
    if not overloaded:
        return
    put("")
    put_table(
        [
            {
                **{name: over[name] for name in ("resource", "week")},
                **{name: figure(over[name]) for name in ("load", "capacity", "missing")},
                "by": ", ".join(order["item"] for order in over["orders"]),
                "for": _whom(over),
            }
            for over in overloaded
        ],
        ["resource", "week", "load", "capacity", "missing", "by", "for"],
    )


def _whom(over: dict[str, Any]) -> str:
    """Whom an overload is for, with minutes."""
    demands = over["demands"]
    told = [
        f"{one['demand']} of {one['due']} ({figure(one['minutes'])})"
        for one in demands[:FEW_DEMANDS]
    ]
    if more := len(demands) - len(told):
        told.append(f"and {more:,} more")
    told += [
        f"{name} ({figure(over[f'{name}_minutes'])})"
        for name in ("stock", "owed")
        if over[f"{name}_minutes"] > 0
    ]
    return ", ".join(told)


def figure(value: float | None) -> str:
    """A number as it is told."""
    return "unknown" if value is None else f"{value:,.6g}"


def units(millionths: float) -> int | float:
    """A quantity in units."""
    found = float(millionths) / 1e6
    return int(found) if found.is_integer() else found


def _item(catalogue: "Catalogue", row: int) -> dict[str, str]:
    return {
        "item": catalogue.items[int(catalogue.item[row])].as_py(),
        "site": catalogue.sites[int(catalogue.site[row])].as_py(),
    }
