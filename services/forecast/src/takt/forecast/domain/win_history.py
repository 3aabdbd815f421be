"""Deals and the stages that they entered, as they stood at a moment.

A milestone is a stage entered while the deal was open: the row that is scored. What came later,
and how it ended if that was later, is not in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

Outcome = Literal["won", "lost", "open"]


class Entry(NamedTuple):
    """A stage entered, when, in days, and by whom."""

    stage: str
    at: float
    owner: str


@dataclass(frozen=True, slots=True)
class DealPath:
    """A deal with every stage that it entered, in order of time. Times are days since an epoch."""

    deal_id: str
    opened_at: float
    entries: tuple[Entry, ...]
    outcome: Outcome = "open"
    closed_at: float | None = None
    attributes: Mapping[str, float | str] = field(default_factory=dict)
    """What else is known of it; an attribute that it does not carry is not in it."""

    def watched_until(self, now: float) -> float:
        """When it closed, or now."""
        return now if self.closed_at is None else self.closed_at

    def as_known(self, at: float) -> "DealPath":
        """The deal as it stood: without later stages, and open if it closed later."""
        entries = tuple(entry for entry in self.entries if entry.at <= at)
        if self.closed_at is None or self.closed_at <= at:
            return replace(self, entries=entries)
        return replace(self, entries=entries, outcome="open", closed_at=None)


class Milestone(NamedTuple):
    """A stage entered by a deal that was open then."""

    path: DealPath
    position: int

    @property
    def entry(self) -> Entry:
        """The stage, the moment and the owner."""
        return self.path.entries[self.position]


def as_known(paths: Iterable[DealPath], at: float) -> list[DealPath]:
    """All deals that were there at a moment, as they stood."""
    return [path.as_known(at) for path in paths if path.opened_at <= at]


def milestones_of(paths: Iterable[DealPath]) -> list[Milestone]:
    """Every stage entered before its deal closed, in order of time; ties by deal and position."""
    found = [
        Milestone(path, position)
        for path in paths
        for position, entry in enumerate(path.entries)
        if path.closed_at is None or entry.at < path.closed_at
    ]
    return sorted(found, key=lambda m: (m.entry.at, m.path.deal_id, m.position))


def closed_count(paths: Sequence[DealPath]) -> tuple[int, int]:
    """How many deals were won, and how many lost."""
    won = sum(path.outcome == "won" for path in paths)
    return won, sum(path.outcome == "lost" for path in paths)
