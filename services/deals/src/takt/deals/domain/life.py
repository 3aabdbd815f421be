"""The life of a deal, told from what is only ever appended and from what is kept beside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal
from uuid import UUID

from takt.common.amounts import plain
from takt.deals.domain.deal import Deal
from takt.deals.domain.history import taken_back
from takt.deals.domain.pipeline import Pipeline

FactKind = Literal[
    "opened",
    "changed",
    "moved",
    "won",
    "lost",
    "reopened",
    "document",
    "approved",
    "approval_voided",
    "sold",
    "shipped",
    "returned",
]


@dataclass(frozen=True, slots=True)
class Change:
    """A field with its values as text; with `line` it is a field of that line."""

    field: str
    before: str | None
    after: str | None
    line: UUID | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """What a deal held besides its stage from `at` on; `lines` by id, each by field, as text.

    Args: by: who changed it then, where that was kept.
    """

    sequence: int
    at: datetime
    by: str | None
    fields: Mapping[str, str | None]
    lines: Mapping[UUID, Mapping[str, str | None]]


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the deal that is still in the outbox; `stays` counts its stage history."""

    kind: str
    sequence: int
    stays: int
    correlation: UUID | None
    changed: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to a deal. `at` is None where only the day is kept.

    Args: place: tells facts of one instant apart, in the order of their happening.
    """

    kind: FactKind
    on: date
    at: datetime | None
    place: str
    correlation: UUID | None
    details: Mapping[str, Any]

    @property
    def order(self) -> tuple[str, str, str]:
        """By day, then by instant, what has none last; as text, so that it makes a cursor."""
        at = "~" if self.at is None else f"{self.at.timestamp():020.6f}"
        return self.on.isoformat(), at, self.place


def changes_between(before: Revision, after: Revision) -> list[Change]:
    """Every field that differs; a line that comes or goes has values on one side only."""
    found = [
        Change(name, before.fields[name], value)
        for name, value in after.fields.items()
        if before.fields[name] != value
    ]
    for line in dict.fromkeys((*before.lines, *after.lines)):
        old, new = before.lines.get(line, {}), after.lines.get(line, {})
        product = new.get("product") or old.get("product")
        for name in new or old:
            if old.get(name) != new.get(name):
                found.append(Change(name, old.get(name), new.get(name), line, product))
    return found


def as_text(value: object) -> str | None:
    """A field's value as the wire writes it."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return plain(value)
    return None if value is None else str(value)


def moves_of(
    deal: Deal,
    pipeline: Pipeline,
    told: Sequence[Told],
    on: Mapping[datetime, date],
    movers: Mapping[int, str | None],
) -> list[Fact]:
    """The opening and every move, those taken back too.

    A reason is kept with a deal while it is closed; of an earlier closing only its event has it.

    Args: movers: who made each entry of the history, by its number.
    """
    events = {event.stays: event for event in told if event.kind not in ("opened", "changed")}
    slips = taken_back(deal.entries)
    first = deal.entries[0]
    opening = next((event for event in told if event.kind == "opened"), None)
    facts = [
        Fact(
            "opened",
            on[first.entered_at],
            first.entered_at,
            f"0 {first.number:06}",
            opening.correlation if opening else None,
            {
                "to_stage": first.stage,
                "imported": first.imported,
                "by": movers.get(first.number),
            },
        )
    ]
    for before, entry in pairwise(deal.entries):
        event = events.get(entry.number)
        kind = _kind_of_move(pipeline, before.stage, entry.stage)
        last = entry.number == deal.entries[-1].number
        reason = deal.reason if last and kind in ("won", "lost") else None
        details = {
            "from_stage": before.stage,
            "to_stage": entry.stage,
            "taken_back": entry.number in slips,
            "imported": entry.imported,
            "by": movers.get(entry.number),
            "reason": reason or (event.reason if event else None),
            "competitor": deal.competitor if last and kind == "lost" else None,
        }
        correlation = event.correlation if event else None
        facts.append(
            Fact(
                kind,
                on[entry.entered_at],
                entry.entered_at,
                f"2 {entry.number:06}",
                correlation,
                details,
            )
        )
    return facts


def changes_of(
    revisions: Sequence[Revision],
    told: Sequence[Told],
    on: Mapping[datetime, date],
    elsewhere: frozenset[datetime],
) -> list[Fact]:
    """Every change apart from the stage.

    Of name, terms and the manual probability no values are kept, so that the event alone can say
    that they changed; without it such a change is a fact that does not say what it changed.

    Args: elsewhere: instants of documents and approvals, which are facts of their own.
    """
    events = {event.sequence: event for event in told}
    facts: list[Fact] = []
    for before, after in pairwise(revisions):
        event = events.get(after.sequence)
        changes = changes_between(before, after)
        others = set(event.changed if event else ()) - {
            "documents",
            "approvals",
            "lines",
            "account",
        }
        others -= after.fields.keys()
        if not changes and not others and (event is not None or after.at in elsewhere):
            continue
        details = {"changes": changes, "also_changed": sorted(others), "by": after.by}
        correlation = event.correlation if event else None
        place = f"1 {after.sequence:06}"
        facts.append(Fact("changed", on[after.at], after.at, place, correlation, details))
    return facts


def _kind_of_move(
    pipeline: Pipeline, source: str, target: str
) -> Literal["moved", "won", "lost", "reopened"]:
    """What a move meant; a stage that the pipeline has no more was an open one."""
    arriving, left = pipeline.stage(target), pipeline.stage(source)
    if arriving is not None and arriving.kind != "open":
        return arriving.kind
    return "reopened" if left is not None and left.kind != "open" else "moved"


def latest_first(facts: Iterable[Fact]) -> list[Fact]:
    """In the order of a page."""
    return sorted(facts, key=lambda fact: fact.order, reverse=True)
