"""How far something long has come: in place on a terminal, a line per kind of thing elsewhere."""

import sys

from takt.standalone.commands.output import say


class Progress:
    """Tells of several kinds of things in turn: what, how many are done, of how many."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._what = ""
        self._open = False

    def __call__(self, what: str, done: int, of: int) -> None:
        """Tell that `done` of `of` are through."""
        if not self._terminal:
            if what != self._what:
                say(f"  {what} ({of:,})")
        else:
            if self._open and what != self._what:
                sys.stderr.write("\n")
            sys.stderr.write(f"\r\x1b[2K  {what} {done:,} of {of:,}")
            sys.stderr.flush()
            self._open = True
        self._what = what

    def end(self) -> None:
        """Leave the line."""
        if self._open:
            sys.stderr.write("\n")
            self._open = False
