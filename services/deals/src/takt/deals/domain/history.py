"""Stage history: entries are only ever appended; intervals and ages follow from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

TAKE_BACK: Final = timedelta(minutes=10)
"""A move undone this soon was a slip: it stays in the history and out of cycle metrics."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A deal entered a stage. Entries of a deal are in order of `number`, and so of time."""

    number: int
    stage: str
    entered_at: datetime
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Interval:
    """A stay in a stage, half open: from `entered_at` up to `left_at`."""

    stage: str
    entered_at: datetime
    left_at: datetime
    imported: bool = False

    @property
    def duration(self) -> timedelta:
        """How long the deal stayed, exact to the microsecond."""
        return self.left_at - self.entered_at


def intervals(entries: Sequence[Entry], until: datetime) -> list[Interval]:
    """One stay per entry; their durations sum exactly to the age, `until` less the first entry.

    Args: until: now for an open deal, the closing instant for a closed one.
    Raises: ValueError: `until` lies before the last entry.
    """
    if entries and until < entries[-1].entered_at:
        raise ValueError(f"until {until} lies before the last entry {entries[-1].entered_at}")
    ends = [*(entry.entered_at for entry in entries[1:]), until]
    return [
        Interval(entry.stage, entry.entered_at, left_at, entry.imported)
        for entry, left_at in zip(entries, ends, strict=True)
    ]


def taken_back(entries: Sequence[Entry]) -> frozenset[int]:
    """Numbers of the entries that do not count in cycle metrics.

    When a deal returns within `TAKE_BACK` to the stage that it had just left, both the move and
    its return are out; the stay before them goes on as if nothing had happened. Nested slips
    unwind from the inside.
    """
    out: set[int] = set()
    standing: list[Entry] = []
    for entry in entries:
        slipped = (
            len(standing) > 1
            and standing[-2].stage == entry.stage
            and entry.entered_at - standing[-1].entered_at <= TAKE_BACK
        )
        if slipped:
            out |= {standing.pop().number, entry.number}
        else:
            standing.append(entry)
    return frozenset(out)


def cycle_intervals(entries: Sequence[Entry], until: datetime) -> list[Interval]:
    """The stays that cycle metrics count: without moves taken back, with the same total."""
    out = taken_back(entries)
    return intervals([entry for entry in entries if entry.number not in out], until)
