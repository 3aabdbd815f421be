"""`takt import frepple`: a frePPLe model as a folder to plan, or into a running Takt."""

import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from takt.standalone.commands.door import HomeOption, UrlOption
from takt.standalone.commands.import_supply import load_folder, report, whole_folder
from takt.standalone.commands.output import (
    FAILED,
    CommandError,
    Format,
    Output,
    put,
    put_json,
    put_table,
)
from takt.standalone.commands.progress import Progress

if TYPE_CHECKING:
    from takt.standalone.frepple.folder import Files
    from takt.standalone.frepple.model import Model

SHOWN_FIELDS = ["construct", "outcome", "rows", "how"]


def frepple(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A fixture of frePPLe: .json or .json.gz.")
    ],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help="Write a folder for `takt plan`."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what an import would do, and change nothing.")
    ] = False,
    home: HomeOption = None,
    url: UrlOption = None,
    output: Output = Format.text,
) -> None:
    """Import a frePPLe model, and say what became of each of its constructs.

    With --to it becomes a folder that `takt plan` reads, else it is loaded as `takt import supply`
    loads such a folder. A reference to what the file does not have is refused, and nothing is
    written.
    """
    progress = Progress()
    try:
        model, files, account, today = converted(file, progress)
        loaded = None
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            written(folder, files)
            shown = f"{file} as "
            if to is None:
                loaded = load_folder(
                    folder, progress, dry_run=dry_run, home=home, url=url, shown=shown
                )
            else:
                whole_folder(folder, today, progress, capacity=True, shown=shown)
                if not dry_run:
                    _checked(to)
                    written(to, files)
    finally:
        progress.end()
    found: dict[str, Any] = {
        "model": str(model.path),
        "start": today.isoformat(),
        "folder": None if to is None else str(to),
        "dry_run": dry_run,
        "files": {name: len(rows) for name, rows in files.items()},
        "constructs": account,
        "loaded": loaded,
    }
    if output is Format.json:
        put_json(found)
    else:
        _show(found)
    if loaded and loaded["problems"]:
        raise typer.Exit(FAILED)


def converted(
    file: Path, progress: Progress
) -> tuple["Model", "Files", list[dict[str, Any]], date]:
    """The model, its files, the account, and its day of planning (today where it has none).

    Raises: CommandError: the file cannot be read, or refers to what it does not have.
    """
    from takt.standalone.frepple.account import Account
    from takt.standalone.frepple.folder import Conversion
    from takt.standalone.frepple.model import read_model
    from takt.standalone.supply_folder.findings import Findings

    findings = Findings("in the model", "imported")
    model = read_model(file, findings)
    progress("objects", 0, sum(map(len, model.rows.values())))
    today = model.today or datetime.now().astimezone().date()
    account = Account()
    files = Conversion(model, today, account).convert()
    findings.end()
    return model, files, account.rows(), today


def written(folder: Path, files: "Files") -> None:
    """Write the files. Raises CommandError: the folder cannot be written."""
    from takt.standalone.frepple.folder import write_files

    try:
        write_files(folder, files)
    except OSError as error:
        raise CommandError(
            f"{folder} cannot be written: {error.strerror}.", "Name another folder.", 2
        ) from error


def _checked(to: Path) -> None:
    """Another form of a file would stand beside ours, and `takt plan` would refuse both."""
    from takt.standalone.frepple.folder import HEADERS
    from takt.standalone.supply_folder.reading import SUFFIXES

    for name in HEADERS:
        for suffix in SUFFIXES[1:]:
            if (other := to / f"{name}{suffix}").exists():
                raise CommandError(
                    f"{other} is there, and {name}.csv would stand beside it.",
                    "Name another folder, or remove it.",
                    2,
                )


def _show(found: dict[str, Any]) -> None:
    put_table(found["constructs"], SHOWN_FIELDS)
    put("")
    if found["loaded"] is not None:
        report(found["loaded"])
        return
    would = "would be written" if found["dry_run"] else "written"
    rows = ", ".join(f"{number:,} {name}" for name, number in found["files"].items() if number)
    put(f"{found['folder']} {would}: {rows}")
    put(f"takt plan {found['folder']} --start {found['start']}")
