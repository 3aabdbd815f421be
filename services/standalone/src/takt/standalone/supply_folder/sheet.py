"""One file of a folder as columns: texts, quantities in millionths, days. Rows count from 0."""

import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow
import pyarrow.compute as pc

from takt.standalone.supply_folder.findings import Findings
from takt.supply_planning.domain.grid.exact import EXACT
from takt.supply_planning.domain.quantity import ONE

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?")
EPOCH = date(1970, 1, 1).toordinal()
EMPTY, BAD = -1, -2
NOISE = 1e-3
"""Of a millionth: what a float64 may lie beside a number with six places."""


@dataclass(slots=True)
class Sheet:
    """The columns of a file that are asked for.

    Args: columns: pyarrow arrays, texts where the file is CSV and the column no number.
    """

    path: Path
    columns: dict[str, Any]
    rows: int
    findings: Findings
    _lines: list[int] = field(default_factory=list)
    _parsed: dict[str, Any] = field(default_factory=dict)

    def __contains__(self, column: str) -> bool:
        return column in self.columns

    def line(self, row: int) -> int:
        """Where a row stands: its line in a CSV file, its number from 1 in Parquet."""
        if self.path.suffix in (".parquet", ".pq"):
            return row + 1
        if not self._lines:
            with opened(self.path) as file:
                lines = [number for number, text in enumerate(file, 1) if text.strip(b"\r\n")]
            self._lines = lines[1:]
        return self._lines[row]

    def refuse(self, rows: Bools | Iterable[int], column: str, remedy: str) -> None:
        """These rows have a value that cannot be used: a mask, or their numbers."""
        places = (
            np.flatnonzero(rows) if isinstance(rows, np.ndarray) and rows.dtype == bool else rows
        )
        self.findings.rows(
            self.path,
            (int(row) for row in places),
            lambda row: (self.line(row), column, self.shown(column, row), remedy),
        )

    def shown(self, column: str, row: int) -> object:
        """A value as it stands in the file."""
        value = self.columns[column][row].as_py()
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return "" if value is None else value

    def texts(self, column: str, *, empty: bool = False) -> Any:
        """A column of trimmed texts; an empty one is refused unless `empty` may stand."""
        found = self.columns[column]
        if not pyarrow.types.is_string(found.type):
            found = found.cast(pyarrow.string())
        if not empty:
            missing = _numpy(pc.or_kleene(pc.is_null(found), pc.equal(found, "")))
            self.refuse(missing.astype(bool), column, "it is empty; say what the row belongs to.")
        return found.fill_null("")

    def ids(self, column: str, known: Any, remedy: str) -> Ints:
        """Places of a column's texts in `known`; -1, and refused, where it is none of them."""
        found = self.texts(column)
        places = _numpy(pc.index_in(found, value_set=known).fill_null(-1)).astype(np.int64)
        unknown = (places < 0) & (_numpy(pc.not_equal(found, "")).astype(bool))
        self.refuse(unknown, column, remedy)
        return places

    def numbers(self, column: str, default: float | None = None) -> Floats:
        """Finite numbers; an empty one is the default, or refused where there is none."""
        if column not in self.columns:
            return np.full(self.rows, np.nan if default is None else default)
        found = self._numbers(column)
        empty = _numpy(pc.is_null(found)).astype(bool)
        values = _numpy(found.fill_null(np.nan if default is None else default))
        if default is None:
            self.refuse(empty, column, "it is empty; write a number.")
        if not (finite := np.isfinite(values)).all():
            self.refuse(~finite & ~empty, column, "write a finite number.")
            values = np.where(finite, values, 0.0)
        return np.asarray(values, np.float64)

    def empty(self, column: str) -> Bools:
        """Where a column of numbers has none."""
        return _numpy(pc.is_null(self._numbers(column))).astype(bool)

    def _numbers(self, column: str) -> Any:
        if column not in self._parsed:
            found = self.columns[column]
            texts = pyarrow.types.is_string(found.type)
            self._parsed[column] = self._read(column) if texts else found.cast(pyarrow.float64())
        return self._parsed[column]

    def _read(self, column: str) -> Any:
        values: list[float | None] = []
        bad = []
        for row, text in enumerate(self.columns[column].to_pylist()):
            try:
                values.append(None if text is None or not text.strip() else float(text))
            except ValueError:
                values.append(0.0)
                bad.append(row)
        self.refuse(bad, column, "this is no number; write it as 1234.5, with a point.")
        return pyarrow.array(values, pyarrow.float64())

    def quantities(
        self, column: str, *, default: float | None = None, negative: bool = False
    ) -> Floats:
        """Quantities as whole millionths; what is not zero and rounds to zero is refused."""
        scaled = self.numbers(column, default) * ONE
        whole = np.rint(scaled)
        self.refuse(
            (whole == 0) & (scaled != 0),
            column,
            "this is less than half a millionth, the smallest quantity; choose a smaller unit.",
        )
        self.refuse(
            np.abs(whole) >= EXACT,
            column,
            f"quantities go up to {EXACT / ONE:,.0f}; choose a larger unit.",
        )
        if not negative:
            self.refuse(whole < 0, column, "write 0 or more.")
        off = int((np.abs(scaled - whole) > np.maximum(NOISE, np.abs(scaled) * 1e-12)).sum())
        if off:
            self.findings.note(
                f"{self.path.name}: {off:,} values of {column} have more than six decimal places "
                "and were rounded to a millionth."
            )
        return whole

    def days(self, column: str, default: int | None = None) -> Ints:
        """Dates as proleptic ordinals; where it is empty the default, or refused without one."""
        found = self.columns[column]
        if pyarrow.types.is_date(found.type) or pyarrow.types.is_timestamp(found.type):
            days = found.cast(pyarrow.date32()).cast(pyarrow.int32())
            empty = _numpy(pc.is_null(days)).astype(bool)
            ordinals = _numpy(days.fill_null(0)).astype(np.int64) + EPOCH
        else:
            coded = self.texts(column, empty=True).dictionary_encode()
            known = np.array([_ordinal(text) for text in coded.dictionary.to_pylist()], np.int64)
            ordinals = known[_numpy(coded.indices)] if len(known) else known
            empty = ordinals == EMPTY
        bad = (ordinals < 0) & ~empty
        if default is None:
            bad |= empty
        self.refuse(bad, column, "write dates as 2026-11-23; no other order is guessed.")
        return np.where(empty, 1 if default is None else default, np.maximum(ordinals, 1))

    def flags(self, column: str) -> Bools:
        """True and false; empty is false."""
        if column not in self.columns:
            return np.zeros(self.rows, np.bool_)
        texts = pc.utf8_lower(self.columns[column].cast(pyarrow.string()).fill_null(""))
        yes = _numpy(pc.is_in(texts, pyarrow.array(["true", "yes", "1"]))).astype(bool)
        no = _numpy(pc.is_in(texts, pyarrow.array(["", "false", "no", "0"]))).astype(bool)
        self.refuse(~(yes | no), column, "write true or false.")
        return np.asarray(yes, np.bool_)

    def once(self, keys: Ints, column: str, names: Any | None = None) -> None:
        """Refuse a key that comes twice, naming both lines; with names, a key and name."""
        ordered = np.sort(keys)
        again = ordered[1:][ordered[1:] == ordered[:-1]]
        if not len(again):
            return
        seen: dict[tuple[int, str | None], int] = {}
        twice: dict[int, int] = {}
        for row in np.flatnonzero(np.isin(keys, again) & (keys >= 0)).tolist():
            key = (int(keys[row]), None if names is None else names[row].as_py())
            if (first := seen.setdefault(key, row)) != row:
                twice[row] = first
        self.findings.rows(
            self.path,
            twice,
            lambda row: (
                self.line(row),
                column,
                self.shown(column, row),
                f"the same stands on line {self.line(twice[row])} already; keep one of them.",
            ),
        )


def opened(path: Path) -> Any:
    """The bytes of a file, unpacked where it is packed."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb")


def _numpy(column: Any) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return found


def _ordinal(text: str) -> int:
    if not text:
        return EMPTY
    if not ISO.fullmatch(text):
        return BAD
    try:
        return date.fromisoformat(text[:10]).toordinal()
    except ValueError:
        return BAD
