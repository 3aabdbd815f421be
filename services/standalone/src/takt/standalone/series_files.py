"""Files of time series: `unique_id, ds, y` as CSV, compressed CSV or Parquet.

A file is read whole or refused with every bad row named (the first twenty). Rows may stand in any
order; other columns are ignored. What was not observed has no row.
"""

import csv
import gzip
import io
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from takt.standalone.commands.output import CommandError, say
from takt.standalone.frequencies import Moment, moment_of

Cells = tuple[int, object, object, object]
"""Line, unique_id, ds and y of a row."""
COLUMNS = ("unique_id", "ds", "y")
TOLD_EVERY = 100_000
LARGEST = 1e15
"""Beyond it, squared errors and the last digits of a value are lost."""
NO_NUMBER = (
    "give a finite number, in a unit that keeps it below 1e15; "
    "leave out the row of what is not known."
)
SHOWN = 20
"""Bad rows that are told one by one."""


@dataclass(slots=True)
class Rows:
    """The rows of one series as they stand in a file."""

    moments: list[Moment] = field(default_factory=list)
    values: "array[float]" = field(default_factory=lambda: array("d"))
    lines: "array[int]" = field(default_factory=lambda: array("q"))


@dataclass(frozen=True, slots=True)
class SeriesFile:
    """A file's series by their id."""

    path: Path
    series: dict[str, Rows]


class Refusals:
    """Collects what is wrong with a file, tells it, and ends the verb."""

    def __init__(self, path: Path) -> None:
        self.path, self.number = path, 0

    def __call__(self, line: int, field: str, value: object, remedy: str) -> None:
        """Tell of one row, with what to do about it."""
        self.number += 1
        if self.number <= SHOWN:
            say(f"{self.path}:{line} {field} = {str(value)!r}: {remedy}")

    def end(self) -> None:
        """Raise CommandError: a row was refused."""
        if self.number > SHOWN:
            say(f"... and {self.number - SHOWN:,} more.")
        if self.number:
            raise CommandError(
                f"{self.path} has {self.number:,} bad row{'s' * (self.number > 1)}; nothing was "
                "forecast.",
                "Correct or leave out what is named above.",
            )


def read(path: Path, told: Callable[[str, int, int], None] = lambda *_: None) -> SeriesFile:
    """Read a file; `told` hears what is read, and how much of how much.

    Raises CommandError: it cannot be read, or has a bad row.
    """
    refuse = Refusals(path)
    series: dict[str, Rows] = {}
    moments: dict[object, Moment] = {}
    kind: type | None = None
    with _readable(path):
        for line, name, when, value in _cells(path, told):
            number = _number(value)
            if name is None or str(name).strip() == "":
                refuse(line, "unique_id", "", "name the series of this row.")
            elif number is None:
                refuse(line, "y", value, NO_NUMBER)
            else:
                moment = moments.get(when)
                if moment is None:
                    try:
                        moment = moments[when] = moment_of(when)
                    except (ValueError, OverflowError, TypeError):
                        refuse(line, "ds", when, "give a date as 2026-01-31, or an integer step.")
                        continue
                kind = kind or type(moment)
                if type(moment) is not kind:
                    refuse(line, "ds", when, "use dates or integer steps in a file, not both.")
                    continue
                rows = series.setdefault(str(name), Rows())
                rows.moments.append(moment)
                rows.values.append(number)
                rows.lines.append(line)
    refuse.end()
    if not series:
        raise CommandError(f"{path} has no rows.", "Give it rows of unique_id, ds, y.")
    for name, rows in series.items():
        _sort(name, rows, refuse)
    refuse.end()
    return SeriesFile(path, series)


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if abs(number) <= LARGEST else None


def _sort(name: str, rows: Rows, refuse: Refusals) -> None:
    """Put the rows of a series into their order, and refuse a second one of the same ds."""
    moments, lines = rows.moments, rows.lines
    if any(before >= after for before, after in pairwise(moments)):  # type: ignore[operator]
        order = sorted(range(len(moments)), key=moments.__getitem__)
        rows.moments = [moments[place] for place in order]
        rows.values = array("d", [rows.values[place] for place in order])
        rows.lines = array("q", [lines[place] for place in order])
        for place in range(1, len(order)):
            if rows.moments[place] == rows.moments[place - 1]:
                refuse(
                    rows.lines[place],
                    "ds",
                    shown(rows.moments[place]),
                    f"{name} has this ds in line {rows.lines[place - 1]} already; keep one.",
                )


def shown(moment: Moment) -> str:
    """A moment as one would write it."""
    if isinstance(moment, int):
        return str(moment)
    return moment.date().isoformat() if not (moment.hour or moment.minute) else moment.isoformat()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        raise CommandError(
            f"{path} cannot be read: {error}.",
            "Name a CSV file in UTF-8 (.csv, .csv.gz) or a Parquet file (.parquet).",
            2,
        ) from error


def _cells(path: Path, told: Callable[[str, int, int], None]) -> Iterator[Cells]:
    return (_parquet if path.suffix.lower() in (".parquet", ".pq") else _csv)(path, told)


def _csv(path: Path, told: Callable[[str, int, int], None]) -> Iterator[Cells]:
    size = path.stat().st_size
    with path.open("rb") as raw:
        plain = gzip.GzipFile(fileobj=raw) if path.suffix.lower() == ".gz" else raw
        file = io.TextIOWrapper(plain, encoding="utf-8-sig", newline="")
        first = file.readline()
        if not first.strip():
            raise CommandError(f"{path} is empty.", "Give it a header and rows: unique_id,ds,y.")
        between = next((mark for mark in ",;\t" if mark in first), ",")
        header = [name.strip() for name in next(csv.reader([first], delimiter=between))]
        places = _places(path, header)
        reader = csv.reader(file, delimiter=between)
        least = max(places)
        for row in reader:
            if not row:
                continue
            if len(row) <= least:
                row += [""] * (least + 1 - len(row))
            if reader.line_num % TOLD_EVERY == 0:
                told(f"bytes of {path.name}", raw.tell(), size)
            yield reader.line_num + 1, row[places[0]], row[places[1]], row[places[2]]


def _places(path: Path, header: Sequence[str]) -> tuple[int, int, int]:
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise CommandError(
            f"{path}:1 lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; "
            f"it has {', '.join(header)}.",
            "Name the columns unique_id, ds and y.",
        )
    unique_id, ds, y = (list(header).index(column) for column in COLUMNS)
    return unique_id, ds, y


def _parquet(path: Path, told: Callable[[str, int, int], None]) -> Iterator[Cells]:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            _places(path, file.schema_arrow.names)
            row = 0
            for batch in file.iter_batches(columns=list(COLUMNS)):
                columns = [batch.column(column).to_pylist() for column in COLUMNS]
                told(f"rows of {path.name}", row, file.metadata.num_rows)
                for name, when, value in zip(*columns, strict=True):
                    row += 1
                    yield row, name, when, value
    except pyarrow.ArrowException as error:
        raise CommandError(
            f"{path} cannot be read: {error}.", "Name a Parquet or a CSV file.", 2
        ) from error
