"""Planned orders written as CSV or Parquet."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from takt.standalone.commands.output import USED_WRONGLY, CommandError
from takt.standalone.supply_folder.catalogue import Catalogue
from takt.supply_planning.domain.grid.netting import PlannedOrders
from takt.supply_planning.domain.netting import Horizon
from takt.supply_planning.domain.quantity import ONE

EPOCH_ORDINAL = 719_163
"""1970-01-01 as a proleptic ordinal."""


def check_orders_file(path: Path) -> None:
    """Raise CommandError before any work: the file cannot be written in a form that is known."""
    if path.suffix not in (".csv", ".parquet"):
        raise CommandError(
            f"--orders {path}: {path.suffix or 'nothing'} is no form of file.",
            "Name a file that ends in .csv or .parquet.",
            USED_WRONGLY,
        )
    if not path.absolute().parent.is_dir():
        raise CommandError(
            f"--orders {path}: there is no such folder.", "Name one that is there.", USED_WRONGLY
        )


def write_orders(path: Path, catalogue: Catalogue, orders: PlannedOrders, horizon: Horizon) -> None:
    """A row an order, by item-site and week: item, site, week, due, release, quantity."""
    order = np.lexsort((orders.bucket, orders.row))
    row = orders.row[order]

    def names(values: pyarrow.Array, places: Any) -> Any:
        return pyarrow.DictionaryArray.from_arrays(
            pyarrow.array(places.astype(np.int32)), values
        ).dictionary_decode()

    def dates(ordinals: Any) -> Any:
        return pyarrow.array((ordinals - EPOCH_ORDINAL).astype(np.int32)).cast(pyarrow.date32())

    week = horizon.first_week.toordinal() + 7 * orders.bucket[order]
    table = pyarrow.table(
        {
            "item": names(catalogue.items, catalogue.item[row]),
            "site": names(catalogue.sites, catalogue.site[row]),
            "week": dates(week),
            "due": dates(orders.due_on[order]),
            "release": dates(orders.release_on[order]),
            "quantity": pyarrow.array(orders.quantity[order] / ONE),
        }
    )
    # Beside it first: what is cut short leaves the orders that were written before.
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
