"""`takt import signals`: dated signals from a CSV or Parquet file, with a dry run and a report."""

import math
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from takt.standalone.commands.door import Door, HomeOption, UrlOption, answer
from takt.standalone.commands.import_crm import mapping_text, once, tell_problems
from takt.standalone.commands.output import (
    FAILED,
    USED_WRONGLY,
    CommandError,
    Format,
    Output,
    put,
    put_json,
)
from takt.standalone.table_files import Table, read_table

NEEDED = ("external_id", "kind", "begins", "ends")
FIELDS = (*NEEDED, "product", "family", "region", "strength", "value", "note")
KNOWN = {"source": ("name", "date_format"), "signals": ("columns", "defaults", "aliases")}
"""The sections of a mapping and their settings."""


@dataclass(frozen=True)
class Mapped:
    """What a file's columns mean: `columns` and `defaults` by our field, `aliases` by field too."""

    source: str | None = None
    date_format: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def column(self, name: str) -> str:
        """Their name of our field."""
        return self.columns.get(name, name)

    def text(self, name: str, cell: str) -> str:
        """What a cell says of our field: itself, else the default, after aliases and dates."""
        given = cell or self.defaults.get(name, "")
        given = self.aliases.get(name, {}).get(given, given)
        if self.date_format and name in ("begins", "ends"):
            # Another form is left as it is, so that it is reported with its line.
            with suppress(ValueError):
                return datetime.strptime(given, self.date_format).date().isoformat()  # noqa: DTZ007
        return given


def signals(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV or Parquet file.")],
    mapping: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="What its columns mean (TOML): docs/guides/signal-import.md."
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Whose words they are, with ids of their own. [import]")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what an import would do, and change nothing.")
    ] = False,
    home: HomeOption = None,
    url: UrlOption = None,
    output: Output = Format.text,
) -> None:
    """Import dated signals, such as promotions, prices, competitors; twice changes nothing.

    Ends with 1 when a row did not go in; the others are in.
    """
    mapped = Mapped() if mapping is None else read_mapping(mapping)
    table = read_table(file)
    body = {
        "source": source or mapped.source or "import",
        "dry_run": dry_run,
        "rows": rows_of(table, mapped, strict=mapping is None),
    }
    with Door.find(home, url).client(timeout_seconds=300) as client:
        report = answer(client.post("/v1/signals/imports", json=body, headers=once()))
    problems = [_placed(error, table, mapped) for error in report["errors"]]
    if output is Format.json:
        put_json({**report, "errors": problems})
    else:
        would = "would be imported" if dry_run else "imported"
        put(
            f"{report['imported']:,} signals {would}, {report['unchanged']:,} unchanged, "
            f"of {report['read']:,} rows read"
        )
    tell_problems([one | {"remedy": f"{one['problem']}: {one['remedy']}"} for one in problems])
    if problems:
        raise typer.Exit(FAILED)


def read_mapping(path: Path) -> Mapped:
    """What a mapping file says. Raises CommandError: no TOML, or it names what is not there."""
    try:
        document = tomllib.loads(mapping_text(path))
    except tomllib.TOMLDecodeError as error:
        raise CommandError(f"{path}: {error}.", "Mend the TOML.", USED_WRONGLY) from error
    _check(path, "", document, KNOWN)
    for section, settings in KNOWN.items():
        _check(path, section, document.get(section, {}), settings)
    source, told = document.get("source", {}), document.get("signals", {})
    for setting in KNOWN["signals"]:
        _check(path, f"signals.{setting}", told.get(setting, {}), FIELDS)
    aliases = told.get("aliases", {})
    for name, words in aliases.items():
        _check(path, f"signals.aliases.{name}", words, words)
    return Mapped(
        source.get("name"),
        source.get("date_format"),
        {name: str(column) for name, column in told.get("columns", {}).items()},
        {name: str(value) for name, value in told.get("defaults", {}).items()},
        {name: {w: str(ours) for w, ours in words.items()} for name, words in aliases.items()},
    )


def _check(path: Path, section: str, found: object, known: object) -> None:
    """Raises CommandError: no table, or a name in it that means nothing."""
    names = list(known) if isinstance(known, Mapping | tuple) else []
    wrong = [name for name in found if name not in names] if isinstance(found, dict) else [section]
    if wrong:
        place = f"[{section}]" if section else "the mapping"
        raise CommandError(
            f"{path}: {wrong[0]} is no setting of {place}.",
            f"There are: {', '.join(names)}." if names else f"Write [{section}] as a table.",
            USED_WRONGLY,
        )


def rows_of(table: Table, mapped: Mapped, *, strict: bool) -> list[dict[str, str]]:
    """Rows by our fields, as text; an empty cell is left out.

    Args: table: the file. mapped: its columns. strict: whether every column must be a field.
    Raises: CommandError: a column that must be there is not, or one means nothing.
    """
    strange = [name for name in table.header if name not in FIELDS]
    if strict and strange:
        raise CommandError(
            f"{table.path}, line 1: {strange[0]} is no field of a signal.",
            f"Name the columns {', '.join(FIELDS)}, or say what yours mean with --mapping.",
            USED_WRONGLY,
        )
    for name in (*mapped.columns, *NEEDED):
        if name not in mapped.defaults or name in mapped.columns:
            table.need(mapped.column(name), "--mapping")
    given = {name: table.values.get(mapped.column(name)) for name in FIELDS}
    rows = []
    for place in range(len(table.lines)):
        cells = {
            name: mapped.text(name, "" if values is None else shown(values[place]))
            for name, values in given.items()
        }
        rows.append({name: text for name, text in cells.items() if text})
    return rows


def shown(cell: object) -> str:
    """A cell as text: dates as such, numbers without an exponent."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, datetime) and cell == datetime.combine(cell.date(), cell.min.time()):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and math.isfinite(cell):
        return str(int(cell)) if cell.is_integer() else format(Decimal(repr(cell)), "f")
    return str(cell).strip()


def _placed(error: Mapping[str, Any], table: Table, mapped: Mapped) -> dict[str, Any]:
    """A row's problem, with the place in the file that was read."""
    return {
        **error,
        "file": table.path.name,
        "line": table.lines[error["line"] - 1],
        "field": mapped.column(error["field"]),
    }
