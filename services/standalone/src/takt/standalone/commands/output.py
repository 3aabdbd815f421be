"""How every verb speaks: data on stdout, all else on stderr.

Exit codes: 0 done; 1 refused or failed, with the remedy on stderr; 2 used wrongly; 3 no Takt
answers; 130 interrupted. Text is for people and may change; JSON is for programs and only grows.
Streams are a JSON document per line.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer

FAILED, USED_WRONGLY, NOT_RUNNING, INTERRUPTED = 1, 2, 3, 130


class Format(StrEnum):
    """How data is written."""

    text = "text"
    json = "json"


Output = Annotated[Format, typer.Option("--output", "-o", help="How data is written.")]


class CommandError(Exception):
    """A verb cannot do what was asked: what is wrong, what to do about it, and the exit code."""

    def __init__(self, problem: str, remedy: str = "", code: int = FAILED) -> None:
        super().__init__(problem)
        self.problem, self.remedy, self.code = problem, remedy, code


def say(text: str = "") -> None:
    """Tell a person something, beside the data."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def put(text: str) -> None:
    """Write a line of data. A reader that has gone, such as `head`, ends the verb quietly."""
    try:
        print(text, flush=True)  # noqa: T201
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (nothing is left to flush at exit)
        raise typer.Exit(0) from None


def put_json(value: object) -> None:
    """Write one JSON document on a line of its own."""
    put(json.dumps(value, default=plain, ensure_ascii=False))


def plain(value: object) -> object:
    """What JSON has no type for, as it goes over the wire elsewhere."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal | UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def put_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows as aligned text under their headings."""
    cells = [[column.replace("_", " ").upper() for column in columns]]
    cells += [[shown(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    for line in cells:
        put("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def shown(value: object) -> str:
    """A cell of a table."""
    if value is None:
        return "-"
    if isinstance(value, list | tuple | set | frozenset):
        return " ".join(sorted(map(str, value)))
    return str(value)


def colours() -> bool:
    """May text on stdout be coloured?"""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def dim(text: str) -> str:
    """Text of lesser weight, on a terminal that shows it."""
    return f"\x1b[2m{text}\x1b[0m" if colours() else text


def bold(text: str) -> str:
    """Text of greater weight, on a terminal that shows it."""
    return f"\x1b[1m{text}\x1b[0m" if colours() else text
