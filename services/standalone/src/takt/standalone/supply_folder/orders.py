"""Planned orders, and what can be delivered, written as CSV or Parquet."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from takt.standalone.commands.output import USED_WRONGLY, CommandError
from takt.standalone.supply_folder.catalogue import Catalogue
from takt.supply_planning.domain.finite_grid import Deliveries
from takt.supply_planning.domain.grid.netting import PlannedOrders
from takt.supply_planning.domain.netting import Horizon
from takt.supply_planning.domain.quantity import ONE

EPOCH_ORDINAL = 719_163
"""1970-01-01 as a proleptic ordinal."""


def check_target(option: str, path: Path) -> None:
    """Raise CommandError before any work: the file cannot be written in a form that is known."""
    if path.suffix not in (".csv", ".parquet"):
        raise CommandError(
            f"{option} {path}: {path.suffix or 'nothing'} is no form of file.",
            "Name a file that ends in .csv or .parquet.",
            USED_WRONGLY,
        )
    if not path.absolute().parent.is_dir():
        raise CommandError(
            f"{option} {path}: there is no such folder.", "Name one that is there.", USED_WRONGLY
        )


def write_orders(path: Path, catalogue: Catalogue, orders: PlannedOrders, horizon: Horizon) -> None:
    """A row an order, by item-site and week: item, site, week, due, release, quantity."""
    order = np.lexsort((orders.bucket, orders.row))
    row = orders.row[order]
    week = horizon.first_week.toordinal() + 7 * orders.bucket[order]
    table = pyarrow.table(
        {
            "item": _names(catalogue.items, catalogue.item[row]),
            "site": _names(catalogue.sites, catalogue.site[row]),
            "week": _dates(week),
            "due": _dates(orders.due_on[order]),
            "release": _dates(orders.release_on[order]),
            "quantity": pyarrow.array(orders.quantity[order] / ONE),
        }
    )
    _write(table, path)


def write_attainable(
    path: Path, catalogue: Catalogue, attainable: Deliveries, horizon: Horizon
) -> None:
    """What can be delivered in each week, as a file `demand`: a forecast of its own."""
    order = np.lexsort((attainable.bucket, attainable.row))
    row = attainable.row[order]
    table = pyarrow.table(
        {
            "demand": pyarrow.array(["attainable"] * len(row), pyarrow.string()),
            "item": _names(catalogue.items, catalogue.item[row]),
            "site": _names(catalogue.sites, catalogue.site[row]),
            "due": _dates(horizon.first_week.toordinal() + 7 * attainable.bucket[order]),
            "quantity": pyarrow.array(attainable.quantity[order] / ONE),
            "kind": pyarrow.array(["forecast"] * len(row), pyarrow.string()),
        }
    )
    _write(table, path)


def _names(values: pyarrow.Array, places: Any) -> Any:
    return pyarrow.DictionaryArray.from_arrays(
        pyarrow.array(places.astype(np.int32)), values
    ).dictionary_decode()


def _dates(ordinals: Any) -> Any:
    return pyarrow.array((ordinals - EPOCH_ORDINAL).astype(np.int32)).cast(pyarrow.date32())


def _write(table: pyarrow.Table, path: Path) -> None:
    # Beside it first: what is cut short leaves what was written before.
    partial = path.with_name(f".{path.name}.partial")
    try:
        if path.suffix == ".csv":
            pyarrow.csv.write_csv(table, partial, pyarrow.csv.WriteOptions(quoting_style="needed"))
        else:
            pyarrow.parquet.write_table(table, partial)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise CommandError(f"{path} cannot be written: {error}.", "Name another file.") from error
