"""The files of a folder as sheets: CSV by the column, compressed or not, and Parquet."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from takt.standalone.commands.output import CommandError
from takt.standalone.supply_folder.findings import Findings
from takt.standalone.supply_folder.sheet import Sheet, opened

SUFFIXES = (".csv", ".csv.gz", ".parquet", ".pq")
BLOCK = 16 << 20


def find(folder: Path, name: str, findings: Findings) -> Path | None:
    """The file of a name in any form; two of them are refused, since neither is chosen."""
    paths = [path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").is_file()]
    if len(paths) > 1:
        findings.fault(str(paths[1]), f"{paths[0].name} is there too; keep one of them.")
    return paths[0] if paths else None


def read_sheet(
    path: Path,
    findings: Findings,
    *,
    texts: Sequence[str],
    numbers: Sequence[str] = (),
    optional: Sequence[str] = (),
) -> Sheet | None:
    """Read the columns that are named; None, and refused, where one is missing.

    Args: optional: those of `texts` and `numbers` that need not be there.
    Raises: CommandError: the file cannot be read at all.
    """
    try:
        parquet = path.suffix in (".parquet", ".pq")
        header = pyarrow.parquet.read_schema(path).names if parquet else _header(path)
        wanted = [name for name in (*texts, *numbers) if name in header]
        missing = [n for n in (*texts, *numbers) if n not in header and n not in optional]
        if missing:
            findings.fault(
                f"{path}:1",
                f"there is no column {', '.join(missing)}; there are {', '.join(header)}.",
            )
            return None
        if parquet:
            table = pyarrow.parquet.read_table(path, columns=wanted)
        else:
            table = _read_csv(path, header, wanted, texts, findings)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, pyarrow.ArrowException) as error:
        raise CommandError(
            f"{path} cannot be read: {error}.", "Save it as CSV in UTF-8, or as Parquet."
        ) from error
    columns = {name: _one(table.column(name)) for name in wanted}
    return Sheet(path, columns, table.num_rows, findings)


def _header(path: Path) -> list[str]:
    with opened(path) as file:
        first = file.readline().decode("utf-8-sig")
    names = [name.strip() for name in next(csv.reader([first], delimiter=_between(first)), [])]
    if twice := [name for name in names if names.count(name) > 1]:
        raise csv.Error(f"the column {twice[0]} is there twice")
    return names


def _between(first: str) -> str:
    return next((mark for mark in ",;\t" if mark in first), ",")


def _read_csv(
    path: Path,
    header: Sequence[str],
    wanted: Sequence[str],
    texts: Sequence[str],
    findings: Findings,
) -> Any:
    with opened(path) as file:
        between = _between(file.readline().decode("utf-8-sig"))
    short: list[str] = []

    def skipped(row: Any) -> str:
        short.append(row.text)
        return "skip"

    def read(kinds: dict[str, Any]) -> Any:
        short.clear()
        return pyarrow.csv.read_csv(
            path,
            pyarrow.csv.ReadOptions(column_names=header, skip_rows=1, block_size=BLOCK),
            pyarrow.csv.ParseOptions(delimiter=between, invalid_row_handler=skipped),
            pyarrow.csv.ConvertOptions(
                column_types=kinds,
                include_columns=wanted,
                null_values=[""],
                strings_can_be_null=True,
            ),
        )

    text, number = pyarrow.string(), pyarrow.float64()
    try:
        table = read({name: text if name in texts else number for name in wanted})
    except pyarrow.ArrowInvalid:
        # Some number is none: read all as texts, so that each bad one is named with its line.
        table = read(dict.fromkeys(wanted, text))
    if short:
        with opened(path) as file:
            lines = {row.decode().strip("\r\n"): number for number, row in enumerate(file, 1)}
        findings.rows(
            path,
            range(len(short)),
            lambda row: (
                lines.get(short[row], 0),
                "row",
                short[row],
                f"give it {len(header)} values, as the header names.",
            ),
        )
    return table


def _one(column: Any) -> Any:
    found = column.combine_chunks()
    if isinstance(found, pyarrow.ChunkedArray):
        found = pyarrow.concat_arrays(found.chunks)
    if pyarrow.types.is_dictionary(found.type):
        found = found.dictionary_decode()
    if pyarrow.types.is_large_string(found.type):
        found = found.cast(pyarrow.string())
    return pc.utf8_trim_whitespace(found) if pyarrow.types.is_string(found.type) else found
