"""Reading a CSV file that a person made: what it is, how it is encoded, and every row that fits."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

EXCERPT: Final = 80
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
FOREIGN_SIGNATURES: Final = {
    b"PK\x03\x04": "an Excel workbook or another archive; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV",
    b"%PDF": "a PDF; export the data as CSV",
    b"\x1f\x8b": "compressed with gzip; unpack it first",
    b"PAR1": "Parquet; export the data as CSV",
    b"\xff\xfe": 'UTF-16; save it as UTF-8, or set encoding = "utf-16" in the mapping',
    b"\xfe\xff": 'UTF-16; save it as UTF-8, or set encoding = "utf-16" in the mapping',
}


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row, or with line 0 a whole file, could not be read, and what to do about it."""

    file: str
    line: int
    field: str
    value: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row with the line on which it begins; cells are stripped, by column name."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file that could be read, and the problems of those that could not."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]


def read_table(
    file: str, content: bytes, *, encoding: str, delimiter: str, required: Sequence[str]
) -> Table:
    """Every row that fits the header; a file that is no such table has one problem, at line 0.

    Args: required: columns that must be in the header.
    """
    text = _decode(file, content, encoding)
    if isinstance(text, RowProblem):
        return Table((), (), (text,))
    rows = _records(file, text, delimiter)
    header = next(rows, None)
    if header is None or isinstance(header, RowProblem):
        empty = RowProblem(file, 0, "", "", "The file is empty; export it again with its header.")
        return Table((), (), (header or empty,))
    columns = tuple(cell.strip() for cell in header[1])
    problems = _check_header(file, columns, delimiter, required)
    if problems:
        return Table(columns, (), tuple(problems))
    good: list[Row] = []
    for row in rows:
        if isinstance(row, RowProblem):
            problems.append(row)
            continue
        line, cells = row
        if not any(cells):
            continue
        if len(cells) != len(columns):
            remedy = f"Give {len(columns)} fields as the header does; this row has {len(cells)}."
            excerpt = delimiter.join(cells)[:EXCERPT]
            problems.append(RowProblem(file, line, "", excerpt, remedy))
            continue
        good.append(Row(line, dict(zip(columns, map(str.strip, cells), strict=True))))
    return Table(columns, tuple(good), tuple(problems))


def _decode(file: str, content: bytes, encoding: str) -> str | RowProblem:
    unmarked = content.removeprefix(BYTE_ORDER_MARK)
    if not encoding.lower().startswith("utf-16"):
        for signature, what in FOREIGN_SIGNATURES.items():
            if unmarked.startswith(signature):
                return RowProblem(file, 0, "", "", f"This is not CSV but {what}.")
        if b"\0" in unmarked:
            return RowProblem(file, 0, "", "", "This is a binary file; export the data as CSV.")
    try:
        return unmarked.decode(encoding)
    except UnicodeDecodeError as error:
        line = unmarked.count(b"\n", 0, error.start) + 1
        found = unmarked[error.start : error.start + 8].hex(" ")
        remedy = f"The file is not {encoding} (line {line}); save it as UTF-8."
        if encoding.lower().replace("_", "-") in ("utf-8", "utf8") and _is_gbk(unmarked):
            remedy = (
                f"Line {line} is not UTF-8 and reads as GBK; save the file as UTF-8, or set "
                'encoding = "gb18030" under [source] in the mapping.'
            )
        return RowProblem(file, 0, "", found, remedy)


def _is_gbk(content: bytes) -> bool:
    """Whether the bytes are GBK: it decodes, and bytes above ASCII come in pairs.

    In the single-byte encodings of Europe an accented letter mostly stands alone.
    """
    try:
        content.decode("gbk")
    except UnicodeDecodeError:
        return False
    runs = re.findall(rb"[\x80-\xff]+", content)
    return sum(len(run) % 2 == 0 for run in runs) >= 0.8 * len(runs)


def _records(file: str, text: str, delimiter: str) -> Iterator[tuple[int, list[str]] | RowProblem]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            remedy = f"The quotes of this row do not match ({error}); write a quote in text twice."
            yield RowProblem(file, line, "", text.splitlines()[line - 1][:EXCERPT], remedy)
            continue
        yield line, cells


def _check_header(
    file: str, columns: Sequence[str], delimiter: str, required: Sequence[str]
) -> list[RowProblem]:
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        remedy = "Name every column once."
        return [RowProblem(file, 1, column, column, remedy) for column in twice]
    missing = [column for column in required if column not in columns]
    if not missing:
        return []
    found = delimiter.join(columns)
    others = [other for other in ",;\t|" if other != delimiter and len(found.split(other)) > 1]
    if len(columns) == 1 and others:
        remedy = f'Set delimiter = "{others[0]}" under [source] in the mapping.'.replace(
            "\t", "\\t"
        )
        return [RowProblem(file, 1, "", found[:EXCERPT], remedy)]
    remedy = f"Add the column, or name yours in the mapping; the file has: {found[:400]}."
    return [RowProblem(file, 1, column, "", remedy) for column in missing]
