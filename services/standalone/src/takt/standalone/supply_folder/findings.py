"""What is wrong with a folder, or worth knowing: collected from all files, told together."""

from collections.abc import Callable, Iterable
from pathlib import Path

from takt.standalone.commands.output import CommandError, say

SHOWN = 20
"""Rows with the same fault that are told one by one."""


class Findings:
    """Collects what is wrong, by file and fault, and ends the verb with all of it.

    Args:
        where: in what it is wrong.
        done: what is then not done.
        shown: a folder that the caller does not know, and as what its files are told.
    """

    def __init__(
        self,
        where: str = "in the folder",
        done: str = "planned",
        shown: tuple[Path, str] | None = None,
    ) -> None:
        self._where, self._done, self._shown = where, done, shown
        self.number = 0
        self.notes: list[str] = []
        self._told: list[str] = []
        self._faults: set[str] = set()

    def fault(self, place: str, remedy: str) -> None:
        """Something that is wrong once, such as a column that is not there."""
        if (text := f"{place}: {remedy}") not in self._faults:
            self._faults.add(text)
            self.number += 1
            self._told.append(text)

    def rows(
        self,
        path: Path,
        rows: Iterable[int],
        told: Callable[[int], tuple[int, str, object, str]],
    ) -> None:
        """Rows with one fault; `told` gives a row's line, field, value and remedy."""
        rows = list(rows)
        self.number += len(rows)
        for row in rows[:SHOWN]:
            line, field, value, remedy = told(row)
            self._told.append(f"{path}:{line} {field} = {str(value)!r}: {remedy}")
        if len(rows) > SHOWN:
            self._told.append(f"{path}: ... and {len(rows) - SHOWN:,} more rows like these.")

    def note(self, text: str) -> None:
        """Something that is accepted, and that one should know."""
        self.notes.append(text)

    def end(self) -> None:
        """Raise CommandError: something is wrong."""
        for text in self._told:
            say(text.replace(f"{self._shown[0]}/", self._shown[1]) if self._shown else text)
        self._told.clear()
        if self.number:
            raise CommandError(
                f"{self.number:,} thing{'s' * (self.number > 1)} {self._where} "
                f"{'are' if self.number > 1 else 'is'} wrong; nothing was {self._done}.",
                "Correct what is named above.",
            )
