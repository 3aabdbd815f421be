"""`takt import supply`: the folder that `takt plan` reads, into a running Takt."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from takt.standalone.commands.door import Door, HomeOption, UrlOption
from takt.standalone.commands.import_crm import tell_problems
from takt.standalone.commands.output import FAILED, Format, Output, put, put_json, put_table, say
from takt.standalone.commands.progress import Progress

if TYPE_CHECKING:
    from takt.standalone.supply_folder.loading import Loading

WEEKS = 520
"""Lead times may be ten years, as in a running Takt."""


def supply(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The folder that `takt plan` reads.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what an import would do, and change nothing.")
    ] = False,
    home: HomeOption = None,
    url: UrlOption = None,
    output: Output = Format.text,
) -> None:
    """Import items, bills, stock, receipts, suppliers, calendars, resources, routings and orders.

    Twice changes nothing.

    A folder with something wrong is refused whole, as by `takt plan`. Ends with 1 when a row did
    not go in, or not as it stands; the others are in.
    """
    progress = Progress()
    try:
        found = load_folder(folder, progress, dry_run=dry_run, home=home, url=url)
    finally:
        progress.end()
    if output is Format.json:
        put_json(found)
    else:
        report(found)
    if found["problems"]:
        raise typer.Exit(FAILED)


def load_folder(
    folder: Path,
    progress: Progress,
    *,
    dry_run: bool,
    home: Path | None,
    url: str | None,
    shown: str = "",
) -> dict[str, Any]:
    """Check a folder, load it, and report: rows by noun, problems, notes.

    Args: shown: as what its files are told where the folder is not the caller's.

    Raises: CommandError: something in the folder is wrong, or Takt refused a part.
    """
    from takt.standalone.supply_folder.loading import loading_of
    from takt.standalone.supply_folder.orders_as_sales import load_orders
    from takt.standalone.supply_folder.rows import read_rows
    from takt.standalone.supply_folder.sending import send_set

    today = datetime.now().astimezone().date()
    whole_folder(folder, today, progress, capacity=None, shown=shown)
    loading: Loading = loading_of(read_rows(folder))
    counts: dict[str, dict[str, int]] = {}
    with Door.find(home, url).client(timeout_seconds=300) as client:
        for noun, bodies in loading.sets.items():
            counts[noun] = send_set(client, noun, bodies, progress, dry_run=dry_run)
        sold = load_orders(client, loading, progress, today=today, dry_run=dry_run)
        counts |= sold
    return {
        "dry_run": dry_run,
        "counts": counts,
        "problems": loading.problems,
        "notes": list(dict.fromkeys(loading.notes)),
    }


def whole_folder(
    folder: Path, today: date, progress: Progress, *, capacity: bool | None, shown: str = ""
) -> None:
    """Check a folder as `takt plan` does, by `capacity` as `read_folder` takes it.

    Raises: CommandError: something in it is wrong.
    """
    from takt.standalone.supply_folder.folder import read_folder
    from takt.supply_planning.domain.netting import Horizon

    horizon = Horizon(today, WEEKS)
    read_folder(folder, horizon, progress, capacity=capacity, done="imported", shown=shown)


def report(found: dict[str, Any]) -> None:
    """How many rows are new, changed and unchanged; what did not go in, and why."""
    put("Would be imported:" if found["dry_run"] else "Imported:")
    rows = [
        {"what": noun, **{name: f"{number:,}" for name, number in counts.items()}}
        for noun, counts in found["counts"].items()
    ]
    put_table(rows, ["what", "new", "changed", "unchanged"])
    tell_problems(found["problems"])
    for note in found["notes"]:
        say(f"takt: {note}")
