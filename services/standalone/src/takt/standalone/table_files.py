"""Tables as CSV, compressed CSV or Parquet, read whole: every problem names its place."""

import csv
import gzip
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from takt.standalone.commands.output import USED_WRONGLY, CommandError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

SOME = 20
"""Names that a problem lists at most."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by column, with the line on which each row stands."""

    path: Path
    header: tuple[str, ...]
    values: dict[str, list[Any]]
    lines: Sequence[int]

    def problem(self, row: int, field: str, what: str, remedy: str) -> CommandError:
        """What is wrong with a value, and where it stands."""
        value = self.values[field][row]
        place = f"{self.path}, line {self.lines[row]}, {field} = {value!r}"
        return CommandError(f"{place}: {what}.", remedy, USED_WRONGLY)

    def need(self, field: str, option: str) -> None:
        """Raises CommandError: there is no such column."""
        if field not in self.values:
            raise CommandError(
                f"{self.path}, line 1: there is no column {field}; "
                f"there are {', '.join(self.header[:SOME])}.",
                f"Name the right column with {option}.",
                USED_WRONGLY,
            )

    def numbers(self, field: str) -> "Floats":
        """A column of finite numbers; an empty cell is NaN. Raises CommandError: anything else."""
        import numpy as np

        found = np.empty(len(self.lines))
        for row, value in enumerate(self.values[field]):
            try:
                found[row] = math.nan if value in (None, "") else float(value)
            except (TypeError, ValueError):
                raise self.problem(
                    row,
                    field,
                    "this is no number",
                    f"Write a number, or leave the column out with --without {field}.",
                ) from None
            written = value not in (None, "")
            if written and not math.isfinite(found[row]):
                raise self.problem(
                    row, field, "this number is not finite", "Write the number, or nothing."
                )
        return found

    def texts(self, field: str) -> list[str]:
        """A column as names. Raises CommandError: an empty one."""
        names = ["" if value is None else str(value).strip() for value in self.values[field]]
        for row, name in enumerate(names):
            if not name:
                raise self.problem(row, field, "it is empty", "Say to what the row belongs.")
        return names

    def periods(self, field: str, series: Sequence[str]) -> "npt.NDArray[np.int64]":
        """Times as positions on an axis of whole periods, from 0.

        Dates that all begin or end their months are counted in months, others in days; the longest
        step that leads to all of them is a period: a week, a quarter, two numbers.

        Raises: CommandError: neither dates nor whole numbers, or a series has a time twice.
        """
        import numpy as np

        read = [self._time(row, field) for row in range(len(self.lines))]
        dated = [isinstance(time, date) for time in read]
        if any(dated) and not all(dated):
            raise self.problem(
                dated.index(not dated[0]),
                field,
                "dates and whole numbers are mixed",
                "Give all times as dates, or all as whole numbers.",
            )
        seen: dict[tuple[str, date | int], int] = {}
        for row, place in enumerate(zip(series, read, strict=True)):
            if (first := seen.setdefault(place, row)) != row:
                raise self.problem(
                    row,
                    field,
                    f"the series {series[row]} has this time on line {self.lines[first]} already",
                    "Keep one row of each series and time; add up what belongs together.",
                )
        positions: npt.NDArray[np.int64] = np.array(_on_axis(read), dtype=np.int64)
        positions -= positions.min()
        return positions // max(int(np.gcd.reduce(positions)), 1)

    def _time(self, row: int, field: str) -> date | int:
        value = self.values[field][row]
        if isinstance(value, date):
            return date(value.year, value.month, value.day)
        text = "" if value is None else str(value).strip()
        try:
            return date.fromisoformat(text[:10]) if "-" in text[1:] else _whole(text)
        except ValueError:
            raise self.problem(
                row,
                field,
                "this is neither a date nor a whole number",
                "Write dates as 2026-11-23, or number the periods.",
            ) from None


def _whole(text: str) -> int:
    number = float(text)
    if not number.is_integer():
        raise ValueError(text)
    return int(number)


def _on_axis(times: Sequence[date | int]) -> list[int]:
    days = [time for time in times if isinstance(time, date)]
    months = len({day.day for day in days}) == 1 or all(_ends_month(day) for day in days)
    if days and months and len({(day.year, day.month) for day in days}) > 1:
        return [day.year * 12 + day.month for day in days]
    return [time.toordinal() if isinstance(time, date) else time for time in times]


def _ends_month(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


def read_table(path: Path) -> Table:
    """Read a CSV file in UTF-8, plain or gzipped, or a Parquet file.

    Raises: CommandError: no such file, another format, no rows, or rows of another length.
    """
    if not path.is_file():
        raise CommandError(
            f"{path} cannot be read: it is no file.", "Name a CSV or Parquet file.", USED_WRONGLY
        )
    if path.suffix.lower() in (".parquet", ".pq"):
        return _parquet(path)
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig", newline="")
            if path.suffix.lower() == ".gz"
            else open(path, encoding="utf-8-sig", newline="")
        ) as file:
            return _csv(path, csv.reader(file, strict=True))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(
            f"{path} cannot be read: {error}.", "Save it as CSV in UTF-8.", USED_WRONGLY
        ) from error


def _csv(path: Path, reader: Any) -> Table:
    header = tuple(name.strip() for name in next(reader, ()))
    _check_header(path, header)
    rows: list[Sequence[str]] = []
    lines: list[int] = []
    for row in reader:
        if not row:
            continue
        if len(row) != len(header):
            raise CommandError(
                f"{path}, line {reader.line_num}: {len(row)} values where the header "
                f"names {len(header)}.",
                "Give every row a value, or nothing between two commas, for each column.",
                USED_WRONGLY,
            )
        rows.append(row)
        lines.append(reader.line_num)
    return _table(
        path, header, dict(zip(header, map(list, zip(*rows, strict=True)), strict=False)), lines
    )


def _parquet(path: Path) -> Table:
    from pyarrow import ArrowException, parquet

    try:
        found = parquet.read_table(path)
    except (OSError, ArrowException) as error:
        raise CommandError(
            f"{path} cannot be read: {error}.", "Save it as Parquet or CSV.", USED_WRONGLY
        ) from error
    header = tuple(found.column_names)
    _check_header(path, header)
    values = {name: found.column(name).to_pylist() for name in header}
    return _table(path, header, values, range(1, found.num_rows + 1))


def _check_header(path: Path, header: Sequence[str]) -> None:
    twice = [name for name in header if header.count(name) > 1]
    if not header or twice:
        what = f"the column {twice[0]} is there twice" if twice else "the file is empty"
        raise CommandError(
            f"{path}, line 1: {what}.", "Give the columns names of their own.", USED_WRONGLY
        )


def _table(
    path: Path, header: tuple[str, ...], values: dict[str, list[Any]], lines: Sequence[int]
) -> Table:
    if not lines:
        raise CommandError(f"{path} has a header and no rows.", "Give it rows.", USED_WRONGLY)
    return Table(path, header, values, lines)
